#include "store/upload_files.h"

#include "berth/base/log.h"

namespace berth::store {
namespace {

using base::ErrorCode;

// The last change of the upload's bytes; of its session file or folder when it has none. nullopt when nothing is there.
base::Result<std::optional<base::TimePoint>> find_last_activity(const base::FileSystem& fs, const std::string& folder) {
  for (const std::string& path : {folder + "/data", folder + "/session", folder}) {
    BERTH_TRY(const auto info, fs.find_info(path));
    if (info) return info->modified;
  }
  return std::nullopt;
}

// Removes a folder that is older than `before` and that nobody works in. False when it stays.
base::Result<bool> expire_folder(base::FileSystem& fs, const Paths& paths, UploadFolders& folders, const std::string& name,
                                 base::TimePoint before) {
  const std::string folder = paths.upload_folder(name);
  const auto is_old = [&]() -> base::Result<bool> {
    BERTH_TRY(const auto last_activity, find_last_activity(fs, folder));
    return last_activity && *last_activity < before;
  };
  BERTH_TRY(const bool looks_old, is_old());
  if (!looks_old) return false;

  const auto use = folders.use(name);
  if (!use) return false;
  BERTH_TRY(const auto session, fs.open(folder + "/session", base::OpenMode::read_write));
  if (session) {
    BERTH_TRY(const bool locked, session->try_lock());
    if (!locked) return false;
  }
  // A writer may have come and gone between the first look and the lock.
  BERTH_TRY(const bool still_old, is_old());
  if (!still_old) return false;
  BERTH_CHECK_OK(remove_upload_files(fs, folder));
  return true;
}

}  // namespace

base::Result<std::string> read_session_file(const base::File& file) {
  constexpr std::size_t kUsualBytes = 1024;
  std::string text;
  std::size_t have = 0;
  // The limit is one more than any of ours has, so that a longer one shows.
  for (const std::size_t wanted : {kUsualBytes, kSessionFileLimit + 1}) {
    text.resize(wanted);
    BERTH_TRY(const std::size_t count, file.read(std::as_writable_bytes(std::span(text)).subspan(have), have));
    have += count;
    if (have < wanted) break;
  }
  text.resize(have);
  return text;
}

base::Result<UploadStatus> read_upload_status(base::FileSystem& fs, const Paths& paths, const UploadId& id) {
  const auto unknown = [] { return base::fail(ErrorCode::upload_unknown, "there is no such upload; it ended or expired"); };
  BERTH_TRY(const auto file, fs.open(paths.session(id), base::OpenMode::read));
  if (!file) return unknown();
  BERTH_TRY(const std::string text, read_session_file(*file));
  const auto session = parse_session(text);
  if (!session || session->header.upload != id.text()) return unknown();
  BERTH_TRY(const auto data, fs.find_info(paths.data(id)));
  const SessionHeader& header = session->header;
  return UploadStatus{id, header.owner, header.algorithm, data ? data->size : 0, data ? data->modified : header.started};
}

base::Result<void> remove_upload_files(base::FileSystem& fs, const std::string& folder) {
  base::Result<void> outcome;
  const auto note = [&](base::Result<bool> removed) {
    if (!removed && outcome) outcome = base::fail(std::move(removed).error());
  };
  note(fs.remove(folder + "/session"));
  note(fs.remove(folder + "/data"));
  note(fs.remove_directory(folder));
  return outcome;
}

base::Result<std::uint64_t> expire_upload_files(base::FileSystem& fs, const Paths& paths, UploadFolders& folders,
                                                base::TimePoint before) {
  BERTH_TRY(const auto names, fs.list(paths.uploads()));
  std::uint64_t expired = 0;
  base::Result<void> outcome;
  for (const std::string& name : names) {
    const bool is_upload = UploadId::parse(name).has_value();
    if (!is_upload && !Paths::is_kept_name(name)) continue;  // not made by us
    auto gone = expire_folder(fs, paths, folders, name, before);
    if (gone) {
      expired += *gone && is_upload ? 1 : 0;
      continue;
    }
    base::log::warning("upload not expired", {{"upload", name}, {"error", gone.error().context()}});
    if (outcome) outcome = base::fail(std::move(gone).error());
  }
  if (!outcome) return base::fail(std::move(outcome).error());
  return expired;
}

void remove_kept_folders(base::FileSystem& fs, const Paths& paths, UploadFolders& folders) {
  const auto remove = [&]() -> base::Result<void> {
    BERTH_TRY(const auto names, fs.list(paths.uploads()));
    for (const std::string& name : names) {
      if (!Paths::is_kept_name(name)) continue;
      BERTH_TRY([[maybe_unused]] const bool gone, expire_folder(fs, paths, folders, name, base::TimePoint::max()));
    }
    return {};
  };
  if (auto removed = remove(); !removed) {
    base::log::warning("folders kept for uploads not removed", {{"error", removed.error().context()}});
  }
}

}  // namespace berth::store
