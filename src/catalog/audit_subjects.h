// What audit rows call the things that happen to.
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

}  // namespace berth::catalog
