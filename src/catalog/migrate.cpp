#include "catalog/migrate.h"

#include <filesystem>

#include "berth/base/fs.h"
#include "berth/base/log.h"

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

// Refuses what is not ours before anything is written to it.
Result<std::int64_t> read_format(Connection& connection, std::int64_t newest) {
  BERTH_TRY(const std::int64_t version, connection.pragma("PRAGMA user_version"));
  BERTH_TRY(const std::int64_t application, connection.pragma("PRAGMA application_id"));
  BERTH_TRY(const std::int64_t schema, connection.pragma("PRAGMA schema_version"));
  const bool fresh = version == 0 && application == 0 && schema == 0;
  if (!fresh && application != kApplicationId) {
    return fail(ErrorCode::configuration_invalid, "the catalog's file belongs to another program");
  }
  if (version > newest) {
    return fail(ErrorCode::configuration_invalid, "the catalog has format " + std::to_string(version) +
                                                      ", this berth knows formats up to " + std::to_string(newest) +
                                                      ": run the berth that wrote it, or a newer one");
  }
  return version;
}

// Under a temporary name, sync, rename, sync the directory.
Result<void> copy_database(Connection& connection, const std::string& target) {
  base::FileSystem& fs = base::real_file_system();
  const std::string partial = target + ".partial";
  BERTH_TRY([[maybe_unused]] const bool removed, fs.remove(partial));
  {
    // Made here and not by SQLite, for the file mode.
    BERTH_TRY(const auto made, fs.open(partial, base::OpenMode::create));
  }
  BERTH_CHECK_OK(connection.copy_to(partial));
  BERTH_TRY(const auto file, fs.open(partial, base::OpenMode::read_write));
  if (file == nullptr) return fail(ErrorCode::io_error, "the copy of the catalog vanished");
  BERTH_CHECK_OK(file->sync_data());
  BERTH_CHECK_OK(fs.rename(partial, target));
  return fs.sync_directory(directory_of(target));
}

namespace {

Result<void> keep_copy(Connection& connection, const std::string& path, std::int64_t version) {
  const std::string kept = path + ".before-" + std::to_string(version);
  BERTH_CHECK_OK(copy_database(connection, kept));
  base::log::info("catalog copied before its migration", {{"copy", kept}, {"format", version}});
  return {};
}

Result<void> apply(Connection& connection, const Migration& migration) {
  BERTH_TRY(auto transaction, Transaction::begin(connection, Connection::Access::write));
  BERTH_CHECK_OK(connection.execute(migration.sql, migration.name));
  const std::string stamp =
      "PRAGMA application_id = " + std::to_string(kApplicationId) + "; PRAGMA user_version = " + std::to_string(migration.number);
  BERTH_CHECK_OK(connection.execute(stamp.c_str(), migration.name));
  BERTH_CHECK_OK(transaction.commit());
  base::log::info("catalog migrated", {{"migration", migration.name}});
  return {};
}

}  // namespace

std::string directory_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

Result<void> migrate(Connection& connection, const std::string& path, std::span<const Migration> migrations) {
  BERTH_TRY(const std::int64_t version, read_format(connection, static_cast<std::int64_t>(migrations.size())));
  // The mode lives in the file's header; on a file that has it already this changes nothing.
  BERTH_CHECK_OK(connection.execute("PRAGMA journal_mode = WAL", "journal_mode"));
  if (version == static_cast<std::int64_t>(migrations.size())) return {};
  if (version >= 1)
    BERTH_CHECK_OK(
        keep_copy(connection, path, version).map_error([](base::Error e) { return std::move(e).in("copy before migration"); }));
  for (const Migration& migration : migrations.subspan(static_cast<std::size_t>(version))) {
    BERTH_CHECK_OK(apply(connection, migration).map_error([&](base::Error e) { return std::move(e).in(migration.name); }));
  }
  return {};
}

}  // namespace berth::catalog
