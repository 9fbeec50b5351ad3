#include "berth/app/maintenance.h"

#include "app/data_directory.h"
#include "berth/catalog/inspection.h"
#include "berth/store/local_blob_store.h"

namespace berth::app {

using base::ErrorCode;

namespace {

service::VerifyReport unreadable_database(const base::Error& error) {
  service::VerifyReport report;
  report.findings.push_back({service::Finding::Kind::database, "catalog.sqlite", error.message() + ": " + error.context()});
  return report;
}

}  // namespace

base::Result<service::VerifyReport> verify_data(const std::string& data, service::MissingBlobs missing,
                                                const std::optional<catalog::AuditHead>& audit_head,
                                                const std::function<void(const service::VerifyReport&)>& progress) {
  auto& fs = base::real_file_system();
  const base::SystemClock clock;
  BERTH_CHECK_OK(must_be_data(fs, data));
  const auto lock = lock_data(fs, data);
  // Busy is a daemon that serves: everything below goes beside it.
  if (!lock && lock.error().code() != ErrorCode::busy) return base::fail(lock.error());
  BERTH_TRY(const auto store, store::open_local_blob_store({.directory = data}, fs, clock));
  // Before the rows, which then know at least as much.
  BERTH_TRY(auto proof, service::read_audit_proof(fs, data));
  if (proof) proof->expected = audit_head;
  const auto catalog = catalog::open_sqlite_inspection(data + "/catalog.sqlite");
  if (!catalog && catalog.error().code() == ErrorCode::corrupt) return unreadable_database(catalog.error());
  if (!catalog) return base::fail(catalog.error());
  BERTH_TRY(auto report, service::verify(**catalog, *store, missing, progress));
  BERTH_CHECK_OK(service::verify_audit_log(**catalog, proof, report));
  return report;
}

base::Result<service::BackupReport> back_up_data(const service::BackupPlace& place, const service::BackupProgress& progress) {
  BERTH_CHECK_OK(must_be_data(base::real_file_system(), place.data));
  return service::back_up(place, base::SystemClock(), progress);
}

base::Result<service::BackupReport> restore_data(const service::BackupPlace& place, const service::BackupProgress& progress) {
  BERTH_TRY(const auto lock, lock_data(base::real_file_system(), place.data));
  return service::restore(place, progress);
}

}  // namespace berth::app
