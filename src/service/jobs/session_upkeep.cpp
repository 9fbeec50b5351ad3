#include "berth/service/jobs.h"

namespace berth::service {

namespace {

class SessionUpkeep final : public Job {
 public:
  explicit SessionUpkeep(Sessions& sessions) : sessions_(sessions) {}
  [[nodiscard]] std::string_view name() const override { return "session upkeep"; }
  [[nodiscard]] std::chrono::seconds interval() const override { return std::chrono::minutes(10); }
  base::Result<void> run() override { return sessions_.tick(); }

 private:
  Sessions& sessions_;
};

}  // namespace

std::unique_ptr<Job> make_session_upkeep(Sessions& sessions) { return std::make_unique<SessionUpkeep>(sessions); }

}  // namespace berth::service
