// Small files that must be whole or as they were: key rings, first words to an administrator.
#pragma once

#include <string>
#include <string_view>

#include "berth/base/error.h"
#include "berth/base/fs.h"

namespace berth::base {

// Makes `directory`/`name` hold `text`, durably: the old content or the new, whatever happens in between. Mode 0600.
// Errors: io_error, storage_full.
Result<void> replace_small_file(FileSystem& fs, const std::string& directory, const std::string& name, std::string_view text);

}  // namespace berth::base
