#include "berth/base/small_file.h"

#include <cerrno>

namespace berth::base {

Result<void> replace_small_file(FileSystem& fs, const std::string& directory, const std::string& name, std::string_view text) {
  const std::string path = directory + '/' + name;
  const std::string partial = path + ".partial";
  BERTH_TRY([[maybe_unused]] const bool removed, fs.remove(partial));
  {
    BERTH_TRY(const auto file, fs.open(partial, OpenMode::create_new));
    if (file == nullptr) return fail(system_error(EEXIST, "create " + partial));
    BERTH_CHECK_OK(file->write(as_bytes(text), 0));
    BERTH_CHECK_OK(file->sync_data());
  }
  BERTH_CHECK_OK(fs.rename(partial, path));
  return fs.sync_directory(directory);
}

}  // namespace berth::base
