// Races of security.md B3.10–12: many writers on one tag, many uploads of one digest, two writers on one session.
#include <atomic>
#include <latch>
#include <thread>

#include "support/store_content.h"
#include "unit/service/fixture.h"

namespace berth::service {
namespace {

using base::ErrorCode;

void together(int threads, const std::function<void(int)>& work) {
  std::latch start(threads);
  std::vector<std::jthread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      start.arrive_and_wait();
      work(i);
    });
  }
}

class ServiceRaceTest : public ServiceTest {
 protected:
  // Image number i, its blobs already here.
  std::string prepared_image(int i) {
    push_blob(name("a/one"), "{}");
    const auto layer = "layer " + std::to_string(i);
    push_blob(name("a/one"), layer);
    return image("{}", layer);
  }
};

TEST_F(ServiceRaceTest, OneTagAndSixtyFourWriters) {
  constexpr int kWriters = 64;
  std::vector<std::string> images;
  for (int i = 0; i < kWriters; ++i) images.push_back(prepared_image(i));
  std::atomic<int> acknowledged = 0;
  together(kWriters, [&](int i) {
    if (push_manifest(name("a/one"), "latest", images[static_cast<std::size_t>(i)])) ++acknowledged;
  });
  EXPECT_EQ(acknowledged, kWriters);
  const auto history = catalog->list_tag_history(name("a/one"), tag("latest"), 0, 1000).value();
  ASSERT_EQ(history.size(), static_cast<std::size_t>(kWriters));
  // Newest first: each entry's `before` is the next one's `after`.
  for (std::size_t i = 0; i + 1 < history.size(); ++i) EXPECT_EQ(history[i].before, history[i + 1].after);
  EXPECT_EQ(history.front().after, manifest_pull.get_info(name("a/one"), tag("latest")).value().digest);
}

TEST_F(ServiceRaceTest, OnlyOneOfManyConditionalWritersWins) {
  constexpr int kWriters = 16;
  std::vector<std::string> images;
  for (int i = 0; i < kWriters; ++i) images.push_back(prepared_image(i));
  std::atomic<int> won = 0;
  std::atomic<int> lost = 0;
  together(kWriters, [&](int i) {
    const auto pushed = push_manifest(name("a/one"), "first", images[static_cast<std::size_t>(i)],
                                      {catalog::TagCondition::Kind::must_be_absent, {}});
    if (pushed) {
      ++won;
    } else if (pushed.error().code() == ErrorCode::precondition_failed) {
      ++lost;
    }
  });
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, kWriters - 1);
}

TEST_F(ServiceRaceTest, OneDigestAndManyUploadsOfWhichHalfGiveUp) {
  constexpr int kUploads = 32;
  const std::string content(100'000, 'x');
  const auto digest = sha256(content);
  std::atomic<int> committed = 0;
  together(kUploads, [&](int i) {
    auto upload = blob_push.begin(name("a/one"), alice, base::HashAlgorithm::sha256);
    ASSERT_TRUE(upload);
    ASSERT_TRUE(upload->append(base::as_bytes(content).first(50'000)));
    if (i % 2 == 0) {
      ASSERT_TRUE(upload->discard());
      return;
    }
    ASSERT_TRUE(upload->append(base::as_bytes(content).subspan(50'000)));
    ASSERT_TRUE(upload->commit(digest));
    ++committed;
  });
  EXPECT_EQ(committed, kUploads / 2);
  EXPECT_EQ(blob_pull.get_size(name("a/one"), digest).value(), content.size());
  EXPECT_EQ(berth::test::traces_of_uploads(directory.path()), 0U);
  int blobs = 0;
  ASSERT_TRUE(store->for_each([&](const store::BlobInfo&) { return ++blobs > 0; }));
  EXPECT_EQ(blobs, 1);
}

TEST_F(ServiceRaceTest, TwoWritersOnOneSession) {
  const auto id = blob_push.begin(name("a/one"), alice, base::HashAlgorithm::sha256).value().status().id;
  std::latch both_tried(2);
  std::atomic<int> accepted = 0;
  std::atomic<int> refused = 0;
  together(2, [&](int) {
    auto upload = blob_push.resume(name("a/one"), alice, id, oci::ByteRange{0, 5});
    both_tried.arrive_and_wait();
    if (!upload) {
      EXPECT_EQ(upload.error().code(), ErrorCode::upload_busy);
      ++refused;
      return;
    }
    EXPECT_TRUE(upload->append(base::as_bytes("hello")));
    ++accepted;
  });
  EXPECT_EQ(accepted, 1);
  EXPECT_EQ(refused, 1);
  auto closing = blob_push.resume(name("a/one"), alice, id, std::nullopt);
  ASSERT_TRUE(closing);
  EXPECT_TRUE(closing->commit(sha256("hello")));
}

}  // namespace
}  // namespace berth::service
