// What a repository is open to, and which of its tags do not move.
#include "api/accounts.h"
#include "api/answers.h"
#include "api/berth/body.h"
#include "api/berth/face.h"

namespace berth::api {

namespace {

using base::ErrorCode;
using base::OrderedJson;
using http::Method;

constexpr std::size_t kMaxBody = 64UL * 1024;

base::Result<Answer> get_visibility(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto openness, accounts.get_openness(call.repository()));
  return json_answer(200, OrderedJson{{"name", call.repository().text()},
                                      {"visibility", service::visibility_name(openness.visibility)},
                                      {"teams", openness.teams}});
}

base::Result<Answer> put_visibility(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto body, Body::parse(call, {"visibility", "teams"}));
  BERTH_TRY(const auto visibility, body.text("visibility"));
  BERTH_TRY(const auto teams, body.texts("teams"));
  BERTH_CHECK_OK(accounts.set_visibility(call.repository().text(), visibility, teams));
  return get_visibility(services, call);
}

base::Result<Answer> get_immutable(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto patterns, accounts.list_immutable_tags(call.repository()));
  return json_answer(200, OrderedJson{{"name", call.repository().text()}, {"patterns", patterns}});
}

base::Result<Answer> put_immutable(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto body, Body::parse(call, {"patterns"}));
  BERTH_TRY(const auto patterns, body.texts("patterns"));
  BERTH_CHECK_OK(accounts.set_immutable_tags(call.repository().text(), patterns));
  return get_immutable(services, call);
}

}  // namespace

const std::vector<Route>& openness_routes() {
  using enum ErrorCode;
  static const std::vector<Route> kRoutes = {
      {
          .name = "repository.visibility.get",
          .spec = "CONTRACTS.md, Roles × actions",
          .methods = {Method::get},
          .path = "/api/v1/repositories/{name}/-/visibility",
          .access = Access::repository(auth::Action::registry_pull),
          .body = BodyRule::none(),
          .replies = {{200, "application/json", "private, org, teams, listed or public; and the teams.", ""}},
          .errors = {name_invalid, name_reserved, repository_unknown, unsupported},
          .summary = "What a repository is open to",
          .handler = get_visibility,
      },
      {
          .name = "repository.visibility.put",
          .spec = "CONTRACTS.md, Roles × actions",
          .methods = {Method::put},
          .path = "/api/v1/repositories/{name}/-/visibility",
          .access = Access::repository(auth::Action::registry_publish),
          .body = BodyRule::buffered(kMaxBody, body_too_large),
          .replies = {{200, "application/json", "As GET answers from now on.", ""}},
          .errors = {name_invalid, name_reserved, repository_unknown, object_unknown, parameter_invalid, body_too_large,
                     unsupported},
          .summary = "Say what a repository is open to: {\"visibility\",\"teams\"}",
          .handler = put_visibility,
      },
      {
          .name = "repository.immutable.get",
          .spec = "CONTRACTS.md, Names",
          .methods = {Method::get},
          .path = "/api/v1/repositories/{name}/-/immutable-tags",
          .access = Access::repository(auth::Action::registry_pull),
          .body = BodyRule::none(),
          .replies = {{200, "application/json", "Patterns of tags that do not move once they are there.", ""}},
          .errors = {name_invalid, name_reserved, repository_unknown, unsupported},
          .summary = "Which tags do not move",
          .handler = get_immutable,
      },
      {
          .name = "repository.immutable.put",
          .spec = "CONTRACTS.md, Names",
          .methods = {Method::put},
          .path = "/api/v1/repositories/{name}/-/immutable-tags",
          .access = Access::repository(auth::Action::registry_policy),
          .body = BodyRule::buffered(kMaxBody, body_too_large),
          .replies = {{200, "application/json", "As GET answers from now on.", ""}},
          .errors = {name_invalid, name_reserved, repository_unknown, parameter_invalid, body_too_large, unsupported},
          .summary = "Say which tags do not move once they are there: {\"patterns\"}",
          .handler = put_immutable,
      },
  };
  return kRoutes;
}

}  // namespace berth::api
