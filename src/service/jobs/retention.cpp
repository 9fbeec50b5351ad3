#include "berth/service/jobs.h"

namespace berth::service {

namespace {

constexpr std::size_t kRepositoriesOfARound = 100;

class RetentionJob final : public Job {
 public:
  RetentionJob(RetentionService& retention, std::chrono::seconds interval) : retention_(retention), interval_(interval) {}
  [[nodiscard]] std::string_view name() const override { return "retention"; }
  // In the middle of the list it goes on at once, after other jobs had their turn.
  [[nodiscard]] std::chrono::seconds interval() const override { return after_.empty() ? interval_ : std::chrono::seconds(0); }
  base::Result<void> run() override {
    auto last = retention_.apply_to_many(after_, kRepositoriesOfARound);
    after_ = last.value_or(std::string());
    if (!last) return base::fail(std::move(last).error());
    return {};
  }
  void stop() override { retention_.stop(); }

 private:
  RetentionService& retention_;
  std::chrono::seconds interval_;
  std::string after_;
};

}  // namespace

std::unique_ptr<Job> make_retention(RetentionService& retention, std::chrono::seconds interval) {
  return std::make_unique<RetentionJob>(retention, interval);
}

}  // namespace berth::service
