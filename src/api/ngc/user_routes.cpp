// The rows of users and roles: the same eight operations in an organisation and in a team, each in NGC's older and newer paths.
#include "api/ngc/answers.h"
#include "api/ngc/face.h"
#include "api/ngc/users.h"

namespace berth::api {

namespace {

using enum base::ErrorCode;
using auth::Action;
using http::Method;
using Where = Parameter::Where;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kSpec = "facts/ngc.md 1.4; facts/ngc-wire.md 11";
const Parameter kPageNumber{"page-number", Where::query, "whole number from 0", "Which page."};
const Parameter kPageSize{"page-size", Where::query, "1 to 5000", "Entries of a page; 100 when missing."};
const Parameter kFilter{"q", Where::query,
                        R"({"filters":[{"field":"email","value":"…"}],"orderBy":[{"field":"name","value":"ASC"}]})",
                        "Only users with this email, or name; in the order of name or email, ASC or DESC."};
const Parameter kNotInTeam{"exclude-from-team", Where::query, "team", "Only users without a role in this team."};
const Parameter kRoles{"roles", Where::query, "role, repeatable",
                       "REGISTRY_READ, REGISTRY_USER, REGISTRY_ADMIN, USER_ADMIN, ORG_OWNER."};

// What a row of an operation is called, and where it stands.
struct Spot {
  std::string_view name;
  std::string_view path;
};

// In an organisation, what takes roles may meet its last owner.
std::vector<base::ErrorCode> errors_of_taking(const Spot& spot) {
  std::vector<base::ErrorCode> errors = {unsupported, parameter_invalid, object_unknown};
  if (spot.path.find("{team}") == std::string_view::npos) errors.push_back(conflict);
  return errors;
}

Route list_row(const Spot& spot) {
  return {
      .name = spot.name,
      .spec = kSpec,
      .methods = {Method::get},
      .path = spot.path,
      .access = Access::organisation(Action::users_list),
      .body = BodyRule::none(),
      .parameters = {kPageNumber, kPageSize, kFilter, kNotInTeam},
      .replies = {{200, kJson, "Users with their roles here, by id where q names no order.", ""}},
      .errors = {unsupported, parameter_invalid, object_unknown},
      .summary = "List users",
      .handler = ngc::list_users,
  };
}

Route add_row(const Spot& spot) {
  return {
      .name = spot.name,
      .spec = kSpec,
      .methods = {Method::post},
      .path = spot.path,
      .access = Access::organisation(Action::users_invite),
      .body = BodyRule::buffered(ngc::kMaxBody, body_too_large),
      .replies = {{200, kJson, "The user, with the roles.", ""}},
      .errors = {unsupported, parameter_invalid, object_unknown, already_exists, body_too_large},
      .summary = "Add a user (`email`, `name`, `roleTypes`)",
      .handler = ngc::add_user,
  };
}

Route get_row(const Spot& spot) {
  return {
      .name = spot.name,
      .spec = kSpec,
      .methods = {Method::get},
      .path = spot.path,
      .access = Access::organisation(Action::users_list),
      .body = BodyRule::none(),
      .replies = {{200, kJson, "The user, with the roles here. {user}: id, email, or email in base64.", ""}},
      .errors = {unsupported, parameter_invalid, object_unknown},
      .summary = "Read a user",
      .handler = ngc::get_user,
      .encoded_slash = EncodedSlash::accepted,
  };
}

Route remove_row(const Spot& spot) {
  return {
      .name = spot.name,
      .spec = kSpec,
      .methods = {Method::delete_},
      .path = spot.path,
      .access = Access::organisation(Action::users_remove),
      .body = BodyRule::none(),
      .replies = {{200, kJson, "Every role here is gone; of an organisation those in its teams as well.", ""}},
      .errors = errors_of_taking(spot),
      .summary = "Remove a user",
      .handler = ngc::remove_user,
      .encoded_slash = EncodedSlash::accepted,
  };
}

Route role_row(const Spot& spot, Method method, RouteHandler handler, std::string_view summary) {
  return {
      .name = spot.name,
      .spec = kSpec,
      .methods = {method},
      .path = spot.path,
      .access = Access::organisation(Action::users_role),
      .body = BodyRule::none(),
      .parameters = {kRoles},
      .replies = {{200, kJson, "The user, with the roles as they are now.", ""}},
      .errors = handler == ngc::add_roles ? std::vector<base::ErrorCode>{unsupported, parameter_invalid, object_unknown}
                                          : errors_of_taking(spot),
      .summary = summary,
      .handler = handler,
      .encoded_slash = EncodedSlash::accepted,
  };
}

constexpr Spot kLists[] = {{"ngc.users.list", "/v2/org/{org}/users"},
                           {"ngc.team.users.list", "/v2/org/{org}/team/{team}/users"},
                           {"ngc.v3.users.list", "/v3/orgs/{org}/users"},
                           {"ngc.v3.team.users.list", "/v3/orgs/{org}/teams/{team}/users"}};
constexpr Spot kAdds[] = {{"ngc.users.post", "/v2/org/{org}/users"},
                          {"ngc.team.users.post", "/v2/org/{org}/team/{team}/users"},
                          {"ngc.v3.users.post", "/v3/orgs/{org}/users"},
                          {"ngc.v3.team.users.post", "/v3/orgs/{org}/teams/{team}/users"}};
constexpr Spot kGets[] = {{"ngc.user.get", "/v2/org/{org}/users/{user}"},
                          {"ngc.team.user.get", "/v2/org/{org}/team/{team}/users/{user}"},
                          {"ngc.v3.user.get", "/v3/orgs/{org}/users/{user}"},
                          {"ngc.v3.team.user.get", "/v3/orgs/{org}/teams/{team}/users/{user}"}};
constexpr Spot kRemoves[] = {{"ngc.user.delete", "/v2/org/{org}/users/{user}"},
                             {"ngc.team.user.delete", "/v2/org/{org}/team/{team}/users/{user}"},
                             {"ngc.v3.user.delete", "/v3/orgs/{org}/users/{user}"},
                             {"ngc.v3.team.user.delete", "/v3/orgs/{org}/teams/{team}/users/{user}"}};
constexpr Spot kRoleAdds[] = {{"ngc.user.add_role", "/v2/org/{org}/users/{user}/add-role"},
                              {"ngc.team.user.add_role", "/v2/org/{org}/team/{team}/users/{user}/add-role"},
                              {"ngc.v3.user.add_role", "/v3/orgs/{org}/users/{user}/add-role"},
                              {"ngc.v3.team.user.add_role", "/v3/orgs/{org}/teams/{team}/users/{user}/add-role"}};
constexpr Spot kRoleSets[] = {{"ngc.user.update_role", "/v2/org/{org}/users/{user}/update-role"},
                              {"ngc.team.user.update_role", "/v2/org/{org}/team/{team}/users/{user}/update-role"},
                              {"ngc.v3.user.update_role", "/v3/orgs/{org}/users/{user}/update-role"},
                              {"ngc.v3.team.user.update_role", "/v3/orgs/{org}/teams/{team}/users/{user}/update-role"}};
constexpr Spot kRoleRemoves[] = {{"ngc.user.remove_role", "/v2/org/{org}/users/{user}/remove-role"},
                                 {"ngc.team.user.remove_role", "/v2/org/{org}/team/{team}/users/{user}/remove-role"},
                                 {"ngc.v3.user.remove_role", "/v3/orgs/{org}/users/{user}/remove-role"},
                                 {"ngc.v3.team.user.remove_role", "/v3/orgs/{org}/teams/{team}/users/{user}/remove-role"}};

}  // namespace

const std::vector<Route>& ngc_user_routes() {
  static const std::vector<Route> kRoutes = [] {
    std::vector<Route> all;
    for (const auto& spot : kLists) all.push_back(list_row(spot));
    for (const auto& spot : kAdds) all.push_back(add_row(spot));
    for (const auto& spot : kGets) all.push_back(get_row(spot));
    for (const auto& spot : kRemoves) all.push_back(remove_row(spot));
    for (const auto& spot : kRoleAdds) all.push_back(role_row(spot, Method::patch, ngc::add_roles, "Give a user roles"));
    for (const auto& spot : kRoleSets) all.push_back(role_row(spot, Method::patch, ngc::set_roles, "Set a user's roles"));
    for (const auto& spot : kRoleRemoves)
      all.push_back(role_row(spot, Method::delete_, ngc::remove_roles, "Take roles from a user"));
    return all;
  }();
  return kRoutes;
}

}  // namespace berth::api
