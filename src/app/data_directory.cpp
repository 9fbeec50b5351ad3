#include "app/data_directory.h"

#include "berth/service/backup.h"

namespace berth::app {

using base::ErrorCode;

base::Result<std::unique_ptr<base::File>> lock_data(base::FileSystem& fs, const std::string& directory) {
  BERTH_CHECK_OK(fs.make_directory(directory));
  BERTH_TRY(auto lock, fs.open(directory + "/lock", base::OpenMode::create));
  BERTH_TRY(const bool ours, lock->try_lock());
  if (!ours) {
    return base::fail(ErrorCode::busy,
                      "another Berth uses the data directory " + directory + "; stop it, or choose another with --data");
  }
  return lock;
}

base::Result<void> refuse_half_restored(base::FileSystem& fs, const std::string& directory) {
  BERTH_TRY(const auto mark, fs.find_info(directory + "/" + std::string(service::kRestoring)));
  if (!mark) return {};
  return base::fail(ErrorCode::configuration_invalid,
                    "a restore into " + directory + " was begun and not finished; run `berth restore` again");
}

base::Result<void> must_be_data(base::FileSystem& fs, const std::string& directory) {
  BERTH_TRY(const auto catalog, fs.find_info(directory + "/catalog.sqlite"));
  if (!catalog) {
    return base::fail(ErrorCode::configuration_invalid,
                      directory + " is no data directory: it has no catalog.sqlite; name one with --data");
  }
  return refuse_half_restored(fs, directory);
}

}  // namespace berth::app
