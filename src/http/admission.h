// Counts open connections against the limits, over all loops.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include <tl/expected.hpp>

#include "berth/base/synced.h"

namespace berth::http {

// Why a connection is not taken.
enum class Refusal : std::uint8_t {
  total,    // there are too many connections
  address,  // the peer has too many
  shutting_down,
};

class Admission {
 public:
  Admission(std::size_t total, std::size_t per_address);

  // A token that counts as one open connection until it is destroyed; else Refusal::total or ::address. Any thread.
  tl::expected<std::shared_ptr<void>, Refusal> admit(const std::string& address);
  // Waits until no connection is open; false when `at_most` passed before.
  bool wait_empty(std::chrono::milliseconds at_most);

 private:
  struct Counts {
    std::size_t total = 0;
    std::unordered_map<std::string, std::size_t> by_address;
  };
  using State = base::Synced<Counts>;
  class Token;

  const std::size_t total_;
  const std::size_t per_address_;
  std::shared_ptr<State> state_;  // shared: a connection may close after the server is gone
};

}  // namespace berth::http
