// An SQLite VFS over the default one, for crash tests of the catalog: it counts calls, makes the n-th fail, and knows what a power
// loss would leave.
//
//   FaultVfs vfs("fault");
//   vfs.inject({.at = 3, .code = SQLITE_IOERR_FSYNC, .only = VfsCall::sync});
//   … open a catalog with .vfs = vfs.name() and work …
//   vfs.kill();  catalog.reset();      // from here on every call fails and changes nothing: as after kill -9
//   vfs.lose_power(Loss::everything);  // what was not synced is gone; open again and look
//   vfs.revive();
//
// The model, the pessimistic reading of POSIX. The bytes of a file are durable as they were at its last sync. A failed sync loses what
// was written since the one before for good, whatever later syncs say, although the file still shows it until the power goes: that is
// what kernels do. A removed file comes back unless its directory was synced. New names are durable with the first sync of their file,
// as SQLite's default VFS syncs the directory of a new log then (the catalog syncs the directory of its own file itself). With
// Loss::something each write since the last sync was lucky or not, or half so: a disk may write them in any order.
//
// Nothing is really synced: the model alone decides, and tests are quicker. The shared-memory index is passed through: it is rebuilt
// after a crash. Threads: any; one lock around the bookkeeping. It must outlive every connection.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace berth::test {

enum class VfsCall : std::uint8_t { open, write, sync, truncate, remove, read };
enum class VfsRepeat : std::uint8_t { once, from_then_on };

struct VfsFault {
  std::uint64_t at = 1;  // the n-th call from now, counted from 1; of kind `only` when that is given, else any but reads
  int code = SQLITE_IOERR;
  std::optional<VfsCall> only;
  VfsRepeat repeat = VfsRepeat::once;
};

enum class PowerLoss : std::uint8_t { everything, something };
enum class Syncs : std::uint8_t { honest, pretended };

class FaultVfs {
 public:
  explicit FaultVfs(std::string name);
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;
  [[nodiscard]] const std::string& name() const { return name_; }

  void inject(VfsFault fault);
  void clear_faults();
  // Whether the fault has struck.
  [[nodiscard]] bool struck() const;
  // Calls so far, reads excepted.
  [[nodiscard]] std::uint64_t calls() const;
  // `pretended`: a sync reports success and makes nothing durable; the negative control.
  void set_syncs(Syncs syncs);
  void kill();
  void revive();
  // While no file is open.
  void lose_power(PowerLoss loss, unsigned seed = 0);

 private:
  struct Change {
    std::optional<std::int64_t> truncated_to;
    std::int64_t offset = 0;
    std::string bytes;
  };
  // What a power loss leaves of one file.
  struct Disk {
    bool exists = false;
    std::string durable;
    std::vector<Change> pending;
  };
  struct File;
  struct Calls;

  // What strikes this call; SQLITE_OK when nothing does. Under the lock.
  int enter(VfsCall call);
  Disk& disk_of(const std::string& path);
  static void apply(std::string& content, const Change& change);

  std::string name_;
  sqlite3_vfs* real_;
  sqlite3_vfs vfs_{};
  mutable std::mutex mutex_;
  std::map<std::string, Disk> disks_;
  std::optional<VfsFault> fault_;
  std::uint64_t until_fault_ = 0;
  std::uint64_t calls_ = 0;
  bool struck_ = false;
  bool dead_ = false;
  Syncs syncs_ = Syncs::honest;
};

}  // namespace berth::test
