#include "api/ngc/invitations.h"

#include <algorithm>

#include "api/accounts.h"
#include "api/ngc/documents.h"
#include "api/ngc/roles.h"
#include "berth/auth/roles.h"
#include "berth/base/bytes.h"

namespace berth::api::ngc {

using auth::Action;
using base::ErrorCode;
using base::OrderedJson;
using base::Result;
using catalog::Invitation;
using catalog::Role;
using service::InvitationWish;
using service::RolePlace;

namespace {

constexpr std::size_t kMostParts = 100;  // teams of one invitation

RolePlace place_of(const Invitation& invitation) { return {invitation.org.name, invitation.team.name}; }

OrderedJson names_of(const std::vector<Role>& roles) {
  auto names = OrderedJson::array();
  for (const auto role : roles) names.push_back(auth::role_row(role).name);
  return names;
}

// In the words of the older listing and of the newer one, which the client reads.
OrderedJson document_of(const Invitation& invitation) {
  const bool of_team = invitation.team.id != 0;
  OrderedJson document = {{"id", invitation.id},
                          {"email", invitation.email},
                          {"name", invitation.name},
                          {"org", invitation.org.name},
                          {"roles", names_of(invitation.roles)},
                          {"type", of_team ? "TEAM" : "ORGANIZATION"},
                          {"isProcessed", false},
                          {"createdDate", date_text(invitation.created)},
                          {"expirationDate", date_text(invitation.expires)},
                          {"userEmail", invitation.email},
                          {"userName", invitation.name},
                          {"userRoles", names_of(invitation.roles)},
                          {"orgName", invitation.org.name}};
  if (!of_team) return document;
  document["team"] = invitation.team.name;
  document["teamName"] = invitation.team.name;
  return document;
}

service::InvitationLetter letter_of(const Services& services, const Call& call, std::string message) {
  const auto link = services.links.base(call.request) + services.links.prefixed("/api/v1/invitation?token=");
  service::InvitationLetter letter{link, {}, std::move(message)};
  if (services.accounts == nullptr || call.principal.user == 0) return letter;
  if (const auto inviter = services.accounts->members().get_self(call.principal.user)) letter.inviter = inviter->user.email;
  return letter;
}

// Every place of the wish: may the caller invite there, and give these roles?
Result<void> check_wish(const Services& services, const Call& call, const InvitationWish& wish) {
  for (const auto& part : wish.parts) {
    BERTH_CHECK_OK(services.policy.check(call.principal, Action::users_invite, {{}, wish.org, part.team}));
    BERTH_CHECK_OK(check_roles(services, call, {wish.org, part.team}, part.roles));
  }
  return {};
}

// Somebody who is in the organisation needs no invitation to it. Of accounts elsewhere nothing is told.
Result<void> check_outside(const Services& services, const Call& call, const InvitationWish& wish) {
  BERTH_TRY(const auto accounts, accounts_of(services, call));
  const auto person = accounts.members().get_person(wish.org, {0, wish.email});
  if (!person) return {};
  for (const auto& part : wish.parts) {
    if (!is_in(*person, {wish.org, part.team})) continue;
    return base::fail(ErrorCode::already_exists, "user " + wish.email + " is there already; roles are changed by add-role");
  }
  return {};
}

Result<service::SentInvitation> send(const Services& services, const Call& call, const InvitationWish& wish,
                                     std::string message) {
  BERTH_CHECK_OK(check_wish(services, call, wish));
  BERTH_TRY(const auto invitations, invitations_of(services, call));
  BERTH_CHECK_OK(check_outside(services, call, wish));
  return invitations.invite(wish, letter_of(services, call, std::move(message)));
}

// [{"name":"REGISTRY_READ"},{"name":"USER_ADMIN","resourceGroups":["team"]}]: without groups, of the organisation.
Result<std::vector<InvitationWish::Part>> parts_of(const base::Json& roles) {
  std::vector<InvitationWish::Part> parts;
  const auto add = [&](const std::string& team, Role role) {
    auto part = std::find_if(parts.begin(), parts.end(), [&](const auto& p) { return p.team == team; });
    if (part == parts.end()) part = parts.insert(parts.end(), {team, {}});
    if (std::find(part->roles.begin(), part->roles.end(), role) == part->roles.end()) part->roles.push_back(role);
  };
  if (!roles.is_array() || roles.empty())
    return base::fail(ErrorCode::parameter_invalid, "roles must be a list of objects with a name");
  for (const auto& one : roles) {
    if (!one.is_object() || !one.contains("name"))
      return base::fail(ErrorCode::parameter_invalid, "a role is an object with a name");
    BERTH_TRY(const auto name, text_of_member("roles.name", one["name"]));
    BERTH_TRY(const auto role, service::parse_role(name));
    const auto groups = one.value("resourceGroups", base::Json::array());
    if (!groups.is_array() || groups.size() > kMostParts) {
      return base::fail(ErrorCode::parameter_invalid, "resourceGroups must be a list of teams, 100 at most");
    }
    if (groups.empty()) add({}, role);
    for (const auto& group : groups) {
      BERTH_TRY(const auto team, text_of_member("roles.resourceGroups", group));
      add(team, role);
    }
  }
  return parts;
}

template <typename Unit>
Result<std::optional<std::chrono::seconds>> lifetime_of(BodyFields& fields) {
  BERTH_TRY(const auto count, fields.find_number("invitationExpirationIn"));
  if (!count) return std::nullopt;
  if (*count < 1 || *count > 1'000'000)
    return base::fail(ErrorCode::parameter_invalid, "invitationExpirationIn is out of bounds");
  return std::chrono::seconds(Unit(*count));
}

Result<InvitationWish> wish_of(const Call& call, BodyFields& fields) {
  InvitationWish wish;
  BERTH_TRY(wish.org, call.path_text("org"));
  BERTH_TRY(const auto email, fields.get_line("email"));
  BERTH_TRY(wish.email, service::parse_email(email));
  BERTH_TRY(const auto name, fields.find_line("name"));
  wish.name = name.value_or("");
  return wish;
}

Result<Invitation> invitation_of(const Call& call, const service::Invitations& invitations) {
  BERTH_TRY(const auto place, ngc::place_of(call));
  BERTH_TRY(const auto text, call.path_text("id"));
  const auto id = base::parse_decimal(text);
  if (!id || *id > INT64_MAX) return base::fail(ErrorCode::parameter_invalid, "an invitation is named by its id, a number");
  return invitations.get(place, static_cast<std::int64_t>(*id));
}

}  // namespace

http::Response invitation_answer(const Call& call, const service::SentInvitation& sent) {
  const auto& first = sent.invitations.front();
  OrderedJson body = {
      {"user", {{"email", first.email}, {"name", first.name}, {"isActive", false}, {"roles", OrderedJson::array()}}},
      {"invitations", OrderedJson::array()}};
  for (const auto& invitation : sent.invitations) body["invitations"].push_back(document_of(invitation));
  if (!sent.link.empty()) body["invitationLink"] = sent.link;
  auto response = answer(call, std::move(body));
  response.fields.add("Cache-Control", "no-store");
  return response;
}

Result<Answer> list_invitations(const Services& services, Call& call) {
  BERTH_TRY(const auto invitations, invitations_of(services, call));
  BERTH_TRY(const auto place, ngc::place_of(call));
  BERTH_TRY(const auto page, parse_page(call.query));
  BERTH_TRY(const auto all, invitations.list(place));
  auto list = OrderedJson::array();
  for (const auto& invitation : slice(all, page)) list.push_back(document_of(invitation));
  return answer(call, {{"invitations", std::move(list)}, {"paginationInfo", pagination_info(page, all.size())}});
}

// Body: email, name, message, roles, invitationExpirationIn in minutes.
Result<Answer> invite(const Services& services, Call& call) {
  BERTH_TRY(auto fields, BodyFields::parse(call));
  BERTH_TRY(auto wish, wish_of(call, fields));
  BERTH_TRY(const auto message, fields.find_text("message"));
  BERTH_TRY(wish.parts, parts_of(fields.find("roles")));
  BERTH_TRY(wish.lifetime, lifetime_of<std::chrono::minutes>(fields));
  BERTH_TRY(const auto sent, send(services, call, wish, message.value_or("")));
  return invitation_answer(call, sent);
}

// Body: email, inviteAs ADMIN or MEMBER, message, invitationExpirationIn in days.
Result<Answer> invite_to_account(const Services& services, Call& call) {
  BERTH_TRY(auto fields, BodyFields::parse(call));
  BERTH_TRY(auto wish, wish_of(call, fields));
  BERTH_TRY(const auto message, fields.find_text("message"));
  BERTH_TRY(const auto as, fields.get_line("inviteAs"));
  if (as != "ADMIN" && as != "MEMBER") return base::fail(ErrorCode::parameter_invalid, "inviteAs is ADMIN or MEMBER");
  InvitationWish::Part part;
  part.roles = {Role::registry_read};
  if (as == "ADMIN") part.roles = {Role::registry_admin, Role::user_admin};
  wish.parts.push_back(std::move(part));
  BERTH_TRY(wish.lifetime, lifetime_of<std::chrono::days>(fields));
  BERTH_TRY(const auto sent, send(services, call, wish, message.value_or("")));
  return invitation_answer(call, sent);
}

Result<Answer> invite_one(const Services& services, const Call& call, const RolePlace& place, const std::string& email,
                          const std::string& name, const std::vector<Role>& roles) {
  InvitationWish wish;
  wish.org = place.org;
  wish.email = email;
  wish.name = name;
  wish.parts.push_back({place.team, roles});
  BERTH_TRY(const auto sent, send(services, call, wish, {}));
  return invitation_answer(call, sent);
}

Result<Answer> set_roles_of(const Services& services, const Call& call, const Invitation& invitation, std::vector<Role> roles) {
  BERTH_TRY(const auto invitations, invitations_of(services, call));
  BERTH_CHECK_OK(check_roles(services, call, place_of(invitation), invitation.roles));
  BERTH_CHECK_OK(check_roles(services, call, place_of(invitation), roles));
  BERTH_TRY(const auto sent, invitations.renew(invitation, std::move(roles), letter_of(services, call, {})));
  return invitation_answer(call, sent);
}

Result<Answer> resend_invitation(const Services& services, Call& call) {
  BERTH_TRY(const auto invitations, invitations_of(services, call));
  BERTH_TRY(const auto invitation, invitation_of(call, invitations));
  return set_roles_of(services, call, invitation, invitation.roles);
}

Result<Answer> delete_invitation(const Services& services, Call& call) {
  BERTH_TRY(const auto invitations, invitations_of(services, call));
  BERTH_TRY(const auto invitation, invitation_of(call, invitations));
  BERTH_CHECK_OK(check_roles(services, call, place_of(invitation), invitation.roles));
  BERTH_CHECK_OK(invitations.withdraw(invitation));
  return answer(call);
}

// Every invitation of the email in the organisation that the caller may withdraw. Body: email.
Result<Answer> delete_invitations_of(const Services& services, Call& call) {
  BERTH_TRY(const auto invitations, invitations_of(services, call));
  BERTH_TRY(auto fields, BodyFields::parse(call));
  BERTH_TRY(const auto wish, wish_of(call, fields));
  BERTH_TRY(auto all, invitations.list({wish.org, {}}));
  std::erase_if(all, [&](const auto& one) {
    return one.email != wish.email ||
           !services.policy.check(call.principal, Action::users_invite, {{}, wish.org, one.team.name}).has_value();
  });
  if (all.empty()) return base::fail(ErrorCode::object_unknown, "there is no invitation for " + wish.email);
  for (const auto& one : all) {
    BERTH_CHECK_OK(check_roles(services, call, place_of(one), one.roles));
    BERTH_CHECK_OK(invitations.withdraw(one));
  }
  return answer(call);
}

}  // namespace berth::api::ngc
