// The one writer of an upload on this machine, as far as it does not matter whether the upload has a session that others can
// find.
//
// An upload ends once: by commit, by discard, or by the first failure to write. Every later call says upload_unknown.
// Threads: one at a time. Blocks on disk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "berth/store/blob_store.h"
#include "store/store_core.h"
#include "store/upload_data.h"

namespace berth::store {

class LocalUpload : public Upload {
 public:
  [[nodiscard]] const UploadStatus& status() const override { return status_; }
  base::Result<void> append(base::ByteView bytes) override;
  base::Result<void> suspend() override;
  base::Result<BlobInfo> commit(const oci::Digest& expected) override;
  base::Result<void> discard() override;

 protected:
  LocalUpload(std::shared_ptr<StoreCore> core, UploadStatus status, std::optional<UploadData> data);

  // The file that takes the bytes; asked for when the first ones come.
  virtual base::Result<std::unique_ptr<base::File>> make_file() = 0;
  // Gives the synced file the name `path`, atomically; replaces what has it.
  virtual base::Result<void> give_name(base::File& file, const std::string& path) = 0;
  // Syncs the data and notes how far they have come.
  virtual base::Result<void> save_checkpoint(UploadData& data) = 0;
  enum class Ending : std::uint8_t { became_blob, thrown_away };
  // Takes away whatever of the upload can be seen in uploads/ under its id: its bytes too, unless they have a blob's name by now.
  virtual base::Result<void> clear(Ending ending) = 0;

  [[nodiscard]] bool over() const { return over_; }
  [[nodiscard]] StoreCore& core() { return *core_; }

 private:
  [[nodiscard]] base::Result<void> check_open() const;
  base::Result<void> append_piece(base::ByteView piece);
  base::Result<UploadData*> data();
  base::Result<BlobInfo> become_blob(const oci::Digest& expected);
  base::Result<void> end(Ending ending);
  // Passes an error on after the whole upload was thrown away.
  base::Error abandon(base::Error error);

  std::shared_ptr<StoreCore> core_;
  UploadStatus status_;
  std::optional<UploadData> data_;
  bool over_ = false;
};

}  // namespace berth::store
