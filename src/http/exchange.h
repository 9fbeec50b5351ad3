// One request between a codec and the Handler: runs begin(), write(), finish() and a Generator's next() on workers, one at a time, and brings
// the results back to the loop. Knows nothing of HTTP/1 or HTTP/2.
//
// A write() or finish() may be asked for while a write() is under way: it follows on the workers at once, without a way over the loop. Two
// threads waking each other for every piece took a third of a large push's time.
//
// A 429 comes back later than it was made (Limits::refusal_delay): who asks too much cannot ask more by asking again at once.
//
// Guarantees to the Handler: one call at a time; after leave() nothing follows but abandon(), once, for a consumer that is not at its end.
// Guarantees to the codec: `done` runs on the loop, once, never inside the call that asked for it, and not at all after leave().
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "berth/base/bytes.h"
#include "berth/base/error.h"
#include "berth/base/synced.h"
#include "berth/base/workers.h"
#include "berth/http/handler.h"
#include "berth/net/loop.h"
#include "http/engine.h"

namespace berth::http {

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  // A Response: the answer. nullopt: the consumer takes (more of) the body. An error: the handler failed in a way that it must not.
  using Answer = base::Result<std::optional<Response>>;
  using AnswerDone = std::function<void(Answer)>;
  using PieceDone = std::function<void(base::Result<std::string>)>;

  // `held` is let go when the last job of the request has ended, which may be after leave().
  Exchange(std::shared_ptr<Engine> engine, std::shared_ptr<net::Loop> loop, Request request,
           std::shared_ptr<void> held = nullptr);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  [[nodiscard]] const Request& request() const { return request_; }

  // False, and no call, when no worker is free.
  [[nodiscard]] bool begin(AnswerDone done);
  // `bytes` stay valid until `done`, or as long as `done` lives. Behind an early answer, what waited is not written, and `done` gets nullopt.
  void write(base::ByteView bytes, AnswerDone done);
  // The last bytes (or none) and the end of the body, in one job. Nothing may be asked for behind it.
  void finish(base::ByteView last, AnswerDone done);
  void next(std::shared_ptr<Generator> generator, PieceDone done);

  // The request has ended for the codec; a consumer is abandoned. Idempotent.
  void leave();

  // Tells Handler::account(), once; later calls are ignored.
  void account(const Account& account);
  [[nodiscard]] std::chrono::microseconds age() const;

 private:
  enum class Admit : std::uint8_t { if_free, always };
  template <typename Result, typename Work>
  struct Job;
  template <typename Result, typename Work>
  bool run(Admit admit, Work work, std::function<void(Result)> done);
  base::Workers::Job turn_of(base::Workers::Job job);
  AnswerDone refusing_late(AnswerDone done);
  void deliver_late(AnswerDone done, Answer answer);
  // Worker thread.
  Answer answer_of(std::optional<Response> response);
  void take_turn(base::Workers::Job job);
  std::optional<base::Workers::Job> follower();
  [[nodiscard]] bool takes_no_more() const { return left_ || !consumer_; }
  void abandon_consumer();

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<net::Loop> loop_;
  const Request request_;
  const std::shared_ptr<void> held_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::unique_ptr<BodyConsumer> consumer_;  // belongs to the job in flight, else to the loop
  struct Line {
    std::deque<base::Workers::Job> waiting;
    bool running = false;
  };
  base::Synced<Line> line_;
  std::size_t jobs_ = 0;  // loop: asked for and not delivered
  std::atomic<bool> left_ = false;
  bool accounted_ = false;
  struct Late;
  std::unique_ptr<Late> late_;  // loop: a 429 and its time
};

}  // namespace berth::http
