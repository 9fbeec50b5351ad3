#include "store/session_upload.h"

#include "berth/base/log.h"
#include "store/upload_files.h"

namespace berth::store {
namespace {

using base::ErrorCode;

struct OpenedSession {
  std::unique_ptr<base::File> file;
  Session session;
};

base::Error unknown_upload() { return {ErrorCode::upload_unknown, "there is no such upload; it ended or expired"}; }

// Opens and locks a session file and reads it.
base::Result<OpenedSession> open_session(StoreCore& core, const UploadId& id) {
  BERTH_TRY(auto file, core.fs.open(core.paths.session(id), base::OpenMode::read_write));
  if (!file) return base::fail(unknown_upload());
  BERTH_TRY(const bool locked, file->try_lock());
  if (!locked) return base::fail(ErrorCode::upload_busy, "another request writes to this upload now");
  // The lock may have come free because the upload ended between our open and our lock: then its name is gone, and for good, as
  // ids are never used twice.
  BERTH_TRY(const auto still_there, core.fs.find_info(core.paths.session(id)));
  if (!still_there) return base::fail(unknown_upload());
  BERTH_TRY(const std::string text, read_session_file(*file));
  auto session = parse_session(text);
  if (!session) return base::fail(unknown_upload());
  return OpenedSession{std::move(file), std::move(*session)};
}

// A checkpoint that speaks of more bytes than the file has must not wait on disk until the file is long enough, with other bytes.
base::Result<void> revoke_checkpoint(OpenedSession& opened) {
  const base::Hasher nothing_yet(opened.session.header.algorithm);
  const std::string block = encode_checkpoint({0, nothing_yet.save_state()});
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
      return UploadData::resume(std::move(file), std::move(*hasher), checkpoint->offset);
    }
  }
  if (!file) return std::nullopt;
  return UploadData::resume(std::move(file), base::Hasher(algorithm), 0);
}

}  // namespace

SessionUpload::SessionUpload(std::shared_ptr<StoreCore> core, UploadStatus status, std::optional<UploadData> data,
                             std::unique_ptr<base::File> session, std::uint64_t checkpoint_position, WhenDropped when_dropped)
    : LocalUpload(std::move(core), std::move(status), std::move(data)),
      session_(std::move(session)),
      checkpoint_position_(checkpoint_position),
      when_dropped_(when_dropped) {}

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
  const std::string header = encode_session_header({algorithm, owner, now});
  if (!parse_session(header)) return base::fail(ErrorCode::io_error, "the name of the upload's owner is too long to be stored");

  auto& fs = core->fs;
  const UploadId id = UploadId::random();
  const auto write_session = [&]() -> base::Result<std::unique_ptr<base::File>> {
    BERTH_CHECK_OK(fs.make_directory(core->paths.upload_directory(id)));
    BERTH_TRY(auto file, fs.open(core->paths.session(id), base::OpenMode::create_new));
    if (!file) return base::fail(ErrorCode::io_error, "a new upload's id is taken");
    BERTH_TRY(const bool locked, file->try_lock());
    if (!locked) return base::fail(ErrorCode::io_error, "a new upload's session is locked by somebody else");
    BERTH_CHECK_OK(file->write(base::as_bytes(header), 0));
    return file;
  };
  auto session = write_session();
  if (!session) {
    // What is left without a whole session file, expire_uploads() finds.
    (void)remove_upload_files(fs, core->paths, id);
    return base::fail(std::move(session).error());
  }
  UploadStatus status{id, std::move(owner), algorithm, 0, now};
  return std::unique_ptr<Upload>(
      new SessionUpload(std::move(core), std::move(status), std::nullopt, std::move(*session), header.size(), when_dropped));
}

base::Result<std::unique_ptr<Upload>> SessionUpload::resume(std::shared_ptr<StoreCore> core, const UploadId& id) {
  BERTH_TRY(OpenedSession opened, open_session(*core, id));
  BERTH_TRY(const auto last_activity, find_last_activity(core->fs, core->paths, id));
  BERTH_TRY(auto data, resume_data(*core, id, opened));
  const SessionHeader& header = opened.session.header;
  UploadStatus status{id, header.owner, header.algorithm, 0, last_activity.value_or(header.started)};
  return std::unique_ptr<Upload>(new SessionUpload(std::move(core), std::move(status), std::move(data), std::move(opened.file),
                                                   opened.session.checkpoint_position, WhenDropped::suspend));
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
  const std::string block = encode_checkpoint({data.offset(), data.hash_state()});
  return session_->write(base::as_bytes(block), checkpoint_position_);
}

base::Result<void> SessionUpload::clear() {
  auto removed = remove_upload_files(core().fs, core().paths, status().id);
  session_.reset();  // only now: until the name is gone, nobody else may get the lock
  return removed;
}

}  // namespace berth::store
