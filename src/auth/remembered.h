// What was found right a moment ago, so that it need not be worked out again for each request: passwords for a minute (argon2 costs
// 30 ms), tokens until they are pushed out (a signature costs 60 µs). Neither table holds a secret: passwords are known by their HMAC
// under a random key of this process, tokens by their SHA-256. Bounded: a full table starts anew. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "auth/token_text.h"
#include "berth/base/clock.h"
#include "berth/base/hash.h"
#include "berth/base/sign.h"
#include "berth/base/synced.h"

namespace berth::auth {

class RememberedPasswords {
 public:
  // The user, if this was right within the last minute and nothing changed since `generation`.
  [[nodiscard]] std::optional<std::int64_t> find(std::string_view email, std::string_view password, std::uint64_t generation,
                                                 base::TimePoint now) const {
    return entries_.with([&](const Entries& entries) -> std::optional<std::int64_t> {
      const auto found = entries.find(name(email, password));
      if (found == entries.end() || found->second.generation != generation || found->second.until <= now) return std::nullopt;
      return found->second.user;
    });
  }
  void put(std::string_view email, std::string_view password, std::int64_t user, std::uint64_t generation, base::TimePoint now) {
    entries_.with([&](Entries& entries) {
      if (entries.size() >= kMost) entries.clear();
      entries.insert_or_assign(name(email, password), Entry{user, generation, now + kKept});
    });
  }

 private:
  static constexpr std::chrono::seconds kKept{60};
  static constexpr std::size_t kMost = 10'000;
  struct Entry {
    std::int64_t user;
    std::uint64_t generation;
    base::TimePoint until;
  };
  using Entries = std::unordered_map<std::string, Entry>;
  [[nodiscard]] std::string name(std::string_view email, std::string_view password) const {
    return base::hmac_sha256(key_, std::to_string(email.size()) + ':' + std::string(email) + std::string(password));
  }

  std::string key_ = base::random_bytes(32);
  base::Synced<Entries> entries_;
};

// Tokens whose signature and claims were checked. Their time is looked at anew by whoever asks.
class RememberedTokens {
 public:
  [[nodiscard]] std::optional<Claims> find(std::string_view text) const {
    const auto name = base::sha256(text);
    return entries_.with([&](const Entries& entries) -> std::optional<Claims> {
      const auto found = entries.find(name);
      if (found == entries.end()) return std::nullopt;
      return found->second;
    });
  }
  void put(std::string_view text, const Claims& claims) {
    entries_.with([&](Entries& entries) {
      if (entries.size() >= kMost) entries.clear();
      entries.insert_or_assign(base::sha256(text), claims);
    });
  }

 private:
  static constexpr std::size_t kMost = 10'000;
  using Entries = std::unordered_map<std::string, Claims>;
  base::Synced<Entries> entries_;
};

}  // namespace berth::auth
