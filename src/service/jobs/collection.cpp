#include "berth/service/jobs.h"

namespace berth::service {

namespace {

class CollectionJob final : public Job {
 public:
  explicit CollectionJob(Collector& collector) : collector_(collector) {}

  [[nodiscard]] std::string_view name() const override { return "collection"; }

  [[nodiscard]] std::chrono::seconds interval() const override {
    switch (last_end_) {
      case CollectorRound::End::time_over: return std::chrono::seconds(0);
      case CollectorRound::End::share_used: return std::chrono::seconds(1);
      case CollectorRound::End::done: break;
    }
    return collector_.options().interval;
  }

  base::Result<void> run() override {
    last_end_ = CollectorRound::End::done;
    BERTH_CHECK_OK(collector_.sweep_if_needed());
    BERTH_TRY(const auto round, collector_.run_round());
    last_end_ = round.end;
    return {};
  }
  void stop() override { collector_.stop(); }

 private:
  Collector& collector_;
  CollectorRound::End last_end_ = CollectorRound::End::done;
};

}  // namespace

std::unique_ptr<Job> make_collection(Collector& collector) { return std::make_unique<CollectionJob>(collector); }

}  // namespace berth::service
