// The insides of a Loop, for net's own files.
#pragma once

#include <deque>
#include <thread>
#include <unordered_set>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "berth/base/synced.h"
#include "berth/net/connection.h"
#include "berth/net/loop.h"

namespace berth::net {

struct Loop::Core {
  struct Queue {
    std::deque<Task> tasks;
    bool closed = false;
  };

  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard = boost::asio::make_work_guard(context);
  base::Synced<Queue> queue;
  std::unordered_set<Connection*> connections;  // loop thread: open ones, so that none outlives the loop
  std::thread thread;

  void run();
  void run_tasks();
  void close_connections();
};

}  // namespace berth::net
