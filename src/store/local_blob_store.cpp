#include "berth/store/local_blob_store.h"

#include "berth/base/log.h"
#include "berth/base/metrics.h"
#include "store/session_upload.h"
#include "store/store_core.h"
#include "store/unnamed_upload.h"
#include "store/upload_files.h"

namespace berth::store {
namespace {

using base::ErrorCode;

class LocalBlobStore final : public BlobStore {
 public:
  explicit LocalBlobStore(std::shared_ptr<StoreCore> core) : core_(std::move(core)) {}

  base::Result<std::optional<BlobInfo>> find(const oci::Digest& digest) const override;
  base::Result<BlobReader> open(const oci::Digest& digest, std::uint64_t expected_size,
                                std::optional<oci::ByteRange> range) const override;

  base::Result<std::unique_ptr<Upload>> begin_upload(UploadOwner owner, base::HashAlgorithm algorithm) override {
    return SessionUpload::begin(core_, std::move(owner), algorithm);
  }
  base::Result<std::unique_ptr<Upload>> resume_upload(const UploadId& id) override { return SessionUpload::resume(core_, id); }
  base::Result<std::unique_ptr<Upload>> begin_single_upload(UploadOwner owner, base::HashAlgorithm algorithm) override;
  base::Result<UploadStatus> get_upload(const UploadId& id) const override {
    return read_upload_status(core_->fs, core_->paths, id);
  }
  base::Result<std::uint64_t> expire_uploads(base::TimePoint before) override;

  base::Result<bool> remove(const oci::Digest& digest) override { return core_->names.remove(digest); }
  base::Result<bool> quarantine(const oci::Digest& digest, const BlobReader& seen) override {
    return core_->names.quarantine(digest, *seen.file);
  }
  base::Result<bool> discard_quarantined(const oci::Digest& digest) override {
    return core_->fs.remove(core_->paths.quarantined(digest));
  }
  base::Result<std::vector<oci::Digest>> list_quarantined() const override;
  base::Result<std::uint64_t> remove_all(std::span<const oci::Digest> digests) override;
  base::Result<void> for_each(const std::function<bool(const BlobInfo&)>& visit) const override;
  base::Result<base::SpaceInfo> space() const override { return core_->fs.space(core_->paths.root()); }

 private:
  // False when `visit` wants no more.
  base::Result<bool> visit_directory(base::HashAlgorithm algorithm, const std::string& two_hex,
                                     const std::function<bool(const BlobInfo&)>& visit) const;

  std::shared_ptr<StoreCore> core_;
};

base::Result<std::optional<BlobInfo>> LocalBlobStore::find(const oci::Digest& digest) const {
  BERTH_TRY(const auto info, core_->fs.find_info(core_->paths.blob(digest)));
  if (!info || info->directory) return std::nullopt;
  return BlobInfo{digest, info->size};
}

base::Result<BlobReader> LocalBlobStore::open(const oci::Digest& digest, std::uint64_t expected_size,
                                              std::optional<oci::ByteRange> range) const {
  BERTH_TRY(std::shared_ptr<const base::File> file, core_->fs.open(core_->paths.blob(digest), base::OpenMode::read));
  if (!file) return base::fail(ErrorCode::blob_unknown, "there is no blob " + digest.text());
  BERTH_TRY(const std::uint64_t size, file->size());
  if (size != expected_size) {
    return base::fail(base::Error(ErrorCode::corrupt, "blob " + digest.text() + " is damaged")
                          .in("its file has " + std::to_string(size) + " bytes, not " + std::to_string(expected_size)));
  }
  const auto wanted = range.value_or(oci::ByteRange{0, size});
  if (wanted.offset > size || wanted.length > size - wanted.offset) {
    return base::fail(ErrorCode::range_invalid, "the range is outside the blob's " + std::to_string(size) + " bytes");
  }
  return BlobReader{std::move(file), size, wanted.offset, wanted.length};
}

base::Result<std::unique_ptr<Upload>> LocalBlobStore::begin_single_upload(UploadOwner owner, base::HashAlgorithm algorithm) {
  if (core_->unnamed_files) return UnnamedUpload::begin(core_, std::move(owner), algorithm);
  return SessionUpload::begin_single(core_, std::move(owner), algorithm);
}

base::Result<std::uint64_t> LocalBlobStore::expire_uploads(base::TimePoint before) {
  auto expired = expire_upload_files(core_->fs, core_->paths, core_->folders, before);
  if (expired && *expired > 0) base::metrics::add(base::metrics::Metric::store_uploads_expired, static_cast<double>(*expired));
  return expired;
}

base::Result<std::vector<oci::Digest>> LocalBlobStore::list_quarantined() const {
  BERTH_TRY(const auto names, core_->fs.list(core_->paths.quarantine()));
  std::vector<oci::Digest> digests;
  for (std::string name : names) {
    const auto dot = name.find('.');
    if (dot == std::string::npos) continue;  // not made by us
    name[dot] = ':';
    if (auto digest = oci::Digest::parse(name)) digests.push_back(*std::move(digest));
  }
  return digests;
}

base::Result<std::uint64_t> LocalBlobStore::remove_all(std::span<const oci::Digest> digests) {
  std::uint64_t removed = 0;
  for (const auto& digest : digests) {
    BERTH_TRY(const bool there, core_->fs.remove(core_->paths.blob(digest)));
    removed += there ? 1 : 0;
  }
  return removed;
}

base::Result<void> LocalBlobStore::for_each(const std::function<bool(const BlobInfo&)>& visit) const {
  for (const auto algorithm : {base::HashAlgorithm::sha256, base::HashAlgorithm::sha512}) {
    BERTH_TRY(const auto directories, core_->fs.list(core_->paths.algorithm_directory(algorithm)));
    for (const std::string& two_hex : directories) {
      BERTH_TRY(const bool more, visit_directory(algorithm, two_hex, visit));
      if (!more) return {};
    }
  }
  return {};
}

base::Result<bool> LocalBlobStore::visit_directory(base::HashAlgorithm algorithm, const std::string& two_hex,
                                                   const std::function<bool(const BlobInfo&)>& visit) const {
  if (two_hex.size() != 2 || !base::from_hex(two_hex)) return true;  // not made by us
  BERTH_TRY(const auto names, core_->fs.list(core_->paths.algorithm_directory(algorithm) + "/" + two_hex));
  for (const std::string& name : names) {
    const auto digest = oci::Digest::parse(std::string(base::hash_algorithm_name(algorithm)) + ":" + name);
    if (!digest || !name.starts_with(two_hex)) continue;
    BERTH_TRY(const auto info, find(*digest));
    if (info && !visit(*info)) return false;
  }
  return true;
}

// Asks the file system for an unnamed file. A failure means sessions instead, which do the same with a few more calls.
bool has_unnamed_files(StoreCore& core) {
  const auto file = core.fs.open_unnamed(core.paths.uploads());
  if (!file) base::log::info("no unnamed files on this file system", {{"directory", core.paths.uploads()}});
  return file.has_value();
}

}  // namespace

base::Result<std::unique_ptr<BlobStore>> open_local_blob_store(LocalBlobStoreOptions options, base::FileSystem& fs,
                                                               const base::Clock& clock) {
  auto core = std::make_shared<StoreCore>(std::move(options), fs, clock);
  const std::string& directory = core->paths.root();
  BERTH_TRY(const auto info, fs.find_info(directory));
  if (!info || !info->directory) {
    return base::fail(base::Error(ErrorCode::io_error, "the store's directory is missing").in(directory));
  }
  BERTH_CHECK_OK(fs.make_directory(core->paths.uploads()));
  BERTH_CHECK_OK(core->names.prepare());
  remove_kept_folders(fs, core->paths, core->folders);
  core->unnamed_files = has_unnamed_files(*core);
  return std::make_unique<LocalBlobStore>(std::move(core));
}

}  // namespace berth::store
