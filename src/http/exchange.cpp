#include "http/exchange.h"

#include <exception>
#include <type_traits>
#include <utility>

#include "berth/base/log.h"

namespace berth::http {

Exchange::Exchange(std::shared_ptr<Engine> engine, std::shared_ptr<net::Loop> loop, Request request, std::shared_ptr<void> held)
    : engine_(std::move(engine)), loop_(std::move(loop)), request_(std::move(request)), held_(std::move(held)) {}

Exchange::~Exchange() = default;

// What one job carries. It moves from the loop to the worker and back as a whole: `done` holds the session, which must end on its loop.
template <typename Result, typename Work>
struct Exchange::Job {
  std::shared_ptr<Exchange> self;
  std::optional<Work> work;
  std::function<void(Result)> done;
  std::optional<Result> result;

  void perform() {
    try {
      result.emplace((*work)());
    } catch (const std::exception& error) {
      base::log::error("a request handler threw", {{"request_id", self->request_.id}, {"what", error.what()}});
      result.emplace(base::fail(base::Error(base::ErrorCode::internal, "the request could not be answered").in(error.what())));
    }
    work.reset();
  }
  void deliver() {
    --self->jobs_;
    if (self->left_) {
      if (self->jobs_ == 0) self->abandon_consumer();
    } else {
      done(std::move(*result));
    }
  }
};

// loop: run() ──► worker: work() ──► loop: done(result)
//                    ▲  │              └ left meanwhile, and nothing under way: one more job, abandon()
//   run() ──► line ──┘  └ the loop has stopped: abandon() right here
template <typename Result, typename Work>
bool Exchange::run(Admit admit, Work work, std::function<void(Result)> done) {
  auto carried = std::make_shared<Job<Result, Work>>(
      Job<Result, Work>{shared_from_this(), std::optional<Work>(std::move(work)), std::move(done), std::nullopt});
  auto on_worker = [carried = std::move(carried)]() mutable {
    std::shared_ptr<Job<Result, Work>> job = std::move(carried);
    const std::shared_ptr<Exchange> self = job->self;
    job->perform();
    const bool delivered = self->loop_->post([job = std::move(job)] { job->deliver(); });
    if (!delivered && self->consumer_) {
      self->consumer_->abandon();
      self->consumer_.reset();
    }
  };
  ++jobs_;
  const bool waits = line_.with([&](Line& line) {
    if (line.running) line.waiting.emplace_back(std::move(on_worker));
    return std::exchange(line.running, true);
  });
  if (waits) return true;
  base::Workers& workers = engine_->workers;
  auto turn = turn_of(std::move(on_worker));
  if (admit == Admit::always ? workers.submit_continuation(std::move(turn)) : workers.try_submit(std::move(turn))) return true;
  --jobs_;
  line_.with([](Line& line) { line.running = false; });
  return false;
}

// A turn at the workers that begins with this job.
base::Workers::Job Exchange::turn_of(base::Workers::Job job) {
  return [self = shared_from_this(), job = std::move(job)]() mutable { self->take_turn(std::move(job)); };
}

// Whoever waits for a worker goes first, so that one fast peer does not keep a worker for itself. When nobody does, going on here saves waking
// another thread for each piece, whose core has not seen the upload.
void Exchange::take_turn(base::Workers::Job job) {
  for (std::optional<base::Workers::Job> next = std::move(job); next; next = follower()) {
    (*next)();
    next.reset();
  }
}

// The job to run now, when there is one and nobody else waits for a worker; else it waits its turn with the others.
std::optional<base::Workers::Job> Exchange::follower() {
  auto next = line_.with([](Line& line) -> std::optional<base::Workers::Job> {
    line.running = !line.waiting.empty();
    if (!line.running) return std::nullopt;
    auto job = std::move(line.waiting.front());
    line.waiting.pop_front();
    return job;
  });
  if (!next || engine_->workers.queued() == 0) return next;
  // Refused only when the workers have stopped, and they outlive every loop.
  static_cast<void>(engine_->workers.submit_continuation(turn_of(std::move(*next))));
  return std::nullopt;
}

Exchange::Answer Exchange::answer_of(std::optional<Response> response) {
  if (response) consumer_.reset();
  return response;
}

// --- late refusals ---

struct Exchange::Late {
  std::shared_ptr<Engine> engine;
  AnswerDone done;  // owns the session
  Answer answer;
  net::Deadline deadline;

  ~Late() { engine->late_refusals.give(1); }
};

// Called by the job that delivers, which holds us.
Exchange::AnswerDone Exchange::refusing_late(AnswerDone done) {
  return [this, done = std::move(done)](Answer answer) mutable {
    constexpr int kTooManyRequests = 429;
    const bool refused = answer && *answer && (*answer)->status == kTooManyRequests;
    const bool late = refused && engine_->limits.refusal_delay.count() > 0 && engine_->late_refusals.take(1);
    if (late) return deliver_late(std::move(done), std::move(answer));
    done(std::move(answer));
  };
}

void Exchange::deliver_late(AnswerDone done, Answer answer) {
  const auto expired = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->late_) return;
    const auto late = std::move(self->late_);
    late->done(std::move(late->answer));
  };
  late_ = std::unique_ptr<Late>(new Late{engine_, std::move(done), std::move(answer), {*loop_, expired}});
  late_->deadline.set(engine_->late_spread.next(engine_->limits.refusal_delay));
}

// --- what a codec asks for ---

bool Exchange::begin(AnswerDone done) {
  return run<Answer>(
      Admit::if_free,
      [this]() -> Answer {
        if (left_) return {};  // reset before its turn
        Outcome outcome = engine_->handler.begin(request_);
        if (auto* response = std::get_if<Response>(&outcome)) return std::optional<Response>(std::move(*response));
        consumer_ = std::get<std::unique_ptr<BodyConsumer>>(std::move(outcome));
        if (!consumer_) return base::fail(base::ErrorCode::internal, "the request could not be answered");
        return std::optional<Response>();
      },
      refusing_late(std::move(done)));
}

void Exchange::write(base::ByteView bytes, AnswerDone done) {
  static_cast<void>(run<Answer>(
      Admit::always, [this, bytes] { return takes_no_more() ? Answer() : answer_of(consumer_->write(bytes)); }, std::move(done)));
}

void Exchange::finish(base::ByteView last, AnswerDone done) {
  static_cast<void>(run<Answer>(
      Admit::always,
      [this, last]() -> Answer {
        if (takes_no_more()) return {};
        std::optional<Response> early;
        if (!last.empty()) early = consumer_->write(last);
        return answer_of(early ? std::move(*early) : consumer_->finish());
      },
      refusing_late(std::move(done))));
}

void Exchange::next(std::shared_ptr<Generator> generator, PieceDone done) {
  using Piece = base::Result<std::string>;
  static_cast<void>(run<Piece>(Admit::always, [generator = std::move(generator)] { return generator->next(); }, std::move(done)));
}

void Exchange::leave() {
  left_ = true;
  if (jobs_ == 0) abandon_consumer();
  // Not here: it owns the session, which may be asking.
  if (late_) static_cast<void>(loop_->post([late = std::shared_ptr<Late>(std::move(late_))] {}));
}

void Exchange::abandon_consumer() {
  if (!consumer_) return;
  std::shared_ptr<BodyConsumer> consumer = std::move(consumer_);
  // Refused only when the workers have stopped, and they outlive every loop: then nobody is left to tell.
  static_cast<void>(engine_->workers.submit_continuation([self = shared_from_this(), consumer] { consumer->abandon(); }));
}

void Exchange::account(const Account& account) {
  if (std::exchange(accounted_, true)) return;
  engine_->handler.account(request_, account);
}

std::chrono::microseconds Exchange::age() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started_);
}

}  // namespace berth::http
