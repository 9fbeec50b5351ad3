// Collection without a pause, grace 0 and a lease of two seconds against pushes, mounts, dedupe hits, HEAD-then-reference, deletions,
// restores and pulls: no broken image, and no blob that is unknown after a 201, a HEAD 200 or a mount (security.md B3.9).
//
// BERTH_SOAK_SECONDS says how long; a few seconds otherwise.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include "support/registry_world.h"

namespace berth::test {
namespace {

using base::ErrorCode;
using std::chrono::seconds;
using Steady = std::chrono::steady_clock;

constexpr int kRepositories = 4;
constexpr int kContents = 1000;

seconds duration() {
  const char* text = std::getenv("BERTH_SOAK_SECONDS");
  return seconds(text != nullptr ? std::atoi(text) : 8);
}

WorldTimes times() {
  return {
      .lease = seconds(2),
      .collector = {
          .interval = seconds(1), .grace = seconds(0), .untagged_keep = seconds(1), .undo_window = seconds(2), .rate = 100'000}};
}

class Soak {
 public:
  void run() {
    const auto until = Steady::now() + duration();
    std::vector<std::thread> threads;
    threads.emplace_back([&] { loop(until, 1, [this](auto&) { collect(); }); });
    for (unsigned i = 0; i < 4; ++i) threads.emplace_back([&, i] { loop(until, 100 + i, [this](auto& r) { push(r); }); });
    for (unsigned i = 0; i < 2; ++i) threads.emplace_back([&, i] { loop(until, 200 + i, [this](auto& r) { pull(r); }); });
    threads.emplace_back([&] { loop(until, 300, [this](auto& r) { remove_and_restore(r); }); });
    for (auto& thread : threads) thread.join();
    check_every_tag();
    EXPECT_GT(removed_, 0U);
    EXPECT_GT(images_, 0U);
    std::printf("%lu images, %lu repeated pushes, %lu blobs removed, %lu restored\n", images_.load(), repeated_.load(),
                removed_.load(), restored_.load());
  }

 private:
  using Random = std::mt19937;

  template <typename F>
  void loop(Steady::time_point until, unsigned seed, F&& f) {
    Random random(seed);
    while (Steady::now() < until && !::testing::Test::HasFailure()) f(random);
  }
  static int pick(Random& random, int count) { return std::uniform_int_distribution<int>(0, count - 1)(random); }
  static oci::RepositoryName name_of(int i) { return repository("soak/r" + std::to_string(i)); }
  static std::string content_of(int i) { return "soak content " + std::to_string(i); }

  void collect() {
    const auto round = world_.collector().run_round();
    ASSERT_TRUE(round) << round.error().message() << ": " << round.error().context();
    removed_ += round->removed_blobs;
  }

  // As clients do: HEAD, else mount, else push; then rely on the answer.
  void provide(Random& random, const oci::RepositoryName& name, const std::string& content) {
    const int way = pick(random, 4);
    if (way > 0 && world_.head_blob(name, content)) return;
    if (way > 1) {
      const auto mounted = world_.mount_blob(name, name_of(pick(random, kRepositories)), content);
      ASSERT_TRUE(mounted) << mounted.error().message();
      if (*mounted) return;
    }
    for (int attempt = 0; attempt < 20; ++attempt) {
      const auto pushed = world_.push_blob(name, content);
      if (pushed) return;
      ASSERT_EQ(pushed.error().code(), ErrorCode::busy) << pushed.error().message() << ": " << pushed.error().context();
      ++repeated_;
    }
    FAIL() << "a push was repeated too often";
  }

  void push(Random& random) {
    const auto name = name_of(pick(random, kRepositories));
    std::vector<std::string> contents;
    const auto start = Steady::now();
    for (int i = 0; i < 3; ++i) {
      contents.push_back(content_of(pick(random, kContents)));
      provide(random, name, contents.back());
    }
    const auto pushed = world_.push_image(name, contents, {tag("t" + std::to_string(pick(random, 6)))});
    // A machine that stood still for a whole lease proves nothing.
    if (Steady::now() - start >= seconds(2)) return;
    ASSERT_TRUE(pushed) << pushed.error().message();
    ++images_;
  }

  // A tag's image is whole, unless the tag moved or went meanwhile and its old image with it.
  void pull(Random& random) {
    const auto name = name_of(pick(random, kRepositories));
    const auto reference = tag("t" + std::to_string(pick(random, 6)));
    const auto start = Steady::now();
    const auto manifest = world_.pull_manifest(name, reference);
    if (!manifest) return;
    for (const auto& digest : blobs_of(manifest->bytes)) {
      const auto bytes = world_.pull_blob(name, digest);
      if (Steady::now() - start >= seconds(1)) return;
      ASSERT_TRUE(bytes) << name.text() << ':' << reference.text() << ": " << bytes.error().message() << ": "
                         << bytes.error().context();
      ASSERT_EQ(sha256_of(*bytes), digest);
    }
  }

  void remove_and_restore(Random& random) {
    const auto name = name_of(pick(random, kRepositories));
    const auto manifest = world_.pull_manifest(name, tag("t" + std::to_string(pick(random, 6))));
    if (!manifest) return;
    if (!world_.remove(name, manifest->digest)) return;
    if (pick(random, 2) == 0) std::this_thread::yield();
    auto& history = world_.catalog().history();
    const auto events = history.list_events(name, 0, 50);
    ASSERT_TRUE(events);
    for (const auto& event : events->events) {
      if (event.kind != catalog::EventKind::manifest_deleted || event.before != manifest->digest || !event.restorable) continue;
      const auto restored = history.restore(name, event.id, {"healer"});
      if (restored) {
        ++restored_;
      } else {
        ASSERT_EQ(restored.error().code(), ErrorCode::restore_impossible);
      }
      break;
    }
  }

  void check_every_tag() {
    for (int i = 0; i < kRepositories; ++i) {
      const auto tags = world_.catalog().list_tags(name_of(i), "", 100).value().names;
      for (const auto& text : tags) {
        const auto manifest = world_.pull_manifest(name_of(i), tag(text));
        ASSERT_TRUE(manifest);
        for (const auto& digest : blobs_of(manifest->bytes)) {
          const auto bytes = world_.pull_blob(name_of(i), digest);
          ASSERT_TRUE(bytes) << bytes.error().message() << ": " << bytes.error().context();
          ASSERT_EQ(sha256_of(*bytes), digest);
        }
      }
    }
  }

  static std::vector<oci::Digest> blobs_of(std::string_view manifest) {
    std::vector<oci::Digest> digests;
    for (auto at = manifest.find("sha256:"); at != std::string_view::npos; at = manifest.find("sha256:", at + 1)) {
      digests.push_back(oci::Digest::parse(manifest.substr(at, 71)).value());
    }
    return digests;
  }

  base::SystemClock clock_;
  RegistryWorld world_{times(), clock_};
  std::atomic<std::uint64_t> images_{0};
  std::atomic<std::uint64_t> repeated_{0};
  std::atomic<std::uint64_t> removed_{0};
  std::atomic<std::uint64_t> restored_{0};
};

TEST(CollectionRaces, NothingThatWasPromisedIsCollected) { Soak().run(); }

// One digest, pushed again and again while it is collected as fast as it can be.
TEST(CollectionRaces, PushAndRemovalOfOneDigestNeverLoseAn201) {
  base::ManualClock clock{base::from_unix_micros(1'700'000'000'000'000)};
  auto short_times = times();
  RegistryWorld world(short_times, clock);
  const auto name = repository("soak/one");
  std::atomic<bool> over{false};
  std::thread collector([&] {
    while (!over) {
      ASSERT_TRUE(world.collector().run_round());
    }
  });
  int repeated = 0;
  for (int i = 0; i < 300 && !::testing::Test::HasFailure(); ++i) {
    const auto pushed = world.push_blob(name, "the one");
    if (!pushed) {
      EXPECT_EQ(pushed.error().code(), ErrorCode::busy);
      ++repeated;
    } else {
      const auto bytes = world.pull_blob(name, sha256_of("the one"));
      EXPECT_TRUE(bytes) << bytes.error().message();
    }
    clock.advance(seconds(3));  // the lease is over: it goes, while the next push is on its way
  }
  over = true;
  collector.join();
  EXPECT_LT(repeated, 300);
}

}  // namespace
}  // namespace berth::test
