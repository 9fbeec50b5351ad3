// Many threads on the same rows. Also run under ThreadSanitizer.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <map>
#include <mutex>
#include <thread>

#include "contract/catalog_contract.h"

namespace berth::test {
namespace {

using base::ErrorCode;
using catalog::ManifestPut;
using catalog::TagCondition;
using catalog::TagHistoryEntry;

INSTANTIATE_TEST_SUITE_P(All, CatalogRaces, ::testing::ValuesIn(all_catalogs()), catalog_kind_name);

// Runs f(0) … f(count - 1) at once, as nearly as threads can.
template <typename F>
void at_once(int count, F&& f) {
  std::barrier start(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      f(i);
    });
  }
  for (auto& thread : threads) thread.join();
}

// Each row's `before` is what the row before it left.
void expect_linear(std::vector<TagHistoryEntry> newest_first) {
  std::optional<oci::Digest> at;
  for (auto entry = newest_first.rbegin(); entry != newest_first.rend(); ++entry) {
    EXPECT_EQ(entry->before, at);
    EXPECT_NE(entry->before, entry->after);
    at = entry->after;
  }
}

TEST_P(CatalogRaces, SixtyFourWritersOfOneTagMakeALine) {
  constexpr int kWriters = 64;
  std::mutex mutex;
  std::vector<oci::Digest> acknowledged;
  at_once(kWriters, [&](int i) {
    const Content content = image(std::to_string(i));
    if (catalog().put_manifest(put_of(app_, content, {tag("v")}))) {
      const std::lock_guard lock(mutex);
      acknowledged.push_back(content.digest);
    }
  });
  EXPECT_EQ(acknowledged.size(), static_cast<std::size_t>(kWriters));
  const auto last = catalog().find_manifest_info(app_, tag("v")).value();
  ASSERT_TRUE(last);
  EXPECT_NE(std::find(acknowledged.begin(), acknowledged.end(), last->digest), acknowledged.end());
  const auto history = catalog().list_tag_history(app_, tag("v"), 0, 1000).value();
  ASSERT_EQ(history.size(), static_cast<std::size_t>(kWriters));
  EXPECT_EQ(history.front().after, last->digest);
  expect_linear(history);
}

TEST_P(CatalogRaces, OfManyCreatorsOneWins) {
  std::atomic<int> won = 0;
  std::atomic<int> lost = 0;
  at_once(64, [&](int i) {
    const Content content = image(std::to_string(i));
    ManifestPut put = put_of(app_, content, {tag("v")});
    put.condition.kind = TagCondition::Kind::must_be_absent;
    const auto done = catalog().put_manifest(put);
    if (done) ++won;
    if (code_of(done) == ErrorCode::precondition_failed) ++lost;
  });
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 63);
}

TEST_P(CatalogRaces, CompareAndSwapLosesNoUpdate) {
  const Content first = image("first");
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, first, {tag("v")})));
  std::atomic<int> refused = 0;
  at_once(16, [&](int i) {
    for (int round = 0; round < 5; ++round) {
      const Content content = image(std::to_string(i) + "/" + std::to_string(round));
      while (true) {
        const auto seen = catalog().find_manifest_info(app_, tag("v")).value();
        ManifestPut put = put_of(app_, content, {tag("v")});
        put.condition = {TagCondition::Kind::must_be_one_of, {seen->digest}};
        const auto done = catalog().put_manifest(put);
        if (done) break;
        EXPECT_EQ(code_of(done), ErrorCode::precondition_failed);
        ++refused;
      }
    }
  });
  // Every one of the 80 swaps is a row, and nobody wrote over what he had not seen.
  const auto history = catalog().list_tag_history(app_, tag("v"), 0, 1000).value();
  EXPECT_EQ(history.size(), 81U);
  expect_linear(history);
}

TEST_P(CatalogRaces, PutAndUnlinkOfABlobNeverBothWin) {
  for (int round = 0; round < 50; ++round) {
    const std::string name = "l" + std::to_string(round);
    ASSERT_TRUE(catalog().link_blob(app_, sha256_of(name), 1, {"tester"}));
    std::atomic<bool> put = false;
    std::atomic<bool> unlinked = false;
    at_once(2, [&](int i) {
      const Content content = image(name, std::nullopt, {layer(name)});
      if (i == 0) put = catalog().put_manifest(put_of(app_, content)).has_value();
      if (i == 1) unlinked = catalog().unlink_blob(app_, sha256_of(name), {"tester"}).has_value();
    });
    EXPECT_NE(put, unlinked);
  }
}

TEST_P(CatalogRaces, AnAnswerIsNeverOlderThanItsGeneration) {
  constexpr int kMoves = 200;
  std::vector<Content> contents;
  for (int i = 0; i < kMoves; ++i) contents.push_back(image(std::to_string(i)));
  std::map<std::string, int> number_of;
  for (int i = 0; i < kMoves; ++i) number_of[contents[static_cast<std::size_t>(i)].digest.text()] = i;
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, contents[0], {tag("v")})));

  std::atomic<int> acknowledged = 0;
  at_once(5, [&](int i) {
    if (i == 0) {
      for (int move = 1; move < kMoves; ++move) {
        EXPECT_TRUE(catalog().put_manifest(put_of(app_, contents[static_cast<std::size_t>(move)], {tag("v")})));
        acknowledged = move;
      }
      return;
    }
    // What a cache in front of the catalog does: keep the answer as long as the generation stands.
    std::uint64_t generation = 0;
    int cached = -1;
    while (acknowledged < kMoves - 1) {
      const int at_least = acknowledged;
      const std::uint64_t now = catalog().generation();
      if (now != generation) {
        cached = number_of.at(catalog().find_manifest_info(app_, tag("v")).value()->digest.text());
        generation = now;
      }
      EXPECT_GE(cached, at_least);
    }
  });
}

TEST_P(CatalogRaces, MixedWorkOfManyThreadsStaysWhole) {
  std::atomic<int> unexpected = 0;
  at_once(12, [&](int i) {
    for (int round = 0; round < 20; ++round) {
      const std::string own = std::to_string(i) + "-" + std::to_string(round);
      const auto name = repository("team/r" + std::to_string(round % 3));
      if (!catalog().link_blob(name, sha256_of(own), own.size(), {"tester"})) ++unexpected;
      if (!catalog().mount_blob(app_, std::nullopt, sha256_of(own), {"tester"}).value_or(std::nullopt)) ++unexpected;
      const Content content = image(own, std::nullopt, {layer(own)});
      if (!catalog().put_manifest(put_of(name, content, {tag("v"), tag("t" + own)}))) ++unexpected;
      if (catalog().put_manifest(put_of(name, image("bad" + own, config("missing"))))) ++unexpected;
      const auto read = catalog().find_manifest(name, tag("t" + own)).value();
      if (!read || read->bytes != content.bytes) ++unexpected;
      if (!catalog().list_tags(name, "", 100)) ++unexpected;
      if (round % 2 == 0 && !catalog().delete_manifest(name, content.digest, {"tester"})) ++unexpected;
    }
  });
  EXPECT_EQ(unexpected, 0);
  for (int r = 0; r < 3; ++r) {
    expect_linear(catalog().list_tag_history(repository("team/r" + std::to_string(r)), tag("v"), 0, 10'000).value());
  }
  EXPECT_TRUE(catalog().ping());
}

}  // namespace
}  // namespace berth::test
