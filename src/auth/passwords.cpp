#include "berth/auth/passwords.h"

#include <argon2.h>
#include <sys/resource.h>

#include <algorithm>
#include <future>
#include <memory>

#include "berth/base/hash.h"
#include "berth/base/secret.h"

namespace berth::auth {

using base::ErrorCode;

namespace {

constexpr std::uint32_t kPasses = 2;
constexpr std::uint32_t kMemoryKiB = 19 * 1024;
constexpr std::uint32_t kLanes = 1;
constexpr std::size_t kSaltSize = 16;
constexpr std::size_t kHashSize = 32;
constexpr int kLowerPriority = 19;  // at 10, pulls on the same core waited two to three times as long

base::Result<std::string> hash_now(std::string_view password) {
  const std::string salt = base::random_bytes(kSaltSize);
  std::string encoded(argon2_encodedlen(kPasses, kMemoryKiB, kLanes, kSaltSize, kHashSize, Argon2_id), '\0');
  const int code = argon2id_hash_encoded(kPasses, kMemoryKiB, kLanes, password.data(), password.size(), salt.data(), salt.size(),
                                         kHashSize, encoded.data(), encoded.size());
  if (code != ARGON2_OK)
    return base::fail(base::Error(ErrorCode::internal, "the password could not be hashed").in(argon2_error_message(code)));
  encoded.resize(encoded.find('\0'));
  return encoded;
}

// Without padding.
constexpr std::size_t base64_length(std::size_t bytes) { return (bytes * 8 + 5) / 6; }

PasswordMatch verify_now(std::string_view password, const std::string& encoded) {
  return argon2id_verify(encoded.c_str(), password.data(), password.size()) == ARGON2_OK ? PasswordMatch::yes : PasswordMatch::no;
}

// Linux: the priority of a thread is its own.
void lower_priority() {
  thread_local const bool lowered = setpriority(PRIO_PROCESS, 0, kLowerPriority) == 0;
  static_cast<void>(lowered);
}

// Runs `work` on the pool and waits for it.
template <typename T, typename F>
base::Result<T> on_pool(base::Workers& workers, F work) {
  auto promise = std::make_shared<std::promise<T>>();
  auto result = promise->get_future();
  const bool queued = workers.try_submit([promise, work = std::move(work)] {
    lower_priority();
    promise->set_value(work());
  });
  if (!queued) {
    return base::fail(base::Error(ErrorCode::too_many_requests, "too many passwords are being checked; try again, or use a key")
                          .with_retry_after(1));
  }
  return result.get();
}

}  // namespace

// "$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH", both all zeros in base64. Written down and not worked out: a daemon need not take 19 MiB for
// it at each start, and what costs time is the cost that stands in it.
Passwords::Passwords()
    : nobody_("$argon2id$v=19$m=" + std::to_string(kMemoryKiB) + ",t=" + std::to_string(kPasses) +
              ",p=" + std::to_string(kLanes) + '$' + std::string(base64_length(kSaltSize), 'A') + '$' +
              std::string(base64_length(kHashSize), 'A')),
      workers_(1, kWaiting) {}

base::Result<std::string> Passwords::hash(std::string_view password) {
  auto hashed = on_pool<base::Result<std::string>>(workers_, [text = base::Secret(password)] { return hash_now(text); });
  if (!hashed) return base::fail(std::move(hashed).error());
  return std::move(*hashed);
}

base::Result<PasswordMatch> Passwords::verify(std::string_view password, std::string_view encoded) {
  return on_pool<PasswordMatch>(workers_,
                                [text = base::Secret(password), hash = std::string(encoded)] { return verify_now(text, hash); });
}

base::Result<PasswordMatch> Passwords::verify_nobody(std::string_view password) {
  BERTH_TRY([[maybe_unused]] const auto match, verify(password, nobody_));
  return PasswordMatch::no;
}

std::string session_hash(std::string_view secret) { return base::hash_hex(base::HashAlgorithm::sha256, base::as_bytes(secret)); }

std::string random_password() {
  constexpr std::string_view kLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz_-.+=!?";
  static_assert(kLetters.size() == 64);
  std::string password = base::random_bytes(24);
  for (char& c : password) c = kLetters[static_cast<unsigned char>(c) & 63];
  return password;
}

base::Result<void> check_password_form(std::string_view password) {
  const bool control = std::any_of(password.begin(), password.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (password.size() < 12 || password.size() > 1024 || control) {
    return base::fail(ErrorCode::parameter_invalid,
                      "a password has 12 characters at least and 1024 bytes at most, and no control characters");
  }
  return {};
}

}  // namespace berth::auth
