// The audit log's place in a data directory: its key, its head, and the catalog that chains with them.
#pragma once

#include <memory>

#include "app/collector_options.h"
#include "berth/base/fs.h"
#include "berth/catalog/sqlite_catalog.h"
#include "berth/service/audit.h"
#include "berth/service/audit_files.h"

namespace berth::app {

inline service::AuditOptions audit_options(const Settings& settings) {
  return {.data = settings.text(Setting::data),
          .keep = seconds_of(settings, Setting::audit_keep),
          .default_org = settings.text(Setting::default_org)};
}

// The catalog of the data directory, with the key that its audit rows are chained with.
inline base::Result<std::unique_ptr<catalog::Catalog>> open_catalog(const Settings& settings, const base::Clock& clock) {
  const auto& data = settings.text(Setting::data);
  BERTH_TRY(auto key, service::open_audit_key(base::real_file_system(), data));
  return catalog::open_sqlite_catalog({.path = data + "/catalog.sqlite",
                                       .lease = lease_of(settings),
                                       .audit_key = std::move(key),
                                       .default_org = settings.text(Setting::default_org)},
                                      clock);
}

}  // namespace berth::app
