// Handlers of invitations, and what those of users do with somebody who is not there yet.
#pragma once

#include "api/ngc/answers.h"
#include "berth/api/routes.h"
#include "berth/service/invitations.h"

namespace berth::api::ngc {

base::Result<Answer> list_invitations(const Services& services, Call& call);
base::Result<Answer> invite(const Services& services, Call& call);
base::Result<Answer> invite_to_account(const Services& services, Call& call);
base::Result<Answer> delete_invitation(const Services& services, Call& call);
base::Result<Answer> delete_invitations_of(const Services& services, Call& call);
base::Result<Answer> resend_invitation(const Services& services, Call& call);

// The answer to whoever invites: a user who has no id yet, the invitations, and the link where no mail server takes it to the invited.
http::Response invitation_answer(const Call& call, const service::SentInvitation& sent);
// Errors: those of service::Invitations::invite().
base::Result<Answer> invite_one(const Services& services, const Call& call, const service::RolePlace& place,
                                const std::string& email, const std::string& name, const std::vector<catalog::Role>& roles);
// With these roles from now on. Whoever changes an invitation may get its link, so that he must be allowed to give all that is in it.
base::Result<Answer> set_roles_of(const Services& services, const Call& call, const catalog::Invitation& invitation,
                                  std::vector<catalog::Role> roles);

}  // namespace berth::api::ngc
