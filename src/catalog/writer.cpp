#include "catalog/writer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "berth/base/log.h"
#include "berth/base/metrics.h"

namespace berth::catalog {

using base::Error;
using base::ErrorCode;
using base::fail;
using base::Result;
using base::metrics::Metric;

namespace {

using namespace std::chrono_literals;

// 4,000 pages are 16 MB of log: about a thousand pushes between two checkpoints, and a few milliseconds to read after a crash.
constexpr int kLogPagesBeforeCheckpoint = 4000;
constexpr auto kIdle = 1000ms;
// Emptying the log waits for readers, and writers wait meanwhile: reads take far less than this, and the next idle moment comes.
constexpr int kTidyBusyTimeoutMs = 50;
constexpr int kWriteBusyTimeoutMs = 5000;

bool is_trouble(const Error& error) { return error.code() == ErrorCode::io_error || error.code() == ErrorCode::corrupt; }

}  // namespace

Writer::Writer(std::unique_ptr<Connection> connection, std::atomic<std::uint64_t>& generation)
    : connection_(std::move(connection)), generation_(generation), thread_([this] { loop(); }) {}

Writer::~Writer() {
  queue_.with([](Queue& queue) { queue.stopping = true; });
  queue_.notify_all();
  thread_.join();
}

Result<void> Writer::run(Body body, Effect effect) {
  const auto call = std::make_shared<Call>(std::move(body), effect);
  queue_.with([&](Queue& queue) { queue.calls.push_back(call); });
  queue_.notify_one();
  return call->outcome.wait([](const auto& outcome) { return outcome.has_value(); },
                            [](auto& outcome) { return *std::move(outcome); });
}

Result<void> Writer::health() const {
  return trouble_.with([](const std::optional<Error>& trouble) -> Result<void> {
    if (trouble) return fail(*trouble);
    return {};
  });
}

void Writer::loop() {
  while (true) {
    Group group;
    bool stopping = false;
    const auto has_work = [](const Queue& queue) { return !queue.calls.empty() || queue.stopping; };
    const auto take = [&](Queue& queue) {
      group.swap(queue.calls);
      stopping = queue.stopping;
    };
    // A thread with nothing to tidy sleeps until it is called.
    if (must_recover_ || connection_->log_pages() > 0) {
      queue_.wait_for(kIdle, has_work, take);
    } else {
      queue_.wait(has_work, take);
    }
    if (!group.empty()) {
      serve(group);
    } else {
      tidy();
      if (stopping) return;
    }
  }
}

void Writer::serve(const Group& group) {
  const auto start = std::chrono::steady_clock::now();
  const Result<void> outcome = attempt(group);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  base::metrics::observe(Metric::catalog_commit_seconds, took.count());
  base::metrics::observe(Metric::catalog_group_size, static_cast<double>(group.size()));
  base::metrics::add(Metric::catalog_transactions, 1, {outcome ? "committed" : "failed"});
  if (!outcome) note(outcome.error());
  // Also after a failure: nobody can say for certain what a failed COMMIT left.
  const auto changes_answers = [](const auto& call) { return call->effect == Effect::answers; };
  if (std::any_of(group.begin(), group.end(), changes_answers)) generation_.fetch_add(1);
  for (const auto& call : group) {
    call->outcome.with([&](auto& result) {
      if (outcome) {
        result = std::move(call->own);
      } else {
        result = outcome;
      }
    });
    call->outcome.notify_one();
  }
  if (outcome && connection_->log_pages() >= kLogPagesBeforeCheckpoint) {
    if (auto moved = connection_->checkpoint(Connection::Checkpoint::passive); !moved) note(moved.error());
  }
}

Result<void> Writer::attempt(const Group& group) {
  if (must_recover_) BERTH_CHECK_OK(recover());
  BERTH_TRY(auto transaction, Transaction::begin(*connection_, Connection::Access::write));
  if (group.size() == 1) {
    // Nobody else to protect: the transaction is the savepoint, which saves the copies that a savepoint keeps of pages.
    Call& call = *group.front();
    call.own = call.body(*connection_);
    if (!call.own && is_trouble(call.own.error())) note(call.own.error());
    if (!call.own) return {};
    return transaction.commit();
  }
  for (const auto& call : group) {
    BERTH_CHECK_OK(run_call(*call));
  }
  return transaction.commit();
}

// One call of several. An error of this function is the whole group's.
Result<void> Writer::run_call(Call& call) {
  BERTH_TRY([[maybe_unused]] const auto begun, connection_->run(Query::savepoint));
  call.own = call.body(*connection_);
  if (!call.own) {
    // SQLite ends the transaction by itself after grave errors (disk full, I/O): then what others did in it is gone as well.
    if (!connection_->in_transaction()) return fail(call.own.error());
    if (is_trouble(call.own.error())) note(call.own.error());
    BERTH_TRY([[maybe_unused]] const auto undone, connection_->run(Query::rollback_to_savepoint));
  }
  BERTH_TRY([[maybe_unused]] const auto released, connection_->run(Query::release_savepoint));
  return {};
}

void Writer::tidy() {
  connection_->set_busy_timeout(kTidyBusyTimeoutMs);
  const Result<void> done = must_recover_ ? recover() : connection_->checkpoint(Connection::Checkpoint::truncate);
  connection_->set_busy_timeout(kWriteBusyTimeoutMs);
  if (!done && done.error().code() != ErrorCode::busy) note(done.error());
}

Result<void> Writer::recover() {
  BERTH_CHECK_OK(connection_->checkpoint(Connection::Checkpoint::truncate));
  must_recover_ = false;
  trouble_.with([](auto& trouble) {
    if (trouble && trouble->code() != ErrorCode::corrupt) trouble.reset();
  });
  base::log::info("the catalog's disk answers again");
  return {};
}

void Writer::note(const Error& error) {
  base::log::error("catalog write failed",
                   {{"code", base::error_code_name(error.code())}, {"message", error.message()}, {"context", error.context()}});
  if (error.code() == ErrorCode::io_error) must_recover_ = true;
  if (!is_trouble(error)) return;
  // Damage stays known until the next start; a disk that failed may come back.
  trouble_.with([&](auto& trouble) {
    if (!trouble || trouble->code() != ErrorCode::corrupt) trouble = error;
  });
}

}  // namespace berth::catalog
