// What rows call people, keys and places: as whoever does something (catalog::Origin, auth::Principal), and as what it happens to (the
// audit log). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace berth::catalog {

inline std::string user_subject(std::int64_t id) { return "user:" + std::to_string(id); }
inline std::string key_subject(std::int64_t id) { return "key:" + std::to_string(id); }
inline std::string org_subject(std::string_view org) { return "org:" + std::string(org); }
inline std::string team_subject(std::string_view org, std::string_view team) {
  return "team:" + std::string(org) + '/' + std::string(team);
}
inline std::string repository_subject(std::string_view repository) { return "repository:" + std::string(repository); }

// Whoever does something with a credential: a user, whichever key it came with; a service key, which has no user; the guest.
inline std::string actor_name(std::int64_t user, std::int64_t key) {
  if (user != 0) return user_subject(user);
  return key != 0 ? "service:" + std::to_string(key) : "guest";
}

}  // namespace berth::catalog
