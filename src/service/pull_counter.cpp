#include "berth/service/pull_counter.h"

#include <vector>

namespace berth::service {

namespace {
// As many different things can be pulled in a second; more than that are not counted, rather than kept without bound.
constexpr std::size_t kMaxEntries = 50'000;
}  // namespace

void PullCounter::count(const oci::RepositoryName& repository, const oci::Digest& digest, const std::optional<oci::Tag>& tag,
                        PullKind kind) {
  if (const auto found = entry(repository, digest, tag)) found->add(clock_.now(), kind == PullKind::taken ? 1 : 0);
}

std::shared_ptr<PullEntry> PullCounter::entry(const oci::RepositoryName& repository, const oci::Digest& digest,
                                              const std::optional<oci::Tag>& tag) {
  Key key{repository.text(), digest.text(), tag ? tag->text() : std::string()};
  return entries_.with([&](Entries& entries) -> std::shared_ptr<PullEntry> {
    const auto found = entries.find(key);
    if (found != entries.end()) return found->second;
    if (entries.size() >= kMaxEntries) return nullptr;
    return entries.emplace(std::move(key), std::make_shared<PullEntry>(repository, digest, tag)).first->second;
  });
}

base::Result<void> PullCounter::flush() {
  std::vector<std::shared_ptr<PullEntry>> taken;
  std::vector<catalog::PullCount> pulls;
  entries_.with([&](Entries& entries) {
    for (auto at = entries.begin(); at != entries.end();) {
      PullEntry& entry = *at->second;
      // In this order: a pull between the two is told with the time of the next.
      const std::int64_t last = entry.last_.exchange(0, std::memory_order_relaxed);
      const std::uint64_t count = entry.count_.exchange(0, std::memory_order_relaxed);
      if (count > 0 || last > 0) {
        pulls.push_back(
            {entry.repository_, entry.digest_, entry.tag_, count, last > 0 ? base::from_unix_micros(last) : clock_.now()});
        taken.push_back(at->second);
      } else if (at->second.use_count() == 1) {
        at = entries.erase(at);  // nobody can add to it but through us
        continue;
      }
      ++at;
    }
  });
  if (pulls.empty()) return {};
  auto done = usage_.record(pulls);
  if (!done) {
    for (std::size_t i = 0; i < taken.size(); ++i) taken[i]->add(pulls[i].last, pulls[i].count);
  }
  return done;
}

}  // namespace berth::service
