#include "store/local_upload.h"

#include <algorithm>

#include "berth/base/log.h"
#include "berth/base/metrics.h"

namespace berth::store {
namespace {

using base::ErrorCode;

// A piece is hashed and then written while it is still in the processor's cache.
constexpr std::size_t kPieceBytes = 1UL << 20;
// Reading and hashing less than this again is cheaper than a sync and a checkpoint.
constexpr std::uint64_t kCheckpointWorthBytes = 4ULL << 20;

void count_commit(std::string_view outcome) { base::metrics::add(base::metrics::Metric::store_blob_commits, 1, {outcome}); }

}  // namespace

LocalUpload::LocalUpload(std::shared_ptr<StoreCore> core, UploadStatus status, std::optional<UploadData> data)
    : core_(std::move(core)), status_(std::move(status)), data_(std::move(data)) {
  status_.offset = data_ ? data_->offset() : 0;
}

base::Result<void> LocalUpload::check_open() const {
  if (over_) return base::fail(ErrorCode::upload_unknown, "this upload has ended; start a new one");
  return {};
}

base::Result<UploadData*> LocalUpload::data() {
  if (!data_) {
    BERTH_TRY(auto file, make_file());
    data_.emplace(*core_, std::move(file), status_.algorithm);
  }
  return &*data_;
}

base::Result<void> LocalUpload::append(base::ByteView bytes) {
  BERTH_CHECK_OK(check_open());
  while (!bytes.empty()) {
    const base::ByteView piece = bytes.first(std::min(bytes.size(), kPieceBytes));
    bytes = bytes.subspan(piece.size());
    if (auto appended = append_piece(piece); !appended) return base::fail(abandon(std::move(appended).error()));
  }
  status_.last_activity = core_->clock.now();
  return {};
}

base::Result<void> LocalUpload::append_piece(base::ByteView piece) {
  BERTH_TRY(UploadData* const file, data());
  BERTH_CHECK_OK(file->append(piece));
  status_.offset = file->offset();
  if (file->unsynced() >= core_->sync_step_bytes) BERTH_CHECK_OK(save_checkpoint(*file));
  return {};
}

base::Result<void> LocalUpload::suspend() {
  BERTH_CHECK_OK(check_open());
  if (!data_ || data_->unsynced() < kCheckpointWorthBytes) return {};
  if (auto saved = save_checkpoint(*data_); !saved) return base::fail(abandon(std::move(saved).error()));
  return {};
}

base::Result<BlobInfo> LocalUpload::commit(const oci::Digest& expected) {
  BERTH_CHECK_OK(check_open());
  auto info = become_blob(expected);
  if (!info) {
    count_commit(info.error().code() == ErrorCode::digest_mismatch ? "mismatch" : "failed");
    return base::fail(abandon(std::move(info).error()));
  }
  // The blob is durable: what cannot be cleared now is garbage that expire_uploads() finds.
  if (auto ended = end(Ending::became_blob); !ended) {
    base::log::warning("upload left behind after its commit",
                       {{"upload", status_.id.text()}, {"error", ended.error().context()}});
  }
  return info;
}

base::Result<BlobInfo> LocalUpload::become_blob(const oci::Digest& expected) {
  BERTH_TRY(UploadData* const file, data());
  BERTH_TRY(const std::string hex, file->hex_digest(expected.algorithm()));
  if (hex != expected.hex()) {
    const auto actual = oci::Digest::of_hex(expected.algorithm(), hex);
    return base::fail(ErrorCode::digest_mismatch, "the " + std::to_string(file->offset()) + " bytes received are " +
                                                      actual.text() + ", not " + expected.text());
  }
  BERTH_CHECK_OK(file->sync());
  BERTH_TRY(const Placement placement,
            core_->names.put(expected, [&](const std::string& path) { return give_name(file->file(), path); }));
  count_commit(placement == Placement::fresh ? "stored" : "replaced");
  return BlobInfo{expected, file->offset()};
}

base::Result<void> LocalUpload::discard() {
  BERTH_CHECK_OK(check_open());
  return end(Ending::thrown_away);
}

base::Result<void> LocalUpload::end(Ending ending) {
  over_ = true;
  auto cleared = clear(ending);
  data_.reset();
  return cleared;
}

base::Error LocalUpload::abandon(base::Error error) {
  if (auto ended = end(Ending::thrown_away); !ended) {
    base::log::warning("discarded upload left behind", {{"upload", status_.id.text()}, {"error", ended.error().context()}});
  }
  return std::move(error).in("upload " + status_.id.text());
}

}  // namespace berth::store
