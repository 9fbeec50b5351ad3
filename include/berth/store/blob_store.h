// Bytes enter under their digest or not at all.
//
// What this is: blobs by digest, and uploads that become blobs. What it is not: who may see which blob, in which repository it is
// (catalog), or when it may go (service). Layout of the local store (local_blob_store.h):
//
//   DIR/blobs/<algorithm>/<first 2 hex>/<hex>     a blob, immutable
//   DIR/quarantine/<algorithm>.<hex>              a blob that was found damaged, until it is healed
//   DIR/uploads/<id>/session                      owner, algorithm, start; a checkpoint of offset and hash state
//   DIR/uploads/<id>/data                         the bytes so far; its length is the offset
//   DIR/uploads/free-<id>/session                 of an ended upload, kept for a new one; means nothing to anybody else
//
// Durable: when commit() returns, the blob survives kill -9 and power loss (file synced, named, directory synced). A blob is whole or
// absent under its name. An upload's bytes survive kill -9 once append() returned; after power loss offset() tells what is left.
// Threads: any thread may call BlobStore; an Upload belongs to one request at a time, across processes too (its session is locked).
// Every call may block on disk: worker threads only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "berth/base/bytes.h"
#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/base/fs.h"
#include "berth/oci/byte_range.h"
#include "berth/oci/digest.h"
#include "berth/oci/names.h"

namespace berth::store {

struct BlobInfo {
  oci::Digest digest;
  std::uint64_t size = 0;
};

// Bytes [offset, offset+length) of an open blob of `size` bytes. Stays readable after the blob was removed.
struct BlobReader {
  std::shared_ptr<const base::File> file;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// 32 lower-case hex digits, random.
class UploadId {
 public:
  // Errors: upload_unknown, for anything that cannot be an id.
  static base::Result<UploadId> parse(std::string_view text);
  static UploadId random();
  [[nodiscard]] const std::string& text() const { return text_; }
  friend bool operator==(const UploadId&, const UploadId&) = default;

 private:
  explicit UploadId(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// Whose session it is; every later request must say the same (security.md B1.15).
struct UploadOwner {
  std::string repository;
  std::string principal;
  friend bool operator==(const UploadOwner&, const UploadOwner&) = default;
};

struct UploadStatus {
  UploadId id;
  UploadOwner owner;
  base::HashAlgorithm algorithm = base::HashAlgorithm::sha256;
  std::uint64_t offset = 0;
  base::TimePoint last_activity;
};

// The one writer of an upload. Destroying it without commit() or discard() is a suspend().
class Upload {
 public:
  virtual ~Upload() = default;
  [[nodiscard]] virtual const UploadStatus& status() const = 0;
  [[nodiscard]] std::uint64_t offset() const { return status().offset; }

  // Takes the next bytes: hashes, writes, and starts their way to the disk so that the last sync is short.
  // Errors: storage_full, io_error; the whole session is then gone (discarded), as its bytes cannot be trusted.
  virtual base::Result<void> append(base::ByteView bytes) = 0;
  // Writes the checkpoint (offset, hash state), so that the next request need not read everything again.
  // Errors: as append().
  virtual base::Result<void> suspend() = 0;
  // Makes the bytes the blob `expected`, durably, and ends the session. Replaces a blob of the same digest (heals it).
  // A digest of another algorithm than the session's reads the bytes once more.
  // Errors: digest_mismatch (the session is gone), storage_full, io_error (the session is gone).
  virtual base::Result<BlobInfo> commit(const oci::Digest& expected) = 0;
  // Ends the session and frees its bytes. Errors: io_error.
  virtual base::Result<void> discard() = 0;
};

class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // Errors: io_error.
  [[nodiscard]] virtual base::Result<std::optional<BlobInfo>> find(const oci::Digest& digest) const = 0;
  // Bytes [range] of a blob; no range means the whole blob. `expected_size` is what the catalog says.
  // Errors: blob_unknown, range_invalid, corrupt (length on disk differs), io_error.
  // Spec: distribution-spec end-2; RFC 9110 §14.2.
  [[nodiscard]] virtual base::Result<BlobReader> open(const oci::Digest& digest, std::uint64_t expected_size,
                                                      std::optional<oci::ByteRange> range = std::nullopt) const = 0;

  // Starts a session. Survives kill -9 when it returns. Errors: storage_full, io_error.
  virtual base::Result<std::unique_ptr<Upload>> begin_upload(UploadOwner owner, base::HashAlgorithm algorithm) = 0;
  // Takes a session up where it stands. Errors: upload_unknown, upload_busy (another request writes to it), io_error.
  virtual base::Result<std::unique_ptr<Upload>> resume_upload(const UploadId& id) = 0;
  // A session that ends with the request: no id that anybody could come back to. Errors: storage_full, io_error.
  virtual base::Result<std::unique_ptr<Upload>> begin_single_upload(UploadOwner owner, base::HashAlgorithm algorithm) = 0;
  // Where a session stands, also while somebody writes to it. Errors: upload_unknown, io_error.
  [[nodiscard]] virtual base::Result<UploadStatus> get_upload(const UploadId& id) const = 0;
  // Removes sessions without bytes since `before`, and kept folders that no upload had since; leaves those that are written to. Returns
  // how many sessions went. Errors: io_error.
  virtual base::Result<std::uint64_t> expire_uploads(base::TimePoint before) = 0;

  // Removes a blob's name; open readers keep their bytes. False when it was not there. Errors: io_error.
  virtual base::Result<bool> remove(const oci::Digest& digest) = 0;
  // Takes a damaged blob out of reach, durably; its bytes are kept aside for the operator. `seen` is the reader that found the damage:
  // false, and nothing is moved, when the name has other bytes by now (a push healed it) or none. Errors: storage_full, io_error.
  virtual base::Result<bool> quarantine(const oci::Digest& digest, const BlobReader& seen) = 0;
  // Removes what quarantine() kept of this digest; false when there is nothing. Errors: io_error.
  virtual base::Result<bool> discard_quarantined(const oci::Digest& digest) = 0;
  // What quarantine() keeps, in no order. Errors: io_error.
  [[nodiscard]] virtual base::Result<std::vector<oci::Digest>> list_quarantined() const = 0;
  // Removes many names; a crash may bring some back. Returns how many were there. Errors: io_error (some may be gone).
  virtual base::Result<std::uint64_t> remove_all(std::span<const oci::Digest> digests) = 0;
  // Calls `visit` for every blob, in no order, until it returns false. Errors: io_error.
  virtual base::Result<void> for_each(const std::function<bool(const BlobInfo&)>& visit) const = 0;

  // Errors: io_error.
  [[nodiscard]] virtual base::Result<base::SpaceInfo> space() const = 0;
};

}  // namespace berth::store
