// Taking an invitation up: what the link that was sent leads to.
//
// The secret is a parameter called token, which the log redacts; a link with it in the path would stand in every access log.
#include "api/accounts.h"
#include "api/answers.h"
#include "api/berth/body.h"
#include "api/berth/face.h"
#include "api/credentials.h"
#include "berth/auth/roles.h"

namespace berth::api {

namespace {

using base::ErrorCode;
using base::OrderedJson;
using base::Result;
using http::Method;

constexpr std::size_t kMaxBody = 16UL * 1024;

Result<std::string> secret_of(const Call& call) {
  BERTH_TRY(const auto token, call.query.find("token"));
  if (!token || token->empty()) return base::fail(ErrorCode::parameter_invalid, "the link lacks its token");
  return *token;
}

OrderedJson document_of(const std::vector<catalog::Invitation>& invitations) {
  auto places = OrderedJson::array();
  for (const auto& invitation : invitations) {
    OrderedJson place = {{"org", invitation.org.name}, {"team", nullptr}, {"roles", OrderedJson::array()}};
    if (invitation.team.id != 0) place["team"] = invitation.team.name;
    for (const auto role : invitation.roles) place["roles"].push_back(auth::role_row(role).name);
    places.push_back(std::move(place));
  }
  return {{"email", invitations.front().email},
          {"name", invitations.front().name},
          {"expires", base::format_rfc3339(invitations.front().expires)},
          {"places", std::move(places)}};
}

http::Response without_cache(http::Response response) {
  response.fields.add("Cache-Control", "no-store");
  return response;
}

Result<Answer> read_invitation(const Services& services, Call& call) {
  BERTH_TRY(const auto invitations, invitations_of(services, call));
  BERTH_TRY(const auto secret, secret_of(call));
  BERTH_TRY(const auto found, invitations.read_link(secret));
  return without_cache(json_answer(200, document_of(found)));
}

// With a credential by its account, without one by a new account. The link alone never opens an account that is there.
Result<std::int64_t> take_up(const Services& services, const Call& call, const service::Invitations& invitations,
                             const std::string& secret) {
  const auto credential = credential_of(call.request);
  if (!std::holds_alternative<auth::NoCredential>(credential)) {
    BERTH_TRY(const auto principal,
              services.policy.authenticate(credential, {call.request.peer, call.request.id}, auth::Expired::refused));
    BERTH_CHECK_OK(service::Accounts::check_in_person(principal));
    return invitations.accept_as(secret, principal.user);
  }
  BERTH_TRY(const auto body, Body::parse(call, {"name", "password"}));
  BERTH_TRY(const auto name, body.find_text("name"));
  BERTH_TRY(const auto password, body.text("password"));
  return invitations.accept_as_new(secret, name.value_or(""), password);
}

Result<Answer> accept_invitation(const Services& services, Call& call) {
  BERTH_TRY(const auto invitations, invitations_of(services, call));
  BERTH_TRY(const auto secret, secret_of(call));
  BERTH_TRY(const auto found, invitations.read_link(secret));
  BERTH_TRY(const auto user, take_up(services, call, invitations, secret));
  auto document = document_of(found);
  document["user"] = user;
  document.erase("expires");
  return without_cache(json_answer(200, document));
}

}  // namespace

const std::vector<Route>& invitation_routes() {
  using enum ErrorCode;
  static const Parameter kToken{"token", Parameter::Where::query, "text", "The secret of the link."};
  static const std::vector<Route> kRoutes = {
      {
          .name = "invitation.get",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::get},
          .path = "/api/v1/invitation",
          .access = Access::everyone(),  // the link's secret is the credential
          .body = BodyRule::none(),
          .parameters = {kToken},
          .replies = {{200, "application/json", "To whom it was sent, for which places and roles, until when.", "Cache-Control"}},
          .errors = {parameter_invalid, object_unknown, unsupported},
          .summary = "What is this invitation",
          .handler = read_invitation,
      },
      {
          .name = "invitation.accept",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::post},
          .path = "/api/v1/invitation",
          .access = Access::everyone(),  // the link's secret is the credential, and that of the account when there is one
          .body = BodyRule::buffered(kMaxBody, body_too_large),
          .parameters = {kToken},
          .replies = {{200, "application/json", "The account has the roles now; the link is used up.", "Cache-Control"}},
          .errors = {parameter_invalid, object_unknown, conflict, body_too_large, unsupported},
          .summary = "Take an invitation up: {\"name\",\"password\"} for a new account, or the credentials of the one there is",
          .handler = accept_invitation,
      },
  };
  return kRoutes;
}

}  // namespace berth::api
