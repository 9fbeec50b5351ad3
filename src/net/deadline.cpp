#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "net/loop_core.h"

namespace berth::net {

namespace {
using SteadyClock = std::chrono::steady_clock;
}

// The timer is armed for `armed_for`, at or before `due`. When it fires early it is armed again: a deadline that every request moves
// costs one timer operation per period, not per request.
struct Deadline::State : std::enable_shared_from_this<Deadline::State> {
  State(boost::asio::io_context& context, std::function<void()> callback) : timer(context), expired(std::move(callback)) {}

  boost::asio::steady_timer timer;
  std::function<void()> expired;
  std::optional<SteadyClock::time_point> due;
  std::optional<SteadyClock::time_point> armed_for;
  std::uint64_t generation = 0;
  const std::thread::id owner = std::this_thread::get_id();

  void arm() {
    armed_for = due;
    timer.expires_at(*due);
    timer.async_wait([self = shared_from_this(), mine = ++generation](const boost::system::error_code&) { self->fire(mine); });
  }

  void fire(std::uint64_t of_generation) {
    if (of_generation != generation) return;
    armed_for.reset();
    if (!due) return;
    if (SteadyClock::now() < *due) return arm();
    due.reset();
    if (expired) {
      const auto call = expired;  // the owner may go away in the call
      call();
    }
  }
};

Deadline::Deadline(Loop& loop, std::function<void()> expired)
    : state_(std::make_shared<State>(loop.core().context, std::move(expired))) {}

Deadline::~Deadline() {
  if (std::this_thread::get_id() != state_->owner) return;  // cleared before, so it will do nothing when it fires
  state_->expired = nullptr;
  state_->due.reset();
  ++state_->generation;
  if (state_->armed_for) state_->timer.cancel();
}

void Deadline::set(std::chrono::milliseconds from_now) {
  state_->due = SteadyClock::now() + from_now;
  if (!state_->armed_for || *state_->armed_for > *state_->due) state_->arm();
}

void Deadline::clear() { state_->due.reset(); }

}  // namespace berth::net
