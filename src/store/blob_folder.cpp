#include "berth/store/blob_folder.h"

#include <utility>

#include "berth/base/hash.h"
#include "store/paths.h"

namespace berth::store {

namespace {

using base::ErrorCode;
using base::fail;

constexpr std::size_t kBufferBytes = 1UL << 20;
constexpr std::string_view kPartial = ".partial";

}  // namespace

BlobFolder::BlobFolder(base::FileSystem& fs, std::string folder) : fs_(fs), folder_(std::move(folder)), buffer_(kBufferBytes) {}

std::string BlobFolder::path_of(const oci::Digest& digest) const { return Paths(folder_).blob(digest); }

base::Result<bool> BlobFolder::has(const oci::Digest& digest, std::uint64_t size) const {
  BERTH_TRY(const auto info, fs_.find_info(path_of(digest)));
  return info && !info->directory && info->size == size;
}

base::Result<std::string> BlobFolder::make_directory_of(const oci::Digest& digest) {
  const Paths paths(folder_);
  std::string directory = paths.blob_directory(digest);
  if (made_.contains(directory)) return directory;
  std::string above = folder_;
  for (const std::string& path : {paths.blobs(), paths.algorithm_directory(digest.algorithm()), directory}) {
    BERTH_TRY([[maybe_unused]] const bool made, fs_.make_directory(path));
    // Also when it was there: a run that was killed may have made it and not synced it.
    unsynced_.insert(above);
    above = path;
  }
  made_.insert(directory);
  return directory;
}

base::Result<BlobFolder::Taken> BlobFolder::take(const oci::Digest& digest, std::uint64_t size, const BlobFolder& from) {
  BERTH_TRY(const auto source, fs_.open(from.path_of(digest), base::OpenMode::read));
  if (!source) return Taken::missing;
  BERTH_TRY(const auto actual, source->size());
  if (actual != size) {
    return fail(base::Error(ErrorCode::corrupt, "blob " + digest.text() + " is damaged")
                    .in("its file has " + std::to_string(actual) + " bytes, not " + std::to_string(size)));
  }
  BERTH_TRY(const std::string directory, make_directory_of(digest));
  const std::string path = path_of(digest);
  const std::string partial = path + std::string(kPartial);
  BERTH_TRY([[maybe_unused]] const bool removed, fs_.remove(partial));
  // Another file system, too many links, a file system without links: then the bytes are copied.
  const auto linked = fs_.link(*source, partial);
  const bool is_link = linked && *linked;
  if (!is_link) BERTH_CHECK_OK(copy(*source, digest, partial));
  BERTH_CHECK_OK(fs_.rename(partial, path));
  unsynced_.insert(directory);
  return is_link ? Taken::linked : Taken::copied;
}

base::Result<void> BlobFolder::copy(const base::File& source, const oci::Digest& digest, const std::string& partial) {
  BERTH_TRY(const auto file, fs_.open(partial, base::OpenMode::create));
  if (!file) return fail(ErrorCode::io_error, "the copy of a blob could not be made");
  base::Hasher hasher(digest.algorithm());
  for (std::uint64_t offset = 0;;) {
    BERTH_TRY(const std::size_t count, source.read(buffer_, offset));
    if (count == 0) break;
    const auto piece = base::ByteView(buffer_).first(count);
    hasher.update(piece);
    BERTH_CHECK_OK(file->write(piece, offset));
    file->start_writeback(offset, count);
    offset += count;
  }
  if (hasher.hex_digest() != digest.hex()) {
    (void)fs_.remove(partial);
    return fail(base::Error(ErrorCode::corrupt, "blob " + digest.text() + " is damaged").in("its bytes do not have its digest"));
  }
  return file->sync_data();
}

base::Result<void> BlobFolder::sync() {
  for (const std::string& directory : unsynced_) BERTH_CHECK_OK(fs_.sync_directory(directory));
  unsynced_.clear();
  return {};
}

base::Result<std::uint64_t> BlobFolder::prune(const std::function<bool(const oci::Digest&)>& keep) {
  std::uint64_t count = 0;
  const Paths paths(folder_);
  for (const auto algorithm : {base::HashAlgorithm::sha256, base::HashAlgorithm::sha512}) {
    BERTH_TRY(const auto directories, fs_.list(paths.algorithm_directory(algorithm)));
    for (const std::string& two_hex : directories) {
      const std::string directory = paths.algorithm_directory(algorithm) + "/" + two_hex;
      BERTH_TRY(const auto names, fs_.list(directory));
      for (const std::string& name : names) {
        const auto digest = oci::Digest::parse(std::string(base::hash_algorithm_name(algorithm)) + ":" + name);
        if (digest ? keep(*digest) : !name.ends_with(kPartial)) continue;
        BERTH_TRY([[maybe_unused]] const bool removed, fs_.remove(directory + "/" + name));
        unsynced_.insert(directory);
        ++count;
      }
    }
  }
  return count;
}

}  // namespace berth::store
