// Organisations and teams.
#include "api/accounts.h"
#include "api/ngc/answers.h"
#include "api/ngc/documents.h"
#include "api/ngc/face.h"

namespace berth::api {

namespace {

using auth::Action;
using base::ErrorCode;
using base::OrderedJson;
using base::Result;
using http::Method;
using service::RolePlace;
using Where = Parameter::Where;

template <typename T>
OrderedJson list_of(std::span<const T> items) {
  auto list = OrderedJson::array();
  for (const auto& item : items) list.push_back(ngc::document_of(item));
  return list;
}

// {"<name>":[…],"paginationInfo":{…}} of a whole list and the page that is asked for.
template <typename T>
Result<Answer> page_answer(const Call& call, std::string_view name, const std::vector<T>& all) {
  BERTH_TRY(const auto page, ngc::parse_page(call.query));
  return ngc::answer(
      call, {{std::string(name), list_of(ngc::slice(all, page))}, {"paginationInfo", ngc::pagination_info(page, all.size())}});
}

// --- organisations ---------------------------------------------------------------------------------------------------------------------

Result<Answer> list_orgs(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto orgs, accounts.members().list_orgs(call.principal));
  return page_answer(call, "organizations", orgs);
}

// One organisation, with the key in the plural as NGC has it. Who its people are is told to those who may list them.
Result<Answer> org_answer(const Services& services, const Call& call, const service::Members& members, const std::string& name) {
  BERTH_TRY(const auto org, members.get_org(name));
  auto document = ngc::document_of(org);
  if (services.policy.check(call.principal, Action::users_list, {{}, name})) {
    BERTH_TRY(const auto ids, members.list_ids({name, {}}, {}));
    BERTH_TRY(const auto owners, members.list_owners(name));
    document["usersInfo"] = {{"totalUsers", ids.size()}};
    document["orgOwners"] = OrderedJson::array();
    for (const auto& owner : owners) document["orgOwners"].push_back({{"email", owner.email}, {"fullName", owner.name}});
  }
  return ngc::answer(call, {{"organizations", std::move(document)}});
}

Result<Answer> get_org(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto place, ngc::place_of(call));
  return org_answer(services, call, accounts.members(), place.org);
}

Result<Answer> patch_org(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto place, ngc::place_of(call));
  BERTH_TRY(auto fields, ngc::BodyFields::parse(call));
  BERTH_TRY(const auto display_name, fields.find_line("displayName"));
  BERTH_TRY(const auto description, fields.find_text("description"));
  const auto members = accounts.members();
  if (display_name || description) BERTH_CHECK_OK(members.change_org(place.org, {display_name, description}));
  return org_answer(services, call, members, place.org);
}

// {"orgOwner":{"email"}}: who owns the new organisation; whoever makes it when it is missing.
Result<std::string> owner_of(ngc::BodyFields& fields, const service::Members& members, const auth::Principal& maker) {
  const auto& owner = fields.find("orgOwner");
  if (!owner.is_null()) {
    if (!owner.is_object() || !owner.contains("email")) {
      return base::fail(ErrorCode::parameter_invalid, "orgOwner must be an object with the email of the owner");
    }
    BERTH_TRY(const auto text, ngc::text_of_member("orgOwner.email", owner["email"]));
    BERTH_TRY(auto email, service::parse_email(text));
    BERTH_TRY(const auto known, members.find_account({0, email}));
    if (known) return email;
    return base::fail(ErrorCode::object_unknown,
                      "there is no user " + email + "; make the organisation without orgOwner and invite");
  }
  BERTH_TRY(const auto self, members.get_self(maker.user));
  return self.user.email;
}

Result<Answer> make_org(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(auto fields, ngc::BodyFields::parse(call));
  BERTH_TRY(const auto name, fields.get_line("name"));
  BERTH_TRY(const auto display_name, fields.find_line("displayName"));
  BERTH_TRY(const auto description, fields.find_text("description"));
  const auto members = accounts.members();
  BERTH_TRY(const auto owner, owner_of(fields, members, call.principal));
  BERTH_CHECK_OK(accounts.create_org(name, display_name.value_or(""), description.value_or("")));
  BERTH_CHECK_OK(accounts.grant(owner, {name, {}}, "ORG_OWNER"));
  return org_answer(services, call, members, name);
}

// --- teams -------------------------------------------------------------------------------------------------------------------------------

Result<Answer> list_teams(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto place, ngc::place_of(call));
  BERTH_TRY(const auto teams, accounts.members().list_teams(call.principal, place.org));
  return page_answer(call, "teams", teams);
}

Result<Answer> team_answer(const Call& call, const service::Members& members, const RolePlace& place) {
  BERTH_TRY(const auto team, members.get_team(place));
  return ngc::answer(call, {{"team", ngc::document_of(team)}});
}

Result<Answer> make_team(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(auto place, ngc::place_of(call));
  BERTH_TRY(auto fields, ngc::BodyFields::parse(call));
  BERTH_TRY(place.team, fields.get_line("name"));
  BERTH_TRY(const auto description, fields.find_text("description"));
  BERTH_CHECK_OK(accounts.create_team(place.org, place.team, description.value_or("")));
  return team_answer(call, accounts.members(), place);
}

Result<Answer> get_team(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto place, ngc::place_of(call));
  return team_answer(call, accounts.members(), place);
}

Result<Answer> patch_team(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto place, ngc::place_of(call));
  BERTH_TRY(auto fields, ngc::BodyFields::parse(call));
  BERTH_TRY(const auto description, fields.find_text("description"));
  const auto members = accounts.members();
  if (description) BERTH_CHECK_OK(members.set_team_description(place, *description));
  return team_answer(call, members, place);
}

Result<Answer> delete_team(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto place, ngc::place_of(call));
  BERTH_CHECK_OK(accounts.delete_team(place.org, place.team));
  return ngc::answer(call);
}

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kSpec = "facts/ngc.md 1.4; facts/ngc-wire.md 11";
const Parameter kPageNumber{"page-number", Where::query, "whole number from 0", "Which page."};
const Parameter kPageSize{"page-size", Where::query, "1 to 5000", "Entries of a page; 100 when missing."};

// Two paths make organisations: the one that NGC's clients have, and the one of its administrators.
Route org_maker(std::string_view name, std::string_view path) {
  using enum ErrorCode;
  return {
      .name = name,
      .spec = kSpec,
      .methods = {Method::post},
      .path = path,
      .access = Access::registry(Action::org_create),
      .body = BodyRule::buffered(ngc::kMaxBody, body_too_large),
      .replies = {{200, kJson, "The new organisation. It belongs to `orgOwner.email`, or else to the caller.", ""}},
      .errors = {unsupported, parameter_invalid, name_invalid, name_reserved, object_unknown, already_exists, body_too_large},
      .summary = "Make an organisation (`name`, `displayName`, `description`, `orgOwner`)",
      .handler = make_org,
  };
}

}  // namespace

const std::vector<Route>& ngc_org_routes() {
  using enum ErrorCode;
  static const std::vector<Route> kRoutes = {
      {
          .name = "ngc.orgs.list",
          .spec = kSpec,
          .methods = {Method::get},
          .path = "/v2/orgs",
          .access = Access::account(),
          .body = BodyRule::none(),
          .parameters = {kPageNumber, kPageSize},
          .replies = {{200, kJson, "The organisations in which the caller has a role.", ""}},
          .errors = {unsupported, parameter_invalid},
          .summary = "List one's organisations",
          .handler = list_orgs,
      },
      {
          .name = "ngc.org.get",
          .spec = kSpec,
          .methods = {Method::get},
          .path = "/v2/orgs/{org}",
          .access = Access::member(),
          .body = BodyRule::none(),
          .replies = {{200, kJson, "The organisation, under the key `organizations`.", ""}},
          .errors = {unsupported, object_unknown},
          .summary = "Read an organisation",
          .handler = get_org,
      },
      {
          .name = "ngc.org.patch",
          .spec = kSpec,
          .methods = {Method::patch},
          .path = "/v2/orgs/{org}",
          .access = Access::organisation(Action::org_edit),
          .body = BodyRule::buffered(ngc::kMaxBody, body_too_large),
          .replies = {{200, kJson, "The organisation as it is now.", ""}},
          .errors = {unsupported, parameter_invalid, object_unknown, body_too_large},
          .summary = "Change an organisation's `displayName` and `description`",
          .handler = patch_org,
      },
      org_maker("ngc.org.post", "/v3/orgs"),
      org_maker("ngc.admin.org.post", "/v2/admin/orgs"),
      {
          .name = "ngc.teams.list",
          .spec = kSpec,
          .methods = {Method::get},
          .path = "/v2/org/{org}/teams",
          .access = Access::member(),
          .body = BodyRule::none(),
          .parameters = {kPageNumber, kPageSize},
          .replies = {{200, kJson, "All teams for who has a role in the whole organisation, else one's own.", ""}},
          .errors = {unsupported, parameter_invalid, object_unknown},
          .summary = "List an organisation's teams",
          .handler = list_teams,
      },
      {
          .name = "ngc.teams.post",
          .spec = kSpec,
          .methods = {Method::post},
          .path = "/v2/org/{org}/teams",
          .access = Access::organisation(Action::teams_manage),
          .body = BodyRule::buffered(ngc::kMaxBody, body_too_large),
          .replies = {{200, kJson, "The new team.", ""}},
          .errors = {unsupported, parameter_invalid, name_invalid, name_reserved, object_unknown, already_exists, body_too_large},
          .summary = "Make a team (`name`, `description`)",
          .handler = make_team,
      },
      {
          .name = "ngc.team.get",
          .spec = kSpec,
          .methods = {Method::get},
          .path = "/v2/org/{org}/teams/{team}",
          .access = Access::member(),
          .body = BodyRule::none(),
          .replies = {{200, kJson, "The team.", ""}},
          .errors = {unsupported, object_unknown},
          .summary = "Read a team",
          .handler = get_team,
      },
      {
          .name = "ngc.team.patch",
          .spec = kSpec,
          .methods = {Method::patch},
          .path = "/v2/org/{org}/teams/{team}",
          .access = Access::organisation(Action::teams_manage),
          .body = BodyRule::buffered(ngc::kMaxBody, body_too_large),
          .replies = {{200, kJson, "The team as it is now.", ""}},
          .errors = {unsupported, parameter_invalid, object_unknown, body_too_large},
          .summary = "Change a team's `description`",
          .handler = patch_team,
      },
      {
          .name = "ngc.team.delete",
          .spec = kSpec,
          .methods = {Method::delete_},
          .path = "/v2/org/{org}/teams/{team}",
          .access = Access::organisation(Action::teams_manage),
          .body = BodyRule::none(),
          .replies = {{200, kJson, "The team, its memberships and shares are gone; repositories under its name stay.", ""}},
          .errors = {unsupported, object_unknown},
          .summary = "Delete a team",
          .handler = delete_team,
      },
  };
  return kRoutes;
}

}  // namespace berth::api
