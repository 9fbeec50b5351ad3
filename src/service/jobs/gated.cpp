#include <algorithm>

#include "berth/service/jobs.h"

namespace berth::service {

namespace {

class GatedJob final : public Job {
 public:
  GatedJob(const WriteGate& gate, std::unique_ptr<Job> job) : gate_(gate), job_(std::move(job)) {}
  [[nodiscard]] std::string_view name() const override { return job_->name(); }
  // What the job was in the middle of waits for the gate, and the gate is not asked without pause.
  [[nodiscard]] std::chrono::seconds interval() const override { return waits_ ? std::chrono::seconds(1) : job_->interval(); }
  base::Result<void> run() override {
    waits_ = !gate_.check();
    if (waits_) return {};
    return job_->run();
  }
  void stop() override { job_->stop(); }

 private:
  const WriteGate& gate_;
  std::unique_ptr<Job> job_;
  bool waits_ = false;
};

}  // namespace

std::unique_ptr<Job> make_gated(const WriteGate& gate, std::unique_ptr<Job> job) {
  return std::make_unique<GatedJob>(gate, std::move(job));
}

}  // namespace berth::service
