// Backups of a data directory while it is served, and the way back.
//
// Layout of a backup:
//
//   <folder>/backup.json             what this is (drawn in backup.cpp); written last, so a folder without it is no backup
//   <folder>/catalog-<16 hex>.sqlite the catalog as it stood in one moment; backup.json names it
//   <folder>/blobs/…                 every blob that it names; hard links where the file system allows
//   <folder>/keys/…                  the daemon's keys, when it has any
//
// A backup into a folder that holds an earlier one brings what is new, then replaces backup.json, then removes what is no longer named:
// killed anywhere, it leaves the earlier one whole. Hard links share their bytes with the data: a second disk wants a folder of its own there.
// Durable when the call returns. Threads: one at a time for one folder.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "berth/base/clock.h"
#include "berth/base/error.h"

namespace berth::service {

struct BackupReport {
  std::uint64_t blobs = 0;      // that the backup holds
  std::uint64_t bytes = 0;      // of them
  std::uint64_t unchanged = 0;  // were there already
  std::uint64_t linked = 0;
  std::uint64_t copied = 0;
  std::uint64_t removed = 0;         // of an earlier backup, not named any more
  std::vector<std::string> damaged;  // digests whose bytes could not be had; `berth verify` says why
};

struct BackupPlace {
  std::string data;    // the data directory
  std::string folder;  // where the backup goes, or comes from; made when missing
  std::string since;   // an earlier backup in another folder, to take unchanged blobs from; "" for none
};

using BackupProgress = std::function<void(const BackupReport&)>;

// Errors: configuration_invalid (no catalog there, another format, or a folder that holds something else), storage_full, io_error,
// busy (blobs were collected faster than they could be copied).
base::Result<BackupReport> back_up(const BackupPlace& place, const base::Clock& clock, const BackupProgress& progress);

// Fills the empty data directory `place.data`, whose lock the caller holds. One that a killed restore left is gone on with.
// Errors: configuration_invalid (the folder is no whole backup, or the directory is not empty), corrupt (the backup is damaged),
// storage_full, io_error.
base::Result<BackupReport> restore(const BackupPlace& place, const BackupProgress& progress);

// The name of the file that stands in a data directory while it is being restored.
inline constexpr std::string_view kRestoring = "restoring";

}  // namespace berth::service
