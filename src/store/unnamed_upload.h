// An upload that ends with its request: an O_TMPFILE, so that nothing is seen of it and nothing is left of it, however it ends.
#pragma once

#include <memory>

#include "berth/store/blob_store.h"
#include "store/local_upload.h"

namespace berth::store {

class UnnamedUpload final : public LocalUpload {
 public:
  static std::unique_ptr<Upload> begin(std::shared_ptr<StoreCore> core, UploadOwner owner, base::HashAlgorithm algorithm);

 protected:
  base::Result<std::unique_ptr<base::File>> make_file() override;
  base::Result<void> give_name(base::File& file, const std::string& path) override;
  base::Result<void> save_checkpoint(UploadData& data) override;
  base::Result<void> clear(Ending ending) override;

 private:
  using LocalUpload::LocalUpload;
  base::Result<void> replace(base::File& file, const std::string& path);
};

}  // namespace berth::store
