// The Catalog in one SQLite file.
#pragma once

#include <memory>
#include <string>

#include "berth/base/clock.h"
#include "berth/catalog/catalog.h"

namespace berth::catalog {

struct SqliteCatalogOptions {
  std::string path;  // DIR/catalog.sqlite; made when missing
  std::string vfs;   // a registered SQLite VFS for fault tests; empty = the default
  std::chrono::seconds lease{24 *
                             3600};  // HOUSE.md, Durability: how long an unreferenced blob is kept after its last sign of life
  std::string audit_key;             // authenticates the rows of the audit log; 32 secret bytes (service/audit.h keeps them)
  std::string default_org = "main";  // whose the repositories with names of one part are
};

// Opens, migrates (a copy of the file is kept beside it first: catalog.sqlite.before-<version>), starts the writer.
// Errors: corrupt, io_error, storage_full, configuration_invalid (a newer format than this binary knows: says both numbers).
base::Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const SqliteCatalogOptions& options, const base::Clock& clock);

}  // namespace berth::catalog
