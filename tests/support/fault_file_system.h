// A FileSystem for crash tests: the real one, with faults on demand and a power switch.
//
//   FaultFileSystem fs(directory.path());
//   fs.inject({.at = 3, .error_number = ENOSPC});                       // the third mutating call from now fails, once
//   fs.inject({.at = 1, .only = Call::sync_data, .repeat = Repeat::from_then_on});
//   fs.inject({.at = 2, .error_number = ENOSPC, .only = Call::write, .partial = Partial::half});   // a short write
//   …
//   fs.clear_faults(); fs.drop_unsynced();                              // power loss; then open the store again and look
//
// The usual loop of a crash test: run the work once and take calls(); then for each n up to that number run it again on a fresh
// tree with inject({.at = n, .repeat = Repeat::from_then_on}) (from its n-th call on the process is as good as dead: its
// destructors can do no harm either), destroy the store, clear_faults(), drop_unsynced(), open a new store and check that
// everything acknowledged is there. Leave drop_unsynced() out to test kill -9 instead.
//
// Counted and fallible: every call that changes something (Call, up to sync_directory). A faulty call does nothing and returns
// the Error of its errno; with Partial::half a write first writes the first half of its bytes. Call::read is not counted among
// them and fails only when a fault names it. start_writeback() and try_lock() are passed on and never fail.
//
// Power loss: support/durable_tree.h says exactly what survives. Nothing is really synced (the model alone decides, and tests are
// quicker), so this is no test of the kernel. A File that was opened before drop_unsynced() belongs to the process that died: it
// refuses every further change with io_error, and its reads see the old file.
//
// Threads: any; the bookkeeping is locked, reads and writes themselves run side by side. It must outlive its Files.
#pragma once

#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "berth/base/fs.h"
#include "support/durable_tree.h"

namespace berth::test {

enum class Call : std::uint8_t {
  write,
  truncate,
  sync_data,
  create,  // open() in a mode that may create, and open_unnamed()
  link,
  rename,
  remove,
  remove_directory,
  make_directory,
  sync_directory,
  read,
};
inline constexpr std::size_t kCallCount = static_cast<std::size_t>(Call::read) + 1;

enum class Repeat : std::uint8_t { once, from_then_on };
enum class Partial : std::uint8_t { none, half };

struct Fault {
  std::uint64_t at = 1;  // the n-th call from now, counted from 1; of kind `only` when that is given
  int error_number = EIO;
  std::optional<Call> only;
  Repeat repeat = Repeat::once;
  Partial partial = Partial::none;
};

// One mutating call, in the order in which they were made; `path` is the target.
struct CallRecord {
  Call call;
  std::string path;
  bool failed;  // by a fault
};

class FaultFileSystem final : public base::FileSystem {
 public:
  // Follows what happens below `root`, an existing directory; everything in it counts as durable. Calls elsewhere are counted and
  // may fail, but are not undone.
  explicit FaultFileSystem(std::string root);
  ~FaultFileSystem() override;

  // In place of an earlier fault.
  void inject(Fault fault);
  void clear_faults();
  // Mutating calls so far, failed ones included; of one kind, or all (without reads).
  [[nodiscard]] std::uint64_t calls() const;
  [[nodiscard]] std::uint64_t calls(Call kind) const;
  [[nodiscard]] std::vector<CallRecord> trace() const;
  // Whether a fault has struck since it was injected.
  [[nodiscard]] bool struck() const;
  // What space() says from now on; nullopt for the truth.
  void set_space(std::optional<base::SpaceInfo> space);
  // The power fails and comes back.
  void drop_unsynced(Loss loss = Loss::data_and_names);

  base::Result<std::unique_ptr<base::File>> open(const std::string& path, base::OpenMode mode) override;
  base::Result<std::unique_ptr<base::File>> open_unnamed(const std::string& directory) override;
  base::Result<bool> link(base::File& file, const std::string& path) override;
  [[nodiscard]] base::Result<bool> is_same(const base::File& file, const std::string& path) const override;
  base::Result<void> rename(const std::string& from, const std::string& to) override;
  base::Result<bool> remove(const std::string& path) override;
  base::Result<bool> remove_directory(const std::string& path) override;
  base::Result<bool> make_directory(const std::string& path) override;
  base::Result<void> sync_directory(const std::string& path) override;
  [[nodiscard]] base::Result<std::optional<base::FileInfo>> find_info(const std::string& path) const override;
  [[nodiscard]] base::Result<std::vector<std::string>> list(const std::string& path) const override;
  [[nodiscard]] base::Result<base::SpaceInfo> space(const std::string& path) const override;

 private:
  class FaultFile;

  // Counts the call; the fault that strikes it, if any. Under the lock.
  std::optional<Fault> enter(Call call, const std::string& path);
  // The same, with the Error made.
  base::Result<void> check(Call call, const std::string& path);

  mutable std::mutex mutex_;
  DurableTree tree_;
  std::optional<Fault> fault_;
  std::uint64_t until_fault_ = 0;
  bool struck_ = false;
  std::uint64_t counts_[kCallCount] = {};
  std::vector<CallRecord> trace_;
  std::optional<base::SpaceInfo> space_;
  std::uint64_t life_ = 0;  // power losses so far: a File of an earlier life is dead
};

}  // namespace berth::test
