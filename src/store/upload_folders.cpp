#include "store/upload_folders.h"

namespace berth::store {
namespace {

// More than there are requests between two looks at the disk, and little to list.
constexpr std::size_t kKeptFolders = 64;

}  // namespace

std::optional<UploadFolders::Use> UploadFolders::use(const std::string& name) {
  const bool ours = state_.with([&](State& state) {
    if (!state.used.insert(name).second) return false;
    std::erase(state.kept, name);
    return true;
  });
  if (!ours) return std::nullopt;
  return std::optional<Use>(std::in_place, *this, name);
}

std::optional<UploadFolders::Use> UploadFolders::use_kept() {
  auto name = state_.with([](State& state) -> std::optional<std::string> {
    if (state.kept.empty()) return std::nullopt;
    std::string last = std::move(state.kept.back());
    state.kept.pop_back();
    state.used.insert(last);
    return last;
  });
  if (!name) return std::nullopt;
  return std::optional<Use>(std::in_place, *this, *std::move(name));
}

bool UploadFolders::has_room() const {
  return state_.with([](const State& state) { return state.kept.size() < kKeptFolders; });
}

void UploadFolders::keep(std::string name) {
  state_.with([&](State& state) { state.kept.push_back(std::move(name)); });
}

void UploadFolders::release(const std::string& name) {
  state_.with([&](State& state) { state.used.erase(name); });
}

}  // namespace berth::store
