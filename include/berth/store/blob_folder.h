// Blobs as files of a folder, without uploads or a daemon: backups are made of them.
//
// Layout: <folder>/blobs/<algorithm>/<2 hex>/<hex>, as in the data directory (blob_store.h), so that a data directory is one too.
// Durable: what take() returned for is durable after the next sync(). A file appears whole under its name or not at all.
// Threads: one at a time. Blocks on disk.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "berth/base/error.h"
#include "berth/base/fs.h"
#include "berth/oci/digest.h"

namespace berth::store {

class BlobFolder {
 public:
  // `folder` exists. The file system outlives this.
  BlobFolder(base::FileSystem& fs, std::string folder);

  // Whether the blob is here with this size; one stat, nothing is read. Errors: io_error.
  [[nodiscard]] base::Result<bool> has(const oci::Digest& digest, std::uint64_t size) const;

  enum class Taken : std::uint8_t { linked, copied, missing };
  // Brings the blob here from another folder: by a hard link where that works, else as a copy, which is compared with the digest.
  // Replaces what has the name. `missing`: it is not there. Errors: corrupt (other size or digest than it should have; nothing is
  // brought), storage_full, io_error.
  base::Result<Taken> take(const oci::Digest& digest, std::uint64_t size, const BlobFolder& from);
  // Makes durable what was taken and removed. Errors: storage_full, io_error.
  base::Result<void> sync();
  // Removes every blob that `keep` does not want, and what a killed take() left. How many went. Errors: io_error.
  base::Result<std::uint64_t> prune(const std::function<bool(const oci::Digest&)>& keep);

 private:
  [[nodiscard]] std::string path_of(const oci::Digest& digest) const;
  base::Result<std::string> make_directory_of(const oci::Digest& digest);
  base::Result<void> copy(const base::File& source, const oci::Digest& digest, const std::string& partial);

  base::FileSystem& fs_;
  std::string folder_;
  std::set<std::string> made_;      // directories that are known to be there
  std::set<std::string> unsynced_;  // directories whose names changed
  std::vector<std::byte> buffer_;
};

}  // namespace berth::store
