// What the store and its open uploads share.
#pragma once

#include <cstdint>

#include "berth/base/clock.h"
#include "berth/base/fs.h"
#include "berth/store/local_blob_store.h"
#include "store/blob_names.h"
#include "store/paths.h"
#include "store/upload_folders.h"
#include "store/writeback.h"

namespace berth::store {

struct StoreCore {
  StoreCore(LocalBlobStoreOptions options, base::FileSystem& file_system, const base::Clock& wall_clock)
      : fs(file_system),
        clock(wall_clock),
        sync_step_bytes(options.sync_step_bytes),
        paths(std::move(options.directory)),
        names(fs, paths) {}

  base::FileSystem& fs;
  const base::Clock& clock;
  const std::uint64_t sync_step_bytes;
  const Paths paths;
  BlobNames names;
  UploadFolders folders;
  Writeback writeback;
  bool unnamed_files = false;  // the file system has O_TMPFILE; set once while the store opens
};

}  // namespace berth::store
