// Organisations as their members and administrators see them: which there are, who is in them, with which roles.
//
// What it is not: the decision who may ask or change what; the face that calls has asked. Everything is looked up inside the organisation
// that is named, so nothing of another one is ever found here; whoever has no role in it is not there. Lists are whole: a page is cut by
// whoever shows it. Threads: any worker; every call may block on disk. Errors of every call, beside those named: storage_full, io_error,
// busy, object_unknown (no such organisation, team or user in it).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/auth/decision.h"
#include "berth/catalog/accounts.h"
#include "berth/service/accounts.h"

namespace berth::service {

// Who is meant: by id, or by email.
struct PersonName {
  std::int64_t id = 0;
  std::string email;  // lower case; of id 0
  [[nodiscard]] std::string text() const { return id != 0 ? std::to_string(id) : email; }
};

struct Person {
  catalog::User user;
  std::vector<catalog::PlacedRole> roles;  // by organisation, team, role
};

// Which people of a list are wanted; what is empty does not matter.
struct PeopleFilter {
  std::string email;
  std::string name;
  std::string not_in_team;
};
// In which order; people who are alike in it are in that of their ids.
struct PeopleOrder {
  enum class By : std::uint8_t { id, name, email } by = By::id;
  enum class Direction : std::uint8_t { ascending, descending } direction = Direction::ascending;
};

class Members {
 public:
  // `by`: on whose behalf changes are made, for the audit log.
  Members(catalog::AccountCatalog& rows, catalog::Origin by) : rows_(rows), by_(std::move(by)) {}

  // --- organisations and teams -----------------------------------------------------------------------------------------
  // Those in which `who` has any role, as far as its key reaches; a platform administrator's are all. By name.
  [[nodiscard]] base::Result<std::vector<catalog::Org>> list_orgs(const auth::Principal& who) const;
  [[nodiscard]] base::Result<catalog::Org> get_org(std::string_view name) const;
  // The organisation that a key belongs to.
  [[nodiscard]] base::Result<std::optional<catalog::Org>> find_org(std::int64_t id) const { return rows_.find_org(id); }
  // Without a display name it is called as it is named.
  base::Result<void> change_org(std::string_view org, catalog::OrgChange change) const;
  // All of them for who has a role in the whole organisation, else those in which `who` has one. By name.
  [[nodiscard]] base::Result<std::vector<catalog::Team>> list_teams(const auth::Principal& who, std::string_view org) const;
  [[nodiscard]] base::Result<catalog::Team> get_team(const RolePlace& place) const;
  base::Result<void> set_team_description(const RolePlace& place, std::string_view description) const;

  // --- people ------------------------------------------------------------------------------------------------------------
  // A user with every role everywhere: for the user.
  [[nodiscard]] base::Result<Person> get_self(std::int64_t user) const;
  base::Result<void> rename_self(std::int64_t user, std::string_view name) const;
  // Ids of who has a role at `place` (in an organisation: in any of its teams as well), as far as the filter lets them through.
  [[nodiscard]] base::Result<std::vector<std::int64_t>> list_ids(const RolePlace& place, const PeopleFilter& filter,
                                                                 const PeopleOrder& order = {}) const;
  // Somebody of the organisation, with the roles in it and its teams alone.
  [[nodiscard]] base::Result<Person> get_person(std::string_view org, const PersonName& name) const;
  // An account, whatever its organisations.
  [[nodiscard]] base::Result<std::optional<catalog::User>> find_account(const PersonName& name) const;
  // The active owners of an organisation.
  [[nodiscard]] base::Result<std::vector<catalog::User>> list_owners(std::string_view org) const;

  // --- roles -------------------------------------------------------------------------------------------------------------
  // Gives and takes roles at `place`, all or nothing. Errors: parameter_invalid (ORG_OWNER of a team), conflict (the last ORG_OWNER).
  base::Result<void> change_roles(const RolePlace& place, std::int64_t user, const std::vector<catalog::Role>& add,
                                  const std::vector<catalog::Role>& remove) const;
  // Takes every role that `person` was seen with at `place`; of an organisation those in its teams as well. Errors: conflict.
  base::Result<void> remove(const RolePlace& place, const Person& person) const;

 private:
  struct Ids {
    std::int64_t org = 0;
    std::int64_t team = 0;
  };
  [[nodiscard]] base::Result<Ids> ids_of(const RolePlace& place) const;

  catalog::AccountCatalog& rows_;
  catalog::Origin by_;
};

// Errors: parameter_invalid, which lists the roles.
base::Result<catalog::Role> parse_role(std::string_view name);
// Errors: parameter_invalid, for a role of whole organisations in a team.
base::Result<void> check_role_at(const RolePlace& place, catalog::Role role);
// In lower case. Errors: parameter_invalid (no email address).
base::Result<std::string> parse_email(std::string_view text);

}  // namespace berth::service
