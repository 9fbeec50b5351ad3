// The one thread that writes, with group commit: whatever waits when it gets there goes into one transaction and becomes durable by
// one sync.
//
// Each call of a group runs in its own savepoint, so that one that fails takes only its own changes with it. Callers are woken after COMMIT has
// returned, never before; if COMMIT fails, all of the group get its error. The queue is bounded by the threads that call: each waits
// for its own. Checkpoints happen here too, after the callers were woken: a passive one when the log has grown, and one that empties
// the log when nobody has written for a moment.
//
// After an I/O error nothing is acknowledged until a complete checkpoint has gone through: a failed sync may leave pages in the
// kernel's cache that look written and are not, and what a checkpoint moves is written, and synced, anew. Until then calls get
// io_error and health() says so.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "berth/base/error.h"
#include "berth/base/synced.h"
#include "catalog/sqlite.h"

namespace berth::catalog {

class Writer {
 public:
  // What a call does inside the transaction. Must not throw. Runs on the writer's thread while the caller waits.
  using Body = std::function<base::Result<void>(Connection&)>;

  // Whether readers may get another answer afterwards. What only collection, scrub, counts and lists of keys look
  // at is bookkeeping.
  enum class Effect : std::uint8_t { answers, bookkeeping };

  // `generation` is raised after each commit that has an effect on answers, before the callers are woken.
  Writer(std::unique_ptr<Connection> connection, std::atomic<std::uint64_t>& generation);
  // Runs what is queued, empties the log, joins.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Blocks until the change is durable, or is not there. Any thread but the writer's.
  // Errors: the body's; storage_full, io_error, corrupt, busy of the transaction.
  base::Result<void> run(Body body, Effect effect = Effect::answers);
  // Why writes are refused at present, or what was found damaged.
  [[nodiscard]] base::Result<void> health() const;

 private:
  struct Call {
    Call(Body b, Effect e) : body(std::move(b)), effect(e) {}
    Body body;
    Effect effect;
    base::Result<void> own;                                   // the writer's alone
    base::Synced<std::optional<base::Result<void>>> outcome;  // what the caller gets
  };
  using Group = std::deque<std::shared_ptr<Call>>;
  struct Queue {
    Group calls;
    bool stopping = false;
  };

  void loop();
  void serve(const Group& group);
  base::Result<void> attempt(const Group& group);
  base::Result<void> run_call(Call& call);
  void tidy();
  base::Result<void> recover();
  void note(const base::Error& error);

  std::unique_ptr<Connection> connection_;
  std::atomic<std::uint64_t>& generation_;
  base::Synced<Queue> queue_;
  base::Synced<std::optional<base::Error>> trouble_;
  bool must_recover_ = false;  // the writer's alone
  std::thread thread_;
};

}  // namespace berth::catalog
