// The catalog's rows as they are, for whoever doubts them: `berth verify` and backups.
//
// What this is: raw rows read through a connection of its own that changes nothing, beside a running daemon or without one. What it is
// not: a check of blob bytes (service/verify.h). Pages are read one by one, each its own moment, so that a long look never holds up
// the daemon's log. Texts come as they stand in the database, which may be what is damaged. Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/base/error.h"
#include "berth/catalog/audit.h"
#include "berth/catalog/damage.h"

namespace berth::catalog {

struct ManifestRecord {
  std::int64_t id = 0;
  std::int64_t repository_id = 0;
  std::string repository;  // "" when its row is missing
  std::string digest;
  std::string media_type;
  std::uint64_t size = 0;
  std::optional<std::string> bytes;  // nullopt when their row is missing
  std::int64_t crc32 = 0;            // as stored
};

// As manifest_references.role.
enum class ReferenceRole : std::int64_t { blob = 0, child = 1, subject = 2, foreign_blob = 3 };

struct ReferenceRecord {
  std::string digest;
  ReferenceRole role = ReferenceRole::blob;
};

class Inspection {
 public:
  virtual ~Inspection() = default;

  // What SQLite itself finds wrong with the file and with references between rows; empty when nothing. Reads the whole file.
  [[nodiscard]] virtual base::Result<std::vector<std::string>> check_structure() = 0;
  // In the order of their digests, after `after`, at most `limit`.
  [[nodiscard]] virtual base::Result<std::vector<BlobRecord>> list_blobs(std::string_view after, std::size_t limit) = 0;
  // Whether the blob's row is still there.
  [[nodiscard]] virtual base::Result<bool> has_blob(std::string_view digest) = 0;
  // In the order of their ids, after `after`, at most `limit`.
  [[nodiscard]] virtual base::Result<std::vector<ManifestRecord>> list_manifests(std::int64_t after, std::size_t limit) = 0;
  // Whether the manifest's row is still there.
  [[nodiscard]] virtual base::Result<bool> has_manifest(std::int64_t repository_id, std::string_view digest) = 0;
  // What the rows say that a manifest names, in the order of digest and role.
  [[nodiscard]] virtual base::Result<std::vector<ReferenceRecord>> list_references(std::int64_t manifest) = 0;
  // The audit log's rows in their order, after number `after`, at most `limit`; and its segments.
  [[nodiscard]] virtual base::Result<std::vector<AuditRow>> list_audit(std::int64_t after, std::size_t limit) = 0;
  [[nodiscard]] virtual base::Result<std::vector<AuditSegment>> list_audit_segments() = 0;
  // Whether the repository holds the blob.
  [[nodiscard]] virtual base::Result<bool> is_linked(std::int64_t repository_id, std::string_view digest) = 0;
};

// Errors: configuration_invalid (there is no catalog at `path`, or one of another format: both numbers are named), corrupt, io_error.
base::Result<std::unique_ptr<Inspection>> open_sqlite_inspection(const std::string& path);

// Copies the catalog at `path` as it stands in one moment to the new file `target`, durably, while others read and write it.
// Errors: as open_sqlite_inspection(), storage_full.
base::Result<void> copy_sqlite_catalog(const std::string& path, const std::string& target);

}  // namespace berth::catalog
