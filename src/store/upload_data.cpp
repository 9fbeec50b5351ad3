#include "store/upload_data.h"

#include <vector>

#include "store/timed_sync.h"

namespace berth::store {
namespace {

constexpr std::size_t kReadBytes = 256UL << 10;
constexpr std::uint64_t kWritebackStepBytes = 4ULL << 20;

base::Result<std::uint64_t> hash_file(const base::File& file, base::Hasher& hasher, std::uint64_t from) {
  std::vector<std::byte> buffer(kReadBytes);
  for (std::uint64_t at = from;;) {
    BERTH_TRY(const std::size_t count, file.read(buffer, at));
    hasher.update(base::ByteView(buffer).first(count));
    at += count;
    if (count < buffer.size()) return at;
  }
}

}  // namespace

UploadData::UploadData(StoreCore& core, std::unique_ptr<base::File> file, base::HashAlgorithm algorithm)
    : UploadData(core, std::move(file), base::Hasher(algorithm), 0, 0) {}

UploadData::UploadData(StoreCore& core, std::unique_ptr<base::File> file, base::Hasher hasher, std::uint64_t offset,
                       std::uint64_t synced)
    : core_(&core), file_(std::move(file)), hasher_(std::move(hasher)), offset_(offset), writeback_(offset), synced_(synced) {}

base::Result<UploadData> UploadData::resume(StoreCore& core, std::unique_ptr<base::File> file, base::Hasher hasher,
                                            std::uint64_t hashed) {
  BERTH_TRY(const std::uint64_t size, hash_file(*file, hasher, hashed));
  return UploadData(core, std::move(file), std::move(hasher), size, hashed);
}

base::Result<void> UploadData::append(base::ByteView bytes) {
  touched_ = true;
  hasher_.update(bytes);
  BERTH_CHECK_OK(file_->write(bytes, offset_));
  offset_ += bytes.size();
  if (offset_ - writeback_ >= kWritebackStepBytes) {
    core_->writeback.start(file_, writeback_, offset_ - writeback_);
    writeback_ = offset_;
  }
  return {};
}

base::Result<void> UploadData::sync() {
  if (!touched_) return {};
  BERTH_CHECK_OK(timed_sync([&] { return file_->sync_data(); }));
  touched_ = false;
  synced_ = writeback_ = offset_;
  return {};
}

base::Result<std::string> UploadData::hex_digest(base::HashAlgorithm algorithm) const {
  if (algorithm == hasher_.algorithm()) return hasher_.hex_digest();
  base::Hasher other(algorithm);
  BERTH_TRY(const std::uint64_t size, hash_file(*file_, other, 0));
  if (size != offset_) return base::fail(base::ErrorCode::io_error, "the upload's bytes on disk changed while it was open");
  return other.hex_digest();
}

}  // namespace berth::store
