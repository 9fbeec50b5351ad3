// Questions and answers between programs of one user on one machine, over a socket that is a file (AF_UNIX).
//
// One connection carries one question and one answer: each side writes what it has to say and shuts its direction down. Who may ask is
// decided by the kernel: the file's mode is 0600, and only peers of this process's own user, or root, are heard (SO_PEERCRED). Nothing
// here is on a network.
// Threads: the server has one of its own that accepts, and a few that answer; a client's call blocks.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "berth/base/error.h"

namespace berth::net {

class LocalServer {
 public:
  static constexpr std::size_t kLongestQuestion = 1 << 20;

  // `user`: the user id of who asks. Called by several threads at once.
  using Answer = std::function<std::string(const std::string& question, std::uint32_t user)>;

  virtual ~LocalServer() = default;  // takes no more questions, lets those at work end, removes the file
};

// Replaces a file that an ended process left: the caller knows that no other serves there. Errors: configuration_invalid (the path is longer
// than a socket's name can be), io_error.
base::Result<std::unique_ptr<LocalServer>> serve_local(const std::string& path, LocalServer::Answer answer);

// Errors: busy (nobody answers there, or does not hear us), timeout (no answer within `longest`), io_error.
base::Result<std::string> ask_local(const std::string& path, std::string_view question, std::chrono::milliseconds longest);

}  // namespace berth::net
