// Who there is and what they were given, as rows: users, organisations, teams, memberships with roles, keys, and what a repository is
// open to. The same file, writer thread and group commit as catalog.h; each writing call is one durable transaction.
//
// What this is: typed questions in, plain structs out. What it is not: a decision (auth makes it), a password or key in the clear
// (hashes alone come here). Secrets stand in tables of their own and no listing selects them (security.md B1.21).
// Ids: users from 1,000,000 (a client of NGC takes smaller numbers for invitations), everything else from 1; never used twice.
// Threads: any worker thread. Tables and their meaning: schemas/sql/*_accounts.sql.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/catalog/audit.h"
#include "berth/oci/names.h"

namespace berth::catalog {

// As stored; CONTRACTS.md, Roles × actions. Values never change their meaning.
enum class Role : std::uint8_t { registry_read = 1, registry_user = 2, registry_admin = 3, user_admin = 4, org_owner = 5 };
// As CONTRACTS.md spells it.
constexpr std::string_view role_name(Role role) {
  switch (role) {
    case Role::registry_read: return "REGISTRY_READ";
    case Role::registry_user: return "REGISTRY_USER";
    case Role::registry_admin: return "REGISTRY_ADMIN";
    case Role::user_admin: return "USER_ADMIN";
    case Role::org_owner: return "ORG_OWNER";
  }
  return {};
}

enum class Standing : std::uint8_t { active = 0, disabled = 1 };
enum class Rank : std::uint8_t { user = 0, platform_administrator = 1 };

struct User {
  std::int64_t id = 0;
  std::string email;  // lower case
  std::string name;
  Standing standing = Standing::active;
  Rank rank = Rank::user;
  base::TimePoint created;
};

enum class PasswordState : std::uint8_t { good = 0, must_change = 1 };
struct StoredPassword {
  std::string hash;  // argon2's encoded form
  PasswordState state = PasswordState::good;
  base::TimePoint changed{};  // set by the catalog
};

struct Org {
  std::int64_t id = 0;
  std::string name;
  std::string display_name;
  std::string description;
};
// What becomes another; nullopt: it stays.
struct OrgChange {
  std::optional<std::string> display_name;
  std::optional<std::string> description;
};
struct Team {
  std::int64_t id = 0;
  std::string name;
  std::string description;
};

// One role of a user. team 0: at the level of the org, which holds in all its teams.
struct Grant {
  std::int64_t org = 0;
  std::int64_t team = 0;
  Role role = Role::registry_read;
  friend bool operator==(const Grant&, const Grant&) = default;
};
// For listings: the same with names.
struct Member {
  std::int64_t user = 0;
  std::string email;
  std::string team;  // empty: at the level of the org
  Role role = Role::registry_read;
};

// For a user's own view: one role, with the names of its place.
struct Membership {
  Grant grant;
  std::string org;
  std::string org_display_name;
  std::string team;  // empty: at the level of the org
};

// The same with all that is said of where it holds.
struct PlacedRole {
  Org org;
  Team team;  // id 0: at the level of the org
  Role role = Role::registry_read;
};

// Roles of one user in one organisation and its teams, given and taken together.
struct GrantChange {
  std::int64_t user = 0;
  std::int64_t org = 0;
  std::vector<Grant> add;  // of `org` alone
  std::vector<Grant> remove;
};

enum class KeyKind : std::uint8_t { personal = 0, service = 1, legacy = 2 };
constexpr std::string_view key_kind_name(KeyKind kind) {
  switch (kind) {
    case KeyKind::personal: return "personal";
    case KeyKind::service: return "service";
    case KeyKind::legacy: return "legacy";
  }
  return {};
}

// The part of a key that may be shown.
struct Key {
  std::int64_t id = 0;
  KeyKind kind = KeyKind::personal;
  std::int64_t user = 0;  // owner of a personal or legacy key; 0 for a service key
  std::int64_t org = 0;   // where it holds; 0 for a legacy key: everywhere its user does
  std::string org_name;   // empty with org 0
  std::string name;
  std::vector<std::string> actions;       // ceiling, by name; empty: whatever its owner may
  std::vector<std::string> repositories;  // ceiling, patterns with '*'; empty: every repository
  base::TimePoint created;
  std::optional<base::TimePoint> expires;
  std::optional<base::TimePoint> revoked;
  std::optional<base::TimePoint> last_used;
};

enum class Visibility : std::uint8_t {
  org_private = 0,   // who has a role on it
  shared_org = 1,    // also every member of the org, of whichever team, who may pull somewhere in it
  shared_teams = 2,  // also members of the named teams
  listed = 3,        // everybody may see that it is there; pulling as shared_org
  everyone = 4,      // public: guests may pull
};
constexpr std::string_view visibility_name(Visibility visibility) {
  switch (visibility) {
    case Visibility::org_private: return "private";
    case Visibility::shared_org: return "org";
    case Visibility::shared_teams: return "teams";
    case Visibility::listed: return "listed";
    case Visibility::everyone: return "public";
  }
  return {};
}

// All that a decision needs to know of the place a repository name names, whether or not it is there.
struct Place {
  std::optional<std::int64_t> org;
  std::optional<std::int64_t> team;  // nullopt also for a name without a team
  bool exists = false;               // the repository
  Visibility visibility = Visibility::org_private;
  std::vector<std::int64_t> shared_teams;  // of Visibility::shared_teams
};

struct NewUser {
  std::string email;
  std::string name;
  std::optional<StoredPassword> password;
  Rank rank = Rank::user;
};
struct NewKey {
  KeyKind kind = KeyKind::personal;
  std::int64_t user = 0;
  std::int64_t org = 0;
  std::string name;
  std::string hash;  // SHA-256 of the 43 characters, hex
  std::vector<std::string> actions;
  std::vector<std::string> repositories;
  std::optional<base::TimePoint> expires;
  std::int64_t most = 0;        // personal keys of its user that may be live, it among them; 0: no limit
  std::int64_t instead_of = 0;  // a key that is not counted, as this one takes its place
};

// Somebody is to come into an organisation, or a team of it.
struct NewInvitation {
  std::int64_t org = 0;
  std::int64_t team = 0;  // 0: the org itself
  std::string email;      // lower case
  std::string name;
  std::vector<Role> roles;
  std::string token_hash;  // SHA-256 of the secret in the link, hex; several invitations may share a link
  base::TimePoint expires;
};
struct Invitation {
  std::int64_t id = 0;
  Org org;
  Team team;  // id 0: the org itself
  std::string email;
  std::string name;
  std::vector<Role> roles;
  base::TimePoint created;
  base::TimePoint expires;
};
// What a pending invitation becomes; a new link makes the old one useless.
struct InvitationChange {
  std::int64_t id = 0;
  std::vector<Role> roles;
  std::string token_hash;   // empty: the link stays
  base::TimePoint expires;  // of a new link
};
// Who takes an invitation up: an account that there is, or one that is made now.
struct Acceptance {
  std::string token_hash;
  std::int64_t user = 0;  // 0: `account` is made
  NewUser account;        // with the email of the invitation
};

// Which organisation a name of one part belongs to, and what it is called in the rows.
struct PlaceName {
  std::string_view org;
  std::string_view team;        // empty: none
  std::string_view repository;  // the whole name
};

// Whose keys are listed: a user's, all or those of one organisation, or an organisation's service keys (user 0).
struct KeyHolder {
  std::int64_t user = 0;
  std::int64_t org = 0;
};

// What a repository is open to, with the names of the teams that it is shared with.
struct Openness {
  Visibility visibility = Visibility::org_private;
  std::vector<std::string> teams;
};

// `by`: on whose behalf; the change and the audit row that tells of it are one transaction (audit.h).
// Errors of every call: those of Catalog (storage_full, io_error, corrupt, busy). `exists` below is already_exists, `unknown` is
// object_unknown; both name the thing.
class AccountCatalog {
 public:
  virtual ~AccountCatalog() = default;

  // Raised before a call that changes anything here returns; whatever was read at an older number may be stale. Any thread, no I/O.
  // Places carry Catalog::generation() instead, since repositories come and go there.
  [[nodiscard]] virtual std::uint64_t generation() const = 0;

  // --- users ---------------------------------------------------------------------------------------------------------
  // Errors: exists (the email).
  virtual base::Result<std::int64_t> create_user(const NewUser& user, const Origin& by) = 0;
  [[nodiscard]] virtual base::Result<std::optional<User>> find_user(std::int64_t id) = 0;
  [[nodiscard]] virtual base::Result<std::optional<User>> find_user_by_email(std::string_view email) = 0;
  // By id, after `after` (0 = from the first), at most `limit`.
  [[nodiscard]] virtual base::Result<std::vector<User>> list_users(std::int64_t after, std::size_t limit) = 0;
  // An active platform administrator, the oldest.
  [[nodiscard]] virtual base::Result<std::optional<std::int64_t>> find_administrator() = 0;
  // Errors: unknown; parameter_invalid: the last active administrator stays one.
  // A changed standing ends the user's browser sessions, and so does a new password.
  virtual base::Result<void> set_standing(std::int64_t user, Standing standing, const Origin& by) = 0;
  virtual base::Result<void> set_rank(std::int64_t user, Rank rank, const Origin& by) = 0;
  // Errors: unknown.
  virtual base::Result<void> set_user_name(std::int64_t user, std::string_view name, const Origin& by) = 0;
  // Errors: unknown.
  virtual base::Result<void> set_password(std::int64_t user, const StoredPassword& password, const Origin& by) = 0;
  [[nodiscard]] virtual base::Result<std::optional<StoredPassword>> find_password(std::int64_t user) = 0;

  // --- organisations and teams ----------------------------------------------------------------------------------------
  // Errors: exists.
  virtual base::Result<std::int64_t> create_org(std::string_view name, std::string_view display_name,
                                                std::string_view description, const Origin& by) = 0;
  [[nodiscard]] virtual base::Result<std::optional<Org>> find_org(std::string_view name) = 0;
  [[nodiscard]] virtual base::Result<std::optional<Org>> find_org(std::int64_t id) = 0;
  // Errors: unknown.
  virtual base::Result<void> change_org(std::int64_t org, const OrgChange& change, const Origin& by) = 0;
  [[nodiscard]] virtual base::Result<std::vector<Org>> list_orgs(std::string_view after, std::size_t limit) = 0;
  // Errors: exists, unknown (the org).
  virtual base::Result<std::int64_t> create_team(std::int64_t org, std::string_view name, std::string_view description,
                                                 const Origin& by) = 0;
  [[nodiscard]] virtual base::Result<std::optional<Team>> find_team(std::int64_t org, std::string_view name) = 0;
  [[nodiscard]] virtual base::Result<std::vector<Team>> list_teams(std::int64_t org, std::string_view after,
                                                                   std::size_t limit) = 0;
  // Errors: unknown.
  virtual base::Result<void> set_team_description(std::int64_t org, std::int64_t team, std::string_view description,
                                                  const Origin& by) = 0;
  // Takes its memberships and shares with it; what lies under its name stays. Errors: unknown.
  virtual base::Result<void> delete_team(std::int64_t org, std::int64_t team, const Origin& by) = 0;

  // --- memberships ----------------------------------------------------------------------------------------------------
  // Giving a role twice is no error. Errors: unknown (user, org or team).
  virtual base::Result<void> add_grant(std::int64_t user, const Grant& grant, const Origin& by) = 0;
  // False when the user did not have it.
  virtual base::Result<bool> remove_grant(std::int64_t user, const Grant& grant, const Origin& by) = 0;
  [[nodiscard]] virtual base::Result<std::vector<Grant>> list_grants(std::int64_t user) = 0;
  // Of a user, by ids of org and team.
  [[nodiscard]] virtual base::Result<std::vector<Membership>> list_memberships(std::int64_t user) = 0;
  // By user, after `after` (0 = from the first), at most `limit` rows; a user with several roles has several.
  [[nodiscard]] virtual base::Result<std::vector<Member>> list_members(std::int64_t org, std::int64_t after,
                                                                       std::size_t limit) = 0;

  // Ids of who has any role in the organisation, or in its team when that is not 0; each once, in order.
  [[nodiscard]] virtual base::Result<std::vector<std::int64_t>> list_member_ids(std::int64_t org, std::int64_t team) = 0;
  // Of the active users who are ORG_OWNER of it.
  [[nodiscard]] virtual base::Result<std::vector<std::int64_t>> list_owner_ids(std::int64_t org) = 0;
  // By org, team, role.
  [[nodiscard]] virtual base::Result<std::vector<PlacedRole>> list_places(std::int64_t user) = 0;
  // All of it or nothing. What is there already, or not there, is no error. Errors: unknown (user, org or team); conflict: once an
  // organisation has an active ORG_OWNER it keeps one.
  virtual base::Result<void> change_grants(const GrantChange& change, const Origin& by) = 0;

  // --- invitations ------------------------------------------------------------------------------------------------------
  // All or none. What ended a month ago is cleared away meanwhile. Errors: unknown (org or team), exists (for the same place and email).
  virtual base::Result<void> create_invitations(const std::vector<NewInvitation>& invitations, const Origin& by) = 0;
  // Of an organisation with all its teams, or of a team when that is not 0; over or not. By team and email.
  [[nodiscard]] virtual base::Result<std::vector<Invitation>> list_invitations(std::int64_t org, std::int64_t team) = 0;
  // Those of a link, over or not.
  [[nodiscard]] virtual base::Result<std::vector<Invitation>> list_invitations_by_token(std::string_view token_hash) = 0;
  // Errors: unknown.
  virtual base::Result<void> change_invitation(const InvitationChange& change, const Origin& by) = 0;
  // False when it was not there.
  virtual base::Result<bool> delete_invitation(std::int64_t id, const Origin& by) = 0;
  // Gives the roles of every invitation of the link and uses the link up, in one transaction. Returns the user. Errors: unknown (no such
  // link, used or over), conflict (the account is another than the invitation's, or is there though one was to be made).
  virtual base::Result<std::int64_t> accept_invitations(const Acceptance& acceptance, const Origin& by) = 0;

  // --- keys -----------------------------------------------------------------------------------------------------------
  // A new legacy key revokes the user's older one in the same transaction. Errors: unknown (owner), conflict (NewKey::most).
  virtual base::Result<std::int64_t> create_key(const NewKey& key, const Origin& by) = 0;
  [[nodiscard]] virtual base::Result<std::optional<Key>> find_key(std::int64_t id) = 0;
  [[nodiscard]] virtual base::Result<std::optional<Key>> find_key_by_hash(std::string_view hash) = 0;
  // By id, after `after` (0 = from the first), at most `limit`.
  [[nodiscard]] virtual base::Result<std::vector<Key>> list_keys(const KeyHolder& holder, std::int64_t after,
                                                                 std::size_t limit) = 0;
  // Errors: unknown. Revoking twice is no error; the first time stays.
  virtual base::Result<void> revoke_key(std::int64_t id, const Origin& by) = 0;
  // Ends a key at `expires`, unless it ends earlier. Errors: unknown.
  virtual base::Result<void> set_key_expiry(std::int64_t id, base::TimePoint expires, const Origin& by) = 0;
  // Notes when keys were last used: (id, time) pairs, one transaction. Raises no generation.
  virtual base::Result<void> touch_keys(const std::vector<std::pair<std::int64_t, base::TimePoint>>& uses) = 0;

  // --- repositories ---------------------------------------------------------------------------------------------------
  [[nodiscard]] virtual base::Result<Place> find_place(const PlaceName& name) = 0;
  // `teams` of Visibility::shared_teams alone. Errors: repository_unknown.
  virtual base::Result<void> set_visibility(const oci::RepositoryName& repository, Visibility visibility,
                                            const std::vector<std::int64_t>& teams, const Origin& by) = 0;
  // Errors: repository_unknown.
  [[nodiscard]] virtual base::Result<Openness> get_openness(const oci::RepositoryName& repository) = 0;
  // Tags that may not move once they are there: patterns with '*', "*" alone for all, none for none. Errors: repository_unknown.
  virtual base::Result<void> set_immutable_tags(const oci::RepositoryName& repository, const std::vector<std::string>& patterns,
                                                const Origin& by) = 0;
  [[nodiscard]] virtual base::Result<std::vector<std::string>> list_immutable_tags(const oci::RepositoryName& repository) = 0;

  // --- from --open to accounts ------------------------------------------------------------------------------------------
  // Notes that data may come into being without accounts: adopt_orgs() has work to do at the next start with them.
  virtual base::Result<void> note_open_data() = 0;
  // Makes the organisations and teams that names of repositories imply and that have no row yet; `owner` becomes ORG_OWNER of each
  // new one. Names of one part belong to `default_org`. Returns how many organisations it made; costs nothing when nothing was noted.
  virtual base::Result<std::int64_t> adopt_orgs(std::int64_t owner, std::string_view default_org, const Origin& by) = 0;
};

}  // namespace berth::catalog
