// One HTTP/1.x connection: request after request, in order.
//
//            ┌────────────────────────────────────────── next_request() ◄───────────────────────────────┐
//            ▼                                                                                          │
//   idle ─► head ─► begin() on a worker ─┬─ Response ─────────────────────────────► responding ─┬─ body all here ─┤
//            │                           └─ consumer ─► [100 Continue] ─► body ───►     │       └─ discarding ────┘
//            ├─ at hand: recall() ──────────────────────────────────────────────────► responding ─┤
//            └─ malformed, too large, too slow: render_error() ───────────────────► responding ─► close, lingering
//
// Only bytes of the present request are looked at: a pipelined request stays unparsed in the buffer until the answer before it was handed
// to the kernel, and is never looked at after a close was announced. Loop thread.
#pragma once

#include <memory>
#include <optional>

#include "berth/net/connection.h"
#include "http/body_pump.h"
#include "http/engine.h"
#include "http/exchange.h"
#include "http/head.h"
#include "http/head_scan.h"
#include "http/input_buffer.h"
#include "http/response_sender.h"

namespace berth::http {

// An answer from memory on its way: one write, without an Exchange, a BodyPump and a ResponseSender. Not inside the session, where clang
// cannot see its defaults yet when it is to be optional.
struct H1AtHand {
  Request request;
  std::shared_ptr<const Response> response;
  std::string head;
  Persistence persistence = Persistence::close;
  std::uint64_t body_bytes = 0;
  std::uint64_t sent_at_look = 0;
  std::chrono::steady_clock::time_point began;
};

class H1Session final : public Session, public BodyPump::Owner, public std::enable_shared_from_this<H1Session> {
 public:
  // `input` holds what was read already.
  H1Session(std::shared_ptr<Engine> engine, std::shared_ptr<LoopSlot> slot, std::shared_ptr<net::Connection> connection,
            std::shared_ptr<InputBuffer> input);

  void start() override;
  void wind_down() override;
  bool cut() override;

 private:
  enum class Phase : std::uint8_t { idle, head, working, continuing, body, responding, discarding, ended };
  enum class Completeness : std::uint8_t { whole, cut };

  enum class EmptyLine : std::uint8_t { none, half };

  void next_request();
  EmptyLine skip_empty_line();
  void read_head();
  void received(const base::Result<std::size_t>& size);
  void head_complete(std::size_t length);
  [[nodiscard]] std::string presumed_target() const;
  void dispatch();
  void answer_at_hand(Request request, std::shared_ptr<const Response> response);
  void at_hand_written(const base::Result<void>& result);
  void begun(Exchange::Answer answer);
  void send_continue();
  void make_pump();
  void start_body();
  // Answers with the error and closes.
  void reject(base::Error error);
  void respond(Response response, Persistence persistence);
  Persistence persistence_for(const Response& response);
  bool body_allows_reuse();
  void responded(const base::Result<void>& result);
  void deadline_over();
  // Bookkeeping; the connection is closed by whoever calls.
  void finish();
  void account(Completeness completeness);

  void body_answered(Response response) override;
  void body_failed(base::Error error) override;
  void body_lost() override;
  void body_discarded() override;

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<LoopSlot> slot_;
  std::shared_ptr<net::Connection> connection_;
  std::shared_ptr<InputBuffer> input_;
  Phase phase_ = Phase::idle;
  HeadScanner scanner_;
  HeadFacts facts_;
  bool had_empty_line_ = false;
  bool head_deadline_set_ = false;
  bool had_head_ = false;  // the present request is worth an account
  bool continue_sent_ = false;
  bool body_broken_ = false;  // the rest of the body cannot be read past
  std::shared_ptr<Exchange> exchange_;
  std::shared_ptr<BodyPump> pump_;
  std::shared_ptr<ResponseSender> sender_;
  std::optional<H1AtHand> at_hand_;
  net::Deadline deadline_;  // idle, head, continuing and what is at hand; the others have their own
};

}  // namespace berth::http
