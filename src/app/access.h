// Who may do what, as the settings say: everybody everything (--open), or accounts with their first administrator.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "berth/app/settings.h"
#include "berth/auth/accounts.h"
#include "berth/catalog/catalog.h"
#include "berth/outbound/mail.h"
#include "berth/service/accounts.h"
#include "berth/service/audit.h"
#include "berth/service/invitations.h"
#include "berth/service/jobs.h"
#include "berth/service/sessions.h"

namespace berth::app {

class AccessBox {
 public:
  // What is given outlives the box. Errors: those of auth::make_account_policy and of the catalog.
  static base::Result<std::unique_ptr<AccessBox>> open(const Settings& settings, catalog::Catalog& catalog, service::Audit& audit,
                                                       const base::Clock& clock);

  [[nodiscard]] const auth::Policy& policy() const { return *policy_; }
  [[nodiscard]] service::Invitations* invitations() { return invitations_ ? &*invitations_ : nullptr; }
  // With accounts: sees to it that there is an administrator, and gives data from before there were accounts its organisations.
  // `url`: where the daemon listens, with the path prefix, for DIR/first-admin.json. What that file says, when it was written now.
  base::Result<std::optional<std::string>> first_start(const std::string& url);
  // nullptr with --open: there are none.
  [[nodiscard]] service::Accounts* accounts() { return with_accounts_ == nullptr ? nullptr : &accounts_; }
  // Also with --open: for whoever administers on the machine.
  [[nodiscard]] service::Accounts& accounts_on_machine() { return accounts_; }
  [[nodiscard]] service::Sessions* sessions() { return with_accounts_ == nullptr ? nullptr : &sessions_; }
  void add_jobs(std::vector<std::unique_ptr<service::Job>>& jobs);

 private:
  AccessBox(const Settings& settings, catalog::Catalog& catalog, const base::Clock& clock)
      : directory_(settings.text(Setting::data)),
        default_org_(settings.text(Setting::default_org)),
        rows_(catalog.accounts()),
        accounts_(rows_, passwords_, clock, {.principal = "daemon"},
                  {default_org_, static_cast<std::int64_t>(settings.number(Setting::keys_per_user))}),
        sessions_(catalog.sessions(), session_options(settings), clock) {}
  static service::SessionOptions session_options(const Settings& settings);
  base::Result<std::string> make_administrator(const std::string& url);

  std::string directory_;
  std::string default_org_;
  catalog::AccountCatalog& rows_;
  auth::Passwords passwords_;
  service::Accounts accounts_;
  std::unique_ptr<outbound::Mailer> mailer_;
  std::optional<service::Invitations> invitations_;  // with accounts
  service::Sessions sessions_;
  std::unique_ptr<auth::Policy> policy_;
  auth::AccountPolicy* with_accounts_ = nullptr;  // policy_, unless it is the open one
};

}  // namespace berth::app
