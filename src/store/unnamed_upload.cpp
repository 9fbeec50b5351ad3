#include "store/unnamed_upload.h"

#include "store/upload_files.h"

namespace berth::store {

std::unique_ptr<Upload> UnnamedUpload::begin(std::shared_ptr<StoreCore> core, UploadOwner owner, base::HashAlgorithm algorithm) {
  UploadStatus status{UploadId::random(), std::move(owner), algorithm, 0, core->clock.now()};
  return std::unique_ptr<Upload>(new UnnamedUpload(std::move(core), std::move(status), std::nullopt));
}

base::Result<std::unique_ptr<base::File>> UnnamedUpload::make_file() { return core().fs.open_unnamed(core().paths.uploads()); }

base::Result<void> UnnamedUpload::give_name(base::File& file, const std::string& path) {
  BERTH_TRY(const bool linked, core().fs.link(file, path));
  if (linked) return {};
  return replace(file, path);
}

// link(2) never replaces, rename(2) does: so by way of a name in uploads/, where a crash leaves what expire_uploads() finds.
// The blob that is there may be damaged, so it is not kept.
base::Result<void> UnnamedUpload::replace(base::File& file, const std::string& path) {
  auto& fs = core().fs;
  const auto& id = status().id;
  const std::string name = core().paths.data(id);
  BERTH_CHECK_OK(fs.make_directory(core().paths.upload_directory(id)));
  const auto rename = [&]() -> base::Result<void> {
    BERTH_TRY(const bool linked, fs.link(file, name));
    if (!linked) return base::fail(base::ErrorCode::io_error, "a new upload's id is taken");
    return fs.rename(name, path);
  };
  auto renamed = rename();
  (void)remove_upload_files(fs, core().paths.upload_directory(id));
  return renamed;
}

base::Result<void> UnnamedUpload::save_checkpoint(UploadData& data) { return data.sync(); }

base::Result<void> UnnamedUpload::clear(Ending /*ending*/) { return {}; }

}  // namespace berth::store
