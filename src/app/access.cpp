#include "app/access.h"

#include "app/mail.h"
#include "berth/base/fs.h"
#include "berth/base/json.h"
#include "berth/base/log.h"
#include "berth/base/small_file.h"

namespace berth::app {

using base::Result;

Result<std::unique_ptr<AccessBox>> AccessBox::open(const Settings& settings, catalog::Catalog& catalog, service::Audit& audit,
                                                   const base::Clock& clock) {
  std::unique_ptr<AccessBox> box(new AccessBox(settings, catalog, clock));
  if (settings.boolean(Setting::open)) {
    box->policy_ = std::make_unique<auth::OpenPolicy>();
    BERTH_CHECK_OK(box->rows_.note_open_data());
    return box;
  }
  BERTH_TRY(auto policy,
            auth::make_account_policy(
                {.key_directory = box->directory_ + "/keys",
                 .default_org = box->default_org_,
                 .service = settings.text(Setting::public_url),
                 .token_lifetime = std::chrono::duration_cast<std::chrono::seconds>(settings.duration(Setting::token_lifetime))},
                catalog, base::real_file_system(), audit, clock));
  box->with_accounts_ = policy.get();
  BERTH_TRY(box->mailer_, make_mailer(settings));
  const service::InvitationOptions invitations{
      std::chrono::duration_cast<std::chrono::seconds>(settings.duration(Setting::invitation_lifetime))};
  box->invitations_.emplace(box->rows_, box->passwords_, clock, invitations, box->mailer_.get(), catalog::Origin{"daemon"});
  box->policy_ = std::move(policy);
  return box;
}

Result<std::optional<std::string>> AccessBox::first_start(const std::string& url) {
  if (with_accounts_ == nullptr) return std::nullopt;
  std::optional<std::string> note;
  BERTH_TRY(auto administrator, accounts_.find_administrator());
  if (!administrator) {
    BERTH_TRY(const bool fresh, accounts_.has_nobody());
    if (!fresh) {
      return base::fail(base::ErrorCode::configuration_invalid,
                        "there are users and no platform administrator; make one with `berth admin user promote EMAIL`");
    }
    BERTH_TRY(note, make_administrator(url));
    BERTH_TRY(administrator, accounts_.find_administrator());
  }
  if (!administrator) return base::fail(base::ErrorCode::internal, "there is no administrator");
  BERTH_TRY(const auto adopted, rows_.adopt_orgs(*administrator, default_org_, {.principal = "daemon"}));
  if (adopted > 0)
    base::log::info("organisations of data from before accounts belong to the administrator now", {{"count", adopted}});
  return note;
}

// DIR/first-admin.json, mode 0600:  {"url","email","password","key","org"}
// Written before the rows: a start that is cut off between the two leaves words that open nothing, and the next start writes new ones.
Result<std::string> AccessBox::make_administrator(const std::string& url) {
  BERTH_TRY(const auto first, accounts_.prepare_first(default_org_));
  const base::OrderedJson document = {{"url", url},
                                      {"email", first.email},
                                      {"password", first.password},
                                      {"key", first.key.berth_spelling()},
                                      {"org", first.org}};
  auto text = document.dump(2) + '\n';
  BERTH_CHECK_OK(base::replace_small_file(base::real_file_system(), directory_, "first-admin.json", text));
  BERTH_CHECK_OK(accounts_.store_first(first));
  base::log::info("first start: there is an administrator now", {{"file", directory_ + "/first-admin.json"}});
  return text;
}

service::SessionOptions AccessBox::session_options(const Settings& settings) {
  const auto seconds = [&](Setting setting) {
    return std::chrono::duration_cast<std::chrono::seconds>(settings.duration(setting));
  };
  return {seconds(Setting::session_idle), seconds(Setting::session_lifetime)};
}

void AccessBox::add_jobs(std::vector<std::unique_ptr<service::Job>>& jobs) {
  if (with_accounts_ == nullptr) return;
  jobs.push_back(service::make_account_upkeep(*with_accounts_));
  jobs.push_back(service::make_session_upkeep(sessions_));
}

}  // namespace berth::app
