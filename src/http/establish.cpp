#include "http/establish.h"

#include <utility>

#include "berth/base/log.h"
#include "berth/base/metrics.h"
#include "berth/net/proxy.h"

namespace berth::http {

namespace {

using Then = std::function<void(std::shared_ptr<net::Connection>)>;

std::string_view outcome_of(const base::Result<net::TlsHandshake>& result) {
  if (!result) return result.error().code() == base::ErrorCode::timeout ? "timeout" : "failed";
  return *result == net::TlsHandshake::resumed ? "resumed" : "full";
}

class Handshake final : public Session, public std::enable_shared_from_this<Handshake> {
 public:
  Handshake(std::shared_ptr<Engine> engine, std::shared_ptr<LoopSlot> slot, Accepted accepted, Then then)
      : engine_(std::move(engine)), slot_(std::move(slot)), accepted_(std::move(accepted)), then_(std::move(then)) {}

  void start() override {
    slot_->sessions.insert(shared_from_this());
    connection_ = net::accept_tls(slot_->loop, std::move(accepted_.socket), std::move(accepted_.held), std::move(accepted_.tls),
                                  engine_->limits.handshake_timeout,
                                  [self = shared_from_this()](const auto& result) { self->ended(result); });
  }
  void wind_down() override { connection_->close(); }
  bool cut() override {
    connection_->reset();
    return false;
  }

 private:
  void ended(const base::Result<net::TlsHandshake>& result) {
    base::metrics::add(base::metrics::Metric::tls_handshakes, 1, {outcome_of(result)});
    slot_->sessions.erase(shared_from_this());
    if (result) return then_(std::move(connection_));
    // Scanners and clients without our certificate do this all day.
    base::log::debug("no TLS",
                     {{"peer", connection_->peer()}, {"what", result.error().message()}, {"context", result.error().context()}});
  }

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<LoopSlot> slot_;
  Accepted accepted_;
  Then then_;
  std::shared_ptr<net::Connection> connection_;
};

// A proxy that is about to say whom it speaks for.
class Introduction final : public Session, public std::enable_shared_from_this<Introduction> {
 public:
  Introduction(std::shared_ptr<Engine> engine, std::shared_ptr<LoopSlot> slot, Accepted accepted,
               std::function<void(Accepted)> then)
      : engine_(std::move(engine)), slot_(std::move(slot)), accepted_(std::move(accepted)), then_(std::move(then)) {}

  void start() override {
    slot_->sessions.insert(shared_from_this());
    const std::string peer = accepted_.socket.peer();
    introduction_ = net::introduce(
        slot_->loop, std::move(accepted_.socket), engine_->limits.handshake_timeout,
        [self = shared_from_this(), peer](base::Result<net::Socket> socket) { self->ended(peer, std::move(socket)); });
  }
  void wind_down() override { introduction_->close(); }
  bool cut() override {
    introduction_->close();
    return false;
  }

 private:
  void ended(const std::string& peer, base::Result<net::Socket> socket) {
    slot_->sessions.erase(shared_from_this());
    if (socket) return then_({std::move(*socket), std::move(accepted_.tls), std::move(accepted_.held)});
    base::log::debug("a proxy did not say whom it speaks for", {{"peer", peer}, {"what", socket.error().message()}});
  }

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<LoopSlot> slot_;
  Accepted accepted_;
  std::function<void(Accepted)> then_;
  std::shared_ptr<net::ProxyIntroduction> introduction_;
};

}  // namespace

void introduce(std::shared_ptr<Engine> engine, const std::shared_ptr<LoopSlot>& slot, Accepted accepted,
               std::function<void(Accepted)> then) {
  auto shared = std::make_shared<Accepted>(std::move(accepted));
  static_cast<void>(slot->loop->post([engine = std::move(engine), slot, shared, then = std::move(then)]() mutable {
    std::make_shared<Introduction>(std::move(engine), slot, std::move(*shared), std::move(then))->start();
  }));
}

void establish(std::shared_ptr<Engine> engine, const std::shared_ptr<LoopSlot>& slot, Accepted accepted, Then then) {
  auto shared = std::make_shared<Accepted>(std::move(accepted));
  static_cast<void>(slot->loop->post([engine = std::move(engine), slot, shared, then = std::move(then)]() mutable {
    if (shared->tls) {
      return std::make_shared<Handshake>(std::move(engine), slot, std::move(*shared), std::move(then))->start();
    }
    then(net::make_tcp_connection(slot->loop, std::move(shared->socket), std::move(shared->held)));
  }));
}

}  // namespace berth::http
