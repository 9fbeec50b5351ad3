// SHA-256 and SHA-512 over a stream, with a state that can be written down and taken up again; CRC-32; random bytes.
//
// Layout: Hasher::save_state() is an opaque, versioned string for this algorithm. It is not protected: whoever stores it
// adds a checksum. Threads: a Hasher belongs to one thread at a time. Speed: OpenSSL's SHA-NI code, about 1.8 GB/s (SHA-256).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "berth/base/bytes.h"

namespace berth::base {

enum class HashAlgorithm : std::uint8_t { sha256, sha512 };

// "sha256", "sha512".
std::string_view hash_algorithm_name(HashAlgorithm algorithm);
std::optional<HashAlgorithm> find_hash_algorithm(std::string_view name);

class Hasher {
 public:
  explicit Hasher(HashAlgorithm algorithm);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  // The hasher that save_state() described; nullopt when the text is of another version, algorithm or length.
  static std::optional<Hasher> restore(HashAlgorithm algorithm, std::string_view state);

  void update(ByteView bytes);
  // Lower-case hex of everything so far; the hasher may go on afterwards.
  [[nodiscard]] std::string hex_digest() const;
  [[nodiscard]] std::string save_state() const;
  [[nodiscard]] HashAlgorithm algorithm() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Lower-case hex of the digest of `bytes`.
std::string hash_hex(HashAlgorithm algorithm, ByteView bytes);

// CRC-32/ISO-HDLC (the zip one).
std::uint32_t crc32(ByteView bytes);

// `count` bytes from the system's generator. Aborts when there is no entropy: nothing safe could follow.
std::string random_bytes(std::size_t count);

// A fresh 128-bit random id as 32 lower-case hex digits: upload sessions, request ids.
std::string random_id();

}  // namespace berth::base
