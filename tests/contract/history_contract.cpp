// What every catalog promises about the history of a repository: whatever was deleted comes back as it was, for as long as undo_window.
#include <algorithm>
#include <chrono>

#include "berth/catalog/collection.h"
#include "berth/catalog/history.h"
#include "contract/catalog_contract.h"

namespace berth::test {
namespace {

using base::ErrorCode;
using catalog::Event;
using catalog::EventKind;
using std::chrono::hours;
using std::chrono::seconds;
using Names = std::vector<std::string>;

constexpr auto kDay = hours(24);

class HistoryContract : public CatalogContract {
 protected:
  [[nodiscard]] catalog::History& history() { return catalog().history(); }
  [[nodiscard]] base::ManualClock& clock() { return under_test().clock(); }

  void collect() {
    const catalog::KeepRules rules{.untagged_keep = 30 * kDay, .undo_window = 7 * kDay};
    for (int round = 0; round < 20; ++round) ASSERT_TRUE(catalog().collection().mark(rules, 100));
  }
  std::vector<Event> events() { return history().list_events(app_, 0, 100).value().events; }
  // The newest event of this kind.
  Event event(EventKind kind) {
    const auto all = events();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Event& e) { return e.kind == kind; });
    EXPECT_NE(found, all.end());
    return found == all.end() ? Event{} : *found;
  }
  void put(const Content& content, std::vector<oci::Tag> tags = {}) {
    const auto done = catalog().put_manifest(put_of(app_, content, std::move(tags)));
    ASSERT_TRUE(done) << done.error().message();
  }
  void link(std::string_view content) { ASSERT_TRUE(catalog().link_blob(app_, sha256_of(content), content.size(), {"tester"})); }
  std::optional<oci::Digest> at(std::string_view name) {
    const auto info = catalog().find_manifest_info(app_, tag(name)).value();
    if (!info) return std::nullopt;
    return info->digest;
  }
  bool has(const Content& content) { return catalog().find_manifest_info(app_, content.digest).value().has_value(); }
};

INSTANTIATE_TEST_SUITE_P(All, HistoryContract, ::testing::ValuesIn(all_catalogs()), catalog_kind_name);

TEST_P(HistoryContract, ADeletedTagComesBack) {
  const Content content = image("m");
  put(content, {tag("v")});
  ASSERT_TRUE(catalog().delete_tag(app_, tag("v"), {}, {"remover"}));
  const Event deleted = event(EventKind::tag_deleted);
  EXPECT_TRUE(deleted.restorable);
  EXPECT_EQ(deleted.principal, "remover");

  const auto restored = history().restore(app_, deleted.id, {"healer"}).value();
  EXPECT_EQ(restored.digest, content.digest);
  EXPECT_EQ(restored.tags, Names{"v"});
  EXPECT_EQ(at("v"), content.digest);
  const Event last = events().front();
  EXPECT_EQ(last.kind, EventKind::tag_created);
  EXPECT_EQ(last.principal, "healer");
}

TEST_P(HistoryContract, AnOverwrittenTagGoesBackToItsOldDigest) {
  const Content old = image("old");
  const Content newer = image("newer");
  put(old, {tag("v")});
  put(newer, {tag("v")});
  EXPECT_TRUE(has(old));
  ASSERT_TRUE(history().restore(app_, event(EventKind::tag_moved).id, {"healer"}));
  EXPECT_EQ(at("v"), old.digest);
  // And forward again.
  ASSERT_TRUE(history().restore(app_, event(EventKind::tag_moved).id, {"healer"}));
  EXPECT_EQ(at("v"), newer.digest);
}

TEST_P(HistoryContract, ADeletedManifestComesBackWithItsTagsBytesAndBlobs) {
  link("c");
  link("l");
  Content content = image("m", config("c"), {layer("l")});
  content.manifest.annotations = {{"a", "b"}};
  content.manifest.subject = oci::Descriptor{.media_type = "x/y", .digest = sha256_of("subject"), .size = 1};
  put(content, {tag("v1"), tag("v2")});
  ASSERT_TRUE(catalog().delete_manifest(app_, content.digest, {"remover"}));
  EXPECT_TRUE(catalog().list_referrers(app_, sha256_of("subject"), "", "", 10).value().referrers.empty());
  clock().advance(7 * kDay - seconds(1));
  collect();  // the repository's hold on the blobs ends with their lease, the blobs stay for the trash

  const auto restored = history().restore(app_, event(EventKind::manifest_deleted).id, {"healer"}).value();
  EXPECT_EQ(restored.tags, (Names{"v1", "v2"}));
  const auto found = catalog().find_manifest(app_, tag("v1")).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->bytes, content.bytes);
  EXPECT_EQ(catalog().find_blob(app_, sha256_of("l")).value(), 1U);
  EXPECT_EQ(catalog().find_blob(app_, sha256_of("c")).value(), 1U);
  const auto referrers = catalog().list_referrers(app_, sha256_of("subject"), "", "", 10).value().referrers;
  ASSERT_EQ(referrers.size(), 1U);
  EXPECT_EQ(referrers[0].annotations, content.manifest.annotations);

  clock().advance(100 * kDay);
  collect();
  EXPECT_EQ(catalog().find_blob(app_, sha256_of("l")).value(), 1U);
}

TEST_P(HistoryContract, TagsThatWereSetSinceAreLeftAlone) {
  const Content old = image("old");
  const Content newer = image("newer");
  put(old, {tag("a"), tag("b")});
  ASSERT_TRUE(catalog().delete_manifest(app_, old.digest, {"tester"}));
  put(newer, {tag("b")});
  const auto restored = history().restore(app_, event(EventKind::manifest_deleted).id, {"healer"}).value();
  EXPECT_EQ(restored.tags, Names{"a"});
  EXPECT_EQ(restored.tags_left, Names{"b"});
  EXPECT_EQ(at("a"), old.digest);
  EXPECT_EQ(at("b"), newer.digest);
}

TEST_P(HistoryContract, ATagEventBringsItsDeletedManifestBack) {
  link("l");
  const Content content = image("m", std::nullopt, {layer("l")});
  put(content, {tag("v")});
  ASSERT_TRUE(catalog().delete_tag(app_, tag("v"), {}, {"tester"}));
  const Event untagged = event(EventKind::tag_deleted);
  ASSERT_TRUE(catalog().delete_manifest(app_, content.digest, {"tester"}));
  ASSERT_TRUE(history().restore(app_, untagged.id, {"healer"}));
  EXPECT_EQ(at("v"), content.digest);
}

TEST_P(HistoryContract, AnIndexComesBackWithItsDeletedChildren) {
  link("l");
  const Content child = image("child", std::nullopt, {layer("l")});
  put(child);
  const Content parent = index("parent", {descriptor_of(child)});
  put(parent, {tag("v")});
  ASSERT_TRUE(catalog().delete_manifest(app_, child.digest, {"tester"}));
  ASSERT_TRUE(catalog().delete_manifest(app_, parent.digest, {"tester"}));
  ASSERT_TRUE(history().restore(app_, event(EventKind::manifest_deleted).id, {"healer"}));
  EXPECT_TRUE(has(parent));
  EXPECT_TRUE(has(child));
}

TEST_P(HistoryContract, ChildrenAndReferrersStayWhileTheirParentMayComeBack) {
  const Content child = image("child");
  put(child);
  const Content parent = index("parent", {descriptor_of(child)});
  put(parent, {tag("v")});
  const Content signature = referrer("signature", parent.digest, "a/b");
  put(signature);
  clock().advance(100 * kDay);
  ASSERT_TRUE(catalog().delete_manifest(app_, parent.digest, {"tester"}));
  collect();
  EXPECT_TRUE(has(child));
  EXPECT_TRUE(has(signature));
  clock().advance(7 * kDay);
  collect();
  EXPECT_FALSE(has(child));
  EXPECT_FALSE(has(signature));
}

TEST_P(HistoryContract, AfterTheUndoWindowItIsGone) {
  link("l");
  const Content content = image("m", std::nullopt, {layer("l")});
  put(content, {tag("v")});
  ASSERT_TRUE(catalog().delete_manifest(app_, content.digest, {"tester"}));
  clock().advance(7 * kDay);
  collect();
  const Event deleted = event(EventKind::manifest_deleted);
  EXPECT_FALSE(deleted.restorable);
  EXPECT_EQ(code_of(history().restore(app_, deleted.id, {"healer"})), ErrorCode::restore_impossible);
  EXPECT_FALSE(catalog().find_blob(app_, sha256_of("l")).value().has_value());
  EXPECT_EQ(catalog().collection().begin_removal(clock().now(), 10).value().size(), 1U);
}

TEST_P(HistoryContract, ABlobThatAClientDeletedIsThereForTheRestore) {
  link("l");
  const Content content = image("m", std::nullopt, {layer("l")});
  put(content, {tag("v")});
  ASSERT_TRUE(catalog().delete_manifest(app_, content.digest, {"tester"}));
  ASSERT_TRUE(catalog().unlink_blob(app_, sha256_of("l"), {"tester"}));
  clock().advance(3 * kDay);
  collect();
  EXPECT_FALSE(catalog().find_blob(app_, sha256_of("l")).value().has_value());
  ASSERT_TRUE(history().restore(app_, event(EventKind::manifest_deleted).id, {"healer"}));
  EXPECT_TRUE(catalog().find_blob(app_, sha256_of("l")).value().has_value());
}

TEST_P(HistoryContract, ADeletedRepositoryIsGoneAndComesBackWhole) {
  link("l");
  const Content content = image("m", std::nullopt, {layer("l")});
  put(content, {tag("v")});
  const auto id = history().delete_repository(app_, {"remover"}).value();
  EXPECT_FALSE(catalog().has_repository(app_).value());
  EXPECT_FALSE(has(content));
  EXPECT_TRUE(catalog().list_repositories("", 10).value().names.empty());
  EXPECT_TRUE(catalog().list_blob_holders(sha256_of("l"), 10).value().empty());
  EXPECT_FALSE(catalog().mount_blob(other_, app_, sha256_of("l"), {"tester"}).value().has_value());
  const auto history_of_it = events();
  ASSERT_EQ(history_of_it.size(), 1U);
  EXPECT_EQ(history_of_it[0].id, id);
  EXPECT_TRUE(history_of_it[0].restorable);

  clock().advance(7 * kDay - seconds(1));
  collect();
  ASSERT_TRUE(history().restore(app_, id, {"healer"}));
  EXPECT_EQ(at("v"), content.digest);
  EXPECT_EQ(catalog().find_blob(app_, sha256_of("l")).value(), 1U);
  EXPECT_EQ(events().front().kind, EventKind::repository_restored);
  EXPECT_EQ(code_of(history().restore(app_, id, {"healer"})), ErrorCode::restore_impossible);
}

TEST_P(HistoryContract, ADeletedRepositoryDoesNotComeBackOverANewOne) {
  const Content old = image("old");
  put(old, {tag("v")});
  const auto first = history().delete_repository(app_, {"remover"}).value();
  const Content newer = image("newer");
  put(newer, {tag("v")});
  EXPECT_EQ(at("v"), newer.digest);
  EXPECT_EQ(code_of(history().restore(app_, first, {"healer"})), ErrorCode::restore_impossible);
  const auto second = history().delete_repository(app_, {"remover"}).value();
  ASSERT_TRUE(history().restore(app_, first, {"healer"}));
  EXPECT_EQ(at("v"), old.digest);
  EXPECT_EQ(events().back().kind, EventKind::tag_created);
  EXPECT_NE(first, second);
}

TEST_P(HistoryContract, ADeletedRepositoryIsEmptiedAfterTheUndoWindow) {
  for (int i = 0; i < 5; ++i) {
    link(std::to_string(i));
    put(image(std::to_string(i), std::nullopt, {layer(std::to_string(i))}), {tag("v" + std::to_string(i))});
  }
  const auto id = history().delete_repository(app_, {"remover"}).value();
  clock().advance(7 * kDay);
  const catalog::KeepRules rules{.untagged_keep = 30 * kDay, .undo_window = 7 * kDay};
  for (int round = 0; round < 20; ++round) ASSERT_TRUE(catalog().collection().mark(rules, 2));
  EXPECT_EQ(catalog().collection().begin_removal(clock().now(), 100).value().size(), 5U);
  EXPECT_EQ(code_of(history().restore(app_, id, {"healer"})), ErrorCode::event_unknown);
  EXPECT_EQ(code_of(history().list_events(app_, 0, 10)), ErrorCode::repository_unknown);
}

TEST_P(HistoryContract, AnEventStaysAsLongAsWhatItTellsOfMayComeBack) {
  put(image("old"), {tag("v")});
  put(image("new"), {tag("v")});
  const Event moved = event(EventKind::tag_moved);
  clock().advance(30 * kDay - seconds(1));
  collect();
  EXPECT_TRUE(event(EventKind::tag_moved).restorable) << "the old manifest is there for untagged_keep";
  ASSERT_TRUE(catalog().delete_tag(app_, tag("v"), {}, {.principal = "tester"}));

  clock().advance(seconds(1));
  collect();
  EXPECT_EQ(code_of(history().restore(app_, moved.id, {.principal = "healer"})), ErrorCode::event_unknown);
  ASSERT_EQ(events().size(), 1U);
  EXPECT_EQ(events().front().kind, EventKind::tag_deleted);
  ASSERT_TRUE(history().restore(app_, events().front().id, {.principal = "healer"}));
  EXPECT_EQ(at("v"), image("new").digest);
}

TEST_P(HistoryContract, EventsAreKeptForTheLongerOfBothTimes) {
  const catalog::KeepRules rules{.untagged_keep = kDay, .undo_window = 7 * kDay};
  put(image("m"), {tag("v")});
  ASSERT_TRUE(catalog().delete_manifest(app_, image("m").digest, {.principal = "tester"}));
  clock().advance(7 * kDay - seconds(1));
  ASSERT_EQ(catalog().collection().mark(rules, 100).value().events, 0U);
  EXPECT_TRUE(event(EventKind::manifest_deleted).restorable);
  clock().advance(seconds(1));
  EXPECT_GT(catalog().collection().mark(rules, 100).value().events, 0U);
  EXPECT_TRUE(events().empty());
}

TEST_P(HistoryContract, ManyEventsGoInSteps) {
  const catalog::KeepRules rules{.untagged_keep = kDay, .undo_window = kDay};
  for (int i = 0; i < 7; ++i) put(image(std::to_string(i)), {tag("v")});
  clock().advance(kDay);
  put(image("last"), {tag("v")});
  std::vector<std::uint64_t> gone;
  do gone.push_back(catalog().collection().mark(rules, 3).value().events);
  while (gone.back() > 0);
  EXPECT_EQ(gone, (std::vector<std::uint64_t>{3, 3, 1, 0}));
  EXPECT_EQ(events().size(), 1U);
}

TEST_P(HistoryContract, AClockThatWasWrongForAWhileKeepsNoOtherEvents) {
  clock().advance(10'000 * kDay);
  put(image("future"), {tag("v")});
  clock().advance(-10'000 * kDay);
  put(image("present"), {tag("v")});
  clock().advance(31 * kDay);
  collect();
  ASSERT_EQ(events().size(), 1U);
  EXPECT_EQ(events().front().kind, EventKind::tag_created);
}

TEST_P(HistoryContract, EventsOfOthersAndUnknownOnesAreNotRestored) {
  put(image("m"), {tag("v")});
  ASSERT_TRUE(catalog().delete_tag(app_, tag("v"), {}, {"tester"}));
  const Event deleted = event(EventKind::tag_deleted);
  EXPECT_EQ(code_of(history().restore(other_, deleted.id, {"x"})), ErrorCode::event_unknown);
  ASSERT_TRUE(catalog().put_manifest(put_of(other_, image("m"))));
  EXPECT_EQ(code_of(history().restore(other_, deleted.id, {"x"})), ErrorCode::event_unknown);
  EXPECT_EQ(code_of(history().restore(app_, 999'999, {"x"})), ErrorCode::event_unknown);
  EXPECT_EQ(code_of(history().restore(app_, events().back().id, {"x"})), ErrorCode::restore_impossible);  // a creation
  EXPECT_EQ(code_of(history().delete_repository(repository("team/missing"), {"x"})), ErrorCode::repository_unknown);
}

TEST_P(HistoryContract, EventsAreListedNewestFirstAndByPages) {
  for (int i = 0; i < 7; ++i) put(image(std::to_string(i)), {tag("v")});
  std::vector<std::int64_t> ids;
  std::int64_t before = 0;
  while (true) {
    const auto page = history().list_events(app_, before, 3).value();
    for (const Event& e : page.events) ids.push_back(e.id);
    if (!page.more) break;
    before = ids.back();
  }
  EXPECT_EQ(ids.size(), 7U);
  EXPECT_TRUE(std::is_sorted(ids.rbegin(), ids.rend()));
}

}  // namespace
}  // namespace berth::test
