#include "berth/service/jobs.h"

namespace berth::service {

namespace {

class AccountUpkeep final : public Job {
 public:
  explicit AccountUpkeep(auth::AccountPolicy& policy) : policy_(policy) {}
  // The last minute's uses of keys are noted also when the daemon stops. A failure then is the catalog's to report.
  ~AccountUpkeep() override { static_cast<void>(policy_.tick()); }
  [[nodiscard]] std::string_view name() const override { return "account upkeep"; }
  [[nodiscard]] std::chrono::seconds interval() const override { return std::chrono::seconds(60); }
  base::Result<void> run() override { return policy_.tick(); }

 private:
  auth::AccountPolicy& policy_;
};

}  // namespace

std::unique_ptr<Job> make_account_upkeep(auth::AccountPolicy& policy) { return std::make_unique<AccountUpkeep>(policy); }

}  // namespace berth::service
