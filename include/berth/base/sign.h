// Signatures, message authentication and comparing secrets: the few primitives that accounts need, over OpenSSL's EVP.
//
// What this is: Ed25519 (RFC 8032), HMAC-SHA-256 (RFC 2104), SHA-256 as bytes, base64url without padding (RFC 4648 §5), base64 with it
// (§4). What it is not: a token format; that is auth's. Threads: any; keys are immutable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "berth/base/bytes.h"

namespace berth::base {

// A key pair. The seed is the secret: 32 bytes.
class SigningKey {
 public:
  // nullopt unless `seed` has 32 bytes.
  static std::optional<SigningKey> from_seed(std::string_view seed);
  static SigningKey generate();
  ~SigningKey();
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;

  // 64 bytes.
  [[nodiscard]] std::string sign(std::string_view message) const;
  [[nodiscard]] bool verify(std::string_view message, std::string_view signature) const;
  [[nodiscard]] const std::string& seed() const;
  // 32 bytes, for others to verify with.
  [[nodiscard]] const std::string& public_key() const;

 private:
  struct State;
  explicit SigningKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// 32 bytes each.
std::string hmac_sha256(std::string_view key, std::string_view message);
std::string sha256(std::string_view message);

// Takes the same time wherever the two differ; texts of different lengths are unequal at once.
bool equal_secrets(std::string_view a, std::string_view b);

std::string to_base64url(std::string_view bytes);
// nullopt for padding, other characters, impossible lengths, and last characters with bits that mean nothing: one text a value.
std::optional<std::string> from_base64url(std::string_view text);
// With or without padding; for HTTP's Basic. nullopt as above.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace berth::base
