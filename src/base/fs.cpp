#include "berth/base/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace berth::base {

namespace {

// Repeats `call` while a signal interrupts it.
template <typename Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

tl::unexpected<Error> failed(std::string_view call, const std::string& object) {
  const int error_number = errno;
  return fail(system_error(error_number, std::string(call) + " " + object));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

class RealFile final : public File {
 public:
  RealFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  Result<void> write(ByteView bytes, std::uint64_t offset) override {
    while (!bytes.empty()) {
      const ssize_t count =
          uninterrupted([&] { return ::pwrite(descriptor(), bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
      if (count < 0) return failed("pwrite", path_);
      if (count == 0) return fail(system_error(EIO, "pwrite wrote nothing " + path_));
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
    return {};
  }

  Result<std::size_t> read(std::span<std::byte> into, std::uint64_t offset) const override {
    std::size_t total = 0;
    while (total < into.size()) {
      const ssize_t count = uninterrupted(
          [&] { return ::pread(descriptor(), into.data() + total, into.size() - total, static_cast<off_t>(offset + total)); });
      if (count < 0) return failed("pread", path_);
      if (count == 0) break;
      total += static_cast<std::size_t>(count);
    }
    return total;
  }

  [[nodiscard]] std::optional<std::size_t> read_cached(std::span<std::byte> into, std::uint64_t offset) const override {
    const iovec piece{into.data(), into.size()};
    const ssize_t count = ::preadv2(descriptor(), &piece, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    if (count <= 0) return std::nullopt;
    return static_cast<std::size_t>(count);
  }

  [[nodiscard]] Result<std::uint64_t> size() const override {
    struct stat info{};
    if (::fstat(descriptor(), &info) != 0) return failed("fstat", path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

  Result<void> truncate(std::uint64_t size) override {
    if (uninterrupted([&] { return ::ftruncate(descriptor(), static_cast<off_t>(size)); }) != 0)
      return failed("ftruncate", path_);
    return {};
  }

  // An interrupted wait has reported no error yet, so it may go on; any real error is final.
  Result<void> sync_data() override {
    if (uninterrupted([&] { return ::fdatasync(descriptor()); }) != 0) return failed("fdatasync", path_);
    return {};
  }

  // Only a hint: whatever goes wrong here comes up again in sync_data(). A length of 0 would mean "to the end".
  void start_writeback(std::uint64_t offset, std::uint64_t length) override {
    if (length == 0) return;
    ::sync_file_range(descriptor(), static_cast<off64_t>(offset), static_cast<off64_t>(length), SYNC_FILE_RANGE_WRITE);
  }

  Result<bool> try_lock() override {
    if (uninterrupted([&] { return ::flock(descriptor(), LOCK_EX | LOCK_NB); }) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    return failed("flock", path_);
  }

  [[nodiscard]] int descriptor() const override { return descriptor_.number(); }

 private:
  Descriptor descriptor_;
  std::string path_;  // as it was opened, for messages alone
};

struct OpenFlags {
  int flags;
  int normal_absence;  // the errno that is no error, or 0
};

OpenFlags flags_of(OpenMode mode) {
  switch (mode) {
    case OpenMode::read: return {O_RDONLY, ENOENT};
    case OpenMode::read_write: return {O_RDWR, ENOENT};
    case OpenMode::create: return {O_RDWR | O_CREAT, 0};
    case OpenMode::create_new: return {O_RDWR | O_CREAT | O_EXCL, EEXIST};
  }
  return {O_RDONLY, ENOENT};
}

class RealFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    const OpenFlags how = flags_of(mode);
    const int number = uninterrupted([&] { return ::open(path.c_str(), how.flags | O_CLOEXEC, 0600); });
    if (number >= 0) return std::make_unique<RealFile>(number, path);
    if (how.normal_absence != 0 && errno == how.normal_absence) return std::unique_ptr<File>();
    return failed("open", path);
  }

  Result<std::unique_ptr<File>> open_unnamed(const std::string& directory) override {
    const int number = uninterrupted([&] { return ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); });
    if (number < 0) return failed("open(O_TMPFILE)", directory);
    return std::make_unique<RealFile>(number, directory + "/(unnamed)");
  }

  Result<bool> link(File& file, const std::string& path) override {
    const std::string source = "/proc/self/fd/" + std::to_string(file.descriptor());
    if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) return true;
    if (errno == EEXIST) return false;
    return failed("linkat", path);
  }

  [[nodiscard]] Result<bool> is_same(const File& file, const std::string& path) const override {
    struct stat open_file{};
    struct stat named{};
    if (::fstat(file.descriptor(), &open_file) != 0) return failed("fstat", path);
    if (::stat(path.c_str(), &named) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return false;
      return failed("stat", path);
    }
    return open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", from + " to " + to);
    return {};
  }

  Result<bool> remove(const std::string& path) override {
    if (::unlink(path.c_str()) == 0) return true;
    if (errno == ENOENT) return false;
    return failed("unlink", path);
  }

  Result<bool> remove_directory(const std::string& path) override {
    if (::rmdir(path.c_str()) == 0) return true;
    if (errno == ENOENT) return false;
    return failed("rmdir", path);
  }

  Result<bool> make_directory(const std::string& path) override {
    if (::mkdir(path.c_str(), 0700) == 0) return true;
    if (errno == EEXIST) return false;
    return failed("mkdir", path);
  }

  Result<void> sync_directory(const std::string& path) override {
    const Descriptor directory(uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (directory.number() < 0) return failed("open", path);
    if (uninterrupted([&] { return ::fsync(directory.number()); }) != 0) return failed("fsync", path);
    return {};
  }

  [[nodiscard]] Result<std::optional<FileInfo>> find_info(const std::string& path) const override {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return std::optional<FileInfo>();
      return failed("stat", path);
    }
    const auto modified = std::chrono::seconds(info.st_mtim.tv_sec) + std::chrono::nanoseconds(info.st_mtim.tv_nsec);
    return std::optional<FileInfo>({.size = static_cast<std::uint64_t>(info.st_size),
                                    .modified = TimePoint(std::chrono::floor<Duration>(modified)),
                                    .directory = S_ISDIR(info.st_mode)});
  }

  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& path) const override {
    std::vector<std::string> names;
    Descriptor number(uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (number.number() < 0) {
      if (errno == ENOENT) return names;
      return failed("open", path);
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(number.number()), &::closedir);
    if (!directory) return failed("fdopendir", path);
    number.release();
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(directory.get());  // NOLINT(concurrency-mt-unsafe): nobody else has this stream
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return failed("readdir", path);
    return names;
  }

  [[nodiscard]] Result<SpaceInfo> space(const std::string& path) const override {
    struct statvfs info{};
    if (uninterrupted([&] { return ::statvfs(path.c_str(), &info); }) != 0) return failed("statvfs", path);
    return SpaceInfo{.total_bytes = static_cast<std::uint64_t>(info.f_blocks) * info.f_frsize,
                     .free_bytes = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize};
  }
};

}  // namespace

FileSystem& real_file_system() {
  static auto* const real = new RealFileSystem;  // never destroyed: other statics may still hold files
  return *real;
}

Result<std::optional<std::string>> read_small_file(FileSystem& fs, const std::string& path, std::size_t limit) {
  BERTH_TRY(const std::unique_ptr<File> file, fs.open(path, OpenMode::read));
  if (!file) return std::optional<std::string>();
  // Read until the end, not up to a size asked for first: the file may grow, and files of /proc have none.
  std::string text;
  for (;;) {
    const std::size_t have = text.size();
    if (have > limit) return fail(system_error(EFBIG, "read " + path));
    text.resize(have + std::min<std::size_t>(limit + 1 - have, 65536));
    BERTH_TRY(const std::size_t count, file->read(std::as_writable_bytes(std::span(text).subspan(have)), have));
    const bool full = count == text.size() - have;
    text.resize(have + count);
    if (!full) return std::optional<std::string>(std::move(text));
  }
}

}  // namespace berth::base
