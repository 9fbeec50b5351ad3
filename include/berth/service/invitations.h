// Invitations: somebody is to come into an organisation or a team of it, and takes that up by a link that is good once.
//
// The secret of a link is 256 random bits; only its hash is stored. With a mail server the link goes to the invited alone; without one it goes
// to whoever invites, who then can take it up himself. So whatever widens an invitation makes a new link, and the face that calls asks that
// its caller may give every role that is in it. What is accepted makes an account, whose name and password the invited chooses, or is taken
// up by the account that has the email; nobody else's.
// What it is not: the decision who may invite. Threads: any worker; every call may block on disk. Errors of every call, beside those named:
// storage_full, io_error, busy, object_unknown (no such organisation, team, invitation).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/auth/passwords.h"
#include "berth/base/clock.h"
#include "berth/catalog/accounts.h"
#include "berth/service/accounts.h"

namespace berth::outbound {
class Mailer;
}

namespace berth::service {

struct InvitationOptions {
  std::chrono::seconds lifetime{7 * 24 * 3600};  // when whoever invites names none
};

// What is said of an invitation that is made: where a link leads, and who says it.
struct InvitationLetter {
  std::string link_prefix;  // "https://registry.example/api/v1/invitation?token="
  std::string inviter;      // an email; empty: not said
  std::string message;      // of the inviter, for the mail
};

struct InvitationWish {
  std::string org;
  std::string email;  // lower case
  std::string name;
  struct Part {
    std::string team;  // empty: the organisation
    std::vector<catalog::Role> roles;
  };
  std::vector<Part> parts;
  std::optional<std::chrono::seconds> lifetime;
};

// What whoever invites is told.
struct SentInvitation {
  std::vector<catalog::Invitation> invitations;
  std::string link;  // empty: it went by mail
};

class Invitations {
 public:
  static constexpr std::chrono::hours kLongest{24 * 90};

  // `mailer` nullptr: there is no mail server. What is given outlives this.
  Invitations(catalog::AccountCatalog& rows, auth::Passwords& passwords, const base::Clock& clock, InvitationOptions options,
              outbound::Mailer* mailer, catalog::Origin by)
      : rows_(rows), passwords_(passwords), clock_(clock), options_(options), mailer_(mailer), by_(std::move(by)) {}
  // The same, on behalf of somebody else.
  [[nodiscard]] Invitations by(catalog::Origin origin) const {
    return {rows_, passwords_, clock_, options_, mailer_, std::move(origin)};
  }

  // Errors: parameter_invalid (ORG_OWNER of a team, a lifetime beyond kLongest), already_exists.
  base::Result<SentInvitation> invite(const InvitationWish& wish, const InvitationLetter& letter) const;
  // Of an organisation with all its teams, or of a team; also those whose time is over.
  [[nodiscard]] base::Result<std::vector<catalog::Invitation>> list(const RolePlace& place) const;
  // At exactly this place, or with an id anywhere in the organisation (in the team).
  [[nodiscard]] base::Result<std::optional<catalog::Invitation>> find(const RolePlace& place, std::string_view email) const;
  [[nodiscard]] base::Result<catalog::Invitation> get(const RolePlace& place, std::int64_t id) const;
  // With a new link, which is good as long as one of invite(): a resend, or a change of the roles.
  base::Result<SentInvitation> renew(const catalog::Invitation& invitation, std::vector<catalog::Role> roles,
                                     const InvitationLetter& letter) const;
  // Takes roles out of it; the link stays. An invitation without roles is withdrawn.
  base::Result<void> narrow(const catalog::Invitation& invitation, const std::vector<catalog::Role>& roles) const;
  base::Result<void> withdraw(const catalog::Invitation& invitation) const;

  // What a link is for. Errors: object_unknown (never there, used, withdrawn or over: which is not said).
  [[nodiscard]] base::Result<std::vector<catalog::Invitation>> read_link(std::string_view secret) const;
  // By a new account. Errors: object_unknown, conflict (there is an account of this email), parameter_invalid (the password's form),
  // too_many_requests.
  base::Result<std::int64_t> accept_as_new(std::string_view secret, std::string_view name, std::string_view password) const;
  // By the account that is there. Errors: object_unknown, conflict (the invitation is somebody else's).
  base::Result<std::int64_t> accept_as(std::string_view secret, std::int64_t user) const;

 private:
  struct Place {
    catalog::Org org;
    std::int64_t team = 0;
  };
  [[nodiscard]] base::Result<Place> place_of(const RolePlace& place) const;
  [[nodiscard]] base::Result<SentInvitation> send(std::vector<catalog::Invitation> invitations, const std::string& secret,
                                                  const InvitationLetter& letter) const;

  catalog::AccountCatalog& rows_;
  auth::Passwords& passwords_;
  const base::Clock& clock_;
  InvitationOptions options_;
  outbound::Mailer* mailer_;
  catalog::Origin by_;
};

}  // namespace berth::service
