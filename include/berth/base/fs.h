// The file system as a dependency: the few calls that a store needs, each of which can fail, so that tests can make each of them fail.
//
// What this is: POSIX with Results and RAII. What it is not: a path library or a place for policy. The real one is
// real_file_system(); tests/support/fault_file_system.h counts calls, fails the n-th and forgets what was not synced.
// Errors of every call: storage_full for ENOSPC and EDQUOT, io_error for anything else, unless said otherwise. Threads: any; one File
// is used by one thread at a time, but read() may run concurrently.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/base/bytes.h"
#include "berth/base/clock.h"
#include "berth/base/error.h"

namespace berth::base {

// An open file. The descriptor is closed by the destructor, which also releases its lock.
class File {
 public:
  virtual ~File() = default;
  // Writes all of `bytes` at `offset` (repeats after short writes and EINTR).
  virtual Result<void> write(ByteView bytes, std::uint64_t offset) = 0;
  // Reads up to into.size() bytes at `offset`; fewer only at the end of the file.
  virtual Result<std::size_t> read(std::span<std::byte> into, std::uint64_t offset) const = 0;
  // As read(), but only what is in the page cache, so that an event loop may call it: at least one byte, or nullopt when the disk would
  // have to be asked, at the end of the file, and after an error.
  [[nodiscard]] virtual std::optional<std::size_t> read_cached(std::span<std::byte>, std::uint64_t) const { return std::nullopt; }
  [[nodiscard]] virtual Result<std::uint64_t> size() const = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
  // fdatasync(2). After a failure the pages may be gone: never retry as if fine.
  virtual Result<void> sync_data() = 0;
  // Starts write-back of [offset, offset+length) without waiting (sync_file_range); no durability by itself.
  virtual void start_writeback(std::uint64_t offset, std::uint64_t length) = 0;
  // Tries an exclusive advisory lock (flock) held until destruction; false when somebody else holds it.
  virtual Result<bool> try_lock() = 0;
  // For sendfile. Stays owned by the File.
  [[nodiscard]] virtual int descriptor() const = 0;
};

enum class OpenMode : std::uint8_t {
  read,        // must exist
  read_write,  // must exist
  create,      // read and write; created when missing
  create_new,  // read and write; must not exist
};

struct FileInfo {
  std::uint64_t size = 0;
  TimePoint modified;
  bool directory = false;
};

struct SpaceInfo {
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;  // for an unprivileged writer
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // nullptr (no error) when the mode needs the file and it is missing, or forbids it and it is there.
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // An unnamed file in `directory` (O_TMPFILE), to be named by link().
  virtual Result<std::unique_ptr<File>> open_unnamed(const std::string& directory) = 0;
  // Gives an open_unnamed() file the name `path`; false when that name is taken.
  virtual Result<bool> link(File& file, const std::string& path) = 0;
  // Whether the name `path` is this very file. False when there is no such name.
  [[nodiscard]] virtual Result<bool> is_same(const File& file, const std::string& path) const = 0;
  // Atomically replaces `to`.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  // False when it was not there.
  virtual Result<bool> remove(const std::string& path) = 0;
  // False when it was not there. Refuses a directory that is not empty (io_error).
  virtual Result<bool> remove_directory(const std::string& path) = 0;
  // False when it was there already. Mode 0700.
  virtual Result<bool> make_directory(const std::string& path) = 0;
  // fsync(2) of a directory: the names in it are durable afterwards.
  virtual Result<void> sync_directory(const std::string& path) = 0;
  [[nodiscard]] virtual Result<std::optional<FileInfo>> find_info(const std::string& path) const = 0;
  // Names in a directory, without "." and "..", in no order. Empty when the directory is missing.
  [[nodiscard]] virtual Result<std::vector<std::string>> list(const std::string& path) const = 0;
  [[nodiscard]] virtual Result<SpaceInfo> space(const std::string& path) const = 0;
};

// The kernel's. Files are created with mode 0600. Lives forever.
FileSystem& real_file_system();

// The whole of a small file; nullopt when it is missing. io_error when it is larger than `limit` bytes.
Result<std::optional<std::string>> read_small_file(FileSystem& fs, const std::string& path, std::size_t limit = 1 << 20);

}  // namespace berth::base
