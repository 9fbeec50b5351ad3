// The bytes of one upload on their way: hashed, written, and pushed towards the disk by `core` while they come, so that the last sync
// is short.
//
// What it is not: the session, its lock, or its checkpoint. Memory is bounded by the hasher; nothing is buffered here.
// Threads: one at a time. Blocks on disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "berth/base/bytes.h"
#include "berth/base/error.h"
#include "berth/base/fs.h"
#include "berth/base/hash.h"
#include "store/store_core.h"

namespace berth::store {

class UploadData {
 public:
  // A file without bytes.
  UploadData(StoreCore& core, std::unique_ptr<base::File> file, base::HashAlgorithm algorithm);
  // A file that has bytes; `hasher` has seen the first `hashed` of them, the others are read now. Errors: io_error.
  static base::Result<UploadData> resume(StoreCore& core, std::unique_ptr<base::File> file, base::Hasher hasher,
                                         std::uint64_t hashed);

  // Errors: storage_full, io_error; how many bytes the file then has is not known.
  base::Result<void> append(base::ByteView bytes);
  // Everything appended so far is on the disk afterwards. Errors: storage_full, io_error.
  base::Result<void> sync();
  // Of all bytes, lower-case hex. Another algorithm than the session's reads the file once more. Errors: io_error.
  [[nodiscard]] base::Result<std::string> hex_digest(base::HashAlgorithm algorithm) const;

  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  // Bytes that the last sync did not cover.
  [[nodiscard]] std::uint64_t unsynced() const { return offset_ - synced_; }
  [[nodiscard]] std::string hash_state() const { return hasher_.save_state(); }
  [[nodiscard]] base::File& file() { return *file_; }

 private:
  UploadData(StoreCore& core, std::unique_ptr<base::File> file, base::Hasher hasher, std::uint64_t offset, std::uint64_t synced);

  StoreCore* core_;
  std::shared_ptr<base::File> file_;
  base::Hasher hasher_;
  std::uint64_t offset_ = 0;
  std::uint64_t writeback_ = 0;  // write-back was asked for of everything before
  std::uint64_t synced_ = 0;     // a sync covered everything before
  bool touched_ = true;          // the file changed, or may have, since the last sync
};

}  // namespace berth::store
