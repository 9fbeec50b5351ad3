// Accounts as their administrator handles them: users, organisations, teams, roles, keys, what repositories are open to. By name, as
// people say it; names and forms are checked here.
//
// What it is not: the decision who may do this. Who calls it has asked (the machine's administrator is allowed everything).
// Threads: any worker; every call may block on disk. Errors of every call, beside those named: storage_full, io_error, busy. What is not
// there is object_unknown (a repository: repository_unknown), what is there already already_exists; all name it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/auth/decision.h"
#include "berth/auth/key_text.h"
#include "berth/auth/passwords.h"
#include "berth/base/clock.h"
#include "berth/catalog/accounts.h"

namespace berth::service {

using catalog::Key;
using catalog::KeyHolder;
using catalog::KeyKind;
using catalog::Rank;

// Shown once; only hashes stay.
struct MadeKey {
  std::int64_t id = 0;
  std::string key;    // berth_…
  std::string nvapi;  // the same key as nvapi-…
};
struct MadeUser {
  std::int64_t id = 0;
  std::string password;  // when it was made here
};
struct FirstAdministrator {
  std::string email;
  std::string password;  // must be changed at the first sign-in
  auth::KeyText key;     // personal, 30 days
  std::string org;
  std::string password_hash;
};

struct KeyWish {
  catalog::KeyKind kind = catalog::KeyKind::personal;
  std::string email;  // owner of a personal or legacy key
  std::string org;    // of a personal or service key
  std::string name;
  std::optional<std::chrono::seconds> lifetime;
  std::vector<std::string> actions;  // empty: what its owner may; for a service key registry:list and registry:pull
  std::vector<std::string> repositories;
};

// Where a role holds. Empty team: in the whole organisation.
struct RolePlace {
  std::string org;
  std::string team;
};

// As a principal sees itself.
struct Self {
  struct Part {
    std::string name;
    std::string display_name;  // of an organisation
    std::vector<std::string_view> roles;
    auth::ActionSet actions;  // what roles give and the key lets through
    std::vector<Part> teams;  // of an organisation: those in which the principal has roles
  };
  std::optional<catalog::User> user;  // none: a service key
  std::optional<Key> key;             // that it came with
  auth::ActionSet actions;            // on the registry as a whole
  std::vector<Part> orgs;             // by name
};

struct AccountsOptions {
  std::string default_org = "main";  // whose the repositories with names of one part are
  std::int64_t keys_per_user = 0;    // personal ones that are live at once; 0: no limit
};

class Members;

class Accounts {
 public:
  // `by`: on whose behalf everything is done that changes something.
  Accounts(catalog::AccountCatalog& rows, auth::Passwords& passwords, const base::Clock& clock, catalog::Origin by,
           AccountsOptions options = {})
      : rows_(rows), passwords_(passwords), clock_(clock), by_(std::move(by)), options_(std::move(options)) {}
  // The same on behalf of somebody else: what a request does is its principal's.
  [[nodiscard]] Accounts by(catalog::Origin origin) const { return {rows_, passwords_, clock_, std::move(origin), options_}; }

  // --- first start -----------------------------------------------------------------------------------------------------
  [[nodiscard]] base::Result<std::optional<std::int64_t>> find_administrator() { return rows_.find_administrator(); }
  // Nobody but, perhaps, a first administrator whose making was cut off.
  [[nodiscard]] base::Result<bool> has_nobody();
  // Makes up what the first administrator needs; nothing is stored yet, so that it can be written down first.
  base::Result<FirstAdministrator> prepare_first(std::string org);
  // Stores it. Cut short by a crash it can be done again: the user is an administrator only when everything else is there.
  base::Result<void> store_first(const FirstAdministrator& first);

  // --- users -----------------------------------------------------------------------------------------------------------
  // No password given: one is made up. Errors: parameter_invalid, already_exists.
  base::Result<MadeUser> create_user(std::string_view email, std::string_view name, const std::optional<std::string>& password);
  // The password that holds from now on, when it was made up here; it then has to be changed first. Errors: object_unknown, parameter_invalid.
  base::Result<std::string> set_password(std::string_view email, const std::optional<std::string>& password);
  base::Result<void> set_standing(std::string_view email, catalog::Standing standing);
  base::Result<void> set_rank(std::string_view email, catalog::Rank rank);
  [[nodiscard]] base::Result<std::vector<catalog::User>> list_users();

  // --- organisations, teams, roles ---------------------------------------------------------------------------------------
  // Errors: name_invalid, name_reserved, already_exists, object_unknown.
  base::Result<void> create_org(std::string_view name, std::string_view display_name, std::string_view description = {});
  [[nodiscard]] base::Result<std::vector<catalog::Org>> list_orgs();
  base::Result<void> create_team(std::string_view org, std::string_view name, std::string_view description);
  base::Result<void> delete_team(std::string_view org, std::string_view name);
  [[nodiscard]] base::Result<std::vector<catalog::Team>> list_teams(std::string_view org);
  // `role` by its name, REGISTRY_USER. Errors: parameter_invalid (no such role), object_unknown.
  base::Result<void> grant(std::string_view email, const RolePlace& place, std::string_view role);
  // False when the user did not have it.
  base::Result<bool> take(std::string_view email, const RolePlace& place, std::string_view role);
  [[nodiscard]] base::Result<std::vector<catalog::Member>> list_members(std::string_view org);

  // The same as pages and by person (berth/service/members.h).
  [[nodiscard]] Members members() const;

  // --- keys --------------------------------------------------------------------------------------------------------------
  // Errors: parameter_invalid (an action, pattern or name that is none), object_unknown, conflict (the user has as many as one may).
  base::Result<MadeKey> create_key(const KeyWish& wish);
  // Of a user, or the service keys of an organisation when `email` is empty.
  [[nodiscard]] base::Result<std::vector<catalog::Key>> list_keys(std::string_view email, std::string_view org);
  base::Result<void> revoke_key(std::int64_t id);
  // A new key like an old one, which goes on for `overlap` and then ends. Errors: object_unknown (also: over), conflict.
  base::Result<MadeKey> rotate_key(std::int64_t id, std::chrono::seconds overlap);

  // --- oneself, and keys as those handle them who may (src/service/account_keys.cpp) ---------------------------------------
  [[nodiscard]] base::Result<Self> describe(const auth::Principal& principal);
  // Errors: parameter_invalid, object_unknown.
  base::Result<void> rename_user(std::int64_t user, std::string_view name);
  // Whether a principal may handle the keys of its user: by itself, or with a key that lets keys:personal through. Errors: denied.
  static base::Result<void> check_own_keys(const auth::Principal& principal);
  // What no key does for its owner. Errors: denied.
  static base::Result<void> check_in_person(const auth::Principal& principal);
  // The holder of an organisation's service keys. Errors: object_unknown.
  [[nodiscard]] base::Result<KeyHolder> holder_of(std::string_view org);
  // After the key `after`, 0: from the first.
  [[nodiscard]] base::Result<std::vector<Key>> page_of_keys(const KeyHolder& holder, std::int64_t after, std::size_t limit);
  // A key that was made by a key can do no more, in fewer places, for no longer. An empty ceiling of actions is the maker's.
  // Errors: denied; those of create_key().
  base::Result<MadeKey> create_key_by(const auth::Principal& maker, KeyWish wish);
  // Errors: object_unknown, also for a key of somebody else.
  base::Result<void> revoke_key_of(const KeyHolder& holder, std::int64_t id);
  // As rotate_key(), bounded as create_key_by(); a key that rotates itself gets its own span of life anew. The one legacy key of a user
  // has no overlap. Errors: denied, object_unknown, conflict.
  base::Result<MadeKey> rotate_key_by(const auth::Principal& maker, const KeyHolder& holder, std::int64_t id,
                                      std::chrono::seconds overlap);

  // --- repositories --------------------------------------------------------------------------------------------------------
  // `visibility`: private, org, teams, listed, public. Errors: parameter_invalid, repository_unknown (also: a team).
  base::Result<void> set_visibility(std::string_view repository, std::string_view visibility,
                                    const std::vector<std::string>& teams);
  // Errors: repository_unknown.
  [[nodiscard]] base::Result<catalog::Openness> get_openness(const oci::RepositoryName& repository);
  [[nodiscard]] base::Result<std::vector<std::string>> list_immutable_tags(const oci::RepositoryName& repository);
  // Patterns with '*'; none: every tag may move. Errors: parameter_invalid, repository_unknown.
  base::Result<void> set_immutable_tags(std::string_view repository, const std::vector<std::string>& patterns);

 private:
  base::Result<catalog::User> get_user(std::string_view email);
  base::Result<catalog::Org> get_org(std::string_view name);
  base::Result<catalog::Team> get_team(const catalog::Org& org, std::string_view name);
  base::Result<catalog::Grant> get_grant(const RolePlace& place, std::string_view role);
  base::Result<MadeKey> store_key(catalog::NewKey key);
  [[nodiscard]] bool is_over(const Key& key) const;
  base::Result<Key> get_key(const KeyHolder& holder, std::int64_t id);
  // When the key that makes keys ends itself; no time: never, or no key made them.
  base::Result<std::optional<base::TimePoint>> end_of(const auth::Principal& maker);
  // A new key like `old`, which ends at `latest` at the latest.
  base::Result<MadeKey> renew(const Key& old, std::chrono::seconds overlap, std::optional<base::TimePoint> latest);
  base::Result<void> describe_orgs(const auth::Principal& principal, Self& self);

  catalog::AccountCatalog& rows_;
  auth::Passwords& passwords_;
  const base::Clock& clock_;
  catalog::Origin by_;
  AccountsOptions options_;
};

// "private", "org", "teams", "listed", "public".
std::string_view visibility_name(catalog::Visibility visibility);
// "personal", "service", "legacy".
std::string_view key_kind_name(catalog::KeyKind kind);

}  // namespace berth::service
