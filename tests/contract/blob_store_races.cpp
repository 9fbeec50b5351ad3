#include <array>
#include <atomic>
#include <barrier>
#include <functional>
#include <thread>
#include <vector>

#include "berth/store/local_blob_store.h"
#include "contract/blob_store_contract.h"
#include "support/fault_file_system.h"
#include "support/store_content.h"
#include "support/temporary_directory.h"

namespace berth::test {
namespace {

using base::ErrorCode;
using base::HashAlgorithm;

// Runs `body(0..count-1)` at once, each in its thread, all let go at the same moment.
void at_once(unsigned count, const std::function<void(unsigned)>& body) {
  std::barrier start(count);
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      body(i);
    });
  }
}

TEST_P(BlobStoreRaces, ManyUploadsOfOneDigestWithHalfGivenUp) {
  const std::string bytes = bytes_of(100'000, 1);
  const auto digest = digest_of(bytes);
  std::atomic<int> stored = 0;
  at_once(32, [&](unsigned i) {
    auto upload = begin(store(), i % 4 < 2 ? UploadKind::session : UploadKind::single);
    ASSERT_TRUE(upload);
    for (std::size_t at = 0; at < bytes.size(); at += 10'000) {
      ASSERT_TRUE((*upload)->append(base::as_bytes(bytes).subspan(at, 10'000)));
      if (i % 2 == 0 && at == 50'000) {
        EXPECT_TRUE((*upload)->discard());
        return;
      }
    }
    const auto info = (*upload)->commit(digest);
    ASSERT_TRUE(info) << info.error().message() << info.error().context();
    // What was acknowledged is there for the next request, whoever else commits or gives up.
    EXPECT_EQ(content_of(store(), digest), bytes);
    ++stored;
  });
  EXPECT_EQ(stored, 16);
  EXPECT_EQ(content_of(store(), digest), bytes);
  int blobs = 0;
  ASSERT_TRUE(store().for_each([&](const store::BlobInfo&) { return ++blobs > 0; }));
  EXPECT_EQ(blobs, 1);
  EXPECT_EQ(under_test().traces_of_uploads(), 0U);
}

TEST_P(BlobStoreRaces, ManyDifferentBlobsAtOnce) {
  at_once(16, [&](unsigned i) {
    for (unsigned round = 0; round < 10; ++round) {
      const std::string bytes = bytes_of(3000, i * 1000 + round);
      ASSERT_TRUE(push(store(), round % 2 == 0 ? UploadKind::session : UploadKind::single, bytes, digest_of(bytes)));
      EXPECT_EQ(content_of(store(), digest_of(bytes)), bytes);
    }
  });
  EXPECT_EQ(under_test().traces_of_uploads(), 0U);
}

TEST_P(BlobStoreRaces, OfTwoWritersExactlyOneGetsTheSession) {
  for (unsigned round = 0; round < 50; ++round) {
    auto first = store().begin_upload(owner(), HashAlgorithm::sha256);
    ASSERT_TRUE(first);
    const auto id = (*first)->status().id;
    first->reset();
    std::atomic<int> got = 0;
    std::atomic<int> busy = 0;
    std::barrier both_tried(2);
    std::array<std::string, 2> written;
    at_once(2, [&](unsigned i) {
      auto upload = store().resume_upload(id);
      both_tried.arrive_and_wait();
      if (!upload) {
        EXPECT_EQ(upload.error().code(), ErrorCode::upload_busy);
        ++busy;
        return;
      }
      ++got;
      written[i] = bytes_of(2500, round * 2 + i);
      EXPECT_TRUE((*upload)->append(base::as_bytes(written[i])));
    });
    EXPECT_EQ(got, 1);
    EXPECT_EQ(busy, 1);
    const std::string bytes = written[0] + written[1];
    auto last = store().resume_upload(id);
    ASSERT_TRUE(last);
    ASSERT_TRUE((*last)->commit(digest_of(bytes)));
    EXPECT_EQ(content_of(store(), digest_of(bytes)), bytes);
  }
}

TEST_P(BlobStoreRaces, WhoeverComesWhileASessionEndsFindsItBusyOrGone) {
  for (unsigned round = 0; round < 50; ++round) {
    const std::string bytes = bytes_of(1500, round);
    auto upload = store().begin_upload(owner(), HashAlgorithm::sha256);
    ASSERT_TRUE(upload);
    ASSERT_TRUE((*upload)->append(base::as_bytes(bytes)));
    const auto id = (*upload)->status().id;
    at_once(4, [&](unsigned i) {
      if (i == 0) {
        EXPECT_TRUE((*upload)->commit(digest_of(bytes)));
        return;
      }
      if (i == 1) {
        EXPECT_TRUE(store().expire_uploads(base::SystemClock().now() + std::chrono::hours(1)));
        return;
      }
      const auto other = store().resume_upload(id);
      ASSERT_FALSE(other);
      EXPECT_TRUE(other.error().code() == ErrorCode::upload_busy || other.error().code() == ErrorCode::upload_unknown);
    });
    EXPECT_EQ(content_of(store(), digest_of(bytes)), bytes);
    EXPECT_EQ(under_test().traces_of_uploads(), 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, BlobStoreRaces, ::testing::ValuesIn(all_stores()), store_kind_name);

// Of several commits of one digest some fail at the sync of the directory: they must not take away what another one acknowledged,
// and when all of them failed nothing may be left.
TEST(LocalBlobStoreRaces, AFailedCommitNeverHarmsAnAcknowledgedOne) {
  const base::SystemClock clock;
  for (unsigned round = 0; round < 40; ++round) {
    const TemporaryDirectory directory;
    FaultFileSystem fs(directory.path());
    auto store = store::open_local_blob_store({.directory = directory.path()}, fs, clock);
    ASSERT_TRUE(store);
    const std::string bytes = bytes_of(100, round);
    const auto digest = digest_of(bytes);
    // With a new directory the first syncs are of its parent, later ones of itself.
    fs.inject({.at = 1 + round % 4, .only = Call::sync_directory, .repeat = round % 8 < 4 ? Repeat::once : Repeat::from_then_on});
    std::atomic<int> acknowledged = 0;
    at_once(6, [&](unsigned i) {
      if (push(**store, i % 2 == 0 ? UploadKind::session : UploadKind::single, bytes, digest)) ++acknowledged;
    });
    EXPECT_EQ(content_of(**store, digest), acknowledged > 0 ? std::optional(bytes) : std::nullopt) << "round " << round;
  }
}

}  // namespace
}  // namespace berth::test
