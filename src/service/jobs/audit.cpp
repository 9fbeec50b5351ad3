#include "berth/service/jobs.h"

namespace berth::service {

namespace {

class AuditFlush final : public Job {
 public:
  explicit AuditFlush(Audit& audit) : audit_(audit) {}
  [[nodiscard]] std::string_view name() const override { return "audit"; }
  [[nodiscard]] std::chrono::seconds interval() const override { return std::chrono::seconds(1); }
  base::Result<void> run() override { return audit_.flush(); }

 private:
  Audit& audit_;
};

class AuditUpkeep final : public Job {
 public:
  explicit AuditUpkeep(Audit& audit) : audit_(audit) {}
  [[nodiscard]] std::string_view name() const override { return "audit upkeep"; }
  [[nodiscard]] std::chrono::seconds interval() const override { return std::chrono::seconds(60); }
  base::Result<void> run() override { return audit_.tidy(); }
  void stop() override { audit_.stop_tidying(); }

 private:
  Audit& audit_;
};

}  // namespace

std::unique_ptr<Job> make_audit_flush(Audit& audit) { return std::make_unique<AuditFlush>(audit); }
std::unique_ptr<Job> make_audit_upkeep(Audit& audit) { return std::make_unique<AuditUpkeep>(audit); }

}  // namespace berth::service
