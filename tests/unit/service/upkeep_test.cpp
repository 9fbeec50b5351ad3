// Collector, pull counter and undo over a real store and catalog.
#include "berth/catalog/collection.h"
#include "berth/catalog/history.h"
#include "berth/service/collector.h"
#include "berth/service/integrity.h"
#include "berth/service/jobs.h"
#include "berth/service/pull_counter.h"
#include "berth/service/undo.h"
#include "unit/service/care.h"
#include "unit/service/fixture.h"

namespace berth::service {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class UpkeepTest : public ServiceTest {
 protected:
  std::uint64_t files() const {
    std::uint64_t count = 0;
    EXPECT_TRUE(store->for_each([&](const store::BlobInfo&) {
      ++count;
      return true;
    }));
    return count;
  }

  Collector collector{{}, *store, *catalog, clock};
  PullCounter counter{catalog->usage(), clock};
  Undo undo{catalog->history(), catalog->usage()};
};

TEST_F(UpkeepTest, BytesGoAfterLeaseAndGrace) {
  push_blob(name("a/one"), "hello");
  clock.advance(hours(24));
  EXPECT_EQ(collector.forecast().value().total.blobs, 1U);
  EXPECT_EQ(collector.run_round().value().marked.blobs, 1U);
  EXPECT_EQ(files(), 1U);
  clock.advance(minutes(10));
  const auto round = collector.run_round().value();
  EXPECT_EQ(round.removed_blobs, 1U);
  EXPECT_EQ(round.removed_bytes, 5U);
  EXPECT_EQ(round.end, CollectorRound::End::done);
  EXPECT_EQ(files(), 0U);
}

TEST_F(UpkeepTest, ARoundRemovesNoMoreThanItsShare) {
  Collector slow({.grace = std::chrono::seconds(0), .rate = 10}, *store, *catalog, clock);
  for (int i = 0; i < 25; ++i) push_blob(name("a/one"), std::to_string(i));
  clock.advance(hours(24));
  const auto first = slow.run_round().value();
  EXPECT_EQ(first.removed_blobs, 10U);
  EXPECT_EQ(first.end, CollectorRound::End::share_used);
  EXPECT_EQ(slow.run_round().value().removed_blobs, 10U);
  EXPECT_EQ(slow.run_round().value().removed_blobs, 5U);
}

TEST_F(UpkeepTest, AFileWithoutARowGoesAfterItsGrace) {
  {
    auto upload = store->begin_single_upload({"a/one", "alice"}, base::HashAlgorithm::sha256).value();
    ASSERT_TRUE(upload->append(base::as_bytes(std::string_view("lost"))));
    ASSERT_TRUE(upload->commit(sha256("lost")));
  }
  push_blob(name("a/one"), "known");
  ASSERT_TRUE(collector.sweep_if_needed());
  clock.advance(minutes(10));
  EXPECT_EQ(collector.run_round().value().removed_blobs, 1U);
  EXPECT_EQ(blob_pull.get_size(name("a/one"), sha256("known")).value(), 5U);
}

TEST_F(UpkeepTest, APushBetweenTombstoneAndRemovalKeepsItsBytes) {
  push_blob(name("a/one"), "hello");
  clock.advance(hours(24));
  ASSERT_EQ(collector.run_round().value().marked.blobs, 1U);
  push_blob(name("a/one"), "hello");
  clock.advance(minutes(10));
  EXPECT_EQ(collector.run_round().value().removed_blobs, 0U);
  EXPECT_TRUE(blob_pull.open(name("a/one"), sha256("hello"), 5, std::nullopt));
}

TEST_F(UpkeepTest, HeadIsAPromiseForALease) {
  push_blob(name("a/one"), "hello");
  clock.advance(hours(23));
  EXPECT_EQ(blob_pull.promise(name("a/one"), sha256("hello")).value(), 5U);
  clock.advance(hours(23));
  EXPECT_EQ(collector.run_round().value().marked.blobs, 0U);
  EXPECT_FALSE(blob_pull.promise(name("a/two"), sha256("hello")));
}

TEST_F(UpkeepTest, PullsAreWrittenOnlyByFlush) {
  push_blob(name("a/one"), "{}");
  push_blob(name("a/one"), "layer");
  ASSERT_TRUE(push_manifest(name("a/one"), "v1", image("{}", "layer")));
  ManifestPull counted(*catalog, &counter);
  const auto before = catalog->generation();
  const auto digest = counted.get(name("a/one"), tag("v1")).value().digest;
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(counted.get(name("a/one"), digest));
  EXPECT_TRUE(counted.get_info(name("a/one"), tag("v1")));
  EXPECT_FALSE(undo.find_pulls(name("a/one"), tag("v1")).value().has_value());
  ASSERT_TRUE(counter.flush());
  EXPECT_EQ(catalog->generation(), before) << "counting changes no answer";
  EXPECT_EQ(undo.find_pulls(name("a/one"), tag("v1")).value()->count, 10U);
  EXPECT_EQ(undo.find_pulls(name("a/one"), digest).value()->count, 10U);
  // An answer that is given again from memory.
  counted.entry(name("a/one"), digest, digest)->add(clock.now());
  ASSERT_TRUE(counter.flush());
  EXPECT_EQ(undo.find_pulls(name("a/one"), digest).value()->count, 11U);
}

TEST_F(UpkeepTest, ClearedQuarantineGoesAndTheRestStays) {
  // One is healed without a word to quarantine, one goes with its row, one is still damaged.
  for (const auto* content : {"healed", "unneeded", "damaged"}) {
    push_blob(name("a/one"), content);
    flip_byte(blob_path(directory.path(), sha256(content)), 0);
    const auto seen = store->open(sha256(content), std::string_view(content).size()).value();
    ASSERT_TRUE(Integrity(*store, *catalog, health).found(sha256(content), seen.size, seen, "a test"));
  }
  ASSERT_EQ(store->list_quarantined().value().size(), 3U);
  EXPECT_EQ(collector.run_round().value().discarded, 0U);
  ASSERT_TRUE(catalog->damage().clear(sha256("healed")));
  EXPECT_EQ(collector.run_round().value().discarded, 1U);
  push_blob(name("a/one"), "{}");
  // A manifest may name a damaged blob, and keeps it.
  ASSERT_TRUE(push_manifest(name("a/one"), "v1", image("{}", "damaged")));
  clock.advance(hours(48));
  ASSERT_TRUE(collector.run_round());
  EXPECT_EQ(store->list_quarantined().value(), std::vector{sha256("damaged")});
}

TEST_F(UpkeepTest, FilesAreLookedForUntilALookCameToItsEnd) {
  Collector stopped({}, *store, *catalog, clock);
  stopped.stop();
  ASSERT_TRUE(stopped.sweep_if_needed());
  EXPECT_TRUE(catalog->collection().needs_sweep().value());
  ASSERT_TRUE(collector.sweep_if_needed());
  EXPECT_FALSE(catalog->collection().needs_sweep().value());
}

TEST_F(UpkeepTest, NoJobChangesWhatIsReadOnly) {
  push_blob(name("a/one"), "hello");
  clock.advance(hours(48));
  const WriteGate closed(WriteGate::Setting::read_only, *catalog);
  const auto waiting = make_gated(closed, make_collection(collector));
  const auto before = catalog->generation();
  ASSERT_TRUE(waiting->run());
  EXPECT_EQ(waiting->interval(), std::chrono::seconds(1));
  EXPECT_EQ(catalog->generation(), before);
  EXPECT_EQ(collector.forecast().value().total.blobs, 1U);
  const WriteGate open(WriteGate::Setting::read_write, *catalog);
  const auto job = make_gated(open, make_collection(collector));
  ASSERT_TRUE(job->run());
  EXPECT_EQ(job->interval(), collector.options().interval);
  EXPECT_EQ(collector.forecast().value().total.blobs, 0U);
}

TEST_F(UpkeepTest, WhatOneDeletesAnotherRestores) {
  push_blob(name("a/one"), "{}");
  push_blob(name("a/one"), "layer");
  ASSERT_TRUE(push_manifest(name("a/one"), "v1", image("{}", "layer")));
  ASSERT_TRUE(manifest_pull.remove(name("a/one"), tag("v1"), {}, alice));
  const auto events = undo.list(name("a/one"), 0, 10).value().events;
  ASSERT_EQ(events.size(), 2U);
  ASSERT_TRUE(undo.restore(name("a/one"), events[0].id, mallory));
  EXPECT_TRUE(manifest_pull.get(name("a/one"), tag("v1")));
  const auto event = undo.delete_repository(name("a/one"), alice).value();
  EXPECT_FALSE(manifest_pull.get(name("a/one"), tag("v1")));
  ASSERT_TRUE(undo.restore(name("a/one"), event, mallory));
  EXPECT_TRUE(manifest_pull.get(name("a/one"), tag("v1")));
}

}  // namespace
}  // namespace berth::service
