// Gives synced files their blob's name, durably: the last step of every commit.
//
// What is durable: when put() returns, the name, and the directories above it, survive power loss. When it fails, the blob is not
// there (unless it was before, or another commit of the same digest brought it): nothing that was not acknowledged stays visible.
// Any thread, any number of commits of one digest at once; blocks on disk.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "berth/base/error.h"
#include "berth/base/fs.h"
#include "berth/base/synced.h"
#include "berth/oci/digest.h"
#include "store/directory_sync.h"
#include "store/paths.h"

namespace berth::store {

enum class Placement : std::uint8_t { fresh, replaced };

class BlobNames {
 public:
  // Makes the file appear at the blob's path, atomically. The path's directory is there.
  using Place = std::function<base::Result<void>(const std::string& path)>;

  BlobNames(base::FileSystem& fs, const Paths& paths);

  // Makes blobs/ and its algorithm directories when they are missing; durable afterwards. Errors: storage_full, io_error.
  base::Result<void> prepare();
  // Errors: those of `place`; storage_full, io_error.
  base::Result<Placement> put(const oci::Digest& digest, const Place& place);
  // Takes a name away, durably. False when it was not there. Errors: io_error.
  base::Result<bool> remove(const oci::Digest& digest);
  // Moves the file to its place in quarantine/, durably, if the blob's name is still this file and no commit of the digest is under
  // way. Errors: storage_full, io_error.
  base::Result<bool> quarantine(const oci::Digest& digest, const base::File& file);

 private:
  // The commits of one digest that are between their first look at the name and their end.
  struct Claim {
    unsigned commits = 0;
    bool placing = false;  // one of these commits has looked, and now gives its file the name
    bool placed = false;   // one of them did
    bool keep = false;     // the blob was there before them, or one of them was acknowledged
  };
  using Claims = std::map<oci::Digest, Claim>;

  base::Result<Placement> place_and_sync(const oci::Digest& digest, const Place& place);
  base::Result<void> ensure_directory(const oci::Digest& digest);
  base::Result<void> learn_directories(base::HashAlgorithm algorithm);
  std::atomic<bool>& durable_directory(base::HashAlgorithm algorithm, std::string_view two_hex);

  base::FileSystem& fs_;
  const Paths& paths_;
  DirectorySync directory_sync_;
  base::Synced<Claims> claims_;
  // Which blobs/<algorithm>/<2 hex> are known to exist durably, so that a commit neither makes nor syncs them again.
  std::array<std::atomic<bool>, 2UL * 256> durable_directories_{};
};

}  // namespace berth::store
