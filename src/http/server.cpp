#include "berth/http/server.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "berth/base/metrics.h"
#include "berth/net/listener.h"
#include "http/engine.h"
#include "http/establish.h"
#include "http/protocol_choice.h"
#include "http/refusal.h"

namespace berth::http {

namespace {

using base::metrics::Metric;

// Refused connections that are being told why; beyond these, refused ones are closed without a word.
constexpr std::size_t kRefusalsAtOnce = 256;

// A count that is given back with the last owner.
std::shared_ptr<void> hold(std::shared_ptr<void> owner, std::atomic<std::size_t>& count, std::shared_ptr<void> also) {
  count.fetch_add(1, std::memory_order_relaxed);
  return std::shared_ptr<void>(&count, [owner = std::move(owner), also = std::move(also), &count](void*) {
    count.fetch_sub(1, std::memory_order_relaxed);
  });
}

class LoopServer final : public Server {
 public:
  LoopServer(ServerOptions options, Handler& handler, base::Workers& workers, const base::Clock& clock)
      : options_(std::move(options)), engine_(std::make_shared<Engine>(handler, workers, clock, options_.limits)) {
    engine_->trusted_proxies = options_.trusted_proxies;
  }

  ~LoopServer() override { static_cast<void>(drain(std::chrono::milliseconds(0))); }

  base::Result<void> open() {
    for (std::size_t i = 0; i < std::max<std::size_t>(options_.loop_threads, 1); ++i) {
      slots_.push_back(std::make_shared<LoopSlot>());
      slots_.back()->loop = net::Loop::start();
    }
    for (std::size_t i = 0; i < options_.listen.size(); ++i) {
      const Endpoint& endpoint = options_.listen[i];
      BERTH_TRY(auto listener, net::Listener::open(slots_[i % slots_.size()]->loop, endpoint.host, endpoint.port));
      endpoints_.push_back({endpoint.host, listener->port(), endpoint.tls});
      listeners_.push_back(std::move(listener));
    }
    // Accepting begins when every address is ours, so that a failed start has served nobody.
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      const TlsSource& tls = endpoints_[i].tls;
      listeners_[i]->start(
          {[this, &tls](net::Socket socket) { accepted(std::move(socket), tls ? tls() : nullptr, Introduced::no); },
           [] { base::metrics::add(Metric::http_connections_refused, 1, {"descriptors"}); }});
    }
    return {};
  }

  [[nodiscard]] std::vector<Endpoint> endpoints() const override { return endpoints_; }

  void stop_accepting() override {
    if (engine_->stopping.exchange(true)) return;
    for (const auto& listener : listeners_) listener->close();
    for (const auto& slot : slots_) {
      static_cast<void>(slot->loop->post([slot] {
        for (const auto& session : copy_of(*slot)) session->wind_down();
      }));
    }
  }

  bool drain(std::chrono::milliseconds deadline) override {
    if (drained_) return true;
    drained_ = true;
    stop_accepting();
    engine_->admission.wait_empty(deadline);
    std::atomic<std::size_t> cut{0};
    for (const auto& slot : slots_) {
      static_cast<void>(slot->loop->post([slot, &cut] {
        for (const auto& session : copy_of(*slot)) cut += session->cut() ? 1 : 0;
      }));
      slot->loop->stop();
    }
    return cut == 0;
  }

 private:
  using Tls = std::shared_ptr<const net::TlsContext>;
  enum class Introduced : std::uint8_t { no, yes };

  static std::vector<std::shared_ptr<Session>> copy_of(const LoopSlot& slot) {
    return {slot.sessions.begin(), slot.sessions.end()};
  }

  // The acceptor's loop, or that on which a proxy said whom it speaks for.
  void accepted(net::Socket socket, Tls tls, Introduced said) {
    if (engine_->stopping) return turn_away(std::move(socket), std::move(tls), Refusal::shutting_down);
    // A proxy's connection counts as its own until it has said whose it is.
    auto token = engine_->admission.admit(socket.peer());
    if (token && said == Introduced::no && engine_->trusted_proxies.contains(socket.peer())) {
      return introduce(engine_, least_busy(), {std::move(socket), std::move(tls), std::move(*token)}, [this](Accepted known) {
        known.held.reset();
        accepted(std::move(known.socket), std::move(known.tls), Introduced::yes);
      });
    }
    if (!token) return turn_away(std::move(socket), std::move(tls), token.error());
    const std::shared_ptr<LoopSlot> slot = least_busy();
    auto held = hold(slot, slot->open, std::move(*token));
    establish(engine_, slot, {std::move(socket), std::move(tls), std::move(held)},
              [engine = engine_, slot](std::shared_ptr<net::Connection> connection) {
                start_session(engine, slot, std::move(connection));
              });
  }

  void turn_away(net::Socket socket, Tls tls, Refusal refusal) {
    base::metrics::add(Metric::http_connections_refused, 1, {refusal_name(refusal)});
    if (engine_->refusals_open >= kRefusalsAtOnce) return;
    const std::shared_ptr<LoopSlot> slot = least_busy();
    auto held = hold(engine_, engine_->refusals_open, nullptr);
    establish(engine_, slot, {std::move(socket), std::move(tls), std::move(held)},
              [engine = engine_, slot, refusal](std::shared_ptr<net::Connection> connection) {
                refuse(engine, slot, std::move(connection), refusal);
              });
  }

  [[nodiscard]] std::shared_ptr<LoopSlot> least_busy() const {
    return *std::min_element(slots_.begin(), slots_.end(),
                             [](const auto& a, const auto& b) { return a->open.load() < b->open.load(); });
  }

  const ServerOptions options_;
  std::shared_ptr<Engine> engine_;
  std::vector<std::shared_ptr<LoopSlot>> slots_;
  std::vector<std::shared_ptr<net::Listener>> listeners_;
  std::vector<Endpoint> endpoints_;
  bool drained_ = false;
};

}  // namespace

std::vector<std::string> alpn_protocols() { return {"h2", "http/1.1"}; }

base::Result<std::unique_ptr<Server>> start_server(ServerOptions options, Handler& handler, base::Workers& workers,
                                                   const base::Clock& clock) {
  auto server = std::make_unique<LoopServer>(std::move(options), handler, workers, clock);
  BERTH_CHECK_OK(server->open());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace berth::http
