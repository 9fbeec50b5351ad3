#include "store/session_upload.h"

#include "berth/base/log.h"
#include "store/upload_files.h"

namespace berth::store {
namespace {

using base::ErrorCode;

struct OpenedSession {
  std::unique_ptr<base::File> file;
  base::TimePoint modified;
  Session session;
};

base::Error unknown_upload() { return {ErrorCode::upload_unknown, "there is no such upload; it ended or expired"}; }
base::Error busy_upload() { return {ErrorCode::upload_busy, "another request writes to this upload now"}; }

// Opens and locks a session file and reads it.
base::Result<OpenedSession> open_session(StoreCore& core, const UploadId& id) {
  BERTH_TRY(auto file, core.fs.open(core.paths.session(id), base::OpenMode::read_write));
  if (!file) return base::fail(unknown_upload());
  BERTH_TRY(const bool locked, file->try_lock());
  if (!locked) return base::fail(busy_upload());
  // The lock may have come free because the upload ended between our open and our lock: then its name is gone, and for good, as
  // ids are never used twice.
  BERTH_TRY(const auto still_there, core.fs.find_info(core.paths.session(id)));
  if (!still_there) return base::fail(unknown_upload());
  BERTH_TRY(const std::string text, read_session_file(*file));
  auto session = parse_session(text);
  if (!session || session->header.upload != id.text()) return base::fail(unknown_upload());
  return OpenedSession{std::move(file), still_there->modified, std::move(*session)};
}

// A checkpoint that speaks of more bytes than the file has must not wait on disk until the file is long enough, with other bytes.
base::Result<void> revoke_checkpoint(OpenedSession& opened) {
  const base::Hasher nothing_yet(opened.session.header.algorithm);
  const std::string block = encode_checkpoint({0, nothing_yet.save_state()}, opened.session.header.upload);
  BERTH_CHECK_OK(opened.file->write(base::as_bytes(block), opened.session.checkpoint_position));
  return opened.file->sync_data();
}

// Hashes what the checkpoint does not cover. nullopt when the upload has no data file yet.
base::Result<std::optional<UploadData>> resume_data(StoreCore& core, const UploadId& id, OpenedSession& opened) {
  BERTH_TRY(auto file, core.fs.open(core.paths.data(id), base::OpenMode::read_write));
  std::uint64_t size = 0;
  if (file) {
    BERTH_TRY(size, file->size());
  }
  const auto& checkpoint = opened.session.checkpoint;
  const auto algorithm = opened.session.header.algorithm;
  if (checkpoint && checkpoint->offset > size) {
    BERTH_CHECK_OK(revoke_checkpoint(opened));
  } else if (checkpoint && file) {
    if (auto hasher = base::Hasher::restore(algorithm, checkpoint->hash_state)) {
      return UploadData::resume(core, std::move(file), std::move(*hasher), checkpoint->offset);
    }
  }
  if (!file) return std::nullopt;
  return UploadData::resume(core, std::move(file), base::Hasher(algorithm), 0);
}

// Makes a folder and a session file in it. What is left of a failure without a whole header, expire_uploads() finds.
base::Result<std::unique_ptr<base::File>> make_session(StoreCore& core, const UploadId& id, std::string_view header) {
  BERTH_CHECK_OK(core.fs.make_directory(core.paths.upload_directory(id)));
  BERTH_TRY(auto file, core.fs.open(core.paths.session(id), base::OpenMode::create_new));
  if (!file) return base::fail(ErrorCode::io_error, "a new upload's id is taken");
  BERTH_TRY(const bool locked, file->try_lock());
  if (!locked) return base::fail(ErrorCode::io_error, "a new upload's session is locked by somebody else");
  BERTH_CHECK_OK(file->write(base::as_bytes(header), 0));
  return file;
}

// Gives the new upload the folder of an ended one. What was in the session file behind the new header stays there: it is bound to
// another id. nullptr when there is none to be had; whatever is wrong with it, a new folder may do.
std::unique_ptr<base::File> reuse_session(StoreCore& core, const UploadId& id, std::string_view header) {
  const auto kept = core.folders.use_kept();
  if (!kept) return nullptr;
  const std::string folder = core.paths.upload_folder(kept->name());
  const auto reuse = [&]() -> base::Result<std::unique_ptr<base::File>> {
    BERTH_TRY(auto file, core.fs.open(folder + "/session", base::OpenMode::read_write));
    if (!file) return base::fail(ErrorCode::io_error, "a kept folder has no session file: " + folder);
    BERTH_TRY(const bool locked, file->try_lock());
    if (!locked) return base::fail(ErrorCode::io_error, "a kept folder is locked by somebody else: " + folder);
    BERTH_CHECK_OK(file->write(base::as_bytes(header), 0));
    BERTH_CHECK_OK(core.fs.rename(folder, core.paths.upload_directory(id)));
    return file;
  };
  auto file = reuse();
  if (file) return std::move(*file);
  base::log::warning("folder of an ended upload not used again", {{"error", file.error().context()}});
  (void)remove_upload_files(core.fs, folder);
  return nullptr;
}

}  // namespace

SessionUpload::SessionUpload(std::shared_ptr<StoreCore> core, UploadStatus status, std::optional<UploadData> data, Held held,
                             WhenDropped when_dropped)
    : LocalUpload(std::move(core), std::move(status), std::move(data)), held_(std::move(held)), when_dropped_(when_dropped) {}

SessionUpload::~SessionUpload() {
  if (over()) return;
  const auto id = status().id.text();
  if (auto left = when_dropped_ == WhenDropped::discard ? discard() : suspend(); !left) {
    base::log::warning("upload not left in order",
                       {{"upload", id}, {"error", left.error().message()}, {"context", left.error().context()}});
  }
}

base::Result<std::unique_ptr<Upload>> SessionUpload::begin(std::shared_ptr<StoreCore> core, UploadOwner owner,
                                                           base::HashAlgorithm algorithm) {
  return start(std::move(core), std::move(owner), algorithm, WhenDropped::suspend);
}

base::Result<std::unique_ptr<Upload>> SessionUpload::begin_single(std::shared_ptr<StoreCore> core, UploadOwner owner,
                                                                  base::HashAlgorithm algorithm) {
  return start(std::move(core), std::move(owner), algorithm, WhenDropped::discard);
}

base::Result<std::unique_ptr<Upload>> SessionUpload::start(std::shared_ptr<StoreCore> core, UploadOwner owner,
                                                           base::HashAlgorithm algorithm, WhenDropped when_dropped) {
  const base::TimePoint now = core->clock.now();
  const UploadId id = UploadId::random();
  const std::string header = encode_session_header({algorithm, owner, now, id.text()});
  if (!parse_session(header)) return base::fail(ErrorCode::io_error, "the name of the upload's owner is too long to be stored");

  auto use = core->folders.use(id.text());
  if (!use) return base::fail(ErrorCode::io_error, "a new upload's id is taken");
  auto session = reuse_session(*core, id, header);
  if (!session) {
    auto made = make_session(*core, id, header);
    if (!made) {
      (void)remove_upload_files(core->fs, core->paths.upload_directory(id));
      return base::fail(std::move(made).error());
    }
    session = std::move(*made);
  }
  UploadStatus status{id, std::move(owner), algorithm, 0, now};
  return std::unique_ptr<Upload>(new SessionUpload(std::move(core), std::move(status), std::nullopt,
                                                   {std::move(*use), std::move(session), header.size()}, when_dropped));
}

base::Result<std::unique_ptr<Upload>> SessionUpload::resume(std::shared_ptr<StoreCore> core, const UploadId& id) {
  auto use = core->folders.use(id.text());
  if (!use) return base::fail(busy_upload());
  BERTH_TRY(OpenedSession opened, open_session(*core, id));
  BERTH_TRY(auto data, resume_data(*core, id, opened));
  base::TimePoint last_activity = opened.modified;
  if (data) {
    BERTH_TRY(const auto info, core->fs.find_info(core->paths.data(id)));
    if (info) last_activity = info->modified;
  }
  const SessionHeader& header = opened.session.header;
  UploadStatus status{id, header.owner, header.algorithm, 0, last_activity};
  return std::unique_ptr<Upload>(new SessionUpload(std::move(core), std::move(status), std::move(data),
                                                   {std::move(*use), std::move(opened.file), opened.session.checkpoint_position},
                                                   WhenDropped::suspend));
}

base::Result<std::unique_ptr<base::File>> SessionUpload::make_file() {
  BERTH_TRY(auto file, core().fs.open(core().paths.data(status().id), base::OpenMode::create));
  return file;
}

base::Result<void> SessionUpload::give_name(base::File& /*file*/, const std::string& path) {
  return core().fs.rename(core().paths.data(status().id), path);
}

base::Result<void> SessionUpload::save_checkpoint(UploadData& data) {
  // In this order: see the promise at Checkpoint.
  BERTH_CHECK_OK(data.sync());
  const std::string block = encode_checkpoint({data.offset(), data.hash_state()}, status().id.text());
  return held_->session->write(base::as_bytes(block), held_->checkpoint_position);
}

bool SessionUpload::keep_folder() {
  if (!core().folders.has_room()) return false;
  const std::string name = Paths::kept_name(status().id);
  if (!core().fs.rename(core().paths.upload_directory(status().id), core().paths.upload_folder(name))) return false;
  held_->session.reset();  // before anybody may take the folder
  core().folders.keep(name);
  return true;
}

base::Result<void> SessionUpload::clear(Ending ending) {
  base::Result<void> cleared;
  if (ending != Ending::became_blob || !keep_folder()) {
    cleared = remove_upload_files(core().fs, core().paths.upload_directory(status().id));
  }
  held_.reset();  // only now: until the name is gone, nobody else may get the lock
  return cleared;
}

}  // namespace berth::store
