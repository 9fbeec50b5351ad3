#include "store/upload_files.h"

#include "berth/base/log.h"

namespace berth::store {
namespace {

using base::ErrorCode;

// Removes an upload that is older than `before` and that nobody writes to. False when it stays.
base::Result<bool> expire_upload(base::FileSystem& fs, const Paths& paths, const UploadId& id, base::TimePoint before) {
  const auto is_old = [&]() -> base::Result<bool> {
    BERTH_TRY(const auto last_activity, find_last_activity(fs, paths, id));
    return last_activity && *last_activity < before;
  };
  BERTH_TRY(const bool looks_old, is_old());
  if (!looks_old) return false;

  BERTH_TRY(const auto session, fs.open(paths.session(id), base::OpenMode::read_write));
  if (session) {
    BERTH_TRY(const bool locked, session->try_lock());
    if (!locked) return false;
    // A writer may have come and gone between the first look and the lock.
    BERTH_TRY(const bool still_old, is_old());
    if (!still_old) return false;
  }
  BERTH_CHECK_OK(remove_upload_files(fs, paths, id));
  return true;
}

}  // namespace

base::Result<std::string> read_session_file(const base::File& file) {
  std::string text(kSessionFileLimit + 1, '\0');  // one more than any of ours, so that a longer one shows
  BERTH_TRY(const std::size_t count, file.read(std::as_writable_bytes(std::span(text)), 0));
  text.resize(count);
  return text;
}

base::Result<UploadStatus> read_upload_status(base::FileSystem& fs, const Paths& paths, const UploadId& id) {
  const auto unknown = [] { return base::fail(ErrorCode::upload_unknown, "there is no such upload; it ended or expired"); };
  BERTH_TRY(const auto file, fs.open(paths.session(id), base::OpenMode::read));
  if (!file) return unknown();
  BERTH_TRY(const std::string text, read_session_file(*file));
  const auto session = parse_session(text);
  if (!session) return unknown();
  BERTH_TRY(const auto data, fs.find_info(paths.data(id)));
  const SessionHeader& header = session->header;
  return UploadStatus{id, header.owner, header.algorithm, data ? data->size : 0, data ? data->modified : header.started};
}

base::Result<std::optional<base::TimePoint>> find_last_activity(const base::FileSystem& fs, const Paths& paths,
                                                                const UploadId& id) {
  for (const std::string& path : {paths.data(id), paths.session(id), paths.upload_directory(id)}) {
    BERTH_TRY(const auto info, fs.find_info(path));
    if (info) return info->modified;
  }
  return std::nullopt;
}

base::Result<void> remove_upload_files(base::FileSystem& fs, const Paths& paths, const UploadId& id) {
  base::Result<void> outcome;
  const auto note = [&](base::Result<bool> removed) {
    if (!removed && outcome) outcome = base::fail(std::move(removed).error());
  };
  note(fs.remove(paths.session(id)));
  note(fs.remove(paths.data(id)));
  note(fs.remove_directory(paths.upload_directory(id)));
  return outcome;
}

base::Result<std::uint64_t> expire_upload_files(base::FileSystem& fs, const Paths& paths, base::TimePoint before) {
  BERTH_TRY(const auto names, fs.list(paths.uploads()));
  std::uint64_t expired = 0;
  base::Result<void> outcome;
  for (const std::string& name : names) {
    const auto id = UploadId::parse(name);
    if (!id) continue;  // not made by us
    auto gone = expire_upload(fs, paths, *id, before);
    if (gone) {
      expired += *gone ? 1 : 0;
      continue;
    }
    base::log::warning("upload not expired", {{"upload", name}, {"error", gone.error().context()}});
    if (outcome) outcome = base::fail(std::move(gone).error());
  }
  if (!outcome) return base::fail(std::move(outcome).error());
  return expired;
}

}  // namespace berth::store
