#include "support/fault_file_system.h"

#include <numeric>
#include <string_view>
#include <utility>

namespace berth::test {

namespace {

std::string_view call_name(Call call) {
  switch (call) {
    case Call::write: return "write";
    case Call::truncate: return "truncate";
    case Call::sync_data: return "sync_data";
    case Call::create: return "create";
    case Call::link: return "link";
    case Call::rename: return "rename";
    case Call::remove: return "remove";
    case Call::remove_directory: return "remove_directory";
    case Call::make_directory: return "make_directory";
    case Call::sync_directory: return "sync_directory";
    case Call::read: return "read";
  }
  return "?";
}

base::Error injected(const Fault& fault, Call call, const std::string& path) {
  return base::system_error(fault.error_number, "injected into " + std::string(call_name(call)) + " " + path);
}

bool may_create(base::OpenMode mode) { return mode == base::OpenMode::create || mode == base::OpenMode::create_new; }

}  // namespace

class FaultFileSystem::FaultFile final : public base::File {
 public:
  // `node` is nullptr for a file outside the root.
  FaultFile(FaultFileSystem& owner, std::unique_ptr<base::File> real, DurableTree::NodePtr node, std::string path)
      : owner_(owner), real_(std::move(real)), node_(std::move(node)), path_(std::move(path)), life_(owner.life_) {}

  base::Result<void> write(base::ByteView bytes, std::uint64_t offset) override {
    std::optional<Fault> fault;
    {
      std::lock_guard lock(owner_.mutex_);
      BERTH_CHECK_OK(alive());
      fault = owner_.enter(Call::write, path_);
      if (fault && fault->partial == Partial::none) return base::fail(injected(*fault, Call::write, path_));
      if (node_) node_->dirty = true;
    }
    if (!fault) return real_->write(bytes, offset);
    BERTH_CHECK_OK(real_->write(bytes.first(bytes.size() / 2), offset));
    return base::fail(injected(*fault, Call::write, path_));
  }

  base::Result<std::size_t> read(std::span<std::byte> into, std::uint64_t offset) const override {
    {
      std::lock_guard lock(owner_.mutex_);
      BERTH_CHECK_OK(owner_.check(Call::read, path_));
    }
    return real_->read(into, offset);
  }

  [[nodiscard]] base::Result<std::uint64_t> size() const override { return real_->size(); }

  base::Result<void> truncate(std::uint64_t size) override {
    std::lock_guard lock(owner_.mutex_);
    BERTH_CHECK_OK(alive());
    BERTH_CHECK_OK(owner_.check(Call::truncate, path_));
    if (node_) node_->dirty = true;
    return real_->truncate(size);
  }

  base::Result<void> sync_data() override {
    std::lock_guard lock(owner_.mutex_);
    BERTH_CHECK_OK(alive());
    if (auto allowed = owner_.check(Call::sync_data, path_); !allowed) {
      if (node_) node_->sync_failed = true;
      return allowed;
    }
    if (!node_ || !node_->dirty) return {};
    BERTH_TRY(const std::uint64_t size, real_->size());
    std::string content(size, '\0');
    BERTH_TRY(const std::size_t count, real_->read(std::as_writable_bytes(std::span(content)), 0));
    content.resize(count);
    DurableTree::file_synced(*node_, std::move(content));
    return {};
  }

  void start_writeback(std::uint64_t offset, std::uint64_t length) override { real_->start_writeback(offset, length); }
  base::Result<bool> try_lock() override { return real_->try_lock(); }
  [[nodiscard]] int descriptor() const override { return real_->descriptor(); }

  // Whether the process that opened it still lives. Under the owner's lock.
  [[nodiscard]] base::Result<void> alive() const {
    if (life_ == owner_.life_) return {};
    return base::fail(base::system_error(EIO, "opened before the power failed: " + path_));
  }
  base::File& real() { return *real_; }
  [[nodiscard]] const DurableTree::NodePtr& node() const { return node_; }

 private:
  FaultFileSystem& owner_;
  std::unique_ptr<base::File> real_;
  DurableTree::NodePtr node_;
  std::string path_;
  std::uint64_t life_;
};

FaultFileSystem::FaultFileSystem(std::string root) : tree_(root) {}
FaultFileSystem::~FaultFileSystem() = default;

void FaultFileSystem::inject(Fault fault) {
  std::lock_guard lock(mutex_);
  until_fault_ = fault.at;
  fault_ = fault;
  struck_ = false;
}

void FaultFileSystem::clear_faults() {
  std::lock_guard lock(mutex_);
  fault_.reset();
}

std::uint64_t FaultFileSystem::calls() const {
  std::lock_guard lock(mutex_);
  return std::accumulate(std::begin(counts_), std::end(counts_), std::uint64_t{0}) -
         counts_[static_cast<std::size_t>(Call::read)];
}

std::uint64_t FaultFileSystem::calls(Call kind) const {
  std::lock_guard lock(mutex_);
  return counts_[static_cast<std::size_t>(kind)];
}

std::vector<CallRecord> FaultFileSystem::trace() const {
  std::lock_guard lock(mutex_);
  return trace_;
}

bool FaultFileSystem::struck() const {
  std::lock_guard lock(mutex_);
  return struck_;
}

void FaultFileSystem::set_space(std::optional<base::SpaceInfo> space) {
  std::lock_guard lock(mutex_);
  space_ = space;
}

void FaultFileSystem::drop_unsynced(Loss loss) {
  std::lock_guard lock(mutex_);
  tree_.drop_unsynced(loss);
  ++life_;
}

std::optional<Fault> FaultFileSystem::enter(Call call, const std::string& path) {
  ++counts_[static_cast<std::size_t>(call)];
  const bool concerned = fault_ && (fault_->only ? *fault_->only == call : call != Call::read);
  std::optional<Fault> strikes;
  if (concerned) {
    if (until_fault_ > 0) --until_fault_;
    if (until_fault_ == 0) {
      strikes = fault_;
      struck_ = true;
      if (fault_->repeat == Repeat::once) fault_.reset();
    }
  }
  if (call != Call::read) trace_.push_back({.call = call, .path = path, .failed = strikes.has_value()});
  return strikes;
}

base::Result<void> FaultFileSystem::check(Call call, const std::string& path) {
  if (const auto fault = enter(call, path)) return base::fail(injected(*fault, call, path));
  return {};
}

base::Result<std::unique_ptr<base::File>> FaultFileSystem::open(const std::string& path, base::OpenMode mode) {
  std::lock_guard lock(mutex_);
  if (may_create(mode)) BERTH_CHECK_OK(check(Call::create, path));
  DurableTree::NodePtr node = tree_.find(path);
  BERTH_TRY(std::unique_ptr<base::File> real, base::real_file_system().open(path, mode));
  if (!real) return std::unique_ptr<base::File>();
  if (!node) node = tree_.file_created(path);
  return std::make_unique<FaultFile>(*this, std::move(real), std::move(node), path);
}

base::Result<std::unique_ptr<base::File>> FaultFileSystem::open_unnamed(const std::string& directory) {
  std::lock_guard lock(mutex_);
  BERTH_CHECK_OK(check(Call::create, directory));
  BERTH_TRY(std::unique_ptr<base::File> real, base::real_file_system().open_unnamed(directory));
  auto node = std::make_shared<DurableTree::Node>();
  node->synced_at = std::filesystem::file_time_type::clock::now();
  return std::make_unique<FaultFile>(*this, std::move(real), std::move(node), directory + "/(unnamed)");
}

base::Result<bool> FaultFileSystem::link(base::File& file, const std::string& path) {
  auto& ours = dynamic_cast<FaultFile&>(file);
  std::lock_guard lock(mutex_);
  BERTH_CHECK_OK(ours.alive());
  BERTH_CHECK_OK(check(Call::link, path));
  BERTH_TRY(const bool linked, base::real_file_system().link(ours.real(), path));
  if (linked) tree_.linked(ours.node(), path);
  return linked;
}

base::Result<bool> FaultFileSystem::is_same(const base::File& file, const std::string& path) const {
  return base::real_file_system().is_same(file, path);
}

base::Result<void> FaultFileSystem::rename(const std::string& from, const std::string& to) {
  std::lock_guard lock(mutex_);
  BERTH_CHECK_OK(check(Call::rename, to));
  tree_.find(from);  // so that a file from behind the model's back has a node that can move
  BERTH_CHECK_OK(base::real_file_system().rename(from, to));
  tree_.renamed(from, to);
  return {};
}

base::Result<bool> FaultFileSystem::remove(const std::string& path) {
  std::lock_guard lock(mutex_);
  BERTH_CHECK_OK(check(Call::remove, path));
  tree_.find(path);
  BERTH_TRY(const bool removed, base::real_file_system().remove(path));
  if (removed) tree_.removed(path);
  return removed;
}

base::Result<bool> FaultFileSystem::remove_directory(const std::string& path) {
  std::lock_guard lock(mutex_);
  BERTH_CHECK_OK(check(Call::remove_directory, path));
  tree_.find(path);
  BERTH_TRY(const bool removed, base::real_file_system().remove_directory(path));
  if (removed) tree_.removed(path);
  return removed;
}

base::Result<bool> FaultFileSystem::make_directory(const std::string& path) {
  std::lock_guard lock(mutex_);
  BERTH_CHECK_OK(check(Call::make_directory, path));
  BERTH_TRY(const bool made, base::real_file_system().make_directory(path));
  if (made) tree_.directory_made(path);
  return made;
}

base::Result<void> FaultFileSystem::sync_directory(const std::string& path) {
  std::lock_guard lock(mutex_);
  BERTH_CHECK_OK(check(Call::sync_directory, path));
  BERTH_TRY(const auto info, base::real_file_system().find_info(path));
  if (!info) return base::fail(base::system_error(ENOENT, "sync_directory " + path));
  if (!info->directory) return base::fail(base::system_error(ENOTDIR, "sync_directory " + path));
  tree_.directory_synced(path);
  return {};
}

base::Result<std::optional<base::FileInfo>> FaultFileSystem::find_info(const std::string& path) const {
  return base::real_file_system().find_info(path);
}

base::Result<std::vector<std::string>> FaultFileSystem::list(const std::string& path) const {
  return base::real_file_system().list(path);
}

base::Result<base::SpaceInfo> FaultFileSystem::space(const std::string& path) const {
  std::lock_guard lock(mutex_);
  if (space_) return *space_;
  return base::real_file_system().space(path);
}

}  // namespace berth::test
