// An upload that a later request, or a later process, can take up again: uploads/<id>/{session,data}. Its folder may be that of an ended
// upload (upload_folders.h): the header is written before the folder gets the id, so a session is whole from its first moment.
//
// The session file is locked from begin or resume to the end of the object; that lock is what makes this the one writer, across
// processes, and it dies with the process. What is read at resume: the header, the last checkpoint, and the bytes after it.
#pragma once

#include <memory>
#include <optional>

#include "berth/store/blob_store.h"
#include "store/local_upload.h"
#include "store/session_file.h"

namespace berth::store {

class SessionUpload final : public LocalUpload {
 public:
  // Errors: storage_full, io_error.
  static base::Result<std::unique_ptr<Upload>> begin(std::shared_ptr<StoreCore> core, UploadOwner owner,
                                                     base::HashAlgorithm algorithm);
  // As begin(), but nobody can come back to it: destroying the upload discards it. For file systems without unnamed files.
  static base::Result<std::unique_ptr<Upload>> begin_single(std::shared_ptr<StoreCore> core, UploadOwner owner,
                                                            base::HashAlgorithm algorithm);
  // Errors: upload_unknown, upload_busy, io_error.
  static base::Result<std::unique_ptr<Upload>> resume(std::shared_ptr<StoreCore> core, const UploadId& id);

  ~SessionUpload() override;

 protected:
  base::Result<std::unique_ptr<base::File>> make_file() override;
  base::Result<void> give_name(base::File& file, const std::string& path) override;
  base::Result<void> save_checkpoint(UploadData& data) override;
  base::Result<void> clear(Ending ending) override;

 private:
  // What becomes of an upload that is dropped without commit() or discard().
  enum class WhenDropped : std::uint8_t { suspend, discard };

  // The folder, for this upload alone.
  struct Held {
    UploadFolders::Use use;
    std::unique_ptr<base::File> session;  // locked
    std::uint64_t checkpoint_position;
  };

  SessionUpload(std::shared_ptr<StoreCore> core, UploadStatus status, std::optional<UploadData> data, Held held,
                WhenDropped when_dropped);
  static base::Result<std::unique_ptr<Upload>> start(std::shared_ptr<StoreCore> core, UploadOwner owner,
                                                     base::HashAlgorithm algorithm, WhenDropped when_dropped);

  // Renames the folder out of the id's reach. False when it is to be removed instead.
  bool keep_folder();

  std::optional<Held> held_;  // until the upload has ended
  WhenDropped when_dropped_;
};

}  // namespace berth::store
