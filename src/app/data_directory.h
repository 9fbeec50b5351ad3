// The data directory as a whole: who uses it, and whether it may be used.
#pragma once

#include <memory>
#include <string>

#include "berth/base/error.h"
#include "berth/base/fs.h"

namespace berth::app {

// Makes the directory when it is missing and takes the lock that keeps a second process out; it ends with the File or the process.
// Errors: busy (another Berth uses it), io_error.
base::Result<std::unique_ptr<base::File>> lock_data(base::FileSystem& fs, const std::string& directory);

// Errors: configuration_invalid (no data there, or half a restore).
base::Result<void> must_be_data(base::FileSystem& fs, const std::string& directory);
// A directory that a restore began to fill and did not finish would look like an empty registry. Errors: configuration_invalid.
base::Result<void> refuse_half_restored(base::FileSystem& fs, const std::string& directory);

}  // namespace berth::app
