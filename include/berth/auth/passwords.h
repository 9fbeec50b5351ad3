// Passwords: argon2id on a small pool of its own, so that a flood of wrong ones costs little of what pulls need.
//
// Cost: m = 19 MiB, t = 2, p = 1 (OWASP's least; 30 ms here). One thread of lower priority does all of it, at most kWaiting wait, and one
// more is too_many_requests. Threads: any worker; a call waits for its turn, a second at most while a core has time to spare, some seconds
// when none has.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "berth/base/error.h"
#include "berth/base/workers.h"

namespace berth::auth {

enum class PasswordMatch : std::uint8_t { no, yes };

class Passwords {
 public:
  static constexpr std::size_t kWaiting = 4;

  Passwords();
  // The encoded form with a fresh salt. Errors: too_many_requests.
  base::Result<std::string> hash(std::string_view password);
  // Errors: too_many_requests.
  base::Result<PasswordMatch> verify(std::string_view password, std::string_view encoded);
  // The same work against a hash that nothing fits: for users that are not there.
  base::Result<PasswordMatch> verify_nobody(std::string_view password);

 private:
  std::string nobody_;
  base::Workers workers_;
};

// What is stored of the secret in a browser session's cookie: SHA-256, hex. It is 256 random bits, which need no slow hash.
std::string session_hash(std::string_view secret);

// 24 characters for a person to copy once: 144 random bits.
std::string random_password();
// Errors: parameter_invalid (shorter than 12 characters, longer than 1024 bytes, control characters).
base::Result<void> check_password_form(std::string_view password);

}  // namespace berth::auth
