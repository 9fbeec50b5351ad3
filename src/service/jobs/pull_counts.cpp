#include "berth/service/jobs.h"

namespace berth::service {

namespace {

class PullCountFlush final : public Job {
 public:
  explicit PullCountFlush(PullCounter& counter) : counter_(counter) {}
  [[nodiscard]] std::string_view name() const override { return "pull counts"; }
  [[nodiscard]] std::chrono::seconds interval() const override { return std::chrono::seconds(1); }
  base::Result<void> run() override { return counter_.flush(); }

 private:
  PullCounter& counter_;
};

}  // namespace

std::unique_ptr<Job> make_pull_count_flush(PullCounter& counter) { return std::make_unique<PullCountFlush>(counter); }

}  // namespace berth::service
