// The rows of invitations: older paths by id, newer ones by email.
#include "api/ngc/face.h"
#include "api/ngc/invitations.h"

namespace berth::api {

namespace {

using enum base::ErrorCode;
using auth::Action;
using http::Method;
using Where = Parameter::Where;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kSpec = "facts/ngc.md 1.4; facts/ngc-wire.md 11";
constexpr std::string_view kSent = "The invitation, and `invitationLink` where no mail server takes it to the invited.";
const Parameter kPageNumber{"page-number", Where::query, "whole number from 0", "Which page."};
const Parameter kPageSize{"page-size", Where::query, "1 to 5000", "Entries of a page; 100 when missing."};

Route list_row(std::string_view name, std::string_view path) {
  return {
      .name = name,
      .spec = kSpec,
      .methods = {Method::get},
      .path = path,
      .access = Access::organisation(Action::users_invite),
      .body = BodyRule::none(),
      .parameters = {kPageNumber, kPageSize},
      .replies = {{200, kJson, "Invitations that nobody took up yet, also those whose time is over.", ""}},
      .errors = {unsupported, parameter_invalid, object_unknown},
      .summary = "List invitations",
      .handler = ngc::list_invitations,
  };
}

Route by_id_row(std::string_view name, Method method, std::string_view path, RouteHandler handler, std::string_view summary) {
  return {
      .name = name,
      .spec = kSpec,
      .methods = {method},
      .path = path,
      .access = Access::organisation(Action::users_invite),
      .body = BodyRule::none(),
      .replies = {{200, kJson, method == Method::get ? kSent : std::string_view("The link is useless from now on."), ""}},
      .errors = {unsupported, parameter_invalid, object_unknown},
      .summary = summary,
      .handler = handler,
  };
}

Route by_body_row(std::string_view name, std::string_view path, RouteHandler handler, std::string_view summary) {
  return {
      .name = name,
      .spec = kSpec,
      .methods = {Method::post},
      .path = path,
      // Where the invitation is to hold stands in the body: the handler asks for users:invite on each place.
      .access = Access::member(),
      .body = BodyRule::buffered(ngc::kMaxBody, body_too_large),
      .replies = {{200, kJson, kSent, "Cache-Control"}},
      .errors = {unsupported, parameter_invalid, object_unknown, already_exists, body_too_large},
      .summary = summary,
      .handler = handler,
  };
}

Route delete_by_email_row() {
  return {
      .name = "ngc.v3.invitations.delete",
      .spec = kSpec,
      .methods = {Method::delete_},
      .path = "/v3/orgs/{org}/invitations",
      .access = Access::member(),
      .body = BodyRule::buffered(ngc::kMaxBody, body_too_large),
      .replies = {{200, kJson, "Every invitation of the email that the caller may withdraw is withdrawn.", ""}},
      .errors = {unsupported, parameter_invalid, object_unknown, body_too_large},
      .summary = "Withdraw invitations (`email`)",
      .handler = ngc::delete_invitations_of,
  };
}

}  // namespace

const std::vector<Route>& ngc_invitation_routes() {
  static const std::vector<Route> kRoutes = {
      list_row("ngc.invitations.list", "/v2/org/{org}/users/invitations"),
      list_row("ngc.team.invitations.list", "/v2/org/{org}/team/{team}/users/invitations"),
      list_row("ngc.v3.invitations.list", "/v3/orgs/{org}/pending-invitations"),
      list_row("ngc.v3.team.invitations.list", "/v3/orgs/{org}/teams/{team}/pending-invitations"),
      by_id_row("ngc.invitation.delete", Method::delete_, "/v2/org/{org}/users/invitations/{id}", ngc::delete_invitation,
                "Withdraw an invitation"),
      by_id_row("ngc.team.invitation.delete", Method::delete_, "/v2/org/{org}/team/{team}/users/invitations/{id}",
                ngc::delete_invitation, "Withdraw an invitation"),
      by_id_row("ngc.invitation.resend", Method::get, "/v2/org/{org}/users/invitations/{id}/resend-invitation-email",
                ngc::resend_invitation, "Send an invitation again, with a new link"),
      by_id_row("ngc.team.invitation.resend", Method::get,
                "/v2/org/{org}/team/{team}/users/invitations/{id}/resend-invitation-email", ngc::resend_invitation,
                "Send an invitation again, with a new link"),
      by_body_row("ngc.v3.invitations.post", "/v3/orgs/{org}/invitations", ngc::invite,
                  "Invite somebody (`email`, `name`, `message`, `roles`, `invitationExpirationIn` in minutes)"),
      by_body_row("ngc.v3.nca_invitations.post", "/v3/orgs/{org}/users/nca-invitations", ngc::invite_to_account,
                  "Invite somebody (`email`, `inviteAs` ADMIN or MEMBER, `message`, `invitationExpirationIn` in days)"),
      delete_by_email_row(),
  };
  return kRoutes;
}

}  // namespace berth::api
