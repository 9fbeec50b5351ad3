#include "berth/service/backup.h"

#include <optional>
#include <unordered_set>
#include <utility>

#include "berth/base/fs.h"
#include "berth/base/hash.h"
#include "berth/base/json.h"
#include "berth/catalog/inspection.h"
#include "berth/service/audit.h"
#include "berth/service/audit_files.h"
#include "berth/store/blob_folder.h"

namespace berth::service {

namespace {

using base::ErrorCode;
using base::fail;
using base::FileSystem;
using base::OpenMode;
using base::Result;
using store::BlobFolder;

constexpr std::int64_t kFormat = 1;
constexpr std::size_t kPage = 1000;
constexpr std::size_t kBufferBytes = 1UL << 20;
constexpr int kMostSnapshots = 5;

// A name that we gave a catalog in a backup.
bool is_catalog_name(std::string_view name) {
  return name.starts_with("catalog-") && name.ends_with(".sqlite") && name.find('/') == std::string_view::npos;
}

// "" when it is missing or no text.
std::string text_in(const base::Json& document, std::string_view key) {
  const auto found = document.find(key);
  return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string catalog_of(const std::string& folder) { return folder + "/catalog.sqlite"; }

Result<std::string> hash_file(FileSystem& fs, const std::string& path) {
  BERTH_TRY(const auto file, fs.open(path, OpenMode::read));
  if (!file) return fail(base::Error(ErrorCode::configuration_invalid, "the backup is not whole").in(path + " is missing"));
  base::Hasher hasher(base::HashAlgorithm::sha256);
  std::vector<std::byte> buffer(kBufferBytes);
  for (std::uint64_t offset = 0;;) {
    BERTH_TRY(const std::size_t count, file->read(buffer, offset));
    if (count == 0) return hasher.hex_digest();
    hasher.update(std::span(buffer).first(count));
    offset += count;
  }
}

// A small or large file under another name, whole or not at all; its directory is synced by the caller.
Result<void> write_file(FileSystem& fs, const std::string& path, base::ByteView bytes) {
  const std::string partial = path + ".partial";
  BERTH_TRY([[maybe_unused]] const bool removed, fs.remove(partial));
  {
    BERTH_TRY(const auto file, fs.open(partial, OpenMode::create));
    if (!file) return fail(ErrorCode::io_error, "a file could not be made");
    BERTH_CHECK_OK(file->write(bytes, 0));
    BERTH_CHECK_OK(file->sync_data());
  }
  return fs.rename(partial, path);
}

Result<void> copy_file(FileSystem& fs, const std::string& from, const std::string& to) {
  BERTH_TRY(const auto source, fs.open(from, OpenMode::read));
  if (!source) return fail(base::Error(ErrorCode::io_error, "a file vanished").in(from));
  const std::string partial = to + ".partial";
  BERTH_TRY([[maybe_unused]] const bool removed, fs.remove(partial));
  {
    BERTH_TRY(const auto file, fs.open(partial, OpenMode::create));
    if (!file) return fail(ErrorCode::io_error, "a file could not be made");
    std::vector<std::byte> buffer(kBufferBytes);
    for (std::uint64_t offset = 0;;) {
      BERTH_TRY(const std::size_t count, source->read(buffer, offset));
      if (count == 0) break;
      BERTH_CHECK_OK(file->write(base::ByteView(buffer).first(count), offset));
      offset += count;
    }
    BERTH_CHECK_OK(file->sync_data());
  }
  return fs.rename(partial, to);
}

// keys/ is flat and small; what is in it belongs to whoever wrote it. The head of the audit log belongs to a catalog: it is read before the
// catalog is copied, so that it is not ahead of the copy, and goes with it in backup.json.
Result<void> copy_keys(FileSystem& fs, const std::string& from, const std::string& to) {
  BERTH_TRY(const auto names, fs.list(from + "/keys"));
  if (names.empty()) return {};
  BERTH_TRY([[maybe_unused]] const bool made, fs.make_directory(to + "/keys"));
  for (const auto& name : names) {
    BERTH_TRY(const auto info, fs.find_info(from + "/keys/" + name));
    if (info && !info->directory && name != kAuditHeadFile)
      BERTH_CHECK_OK(copy_file(fs, from + "/keys/" + name, to + "/keys/" + name));
  }
  return fs.sync_directory(to + "/keys");
}

struct Blob {
  oci::Digest digest;
  std::uint64_t size;
};

// Calls `visit` for every blob that a catalog names and holds for good.
Result<void> for_each_blob(catalog::Inspection& catalog, const std::function<Result<void>(const Blob&)>& visit) {
  std::string after;
  while (true) {
    BERTH_TRY(const auto page, catalog.list_blobs(after, kPage));
    if (page.empty()) return {};
    for (const auto& record : page) {
      auto digest = oci::Digest::parse(record.digest);
      if (!digest) return fail(base::Error(ErrorCode::corrupt, "the catalog is damaged").in("a blob's digest: " + record.digest));
      BERTH_CHECK_OK(visit({std::move(*digest), record.size}));
    }
    after = page.back().digest;
  }
}

class Backup {
 public:
  Backup(const BackupPlace& place, const base::Clock& clock, const BackupProgress& progress)
      : place_(place),
        clock_(clock),
        progress_(progress),
        data_(fs_, place.data),
        target_(fs_, place.folder),
        earlier_(fs_, place.since) {}

  Result<BackupReport> run() {
    BERTH_CHECK_OK(prepare());
    bool whole = false;
    for (int snapshot = 0; !whole; ++snapshot) {
      if (snapshot == kMostSnapshots) {
        return fail(ErrorCode::busy, "blobs were collected faster than they could be backed up; a longer gc_grace gives time");
      }
      BERTH_TRY(whole, try_once());
    }
    BERTH_CHECK_OK(target_.sync());
    BERTH_CHECK_OK(copy_keys(fs_, place_.data, place_.folder));
    BERTH_CHECK_OK(finish());
    return std::move(report_);
  }

 private:
  [[nodiscard]] std::string fresh_catalog() const { return place_.folder + "/new.sqlite"; }

  Result<void> prepare() {
    BERTH_TRY([[maybe_unused]] const bool made, fs_.make_directory(place_.folder));
    BERTH_TRY(const auto names, fs_.list(place_.folder));
    for (const auto& name : names) {
      const bool ours = name == "blobs" || name == "keys" || name == "lost+found" || name.starts_with("backup.json") ||
                        name.starts_with("new.sqlite") || is_catalog_name(name);
      if (!ours) {
        return fail(ErrorCode::configuration_invalid,
                    place_.folder + " holds " + name + ", which is no part of a backup; choose another folder");
      }
    }
    return {};
  }

  // One snapshot and its blobs. False when some were collected meanwhile, so that a newer snapshot is needed: what was brought stays.
  Result<bool> try_once() {
    report_ = {};
    named_.clear();
    BERTH_CHECK_OK(drop_fresh_catalog());
    BERTH_TRY(audit_head_, read_audit_head(fs_, place_.data));
    BERTH_CHECK_OK(catalog::copy_sqlite_catalog(catalog_of(place_.data), fresh_catalog()));
    bool collected = false;
    {
      BERTH_TRY(const auto snapshot, catalog::open_sqlite_inspection(fresh_catalog()));
      BERTH_TRY(const auto live, catalog::open_sqlite_inspection(catalog_of(place_.data)));
      BERTH_CHECK_OK(for_each_blob(*snapshot, [&](const Blob& blob) -> Result<void> {
        BERTH_TRY(const bool there, bring(blob));
        if (!there) {
          BERTH_TRY(const bool still_named, live->has_blob(blob.digest.text()));
          if (still_named) report_.damaged.push_back(blob.digest.text());
          collected |= !still_named;
        }
        if (progress_) progress_(report_);
        return {};
      }));
    }
    return !collected;
  }

  Result<void> drop_fresh_catalog() {
    for (const std::string_view suffix : {"", "-wal", "-shm"}) {
      BERTH_TRY([[maybe_unused]] const bool removed, fs_.remove(fresh_catalog() + std::string(suffix)));
    }
    return {};
  }

  // False when the bytes are not there.
  Result<bool> bring(const Blob& blob) {
    named_.insert(blob.digest);
    BERTH_TRY(const bool unchanged, target_.has(blob.digest, blob.size));
    if (!unchanged) {
      BERTH_TRY(const auto taken, take(blob));
      if (taken == BlobFolder::Taken::missing) return false;
      ++(taken == BlobFolder::Taken::linked ? report_.linked : report_.copied);
    } else {
      ++report_.unchanged;
    }
    ++report_.blobs;
    report_.bytes += blob.size;
    return true;
  }

  // Damage is not brought; what an earlier backup has of the blob may be good.
  Result<BlobFolder::Taken> take(const Blob& blob) {
    if (!place_.since.empty()) {
      const auto taken = target_.take(blob.digest, blob.size, earlier_);
      if (taken && *taken != BlobFolder::Taken::missing) return taken;
      if (!taken && taken.error().code() != ErrorCode::corrupt) return taken;
    }
    auto taken = target_.take(blob.digest, blob.size, data_);
    if (!taken && taken.error().code() == ErrorCode::corrupt) return BlobFolder::Taken::missing;
    return taken;
  }

  // {"format":1,"berth":"0.1.0","made_at":"2026-11-24T17:17:08.123456Z","catalog":"catalog-<16 hex>.sqlite","catalog_sha256":"<hex>",
  //  "blobs":<n>,"bytes":<n>,"damaged":["<digest>",…],"audit_head":<as keys/audit.head, or null>}
  Result<void> finish() {
    BERTH_TRY(const auto hash, hash_file(fs_, fresh_catalog()));
    const std::string catalog_name = "catalog-" + hash.substr(0, 16) + ".sqlite";
    const base::OrderedJson document = {{"format", kFormat},
                                        {"berth", BERTH_VERSION},
                                        {"made_at", base::format_rfc3339(clock_.now())},
                                        {"catalog", catalog_name},
                                        {"catalog_sha256", hash},
                                        {"blobs", report_.blobs},
                                        {"bytes", report_.bytes},
                                        {"damaged", report_.damaged},
                                        {"audit_head", audit_head_ ? document_of(*audit_head_) : base::OrderedJson()}};
    const std::string text = document.dump(2) + "\n";
    BERTH_CHECK_OK(fs_.rename(fresh_catalog(), place_.folder + "/" + catalog_name));
    BERTH_CHECK_OK(fs_.sync_directory(place_.folder));
    BERTH_CHECK_OK(write_file(fs_, place_.folder + "/backup.json", base::as_bytes(text)));
    BERTH_CHECK_OK(fs_.sync_directory(place_.folder));
    // The earlier one is over.
    BERTH_TRY(const auto names, fs_.list(place_.folder));
    for (const auto& name : names) {
      if (!is_catalog_name(name) || name == catalog_name) continue;
      BERTH_TRY([[maybe_unused]] const bool removed, fs_.remove(place_.folder + "/" + name));
    }
    BERTH_TRY(report_.removed, target_.prune([&](const oci::Digest& digest) { return named_.contains(digest); }));
    return target_.sync();
  }

  FileSystem& fs_ = base::real_file_system();
  const BackupPlace& place_;
  const base::Clock& clock_;
  const BackupProgress& progress_;
  BlobFolder data_;
  BlobFolder target_;
  BlobFolder earlier_;
  BackupReport report_;
  std::optional<catalog::AuditHead> audit_head_;
  std::unordered_set<oci::Digest> named_;
};

class Restore {
 public:
  Restore(const BackupPlace& place, const BackupProgress& progress)
      : place_(place), progress_(progress), source_(fs_, place.folder), data_(fs_, place.data) {}

  // The mark first and the catalog last: a directory without both is empty, and one with the mark is not yet whole.
  Result<BackupReport> run() {
    BERTH_CHECK_OK(check_backup());
    BERTH_CHECK_OK(check_directory());
    BERTH_CHECK_OK(write_file(fs_, mark(), {}));
    BERTH_CHECK_OK(fs_.sync_directory(place_.data));
    // Looked at in its new place, under another name: a backup may lie on a medium that takes no writes.
    const std::string fresh = catalog_of(place_.data) + ".new";
    BERTH_CHECK_OK(copy_file(fs_, saved_catalog_, fresh));
    {
      BERTH_TRY(const auto catalog, catalog::open_sqlite_inspection(fresh));
      BERTH_CHECK_OK(for_each_blob(*catalog, [&](const Blob& blob) { return bring(blob); }));
    }
    BERTH_CHECK_OK(data_.sync());
    BERTH_CHECK_OK(copy_keys(fs_, place_.folder, place_.data));
    if (audit_head_) BERTH_CHECK_OK(write_audit_head(fs_, place_.data, *audit_head_));
    BERTH_CHECK_OK(fs_.rename(fresh, catalog_of(place_.data)));
    BERTH_CHECK_OK(fs_.sync_directory(place_.data));
    BERTH_TRY([[maybe_unused]] const bool removed, fs_.remove(mark()));
    BERTH_CHECK_OK(fs_.sync_directory(place_.data));
    return std::move(report_);
  }

 private:
  [[nodiscard]] std::string mark() const { return place_.data + "/" + std::string(kRestoring); }

  Result<void> check_backup() {
    const auto refuse = [&](const std::string& why) {
      return fail(ErrorCode::configuration_invalid, place_.folder + " is no whole backup: " + why);
    };
    BERTH_TRY(const auto text, base::read_small_file(fs_, place_.folder + "/backup.json"));
    if (!text) return refuse("it has no backup.json, which is written last");
    const auto document = base::parse_json(*text);
    if (!document || !document->is_object()) return refuse("backup.json cannot be read");
    const auto format = document->find("format");
    if (format == document->end() || *format != kFormat) {
      return refuse("it does not have format " + std::to_string(kFormat) + ", which is what this berth knows");
    }
    const auto name = text_in(*document, "catalog");
    if (!is_catalog_name(name)) return refuse("backup.json names no catalog");
    saved_catalog_ = place_.folder + "/" + name;
    if (const auto head = document->find("audit_head"); head != document->end()) audit_head_ = parse_audit_head(head->dump());
    BERTH_TRY(const auto hash, hash_file(fs_, saved_catalog_));
    if (text_in(*document, "catalog_sha256") != hash) {
      return fail(base::Error(ErrorCode::corrupt,
                              "the backup's catalog is damaged: it does not have the checksum that backup.json names"));
    }
    return {};
  }

  Result<void> check_directory() {
    BERTH_TRY(const auto names, fs_.list(place_.data));
    BERTH_TRY(const auto begun, fs_.find_info(mark()));
    for (const auto& name : names) {
      if (begun || name == "lock" || name == "lost+found") continue;
      return fail(ErrorCode::configuration_invalid,
                  place_.data + " is not empty (" + name + "); restore into an empty data directory");
    }
    return {};
  }

  Result<void> bring(const Blob& blob) {
    BERTH_TRY(const bool there, data_.has(blob.digest, blob.size));
    if (!there) {
      const auto taken = data_.take(blob.digest, blob.size, source_);
      const bool damaged = taken ? *taken == BlobFolder::Taken::missing : taken.error().code() == ErrorCode::corrupt;
      if (damaged) {
        report_.damaged.push_back(blob.digest.text());
        return {};
      }
      if (!taken) return fail(taken.error());
      ++(*taken == BlobFolder::Taken::linked ? report_.linked : report_.copied);
    }
    ++report_.blobs;
    report_.bytes += blob.size;
    if (progress_) progress_(report_);
    return {};
  }

  FileSystem& fs_ = base::real_file_system();
  const BackupPlace& place_;
  const BackupProgress& progress_;
  BlobFolder source_;
  BlobFolder data_;
  std::string saved_catalog_;
  std::optional<catalog::AuditHead> audit_head_;
  BackupReport report_;
};

}  // namespace

Result<BackupReport> back_up(const BackupPlace& place, const base::Clock& clock, const BackupProgress& progress) {
  return Backup(place, clock, progress).run();
}

Result<BackupReport> restore(const BackupPlace& place, const BackupProgress& progress) { return Restore(place, progress).run(); }

}  // namespace berth::service
