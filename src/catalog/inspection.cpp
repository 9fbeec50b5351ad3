#include "berth/catalog/inspection.h"

#include <utility>

#include "berth/base/fs.h"
#include "catalog/audit.h"
#include "catalog/damage.h"
#include "catalog/migrate.h"
#include "catalog/sqlite.h"

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

class SqliteInspection final : public Inspection {
 public:
  explicit SqliteInspection(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  Result<std::vector<std::string>> check_structure() override { return catalog::check_structure(*connection_); }

  Result<std::vector<BlobRecord>> list_blobs(std::string_view after, std::size_t limit) override {
    return list_blob_records(*connection_, after, limit);
  }

  Result<bool> has_blob(std::string_view digest) override { return connection_->exists(Query::find_blob_row, {digest}); }

  Result<std::vector<ManifestRecord>> list_manifests(std::int64_t after, std::size_t limit) override {
    BERTH_TRY(auto rows, connection_->query(Query::list_manifest_records, {after, static_cast<std::int64_t>(limit)}));
    std::vector<ManifestRecord> records;
    while (true) {
      BERTH_TRY(const bool found, rows.next());
      if (!found) return records;
      ManifestRecord record{.id = rows.integer(0),
                            .repository_id = rows.integer(1),
                            .repository = std::string(rows.text(2)),
                            .digest = std::string(rows.text(3)),
                            .media_type = std::string(rows.text(4)),
                            .size = static_cast<std::uint64_t>(rows.integer(5)),
                            .bytes = std::nullopt,
                            .crc32 = rows.integer(7)};
      if (!rows.is_null(6)) record.bytes = std::string(rows.text(6));
      records.push_back(std::move(record));
    }
  }

  Result<bool> has_manifest(std::int64_t repository_id, std::string_view digest) override {
    return connection_->exists(Query::find_manifest_row, {repository_id, digest});
  }

  Result<std::vector<ReferenceRecord>> list_references(std::int64_t manifest) override {
    BERTH_TRY(auto rows, connection_->query(Query::list_reference_records, {manifest}));
    std::vector<ReferenceRecord> records;
    while (true) {
      BERTH_TRY(const bool found, rows.next());
      if (!found) return records;
      records.push_back({std::string(rows.text(0)), static_cast<ReferenceRole>(rows.integer(1))});
    }
  }

  Result<std::vector<AuditRow>> list_audit(std::int64_t after, std::size_t limit) override {
    return list_audit_rows(*connection_, after, limit);
  }
  Result<std::vector<AuditSegment>> list_audit_segments() override { return list_segments(*connection_); }

  Result<bool> is_linked(std::int64_t repository_id, std::string_view digest) override {
    return connection_->exists(Query::find_repository_blob, {repository_id, digest});
  }

 private:
  std::unique_ptr<Connection> connection_;
};

// A connection that reads a catalog of exactly our format.
Result<std::unique_ptr<Connection>> open_for_reading(const std::string& path) {
  BERTH_TRY(const auto info, base::real_file_system().find_info(path));
  if (!info) return fail(ErrorCode::configuration_invalid, "there is no catalog at " + path);
  BERTH_TRY(auto connection, Connection::open(path, "", Connection::Access::read));
  const auto newest = static_cast<std::int64_t>(embedded_migrations().size());
  BERTH_TRY(const auto format, read_format(*connection, newest));
  if (format < newest) {
    return fail(ErrorCode::configuration_invalid, "the catalog has format " + std::to_string(format) +
                                                      ", this berth works with format " + std::to_string(newest) +
                                                      ": `berth serve` brings it there");
  }
  return connection;
}

}  // namespace

Result<std::unique_ptr<Inspection>> open_sqlite_inspection(const std::string& path) {
  BERTH_TRY(auto connection, open_for_reading(path));
  return std::make_unique<SqliteInspection>(std::move(connection));
}

Result<void> copy_sqlite_catalog(const std::string& path, const std::string& target) {
  BERTH_TRY(const auto connection, open_for_reading(path));
  return copy_database(*connection, target);
}

}  // namespace berth::catalog
