// Repositories, and which of them holds which blob. Every function runs inside the caller's write transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "berth/base/error.h"
#include "berth/oci/digest.h"
#include "catalog/audit_chain.h"
#include "catalog/leases.h"
#include "catalog/sqlite.h"

namespace berth::catalog {

// A blob's row, as membership questions answer it.
struct BlobRow {
  std::uint64_t size = 0;
  std::int64_t leased_until = 0;
};

base::Result<std::optional<std::int64_t>> find_repository(Connection& connection, std::string_view name);
// The repository's id; makes it when missing.
base::Result<std::int64_t> ensure_repository(Connection& connection, std::string_view name, const Act& act);

base::Result<std::optional<BlobRow>> find_repository_blob(Connection& connection, std::int64_t repository,
                                                          std::string_view digest);
base::Result<std::optional<BlobRow>> find_blob_anywhere(Connection& connection, std::string_view digest);

// Links, makes the blob's row when missing (its tombstone, if it has one, goes), and renews its lease.
// Errors: corrupt when the blob is known with another size; busy (its bytes are being removed).
base::Result<void> link_blob(Connection& connection, const Leases& leases, std::int64_t repository, std::string_view digest,
                             std::uint64_t size, std::int64_t now);
// Fails with corrupt when the blob is in the register of damage (berth/catalog/damage.h).
base::Result<void> check_undamaged(Connection& connection, std::string_view digest);
// A sign of life: writes a new lease if that is worth it and no manifest of the repository keeps the blob.
base::Result<void> renew_lease(Connection& connection, const Leases& leases, std::int64_t repository, std::string_view digest,
                               std::int64_t leased_until, std::int64_t now);
// Errors: blob_unknown, blob_referenced.
base::Result<void> unlink_blob(Connection& connection, std::string_view repository_name, const oci::Digest& digest,
                               const Act& act);

}  // namespace berth::catalog
