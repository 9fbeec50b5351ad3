// One HTTP/2 stream: a request, its body, its answer.
//
//   head ─► begin() on a worker ─┬─ Response ─────────────────────────────► answering ─► sent ─┬─ body all here ─► closed by nghttp2
//     │                          └─ consumer ─► [100 Continue] ─► body ──────►    │            └─ else a little of it is dropped, then
//     │                                                                            │               RST_STREAM NO_ERROR
//     └─ refused: an error from the handler ─────────────────────────────────────►┘
// What it says to its peer goes through H2Wire; what the peer says comes through the calls below. Loop thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "http/engine.h"
#include "http/exchange.h"
#include "http/h2_head.h"
#include "http/h2_source.h"
#include "http/h2_upload.h"
#include "http/h2_windows.h"
#include "http/response_head.h"

namespace berth::http {

class H2Stream;

// Error codes that Berth gives a reason to (RFC 9113 §7).
enum class H2Code : std::uint32_t {
  no_error = 0x0,
  protocol_error = 0x1,
  internal_error = 0x2,
  refused_stream = 0x7,
  cancel = 0x8,
  enhance_your_calm = 0xb,
};

// How much of the connection a response may have before others.
enum class H2Urgency : std::uint8_t { small, bulk };

// The connection, as its streams see it.
class H2Wire {
 public:
  virtual ~H2Wire() = default;
  virtual void send_continue(std::int32_t stream) = 0;
  enum class BodyFollows : std::uint8_t { no, yes };
  virtual void send_head(H2Stream& stream, const Response& response, const ResponsePlan& plan, BodyFollows body,
                         H2Urgency urgency) = 0;
  // The stream's source has something again.
  virtual void resume(std::int32_t stream) = 0;
  virtual void reset(std::int32_t stream, H2Code code) = 0;
  // Sends what was asked for in the calls above, unless the caller is inside nghttp2, which leads to it anyway.
  virtual void flush() = 0;
  virtual H2Windows& windows() = 0;
};

class H2Stream final : public H2Upload::Owner, public std::enable_shared_from_this<H2Stream> {
 public:
  // `wire` is used until detach(). `counted` is let go when the work for the request has really ended.
  H2Stream(std::shared_ptr<Engine> engine, std::shared_ptr<net::Loop> loop, H2Wire& wire, std::int32_t id, Request blank,
           std::shared_ptr<void> counted);

  [[nodiscard]] std::int32_t id() const { return id_; }
  [[nodiscard]] const Request& request() const { return exchange_->request(); }

  // --- from the peer ---
  H2Head& head() { return head_; }
  [[nodiscard]] bool has_head() const { return exchange_ != nullptr; }
  void head_arrived(H2End end);
  void data_arrived(base::ByteView bytes);
  void body_arrived();
  void push_body();
  // nghttp2 has closed the stream, or the connection has ended: nothing is asked of the wire any more.
  void detach();

  // --- to the peer ---
  H2Source::Supply supply(std::span<std::byte> into);
  // The last frame of the answer stands in the output buffer.
  void answer_buffered();
  // It was handed to the kernel.
  void answer_sent();
  // The connection ended before that.
  void answer_lost();
  // Whether the peer has taken nothing of the answer since the last look, though there was something to take.
  bool look_for_stall();

 private:
  enum class Phase : std::uint8_t { head, working, body, making, answering, sent, detached };
  enum class Completeness : std::uint8_t { whole, cut };

  void begin();
  void begun(Exchange::Answer answer);
  void reject(const base::Error& error);
  void respond(Response response);
  void first_piece(base::Result<std::string> piece);
  void send_head(std::string first);
  void end_rest();
  void account(Completeness completeness);

  void body_answered(Response response) override;
  void body_failed(base::Error error) override;
  void body_credited() override;

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<net::Loop> loop_;
  H2Wire* wire_;
  const std::int32_t id_;
  H2Head head_;
  Request blank_;
  std::shared_ptr<void> counted_;
  Phase phase_ = Phase::head;
  bool had_head_ = false;  // worth an account
  bool expects_continue_ = false;
  bool head_sent_ = false;
  std::shared_ptr<Exchange> exchange_;
  std::shared_ptr<H2Upload> upload_;
  std::shared_ptr<H2Source> source_;
  Response response_;  // without its body once that is being sent
  ResponsePlan plan_;
  std::uint64_t supplied_at_look_ = UINT64_MAX;  // no look yet
  std::optional<net::Deadline> rest_;            // of a body that goes on after its answer
  std::uint64_t received_at_answer_ = 0;
};

}  // namespace berth::http
