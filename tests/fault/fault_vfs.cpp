#include "fault/fault_vfs.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <sstream>

namespace berth::test {

// The head is what SQLite sees; the real VFS's own file follows it in the same allocation.
struct FaultVfs::File {
  sqlite3_file base;
  FaultVfs* owner;
  std::string* path;  // nullptr for temporary files, which no power loss concerns

  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

struct FaultVfs::Calls {
  static FaultVfs& of(sqlite3_vfs* vfs) { return *static_cast<FaultVfs*>(vfs->pAppData); }
  static const sqlite3_io_methods& io() {
    static const sqlite3_io_methods methods = {
        2,         close,    read,         write,       truncate,        sync,    file_size, lock,
        unlock,    reserved, file_control, sector_size, characteristics, shm_map, shm_lock,  shm_barrier,
        shm_unmap, nullptr,  nullptr};
    return methods;
  }

  // --- The file system
  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    FaultVfs& self = of(vfs);
    File& ours = File::of(file);
    ours.base.pMethods = nullptr;
    const std::lock_guard lock(self.mutex_);
    if (const int code = self.enter(VfsCall::open); code != SQLITE_OK) return SQLITE_CANTOPEN;
    if (path != nullptr) {
      Disk& disk = self.disk_of(path);  // before the file is made: what was there counts as durable
      // A new file under an old name: once synced, it is what the name means.
      if (!std::filesystem::exists(path)) disk.pending = {{0, 0, {}}};
    }
    const int code = self.real_->xOpen(self.real_, path, ours.real(), flags, out_flags);
    if (code != SQLITE_OK) return code;
    ours.owner = &self;
    ours.path = path == nullptr ? nullptr : new std::string(path);
    ours.base.pMethods = &io();
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs* vfs, const char* path, int sync_directory) {
    FaultVfs& self = of(vfs);
    const std::lock_guard lock(self.mutex_);
    if (self.enter(VfsCall::remove) != SQLITE_OK) return SQLITE_IOERR_DELETE;
    const int code = self.real_->xDelete(self.real_, path, 0);
    if (code == SQLITE_OK) {
      Disk& disk = self.disk_of(path);
      // A new file of that name starts from nothing; what is durable is the old one until the directory is synced.
      disk.pending.clear();
      if (sync_directory != 0 && self.syncs_ == Syncs::honest) disk = Disk{};
    }
    return code;
  }
  static int access(sqlite3_vfs* vfs, const char* path, int flags, int* result) {
    return of(vfs).real_->xAccess(of(vfs).real_, path, flags, result);
  }
  static int full_path(sqlite3_vfs* vfs, const char* path, int size, char* out) {
    return of(vfs).real_->xFullPathname(of(vfs).real_, path, size, out);
  }
  static int randomness(sqlite3_vfs* vfs, int size, char* out) { return of(vfs).real_->xRandomness(of(vfs).real_, size, out); }
  static int pause(sqlite3_vfs* vfs, int micros) { return of(vfs).real_->xSleep(of(vfs).real_, micros); }
  static int current_time(sqlite3_vfs* vfs, double* out) { return of(vfs).real_->xCurrentTime(of(vfs).real_, out); }
  static int current_time64(sqlite3_vfs* vfs, sqlite3_int64* out) { return of(vfs).real_->xCurrentTimeInt64(of(vfs).real_, out); }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }

  // --- A file
  static int close(sqlite3_file* file) {
    File& ours = File::of(file);
    const int code = ours.real()->pMethods->xClose(ours.real());
    delete ours.path;
    return code;
  }
  static int read(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
    File& ours = File::of(file);
    {
      const std::lock_guard lock(ours.owner->mutex_);
      if (ours.owner->enter(VfsCall::read) != SQLITE_OK) return SQLITE_IOERR_READ;
    }
    return ours.real()->pMethods->xRead(ours.real(), into, size, offset);
  }
  static int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    File& ours = File::of(file);
    const std::lock_guard lock(ours.owner->mutex_);
    if (const int code = ours.owner->enter(VfsCall::write); code != SQLITE_OK)
      return code == SQLITE_FULL ? code : SQLITE_IOERR_WRITE;
    const int code = ours.real()->pMethods->xWrite(ours.real(), from, size, offset);
    if (code == SQLITE_OK && ours.path != nullptr) {
      ours.owner->disk_of(*ours.path)
          .pending.push_back({std::nullopt, offset, std::string(static_cast<const char*>(from), static_cast<std::size_t>(size))});
    }
    return code;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    File& ours = File::of(file);
    const std::lock_guard lock(ours.owner->mutex_);
    if (ours.owner->enter(VfsCall::truncate) != SQLITE_OK) return SQLITE_IOERR_TRUNCATE;
    const int code = ours.real()->pMethods->xTruncate(ours.real(), size);
    if (code == SQLITE_OK && ours.path != nullptr) ours.owner->disk_of(*ours.path).pending.push_back({size, 0, {}});
    return code;
  }
  static int sync(sqlite3_file* file, int) {
    File& ours = File::of(file);
    FaultVfs& self = *ours.owner;
    const std::lock_guard lock(self.mutex_);
    const bool was_dead = self.dead_;
    const int code = self.enter(VfsCall::sync);
    if (ours.path == nullptr) return code;
    Disk& disk = self.disk_of(*ours.path);
    if (code != SQLITE_OK) {
      // The kernel has dropped the dirty pages and will not say so again. (A dead process has not called at all.)
      if (!was_dead) disk.pending.clear();
      return SQLITE_IOERR_FSYNC;
    }
    if (self.syncs_ == Syncs::pretended) return SQLITE_OK;
    for (const Change& change : disk.pending) apply(disk.durable, change);
    disk.pending.clear();
    disk.exists = true;
    return SQLITE_OK;
  }
  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return File::of(file).real()->pMethods->xFileSize(File::of(file).real(), size);
  }
  static int lock(sqlite3_file* file, int level) { return File::of(file).real()->pMethods->xLock(File::of(file).real(), level); }
  static int unlock(sqlite3_file* file, int level) {
    return File::of(file).real()->pMethods->xUnlock(File::of(file).real(), level);
  }
  static int reserved(sqlite3_file* file, int* out) {
    return File::of(file).real()->pMethods->xCheckReservedLock(File::of(file).real(), out);
  }
  static int file_control(sqlite3_file* file, int operation, void* argument) {
    // A hint to grow the file early would change its size behind the model.
    if (operation == SQLITE_FCNTL_SIZE_HINT) return SQLITE_OK;
    return File::of(file).real()->pMethods->xFileControl(File::of(file).real(), operation, argument);
  }
  static int sector_size(sqlite3_file* file) { return File::of(file).real()->pMethods->xSectorSize(File::of(file).real()); }
  static int characteristics(sqlite3_file* file) {
    return File::of(file).real()->pMethods->xDeviceCharacteristics(File::of(file).real());
  }
  static int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
    return File::of(file).real()->pMethods->xShmMap(File::of(file).real(), page, size, extend, out);
  }
  static int shm_lock(sqlite3_file* file, int offset, int n, int flags) {
    return File::of(file).real()->pMethods->xShmLock(File::of(file).real(), offset, n, flags);
  }
  static void shm_barrier(sqlite3_file* file) { File::of(file).real()->pMethods->xShmBarrier(File::of(file).real()); }
  static int shm_unmap(sqlite3_file* file, int remove_it) {
    return File::of(file).real()->pMethods->xShmUnmap(File::of(file).real(), remove_it);
  }
};

FaultVfs::FaultVfs(std::string name) : name_(std::move(name)), real_(sqlite3_vfs_find(nullptr)) {
  vfs_.iVersion = 2;
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_.mxPathname = real_->mxPathname;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = Calls::open;
  vfs_.xDelete = Calls::remove;
  vfs_.xAccess = Calls::access;
  vfs_.xFullPathname = Calls::full_path;
  vfs_.xRandomness = Calls::randomness;
  vfs_.xSleep = Calls::pause;
  vfs_.xCurrentTime = Calls::current_time;
  vfs_.xGetLastError = Calls::last_error;
  vfs_.xCurrentTimeInt64 = Calls::current_time64;
  sqlite3_vfs_register(&vfs_, 0);
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(&vfs_); }

void FaultVfs::inject(VfsFault fault) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
  until_fault_ = fault.at;
  struck_ = false;
}

void FaultVfs::clear_faults() {
  const std::lock_guard lock(mutex_);
  fault_.reset();
}

bool FaultVfs::struck() const {
  const std::lock_guard lock(mutex_);
  return struck_;
}

std::uint64_t FaultVfs::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

void FaultVfs::set_syncs(Syncs syncs) {
  const std::lock_guard lock(mutex_);
  syncs_ = syncs;
}

void FaultVfs::kill() {
  const std::lock_guard lock(mutex_);
  dead_ = true;
}

void FaultVfs::revive() {
  const std::lock_guard lock(mutex_);
  dead_ = false;
}

int FaultVfs::enter(VfsCall call) {
  if (dead_) return SQLITE_IOERR;
  if (call != VfsCall::read) ++calls_;
  if (!fault_) return SQLITE_OK;
  const bool counts = fault_->only ? *fault_->only == call : call != VfsCall::read;
  if (!counts || (until_fault_ > 0 && --until_fault_ > 0)) return SQLITE_OK;
  struck_ = true;
  const int code = fault_->code;
  if (fault_->repeat == VfsRepeat::once) fault_.reset();
  return code;
}

FaultVfs::Disk& FaultVfs::disk_of(const std::string& path) {
  const auto [at, first] = disks_.try_emplace(path);
  if (first && std::filesystem::exists(path)) {
    std::ostringstream content;
    content << std::ifstream(path, std::ios::binary).rdbuf();
    at->second.exists = true;
    at->second.durable = content.str();
  }
  return at->second;
}

void FaultVfs::apply(std::string& content, const Change& change) {
  if (change.truncated_to) {
    content.resize(static_cast<std::size_t>(*change.truncated_to));
    return;
  }
  const auto offset = static_cast<std::size_t>(change.offset);
  if (content.size() < offset + change.bytes.size()) content.resize(offset + change.bytes.size());
  std::memcpy(content.data() + offset, change.bytes.data(), change.bytes.size());
}

void FaultVfs::lose_power(PowerLoss loss, unsigned seed) {
  const std::lock_guard lock(mutex_);
  std::mt19937 random(seed);
  for (auto& [path, disk] : disks_) {
    if (loss == PowerLoss::something) {
      for (Change& change : disk.pending) {
        const unsigned luck = random() % 3;
        if (luck == 0) continue;
        if (luck == 1) change.bytes.resize(change.bytes.size() / 2);
        apply(disk.durable, change);
        disk.exists = true;
      }
    }
    disk.pending.clear();
    if (disk.exists) {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << disk.durable;
    } else {
      std::filesystem::remove(path);
    }
  }
  fault_.reset();
}

}  // namespace berth::test
