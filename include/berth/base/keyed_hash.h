// A short hash that only this process can make: what tables are asked with instead of a secret, where HMAC-SHA-256 costs more than the
// answer. SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012), a pseudorandom function of its key.
//
// What it is not: a hash of files, or one that is written down; the key lives as long as the object. Pure after construction; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace berth::base {

class KeyedHash {
 public:
  using Hash = std::array<char, 16>;

  // With a random key of its own.
  KeyedHash();
  // `key`: 16 bytes; for tests with known answers.
  explicit KeyedHash(std::string_view key);
  [[nodiscard]] Hash of(std::string_view text) const;

 private:
  std::uint64_t first_ = 0;
  std::uint64_t second_ = 0;
};

}  // namespace berth::base
