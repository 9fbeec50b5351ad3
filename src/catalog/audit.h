// The AuditLog over the catalog's own connections.
#pragma once

#include "berth/base/clock.h"
#include "berth/catalog/audit.h"
#include "catalog/audit_chain.h"
#include "catalog/readers.h"
#include "catalog/writer.h"

namespace berth::catalog {

class SqliteAudit final : public AuditLog {
 public:
  SqliteAudit(Readers& readers, Writer& writer, const AuditChain& chain, const base::Clock& clock)
      : readers_(readers), writer_(writer), chain_(chain), clock_(clock) {}

  base::Result<void> append(std::span<const AuditEvent> events) override;
  base::Result<AuditHead> get_head() override;
  base::Result<std::optional<std::string>> find_hash(std::int64_t seq) override;
  base::Result<AuditPage> list(const AuditQuery& query) override;
  base::Result<bool> seal(std::int64_t rows, base::TimePoint oldest) override;
  base::Result<bool> prune(base::TimePoint oldest, const Origin& by) override;
  base::Result<void> add_export(const AuditExport& wanted) override;
  base::Result<void> finish_exports() override;
  base::Result<std::vector<AuditExport>> list_exports(std::string_view org, std::size_t limit) override;
  base::Result<std::optional<AuditExport>> find_export(std::string_view org, std::string_view id) override;
  base::Result<bool> delete_export(std::string_view org, std::string_view id) override;
  base::Result<void> delete_old_exports(base::TimePoint oldest) override;

 private:
  [[nodiscard]] std::int64_t now() const { return base::to_unix_micros(clock_.now()); }

  Readers& readers_;
  Writer& writer_;
  const AuditChain& chain_;
  const base::Clock& clock_;
};

// In the order of the columns that the list queries name.
AuditRow audit_row_of(const Rows& rows);
AuditSegment segment_of(const Rows& rows);
base::Result<std::vector<AuditRow>> list_audit_rows(Connection& connection, std::int64_t after, std::size_t limit);
base::Result<std::vector<AuditSegment>> list_segments(Connection& connection);

}  // namespace berth::catalog
