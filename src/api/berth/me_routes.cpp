// One's own account: who am I, what am I called, my password.
#include "api/accounts.h"
#include "api/answers.h"
#include "api/berth/account_documents.h"
#include "api/berth/body.h"
#include "api/berth/face.h"

namespace berth::api {

namespace {

using base::ErrorCode;
using http::Method;

constexpr std::size_t kMaxBody = 16UL * 1024;

// What clients need to know of the registry before they show anything. Guests pull what is public wherever there are accounts.
void add_registry(const Services& services, const Call& call, base::OrderedJson& document) {
  const auto url = services.links.base(call.request);
  const auto host = url.substr(url.find("://") + 3);
  document["registry_host"] = host.substr(0, host.find('/'));
  document["version"] = BERTH_VERSION;
  document["features"] = {{"scan", false}, {"oidc", false}, {"guest", true}};
}

base::Result<Answer> get_me(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto self, accounts.describe(call.principal));
  auto document = document_of(self, call.request.received);
  document["session"] = call.principal.session == 0 ? base::OrderedJson(nullptr) : base::OrderedJson(call.principal.session);
  add_registry(services, call, document);
  return json_answer(200, document);
}

base::Result<Answer> edit_me(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_CHECK_OK(service::Accounts::check_in_person(call.principal));
  BERTH_TRY(const auto body, Body::parse(call, {"name"}));
  BERTH_TRY(const auto name, body.text("name"));
  BERTH_CHECK_OK(accounts.rename_user(call.principal.user, name));
  return get_me(services, call);
}

// The old password is the credential, whatever else came with the request: it is also the way out for one that must be changed.
base::Result<Answer> change_password(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto body, Body::parse(call, {"email", "password", "new_password"}));
  BERTH_TRY(const auto email, body.text("email"));
  BERTH_TRY(const auto old, body.text("password"));
  BERTH_TRY(const auto fresh, body.text("new_password"));
  BERTH_CHECK_OK(auth::check_password_form(fresh));
  if (fresh == old) return base::fail(ErrorCode::parameter_invalid, "the new password must be another one");
  BERTH_TRY(const auto confirmed,
            services.policy.confirm_password({email, base::Secret(old)}, {call.request.peer, call.request.id}));
  call.principal = confirmed.principal;
  BERTH_TRY([[maybe_unused]] const auto made, accounts.by(call.origin()).set_password(email, fresh));
  http::Response response;
  response.status = 204;
  return response;
}

}  // namespace

const std::vector<Route>& me_routes() {
  using enum ErrorCode;
  static const std::vector<Route> kRoutes = {
      {
          .name = "me.get",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::get},
          .path = "/api/v1/me",
          .access = Access::account(),
          .body = BodyRule::none(),
          .replies = {{200, "application/json",
                       "The user, the key or session that the request came with, the roles and actions in each organisation and "
                       "team, and the registry: registry_host, version, features.",
                       ""}},
          .errors = {unsupported},
          .summary = "Who am I, and what may I do",
          .handler = get_me,
      },
      {
          .name = "me.edit",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::patch},
          .path = "/api/v1/me",
          .access = Access::account(),
          .body = BodyRule::buffered(kMaxBody, body_too_large),
          .replies = {{200, "application/json", "As GET answers from now on. Not with a key.", ""}},
          .errors = {parameter_invalid, body_too_large, unsupported},
          .summary = "Change one's name: {\"name\"}",
          .handler = edit_me,
      },
      {
          .name = "me.password",
          .spec = "CONTRACTS.md, Command line (first start)",
          .methods = {Method::post},
          .path = "/api/v1/me/password",
          .access = Access::everyone(),  // the old password is the credential
          .body = BodyRule::buffered(kMaxBody, body_too_large),
          .replies = {{204, "", "The new password holds; browser sessions and tokens that the old one gave are over.", ""}},
          .errors = {parameter_invalid, body_too_large, unsupported},
          .summary = "Change one's password, also one that must be changed: {\"email\",\"password\",\"new_password\"}",
          .handler = change_password,
      },
  };
  return kRoutes;
}

}  // namespace berth::api
