// Random sequences of push, tag, delete, restore, collect, crash and the passing of time against a model of what must be there; and at
// the end, when all times are over, that nothing else is.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "support/registry_world.h"

namespace berth::test {
namespace {

using base::TimePoint;
using std::chrono::seconds;

constexpr seconds kLease{20};
constexpr seconds kUntaggedKeep{60};
constexpr seconds kUndoWindow{40};
constexpr int kSteps = 250;

WorldTimes times() {
  return {.lease = kLease,
          .collector = {.interval = seconds(1),
                        .grace = seconds(3),
                        .untagged_keep = kUntaggedKeep,
                        .undo_window = kUndoWindow,
                        .rate = 100'000}};
}

class PropertyRun {
 public:
  explicit PropertyRun(unsigned seed) : random_(seed) {}

  void run() {
    for (step_ = 0; step_ < kSteps && !::testing::Test::HasFailure(); ++step_) {
      act();
      check();
    }
    if (!::testing::Test::HasFailure()) check_that_nothing_is_left();
  }

 private:
  // What was said about a manifest, and when its time may begin to run.
  struct Manifest {
    std::vector<std::string> contents;  // config and layers
    std::optional<std::string> child;   // of an index: the digest
    std::size_t size = 0;
    TimePoint last_kept;  // its last push or the last moment with a tag
  };
  struct Deleted {
    std::int64_t event = 0;
    std::string digest;
    Manifest manifest;
    std::set<std::string> tags;
    TimePoint at;
  };
  struct Repository {
    std::map<std::string, Manifest> manifests;
    std::map<std::string, std::string> tags;    // tag → digest
    std::map<std::string, TimePoint> promised;  // content → last 201, HEAD 200, mount
    std::vector<Deleted> trash;
  };

  int pick(int count) { return std::uniform_int_distribution<int>(0, count - 1)(random_); }
  std::string any_content() { return "content " + std::to_string(pick(12)); }
  oci::RepositoryName any_name() { return repository(pick(2) == 0 ? "p/one" : "p/two"); }
  std::string any_tag() { return "t" + std::to_string(pick(3)); }

  void act() {
    switch (pick(12)) {
      case 0:
      case 1:
      case 2: return push_image();
      case 3: return push_blob_alone();
      case 4: return push_index();
      case 5: return pick(2) == 0 ? delete_tag() : delete_manifest();
      case 6: return pick(2) == 0 ? delete_manifest() : restore();
      case 7: return restore();
      case 8:
      case 9: return pass_time();
      case 10: return collect();
      default: return pick(3) == 0 ? crash() : collect();
    }
  }

  // --- what is done -----------------------------------------------------------------------------------------------------------------

  void push_content(const oci::RepositoryName& name, const std::string& content) {
    Repository& repository = model_[name.text()];
    const auto other = any_name();
    const bool elsewhere = other != name && world_->head_blob(other, content).has_value();
    if (elsewhere) model_[other.text()].promised[content] = clock_.now();
    if (world_->head_blob(name, content)) {
      // HEAD 200 is enough for a client.
    } else if (elsewhere && pick(2) == 0) {
      const auto mounted = world_->mount_blob(name, other, content);
      ASSERT_TRUE(mounted && *mounted) << "step " << step_;
    } else {
      const auto pushed = world_->push_blob(name, content);
      ASSERT_TRUE(pushed) << "step " << step_ << ": " << pushed.error().message() << pushed.error().context();
    }
    repository.promised[content] = clock_.now();
  }

  void push_blob_alone() { push_content(any_name(), any_content()); }

  void push_image() {
    const auto name = any_name();
    std::vector<std::string> contents;
    for (int i = 0; i < 3; ++i) contents.push_back(any_content());
    for (const auto& content : contents) push_content(name, content);
    if (pick(2) == 0) clock_.advance(seconds(pick(static_cast<int>(kLease.count()) - 2)));
    if (pick(2) == 0) collect();
    set_manifest(name, world_->push_image(name, contents, {}), {contents, std::nullopt, 0, {}});
  }

  void push_index() {
    const auto name = any_name();
    Repository& repository = model_[name.text()];
    std::vector<std::string> images;
    for (const auto& [digest, manifest] : repository.manifests) {
      if (!manifest.child && must_exist(repository, digest)) images.push_back(digest);
    }
    if (images.empty()) return;
    const auto& child = images[static_cast<std::size_t>(pick(static_cast<int>(images.size())))];
    const auto size = repository.manifests[child].size;
    set_manifest(name, world_->push_index(name, oci::Digest::parse(child).value(), size, {}), {{}, child, 0, {}});
  }

  void set_manifest(const oci::RepositoryName& name, const base::Result<oci::Digest>& pushed, Manifest manifest) {
    ASSERT_TRUE(pushed) << "step " << step_ << ": " << pushed.error().message();
    Repository& repository = model_[name.text()];
    manifest.last_kept = clock_.now();
    manifest.size = world_->pull_manifest(name, *pushed).value().bytes.size();
    repository.manifests[pushed->text()] = manifest;
    if (pick(3) == 0) return;
    // The same again with a tag.
    const std::string wanted = any_tag();
    const auto again = manifest.child ? world_->push_index(name, oci::Digest::parse(*manifest.child).value(),
                                                           repository.manifests[*manifest.child].size, {tag(wanted)})
                                      : world_->push_image(name, manifest.contents, {tag(wanted)});
    ASSERT_TRUE(again) << again.error().message();
    move_tag(repository, wanted, pushed->text());
  }

  void move_tag(Repository& repository, const std::string& name, const std::string& digest) {
    const auto old = repository.tags.find(name);
    if (old != repository.tags.end()) repository.manifests[old->second].last_kept = clock_.now();
    repository.tags[name] = digest;
  }

  void delete_tag() {
    const auto name = any_name();
    Repository& repository = model_[name.text()];
    if (repository.tags.empty()) return;
    const auto [text, digest] = *std::next(repository.tags.begin(), pick(static_cast<int>(repository.tags.size())));
    ASSERT_TRUE(world_->remove(name, tag(text)));
    repository.manifests[digest].last_kept = clock_.now();
    repository.tags.erase(text);
  }

  void delete_manifest() {
    const auto name = any_name();
    Repository& repository = model_[name.text()];
    std::vector<std::string> present;
    for (const auto& [digest, manifest] : repository.manifests) {
      // A child of an index that is there would leave the index broken by the user's own will.
      if (must_exist(repository, digest) && !has_parent(repository, digest)) present.push_back(digest);
    }
    if (present.empty()) return;
    const auto& digest = present[static_cast<std::size_t>(pick(static_cast<int>(present.size())))];
    ASSERT_TRUE(world_->remove(name, oci::Digest::parse(digest).value()));
    const auto events = world_->catalog().history().list_events(name, 0, 10).value().events;
    Deleted deleted{0, digest, repository.manifests[digest], {}, clock_.now()};
    for (const auto& event : events) {
      if (event.kind == catalog::EventKind::manifest_deleted) {
        deleted.event = event.id;
        break;
      }
    }
    for (auto entry = repository.tags.begin(); entry != repository.tags.end();) {
      if (entry->second == digest) {
        deleted.tags.insert(entry->first);
        entry = repository.tags.erase(entry);
      } else {
        ++entry;
      }
    }
    for (const auto& content : deleted.manifest.contents) repository.promised[content] = clock_.now();
    repository.manifests.erase(digest);
    repository.trash.push_back(std::move(deleted));
  }

  void restore() {
    const auto name = any_name();
    Repository& repository = model_[name.text()];
    if (repository.trash.empty()) return;
    const auto at = repository.trash.begin() + pick(static_cast<int>(repository.trash.size()));
    const Deleted deleted = *at;
    repository.trash.erase(at);
    const bool possible = clock_.now() - deleted.at < kUndoWindow;
    const bool there = repository.manifests.contains(deleted.digest);
    const auto restored = world_->catalog().history().restore(name, deleted.event, {"healer"});
    if (possible && !there) {
      ASSERT_TRUE(restored) << "step " << step_ << ": " << restored.error().message();
    }
    if (!restored) return;
    if (!there) {
      repository.manifests[deleted.digest] = deleted.manifest;
      repository.manifests[deleted.digest].last_kept = clock_.now();
    }
    for (const auto& text : restored->tags) move_tag(repository, text, deleted.digest);
  }

  void pass_time() { clock_.advance(seconds(1 + pick(pick(4) == 0 ? 90 : 12))); }

  void collect() {
    const auto round = world_->collector().run_round();
    ASSERT_TRUE(round) << round.error().message() << round.error().context();
  }

  void crash() {
    const int moment = pick(3);
    if (moment == 0) world_->leave_file("lost " + std::to_string(step_));
    if (moment == 1) {
      // In the middle of a removal: half of the files are gone.
      const auto files = world_->catalog().collection().begin_removal(clock_.now(), 10).value();
      for (std::size_t i = 0; i < files.size() / 2; ++i) ASSERT_TRUE(world_->store().remove(files[i].digest));
    }
    world_->crash();
    ASSERT_TRUE(world_->collector().sweep_if_needed());
    if (moment == 1) collect();
  }

  // --- what must be true --------------------------------------------------------------------------------------------------------------

  static bool has_parent(const Repository& repository, const std::string& digest) {
    for (const auto& [other, manifest] : repository.manifests) {
      if (manifest.child == digest) return true;
    }
    for (const auto& deleted : repository.trash) {
      if (deleted.manifest.child == digest) return true;
    }
    return false;
  }

  bool must_exist(const Repository& repository, const std::string& digest) const {
    const auto found = repository.manifests.find(digest);
    if (found == repository.manifests.end()) return false;
    if (clock_.now() - found->second.last_kept < kUntaggedKeep) return true;
    for (const auto& [name, target] : repository.tags) {
      if (target == digest) return true;
    }
    for (const auto& [other, manifest] : repository.manifests) {
      if (manifest.child == digest && must_exist(repository, other)) return true;
    }
    for (const auto& deleted : repository.trash) {
      if (deleted.manifest.child == digest && clock_.now() - deleted.at < kUndoWindow) return true;
    }
    return false;
  }

  void check() {
    for (auto& [text, repository] : model_) {
      const auto name = test::repository(text);
      for (const auto& [tag_text, digest] : repository.tags) {
        const auto manifest = world_->pull_manifest(name, tag(tag_text));
        ASSERT_TRUE(manifest) << "step " << step_ << ": tag " << tag_text << " of " << text;
        ASSERT_EQ(manifest->digest.text(), digest) << "step " << step_;
      }
      for (const auto& [digest, manifest] : repository.manifests) {
        if (must_exist(repository, digest)) check_manifest(name, digest, manifest);
      }
      for (const auto& [content, at] : repository.promised) {
        if (clock_.now() - at < kLease) check_blob(name, content);
      }
    }
  }

  void check_manifest(const oci::RepositoryName& name, const std::string& digest, const Manifest& manifest) {
    const auto found = world_->pull_manifest(name, oci::Digest::parse(digest).value());
    ASSERT_TRUE(found) << "step " << step_ << ": manifest " << digest << " of " << name.text();
    for (const auto& content : manifest.contents) check_blob(name, content);
  }

  void check_blob(const oci::RepositoryName& name, const std::string& content) {
    const auto bytes = world_->pull_blob(name, sha256_of(content));
    ASSERT_TRUE(bytes) << "step " << step_ << ": blob " << content << " of " << name.text() << ": " << bytes.error().message();
    ASSERT_EQ(*bytes, content);
  }

  // All tags go, all times pass: not a byte stays.
  void check_that_nothing_is_left() {
    for (auto& [text, repository] : model_) {
      for (const auto& entry : repository.tags) ASSERT_TRUE(world_->remove(test::repository(text), tag(entry.first)));
      repository.tags.clear();
    }
    for (int round = 0; round < 12; ++round) {
      clock_.advance(kUntaggedKeep + kUndoWindow + kLease * 9);
      collect();
    }
    std::uint64_t files = 0;
    ASSERT_TRUE(world_->store().for_each([&](const store::BlobInfo&) {
      ++files;
      return true;
    }));
    EXPECT_EQ(files, 0U);
    for (const auto& [text, repository] : model_) {
      for (const auto& [digest, manifest] : repository.manifests) {
        EXPECT_FALSE(world_->pull_manifest(test::repository(text), oci::Digest::parse(digest).value())) << digest;
      }
    }
  }

  std::mt19937 random_;
  base::ManualClock clock_{base::from_unix_micros(1'700'000'000'000'000)};
  std::unique_ptr<RegistryWorld> world_ = std::make_unique<RegistryWorld>(times(), clock_);
  std::map<std::string, Repository> model_;
  int step_ = 0;
};

class CollectionProperty : public ::testing::TestWithParam<unsigned> {};
// BERTH_SEEDS=FIRST-LAST tries others than the ten of every run.
std::vector<unsigned> seeds() {
  unsigned first = 1;
  unsigned last = 10;
  if (const char* wish = std::getenv("BERTH_SEEDS")) std::sscanf(wish, "%u-%u", &first, &last);
  std::vector<unsigned> all(last - first + 1);
  std::iota(all.begin(), all.end(), first);
  return all;
}
INSTANTIATE_TEST_SUITE_P(Seeds, CollectionProperty, ::testing::ValuesIn(seeds()), ::testing::PrintToStringParamName());

TEST_P(CollectionProperty, WhatMustBeThereIsThere) { PropertyRun(GetParam()).run(); }

}  // namespace
}  // namespace berth::test
