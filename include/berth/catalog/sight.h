// Which repositories somebody may be shown, said so that indexes can answer it: what a list of repositories is read by, instead of every
// row that there is. auth makes one of a principal (berth/auth/decision.h); a value, no I/O.
//
// What it is not: the decision. A list that is read by a sight holds every repository that its owner may list, and may hold a few more (a
// key's pattern is followed up to its first '*'); whoever shows it asks for each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace berth::catalog {

struct Sight {
  // A role that lets its holder list: of an organisation, or of a team in it. What is shared with the organisation or the team is seen
  // with it.
  struct Part {
    std::int64_t org = 0;
    std::int64_t team = 0;  // 0: the organisation
    friend bool operator==(const Part&, const Part&) = default;
  };
  enum class Breadth : std::uint8_t { parts, everything } breadth = Breadth::parts;
  std::vector<Part> parts;
  // Only what fits one of these patterns with '*'; empty: all. What is open to everybody is seen whatever they say.
  std::vector<std::string> patterns;
  std::string default_org;  // whose the names of one part are
};

}  // namespace berth::catalog
