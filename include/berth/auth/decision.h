// May you: principal × action × place → yes, or which kind of no. A pure function; whoever calls it has looked everything up.
//
//   granted = what the principal's roles give  ∩  what its key lets through  ∩  what its token was issued for
//
// Public means public whatever the credential: reading what is open to everyone asks for none of the three. A place that is missing
// and one that is closed to the caller give the same answer, to the byte.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/auth/roles.h"
#include "berth/base/clock.h"
#include "berth/catalog/accounts.h"
#include "berth/catalog/sight.h"

namespace berth::auth {

// What roles give, before any key or token narrows it.
struct Rights {
  catalog::Rank rank = catalog::Rank::user;
  std::vector<catalog::Grant> grants;
};

// What a key lets through.
struct Ceiling {
  std::int64_t org = 0;  // the only one; 0: any
  ActionSet actions = ActionSet::all();
  std::vector<std::string> repositories;  // patterns; empty: every repository
  [[nodiscard]] bool covers(std::string_view repository) const;
};

// What a token was issued for. Without one (Basic, a key as Bearer) nothing narrows.
struct TokenScope {
  struct Item {
    std::string repository;
    ActionSet actions;
  };
  enum class Breadth : std::uint8_t { items, everything };
  Breadth breadth = Breadth::items;  // `everything` for tokens of service=ngc
  std::vector<Item> items;           // one for each repository that was asked for; no actions: none was granted
  bool catalog = false;              // registry:catalog:*
  [[nodiscard]] bool covers(std::string_view repository, Action action) const;
  // Whether it was asked for with this repository, whatever was then granted.
  [[nodiscard]] bool names(std::string_view repository) const;
};

// Who asks.
struct Principal {
  enum class Kind : std::uint8_t { open, guest, user, service };
  Kind kind = Kind::guest;
  std::string name = "guest";  // "user:1000001": what an upload session and the history of tags remember
  std::int64_t user = 0;
  std::int64_t key = 0;                     // that it came with; 0: none
  std::int64_t session = 0;                 // of a browser, that it or its token comes from; 0: none
  std::shared_ptr<const Rights> rights;     // null: none
  std::shared_ptr<const Ceiling> ceiling;   // null: no key
  std::shared_ptr<const TokenScope> scope;  // null: no token
  // The token's time is over: good for nothing but the URL of an upload that was begun with it.
  enum class Freshness : std::uint8_t { fresh, expired } freshness = Freshness::fresh;
  std::optional<base::TimePoint> until;  // when its token or key runs out, whichever is first
  // Of the platform, whatever its key or token lets through.
  [[nodiscard]] bool is_administrator() const {
    return rights != nullptr && rights->rank == catalog::Rank::platform_administrator;
  }
  // Its token names what it is good for, and that is no account and no organisation.
  [[nodiscard]] bool for_repositories_alone() const {
    return scope != nullptr && scope->breadth != TokenScope::Breadth::everything;
  }
};

// What is asked.
struct Question {
  Action action = Action::registry_list;
  std::string_view org;  // empty: the registry as a whole
  std::string_view team;
  std::string_view repository;  // the whole name; empty: the org, team or registry itself
  catalog::Place place;
};

enum class Verdict : std::uint8_t {
  allowed,
  unauthorized,        // credentials could help
  insufficient_scope,  // this token was not issued for it; another could be
  denied,
};
// What would have allowed it. Said to those alone who may know that the place is there: its members.
struct Need {
  Action action = Action::registry_list;
  std::string scope;      // "acme", "acme/vision"; "*": the registry as a whole
  std::string_view role;  // the least one that has the action; empty: only a platform administrator may
};
struct Decision {
  Verdict verdict = Verdict::denied;
  std::string reason;  // for the caller; names the missing role where the caller may know it
  std::optional<Need> need = std::nullopt;
};

// ≤ 20 µs with a hundred grants.
Decision decide(const Principal& principal, const Question& question);
// Whether any role reaches the organisation, or the team where the question names one; its action and repository do not matter.
Decision decide_member(const Principal& principal, const Question& question);
// What a list of repositories is read by: every one in which decide() allows registry:list, and few others.
catalog::Sight sight_of(const Principal& principal, std::string_view default_org);

}  // namespace berth::auth
