#include "http/refusal.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "http/h2_frames.h"
#include "http/h2_stream.h"
#include "http/protocol_choice.h"
#include "http/response_head.h"

namespace berth::http {

namespace {

constexpr net::Linger kLinger{std::chrono::milliseconds(500), std::chrono::milliseconds(1'000)};
constexpr std::chrono::milliseconds kFirstBytes{500};

struct Row {
  Refusal refusal;
  std::string_view name;
  base::ErrorCode code;
  H2Code goaway;
  const char* why;
};

// A client asks again by itself after NO_ERROR, on a connection that finds a place or waits for one. Whoever has too many connections is told
// to do with those.
constexpr std::array kRows{
    Row{Refusal::total, "total", base::ErrorCode::busy, H2Code::no_error, "the server has too many connections; try again"},
    Row{Refusal::address, "address", base::ErrorCode::busy, H2Code::enhance_your_calm,
        "too many connections come from your address; use those that you have, or try again"},
    Row{Refusal::shutting_down, "shutting_down", base::ErrorCode::shutting_down, H2Code::no_error, "the server is shutting down"},
};

const Row& row_of(Refusal refusal) {
  return *std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) { return row.refusal == refusal; });
}

class Refused final : public Session, public std::enable_shared_from_this<Refused> {
 public:
  Refused(std::shared_ptr<Engine> engine, std::shared_ptr<LoopSlot> slot, std::shared_ptr<net::Connection> connection,
          const Row& row)
      : engine_(std::move(engine)),
        slot_(std::move(slot)),
        connection_(std::move(connection)),
        row_(row),
        silent_(*slot_->loop, [this] { say(Spoken::http1); }) {}

  void start() override {
    slot_->sessions.insert(shared_from_this());
    const auto agreed = connection_->protocol();
    if (!agreed.empty()) return say(agreed == "h2" ? Spoken::http2 : Spoken::http1);
    silent_.set(kFirstBytes);
    read();
  }
  // It ends by itself, and soon.
  void wind_down() override {}
  bool cut() override {
    connection_->reset();
    finish();
    return false;
  }

 private:
  void read() {
    connection_->read_some(std::span(first_).subspan(have_),
                           [self = shared_from_this()](const base::Result<std::size_t>& size) { self->received(size); });
  }

  void received(const base::Result<std::size_t>& size) {
    if (ended_) return;
    if (!size || *size == 0) {
      connection_->close();
      return finish();
    }
    have_ += *size;
    const auto spoken = spoken_by(base::as_text(base::ByteView(first_).first(have_)));
    if (spoken != Spoken::unclear) return say(spoken);
    read();
  }

  void say(Spoken spoken) {
    auto words = std::make_shared<const std::string>(spoken == Spoken::http2 ? in_http2() : in_http1());
    finish();
    const std::array<base::ByteView, 1> pieces{base::as_bytes(*words)};
    connection_->write(pieces, net::Follows::nothing,
                       [connection = connection_, words](const base::Result<void>&) { connection->close_gently(kLinger); });
  }

  [[nodiscard]] std::string in_http1() const {
    const Request request = engine_->new_request(*connection_);
    const auto error = base::Error(row_.code, row_.why).with_retry_after(1);
    const Response response = engine_->handler.render_error(request, error);
    auto text = format_head(response, plan_response(response, request), request, Persistence::close, request.received);
    return text.append(text_of(response.body));
  }

  [[nodiscard]] std::string in_http2() const {
    return settings_frame() + goaway_frame(0, static_cast<std::uint32_t>(row_.goaway), row_.why);
  }

  void finish() {
    if (std::exchange(ended_, true)) return;
    silent_.clear();
    slot_->sessions.erase(shared_from_this());
  }

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<LoopSlot> slot_;
  std::shared_ptr<net::Connection> connection_;
  const Row& row_;
  std::array<std::byte, kH2Preface.size()> first_{};
  std::size_t have_ = 0;
  bool ended_ = false;
  net::Deadline silent_;
};

}  // namespace

std::string_view refusal_name(Refusal refusal) { return row_of(refusal).name; }

void refuse(std::shared_ptr<Engine> engine, std::shared_ptr<LoopSlot> slot, std::shared_ptr<net::Connection> connection,
            Refusal refusal) {
  std::make_shared<Refused>(std::move(engine), std::move(slot), std::move(connection), row_of(refusal))->start();
}

}  // namespace berth::http
