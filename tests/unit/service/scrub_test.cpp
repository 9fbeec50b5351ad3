#include "berth/service/integrity.h"
#include "unit/service/care.h"

namespace berth::service {
namespace {

using base::ErrorCode;
using namespace std::chrono_literals;

class ScrubTest : public ServiceTest {
 protected:
  std::unique_ptr<Job> make(std::uint64_t rate = 1 << 30, std::chrono::seconds interval = 1h) {
    return make_scrub(*store, *catalog, health, clock, {rate, interval});
  }
  // Steps until the pass has ended.
  void pass(Job& scrub) {
    for (int step = 0; step < 1000; ++step) {
      ASSERT_TRUE(scrub.run());
      if (catalog->damage().get_scrub_progress().value().finished_at != base::TimePoint()) return;
    }
    FAIL() << "the pass does not end";
  }
  base::Result<store::BlobReader> pull(const oci::Digest& digest, std::uint64_t size) {
    BERTH_TRY([[maybe_unused]] const auto head, blob_pull.get_size(app, digest));
    return blob_pull.open(app, digest, size, std::nullopt);
  }
  std::string quarantined(const oci::Digest& digest) {
    return directory.path() + "/quarantine/sha256." + std::string(digest.hex());
  }

  const oci::RepositoryName app = name("a/app");
};

TEST_F(ScrubTest, FindsEveryFlippedByteAndAPushHealsIt) {
  std::vector<std::string> contents;
  std::vector<oci::Digest> digests;
  for (int i = 0; i < 100; ++i) {
    contents.push_back("content of blob " + std::to_string(i));
    digests.push_back(push_blob(app, contents.back()));
    flip_byte(blob_path(directory.path(), digests.back()), i % 10);
  }
  const auto whole = push_blob(app, "whole");
  const auto scrub = make();
  pass(*scrub);
  EXPECT_EQ(catalog->damage().count().value(), 100U);
  EXPECT_FALSE(health.good(HealthCheck::content));
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(blob_pull.get_size(app, digests[i]).error().code(), ErrorCode::corrupt);
    EXPECT_EQ(pull(digests[i], contents[i].size()).error().code(), ErrorCode::corrupt);
    EXPECT_FALSE(std::filesystem::exists(blob_path(directory.path(), digests[i])));
    EXPECT_TRUE(std::filesystem::exists(quarantined(digests[i])));
  }
  EXPECT_TRUE(pull(whole, 5));

  for (std::size_t i = 0; i < 100; ++i) {
    push_blob(app, contents[i]);
    EXPECT_TRUE(pull(digests[i], contents[i].size()));
    EXPECT_FALSE(std::filesystem::exists(quarantined(digests[i])));
    EXPECT_EQ(health.good(HealthCheck::content), i == 99);
  }
}

TEST_F(ScrubTest, FindsWhatIsMissingOrHasAnotherSize) {
  const auto missing = push_blob(app, "missing");
  const auto cut = push_blob(app, "cut off");
  std::filesystem::remove(blob_path(directory.path(), missing));
  std::filesystem::resize_file(blob_path(directory.path(), cut), 3);
  pass(*make());
  EXPECT_EQ(catalog->damage().count().value(), 2U);
  EXPECT_FALSE(std::filesystem::exists(blob_path(directory.path(), cut)));
  EXPECT_TRUE(std::filesystem::exists(quarantined(cut)));
}

TEST_F(ScrubTest, AReadThatMeetsDamageRecordsIt) {
  const auto cut = push_blob(app, "cut off");
  std::filesystem::resize_file(blob_path(directory.path(), cut), 3);
  EXPECT_EQ(pull(cut, 7).error().code(), ErrorCode::corrupt);
  EXPECT_EQ(blob_pull.get_size(app, cut).error().code(), ErrorCode::corrupt);
  EXPECT_FALSE(health.good(HealthCheck::content));
  EXPECT_TRUE(health.good(HealthCheck::storage));
  push_blob(app, "cut off");
  EXPECT_TRUE(pull(cut, 7));
  EXPECT_TRUE(health.good());
}

TEST_F(ScrubTest, GoesOnWhereItStoodAlsoInTheMiddleOfABlobAndAfterARestart) {
  std::vector<oci::Digest> digests;
  for (int i = 0; i < 3; ++i) digests.push_back(push_blob(app, std::string(10'000, static_cast<char>('a' + i))));
  std::sort(digests.begin(), digests.end());
  {
    const auto scrub = make(6000);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(scrub->run());
  }  // three steps of 6,000 bytes: one blob is done, the second is under way; the end of the job keeps that
  const auto kept = catalog->damage().get_scrub_progress().value();
  EXPECT_EQ(kept.position, digests[0].text());
  EXPECT_EQ(kept.finished_at, base::TimePoint());
  // What was read before is not read again in this pass; what comes after is.
  flip_byte(blob_path(directory.path(), digests[0]), 1);
  flip_byte(blob_path(directory.path(), digests[2]), 9'999);
  const auto scrub = make(6000);
  pass(*scrub);
  EXPECT_EQ(blob_pull.get_size(app, digests[0]).value(), 10'000U);
  EXPECT_TRUE(blob_pull.get_size(app, digests[1]));
  EXPECT_EQ(blob_pull.get_size(app, digests[2]).error().code(), ErrorCode::corrupt);

  // The next pass begins when its time has come.
  ASSERT_TRUE(scrub->run());
  EXPECT_TRUE(blob_pull.get_size(app, digests[0]));
  clock.advance(1h);
  ASSERT_TRUE(scrub->run());
  pass(*scrub);
  EXPECT_EQ(blob_pull.get_size(app, digests[0]).error().code(), ErrorCode::corrupt);
}

TEST_F(ScrubTest, OnceStoppedItLeavesTheRestUndone) {
  const auto digest = push_blob(app, "content");
  flip_byte(blob_path(directory.path(), digest), 1);
  const auto stopped = make();
  stopped->stop();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(stopped->run());
  EXPECT_EQ(catalog->damage().count().value(), 0U);
  EXPECT_EQ(catalog->damage().get_scrub_progress().value().finished_at, base::TimePoint());
  pass(*make());
  EXPECT_EQ(catalog->damage().count().value(), 1U);
}

TEST_F(ScrubTest, ARateOfZeroSwitchesItOff) {
  const auto digest = push_blob(app, "content");
  flip_byte(blob_path(directory.path(), digest), 1);
  const auto scrub = make(0);
  ASSERT_TRUE(scrub->run());
  EXPECT_EQ(catalog->damage().get_scrub_progress().value().started_at, base::TimePoint());
  EXPECT_TRUE(blob_pull.get_size(app, digest));
}

TEST_F(ScrubTest, ARowThatAPushCouldNotClearIsClearedWhenTheBytesAreGood) {
  const auto digest = push_blob(app, "content");
  ASSERT_TRUE(catalog->damage().record(digest, "test"));
  pass(*make());
  EXPECT_TRUE(blob_pull.get_size(app, digest));
  EXPECT_TRUE(health.good());
}

TEST_F(ScrubTest, ABlobThatIsGoneOrPushedAgainIsNoDamage) {
  Integrity integrity(*store, *catalog, health);
  ASSERT_TRUE(integrity.found(sha256("never here"), 10, std::nullopt, "test"));
  const auto digest = push_blob(app, "content");
  ASSERT_TRUE(integrity.found(digest, 7, std::nullopt, "test"));
  const auto seen = store->open(digest, 7).value();
  push_blob(app, "content");
  ASSERT_TRUE(integrity.found(digest, 7, seen, "test"));
  EXPECT_EQ(catalog->damage().count().value(), 0U);
  EXPECT_TRUE(pull(digest, 7));
  EXPECT_TRUE(health.good());
}

TEST_F(ScrubTest, ADamagedBlobIsNotMounted) {
  const auto digest = push_blob(app, "content");
  ASSERT_TRUE(catalog->damage().record(digest, "test"));
  const auto anybody = [](std::string_view) { return true; };
  EXPECT_FALSE(blob_push.mount(name("b/x"), app, digest, alice, anybody).value());
  EXPECT_FALSE(blob_push.mount(name("b/x"), std::nullopt, digest, alice, anybody).value());
}

}  // namespace
}  // namespace berth::service
