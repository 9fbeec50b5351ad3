// The part of SqliteAccounts that keeps invitations.
#include <set>

#include "berth/base/bytes.h"
#include "berth/catalog/subjects.h"
#include "catalog/account_rows.h"
#include "catalog/accounts.h"

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

// An invitation that was forgotten is shown for so long, and can be sent anew.
constexpr std::chrono::hours kKeptAfterEnd{24 * 30};

std::string text_of_roles(const std::vector<Role>& roles) {
  std::vector<std::string> numbers;
  for (const auto role : std::set<Role>(roles.begin(), roles.end())) numbers.push_back(std::to_string(static_cast<int>(role)));
  return join(numbers);
}

std::vector<Role> roles_of_text(std::string_view text) {
  std::vector<Role> roles;
  for (const auto& number : split(text)) roles.push_back(static_cast<Role>(base::parse_decimal(number).value_or(1)));
  return roles;
}

Invitation invitation_of(const Rows& rows) {
  return {rows.integer(0),
          {rows.integer(1), std::string(rows.text(2)), std::string(rows.text(3)), {}},
          {rows.integer(4), std::string(rows.text(5)), std::string(rows.text(6))},
          std::string(rows.text(7)),
          std::string(rows.text(8)),
          roles_of_text(rows.text(9)),
          base::from_unix_micros(rows.integer(10)),
          base::from_unix_micros(rows.integer(11))};
}

AuditEvent event_of(AuditKind kind, const Invitation& invitation, const Origin& by) {
  AuditEvent event{.kind = kind, .by = by, .org = invitation.org.name, .subject = org_subject(invitation.org.name), .detail = {}};
  if (invitation.team.id != 0) event.subject = team_subject(invitation.org.name, invitation.team.name);
  event.detail = {{AuditField::email, invitation.email}, {AuditField::invitation, invitation.id}};
  std::vector<std::string> names;
  for (const auto role : invitation.roles) names.emplace_back(role_name(role));
  event.detail.emplace_back(AuditField::role, join(names));
  return event;
}

Result<Invitation> get_invitation(Connection& c, std::int64_t id) {
  BERTH_TRY(auto invitation, first_row(c, Query::find_invitation, {id}, invitation_of));
  if (!invitation) return fail(unknown("invitation " + text_of(id)).error());
  return *std::move(invitation);
}

// The invitations of a link that is still good.
Result<std::vector<Invitation>> open_invitations(Connection& c, std::string_view token_hash, base::TimePoint now) {
  BERTH_TRY(auto all, all_rows(c, Query::list_invitations_of_token, {token_hash}, invitation_of));
  std::erase_if(all, [&](const auto& invitation) { return invitation.expires <= now; });
  if (all.empty()) return fail(unknown("such invitation: it was used, withdrawn, or its time is over").error());
  return all;
}

}  // namespace

Result<void> SqliteAccounts::add_invitation(Connection& c, const NewInvitation& one, const Origin& by) const {
  BERTH_TRY(const bool org_there, c.exists(Query::find_org_by_id, {one.org}));
  if (!org_there) return unknown("organisation " + text_of(one.org));
  if (one.team != 0) {
    BERTH_TRY(const bool team_there, c.exists(Query::find_team_by_id, {one.org, one.team}));
    if (!team_there) return unknown("team " + text_of(one.team));
  }
  BERTH_TRY(const bool taken, c.exists(Query::find_invitation_of, {one.org, one.team, std::string_view(one.email)}));
  if (taken) return exists("an invitation for " + one.email);
  const auto roles = text_of_roles(one.roles);
  BERTH_TRY(const auto id,
            insert(c, Query::insert_invitation,
                   {one.org, one.team, std::string_view(one.email), std::string_view(one.name), std::string_view(roles),
                    std::string_view(one.token_hash), now(), base::to_unix_micros(one.expires)}));
  BERTH_TRY(const auto made, get_invitation(c, id));
  return audit(c, event_of(AuditKind::invitation_created, made, by));
}

Result<void> SqliteAccounts::create_invitations(const std::vector<NewInvitation>& invitations, const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    const auto old = base::to_unix_micros(clock_.now() - kKeptAfterEnd);
    BERTH_TRY([[maybe_unused]] const auto cleared, c.run(Query::delete_old_invitations, {old}));
    for (const auto& one : invitations) BERTH_CHECK_OK(add_invitation(c, one, by));
    return {};
  });
}

Result<std::vector<Invitation>> SqliteAccounts::list_invitations(std::int64_t org, std::int64_t team) {
  return readers_.with([&](Connection& c) {
    if (team == 0) return all_rows(c, Query::list_invitations_of_org, {org}, invitation_of);
    return all_rows(c, Query::list_invitations_of_team, {org, team}, invitation_of);
  });
}

Result<std::vector<Invitation>> SqliteAccounts::list_invitations_by_token(std::string_view token_hash) {
  return readers_.with([&](Connection& c) { return all_rows(c, Query::list_invitations_of_token, {token_hash}, invitation_of); });
}

Result<void> SqliteAccounts::change_invitation(const InvitationChange& wanted, const Origin& by) {
  const auto roles = text_of_roles(wanted.roles);
  return change([&](Connection& c) -> Result<void> {
    const auto what = "invitation " + text_of(wanted.id);
    if (wanted.token_hash.empty()) {
      BERTH_CHECK_OK(must_change(c, Query::set_invitation_roles, {std::string_view(roles), wanted.id}, what));
    } else {
      BERTH_CHECK_OK(must_change(
          c, Query::renew_invitation,
          {std::string_view(roles), std::string_view(wanted.token_hash), base::to_unix_micros(wanted.expires), wanted.id}, what));
    }
    BERTH_TRY(const auto changed, get_invitation(c, wanted.id));
    return audit(c, event_of(AuditKind::invitation_resent, changed, by));
  });
}

Result<bool> SqliteAccounts::delete_invitation(std::int64_t id, const Origin& by) {
  return change_to<bool>([&](Connection& c) -> Result<bool> {
    BERTH_TRY(const auto gone, first_row(c, Query::find_invitation, {id}, invitation_of));
    if (!gone) return false;
    BERTH_CHECK_OK(must_change(c, Query::delete_invitation, {id}, "invitation " + text_of(id)));
    BERTH_CHECK_OK(audit(c, event_of(AuditKind::invitation_deleted, *gone, by)));
    return true;
  });
}

Result<std::int64_t> SqliteAccounts::accept_invitations(const Acceptance& acceptance, const Origin& by) {
  return change_to<std::int64_t>([&](Connection& c) -> Result<std::int64_t> {
    BERTH_TRY(const auto invitations, open_invitations(c, acceptance.token_hash, clock_.now()));
    const auto& email = invitations.front().email;
    BERTH_TRY(const auto known, first_row(c, Query::find_user_by_email, {std::string_view(email)}, user_of));
    if (known && acceptance.user == 0) return fail(ErrorCode::conflict, "there is an account " + email + " already");
    if (acceptance.user != 0 && !(known && known->id == acceptance.user)) {
      return fail(ErrorCode::conflict, "the invitation is for " + email);
    }
    std::int64_t user = acceptance.user;
    if (user == 0) {
      auto account = acceptance.account;
      account.email = email;
      BERTH_TRY(user, add_user(c, account, by));
    }
    // Whoever takes it up is the one who does it.
    auto self = by;
    self.principal = user_subject(user);
    for (const auto& invitation : invitations) {
      for (const auto role : invitation.roles) {
        BERTH_CHECK_OK(give(c, user, {invitation.org.id, invitation.team.id, role}, self));
      }
      BERTH_CHECK_OK(audit(c, event_of(AuditKind::invitation_accepted, invitation, self)));
    }
    BERTH_TRY([[maybe_unused]] const auto used,
              c.run(Query::delete_invitations_of_token, {std::string_view(acceptance.token_hash)}));
    return user;
  });
}

}  // namespace berth::catalog
