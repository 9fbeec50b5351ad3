// The BlobStore in a directory of this machine. See blob_store.h for layout and promises.
#pragma once

#include <memory>
#include <string>

#include "berth/store/blob_store.h"

namespace berth::store {

struct LocalBlobStoreOptions {
  std::string directory;                                // DIR; blobs/ and uploads/ are made in it when missing
  std::uint64_t sync_step_bytes = 64ULL * 1024 * 1024;  // data is synced at least this often while it comes
};

// Errors: storage_full, io_error (also when `directory` is missing). Both references outlive the store.
base::Result<std::unique_ptr<BlobStore>> open_local_blob_store(LocalBlobStoreOptions options, base::FileSystem& fs,
                                                               const base::Clock& clock);

}  // namespace berth::store
