// What an operator does to a data directory as a whole, beside a running daemon or without one.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "berth/base/error.h"
#include "berth/catalog/audit.h"
#include "berth/service/backup.h"
#include "berth/service/verify.h"

namespace berth::app {

// Looks at every row and byte of the data directory. Without a daemon it takes the directory's lock, so that none starts meanwhile.
// Damage is in the report, whatever it is. Errors: configuration_invalid (no data there, or of another format), io_error, busy.
// `audit_head`: where the audit log ended when somebody noted it elsewhere.
base::Result<service::VerifyReport> verify_data(const std::string& data, service::MissingBlobs missing,
                                                const std::optional<catalog::AuditHead>& audit_head,
                                                const std::function<void(const service::VerifyReport&)>& progress);

// As service::back_up().
base::Result<service::BackupReport> back_up_data(const service::BackupPlace& place, const service::BackupProgress& progress);

// As service::restore(), under the directory's lock. Errors: also busy.
base::Result<service::BackupReport> restore_data(const service::BackupPlace& place, const service::BackupProgress& progress);

}  // namespace berth::app
