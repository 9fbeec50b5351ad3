#include "store/directory_sync.h"

namespace berth::store {

base::Result<void> DirectorySync::sync(const std::string& directory) {
  const std::shared_ptr<Round> round = state_.with([&](State& state) {
    ++state.callers;
    Directory& entry = state.directories[directory];
    if (!entry.next) entry.next = std::make_shared<Round>();
    return entry.next;
  });

  // Whoever of a round is awake first when no sync runs starts it for all of them. The entry outlives the wait: it is erased only
  // when nothing is wanted, and an unfinished round is either wanted or running.
  const bool leads = state_.wait([&](const State& state) { return round->result || !state.directories.at(directory).running; },
                                 [&](State& state) {
                                   if (round->result) {
                                     --state.callers;
                                     return false;
                                   }
                                   Directory& entry = state.directories.at(directory);
                                   entry.running = true;
                                   entry.next.reset();
                                   return true;
                                 });
  if (!leads) return *round->result;

  base::Result<void> result = operation_(directory);
  state_.with([&](State& state) {
    round->result = result;
    --state.callers;
    const auto entry = state.directories.find(directory);
    entry->second.running = false;
    if (!entry->second.next) state.directories.erase(entry);
  });
  state_.notify_all();
  return result;
}

std::size_t DirectorySync::callers() const {
  return state_.with([](const State& state) { return state.callers; });
}

}  // namespace berth::store
