// The folder of a session, seen from outside: where it stands, and how all of it goes.
#pragma once

#include <optional>
#include <string>

#include "berth/base/fs.h"
#include "berth/store/blob_store.h"
#include "store/paths.h"
#include "store/session_file.h"
#include "store/upload_folders.h"

namespace berth::store {

// The whole session file through an open File. Errors: io_error.
base::Result<std::string> read_session_file(const base::File& file);

// Where the session stands, without taking its lock. Errors: upload_unknown, io_error.
base::Result<UploadStatus> read_upload_status(base::FileSystem& fs, const Paths& paths, const UploadId& id);

// Removes session, data and folder (a path), in this order: an upload is gone as soon as its session is. Tries everything, reports the
// first failure. Errors: io_error.
base::Result<void> remove_upload_files(base::FileSystem& fs, const std::string& folder);

// Removes every session without bytes since `before` that nobody writes to, folders that are no session, and kept folders that no upload
// had since. Returns how many of the first two. Errors: io_error, after everything else was tried.
base::Result<std::uint64_t> expire_upload_files(base::FileSystem& fs, const Paths& paths, UploadFolders& folders,
                                                base::TimePoint before);

// Removes the kept folders of processes that are no more. Only warns when it cannot: they cost nothing but their names.
void remove_kept_folders(base::FileSystem& fs, const Paths& paths, UploadFolders& folders);

}  // namespace berth::store
