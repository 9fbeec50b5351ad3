#include "berth/service/invitations.h"

#include <algorithm>

#include "berth/auth/roles.h"
#include "berth/base/bytes.h"
#include "berth/base/hash.h"
#include "berth/base/sign.h"
#include "berth/outbound/mail.h"
#include "berth/service/members.h"
#include "service/places.h"

namespace berth::service {

using base::ErrorCode;
using base::Result;
using catalog::Invitation;
using catalog::Role;

namespace {

std::string make_secret() { return base::to_base64url(base::random_bytes(32)); }

std::string hash_of(std::string_view secret) { return base::hash_hex(base::HashAlgorithm::sha256, base::as_bytes(secret)); }

std::string names_of(const std::vector<Role>& roles) {
  std::string names;
  for (const auto role : roles) names += (names.empty() ? "" : ", ") + std::string(auth::role_row(role).name);
  return names;
}

std::string place_text(const Invitation& invitation) {
  return invitation.team.id == 0 ? invitation.org.name : invitation.org.name + '/' + invitation.team.name;
}

outbound::Mail letter_text(const std::vector<Invitation>& invitations, const std::string& link, const InvitationLetter& letter) {
  const auto& first = invitations.front();
  std::string text = letter.inviter.empty() ? "You are invited" : letter.inviter + " invites you";
  text += " to a registry of containers, models and charts:\n\n";
  for (const auto& invitation : invitations) text += "  " + place_text(invitation) + ": " + names_of(invitation.roles) + '\n';
  if (!letter.message.empty()) text += "\n" + letter.message + '\n';
  text += "\nThe link is good once, until " + base::format_rfc3339(first.expires).substr(0, 19) + "Z:\n\n  " + link +
          "\n\nWithout an account yet, choose a name and a password (12 characters at least):\n\n  curl -H 'Content-Type: "
          "application/json' --data '{\"name\":\"…\",\"password\":\"…\"}' '" +
          link + "'\n\nWith an account for " + first.email + ", say who you are:\n\n  curl -X POST -u " + first.email + " '" +
          link + "'\n";
  return {first.email, "Invitation to " + first.org.display_name, std::move(text)};
}

}  // namespace

Result<Invitations::Place> Invitations::place_of(const RolePlace& place) const {
  BERTH_TRY(auto org, get_named_org(rows_, place.org));
  if (place.team.empty()) return Place{std::move(org), 0};
  BERTH_TRY(const auto team, get_named_team(rows_, org, place.team));
  return Place{std::move(org), team.id};
}

// --- making them ---------------------------------------------------------------------------------------------------------------------

Result<SentInvitation> Invitations::send(std::vector<Invitation> invitations, const std::string& secret,
                                         const InvitationLetter& letter) const {
  const std::string link = letter.link_prefix + secret;
  if (mailer_ == nullptr) return SentInvitation{std::move(invitations), link};
  if (!mailer_->send(letter_text(invitations, link, letter))) {
    return base::fail(ErrorCode::busy, "too many letters wait to be sent; the invitation stands, send it again later");
  }
  return SentInvitation{std::move(invitations), {}};
}

Result<SentInvitation> Invitations::invite(const InvitationWish& wish, const InvitationLetter& letter) const {
  const auto lifetime = wish.lifetime.value_or(options_.lifetime);
  if (lifetime < std::chrono::seconds(60) || lifetime > kLongest) {
    return base::fail(ErrorCode::parameter_invalid, "an invitation is good for a minute at least and 90 days at most");
  }
  const auto secret = make_secret();
  std::vector<catalog::NewInvitation> fresh;
  for (const auto& part : wish.parts) {
    const RolePlace named{wish.org, part.team};
    BERTH_TRY(const auto place, place_of(named));
    for (const auto role : part.roles) BERTH_CHECK_OK(check_role_at(named, role));
    fresh.push_back({place.org.id, place.team, wish.email, wish.name, part.roles, hash_of(secret), clock_.now() + lifetime});
  }
  BERTH_CHECK_OK(rows_.create_invitations(fresh, by_));
  BERTH_TRY(auto made, rows_.list_invitations_by_token(hash_of(secret)));
  if (made.empty()) return base::fail(no_such("invitation for", wish.email));
  return send(std::move(made), secret, letter);
}

Result<SentInvitation> Invitations::renew(const Invitation& invitation, std::vector<Role> roles,
                                          const InvitationLetter& letter) const {
  const auto secret = make_secret();
  BERTH_CHECK_OK(
      rows_.change_invitation({invitation.id, std::move(roles), hash_of(secret), clock_.now() + options_.lifetime}, by_));
  BERTH_TRY(auto renewed, rows_.list_invitations_by_token(hash_of(secret)));
  if (renewed.empty()) return base::fail(no_such("invitation for", invitation.email));
  return send(std::move(renewed), secret, letter);
}

Result<void> Invitations::narrow(const Invitation& invitation, const std::vector<Role>& roles) const {
  auto left = invitation.roles;
  std::erase_if(left, [&](Role role) { return std::find(roles.begin(), roles.end(), role) != roles.end(); });
  if (left.empty()) return withdraw(invitation);
  return rows_.change_invitation({invitation.id, std::move(left), {}, {}}, by_);
}

Result<void> Invitations::withdraw(const Invitation& invitation) const {
  BERTH_TRY(const bool gone, rows_.delete_invitation(invitation.id, by_));
  if (!gone) return base::fail(no_such("invitation for", invitation.email));
  return {};
}

// --- looking at them -----------------------------------------------------------------------------------------------------------------

Result<std::vector<Invitation>> Invitations::list(const RolePlace& place) const {
  BERTH_TRY(const auto at, place_of(place));
  return rows_.list_invitations(at.org.id, at.team);
}

Result<std::optional<Invitation>> Invitations::find(const RolePlace& place, std::string_view email) const {
  BERTH_TRY(const auto at, place_of(place));
  BERTH_TRY(const auto all, rows_.list_invitations(at.org.id, at.team));
  for (const auto& invitation : all) {
    if (invitation.email == email && invitation.team.id == at.team) return invitation;
  }
  return std::nullopt;
}

Result<Invitation> Invitations::get(const RolePlace& place, std::int64_t id) const {
  BERTH_TRY(const auto all, list(place));
  for (const auto& invitation : all) {
    if (invitation.id == id) return invitation;
  }
  return base::fail(no_such("invitation", std::to_string(id)));
}

// --- taking them up ------------------------------------------------------------------------------------------------------------------

Result<std::vector<Invitation>> Invitations::read_link(std::string_view secret) const {
  BERTH_TRY(auto invitations, rows_.list_invitations_by_token(hash_of(secret)));
  std::erase_if(invitations, [&](const auto& invitation) { return invitation.expires <= clock_.now(); });
  if (invitations.empty()) return base::fail(no_such("such", "invitation: it was used, withdrawn, or its time is over"));
  return invitations;
}

// The link is looked up first, so that nobody has passwords hashed by guessing.
Result<std::int64_t> Invitations::accept_as_new(std::string_view secret, std::string_view name, std::string_view password) const {
  BERTH_TRY(const auto invitations, read_link(secret));
  BERTH_TRY(const auto known, rows_.find_user_by_email(invitations.front().email));
  if (known) return base::fail(ErrorCode::conflict, "there is an account " + known->email + " already: say who you are");
  BERTH_CHECK_OK(auth::check_password_form(password));
  BERTH_TRY(auto hash, passwords_.hash(password));
  const auto& called = name.empty() ? std::string_view(invitations.front().name) : name;
  return rows_.accept_invitations({hash_of(secret),
                                   0,
                                   {.email = {},
                                    .name = std::string(called),
                                    .password = catalog::StoredPassword{std::move(hash), catalog::PasswordState::good, {}}}},
                                  by_);
}

Result<std::int64_t> Invitations::accept_as(std::string_view secret, std::int64_t user) const {
  return rows_.accept_invitations({hash_of(secret), user, {}}, by_);
}

}  // namespace berth::service
