#include "berth/net/loop.h"

#include <csignal>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "net/loop_core.h"

namespace berth::net {

namespace {

// Everything but what the kernel raises for a fault of this very thread, and the profiler's clock.
void block_signals() {
  sigset_t signals;
  sigfillset(&signals);
  for (const int keep : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGPROF}) sigdelset(&signals, keep);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

void Loop::Core::run() {
  block_signals();
  context.run();
  // stop() ended run(). What was accepted before it still counts: tasks first, then whoever waits for bytes hears that none will come.
  context.restart();
  run_tasks();
  close_connections();
  while (context.poll() > 0) close_connections();
}

void Loop::Core::run_tasks() {
  std::deque<Task> tasks;
  queue.with([&](Queue& q) { tasks.swap(q.tasks); });
  for (Task& task : tasks) {
    task();
    task = nullptr;  // frees what it held before the next one runs
  }
}

void Loop::Core::close_connections() {
  const std::vector<Connection*> open(connections.begin(), connections.end());
  for (Connection* connection : open) connection->close();
}

Loop::Loop() : core_(std::make_unique<Core>()) {
  core_->thread = std::thread([core = core_.get()] { core->run(); });
}

Loop::~Loop() { stop(); }

std::shared_ptr<Loop> Loop::start() { return std::shared_ptr<Loop>(new Loop()); }

bool Loop::post(Task task) {
  bool wake = false;
  const bool accepted = core_->queue.with([&](Core::Queue& q) {
    if (q.closed) return false;
    wake = q.tasks.empty();
    q.tasks.push_back(std::move(task));
    return true;
  });
  if (wake) boost::asio::post(core_->context, [core = core_.get()] { core->run_tasks(); });
  return accepted;
}

bool Loop::on_thread() const { return core_->thread.get_id() == std::this_thread::get_id(); }

void Loop::stop() {
  core_->queue.with([](Core::Queue& q) { q.closed = true; });
  if (!core_->thread.joinable()) return;
  core_->context.stop();
  core_->thread.join();
}

}  // namespace berth::net
