// The folders of ended uploads that new ones get: what a crash at each step leaves, and that no upload ever sees another's header or
// bytes (docs/adr/0017).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "berth/store/local_blob_store.h"
#include "support/fault_file_system.h"
#include "support/store_content.h"
#include "support/temporary_directory.h"

namespace berth::test {
namespace {

namespace stdfs = std::filesystem;
using base::ErrorCode;
using base::HashAlgorithm;
using namespace std::chrono_literals;

const base::SystemClock kClock;
const store::UploadOwner kFirst{.repository = "first/one", .principal = "user:1"};
const store::UploadOwner kSecond{.repository = "secnd/one", .principal = "user:2"};  // as long: its checkpoint has the same place

class KeptFolder : public ::testing::Test {
 protected:
  KeptFolder() { boot(); }

  void boot() {
    store_.reset();
    auto opened = store::open_local_blob_store({.directory = directory_.path(), .sync_step_bytes = 1000}, fs_, kClock);
    ASSERT_TRUE(opened);
    store_ = std::move(*opened);
  }
  [[nodiscard]] std::unique_ptr<store::Upload> start(const store::UploadOwner& owner, std::string_view bytes) {
    auto upload = store_->begin_upload(owner, HashAlgorithm::sha256);
    EXPECT_TRUE(upload);
    EXPECT_TRUE((*upload)->append(base::as_bytes(bytes)));
    return std::move(*upload);
  }
  // One upload of `kFirst` that became a blob, with a checkpoint in its session file.
  void end_one(unsigned seed = 1) {
    const std::string bytes = bytes_of(5000, seed);
    EXPECT_TRUE(start(kFirst, bytes)->commit(digest_of(bytes)));
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : stdfs::directory_iterator(directory_.path() + "/uploads")) names.push_back(entry.path().filename());
    return names;
  }

  TemporaryDirectory directory_;
  FaultFileSystem fs_{directory_.path()};
  std::unique_ptr<store::BlobStore> store_;
};

TEST_F(KeptFolder, AnUploadAfterAnotherMakesAndRemovesNothing) {
  end_one();
  const auto calls = [&](Call call) { return fs_.calls(call); };
  const auto made = calls(Call::make_directory);
  const auto created = calls(Call::create);
  const auto removed = calls(Call::remove) + calls(Call::remove_directory);
  end_one();
  EXPECT_EQ(calls(Call::make_directory), made);
  EXPECT_EQ(calls(Call::create), created + 1);  // the blob's file
  EXPECT_EQ(calls(Call::remove) + calls(Call::remove_directory), removed);
  EXPECT_EQ(names().size(), 1U);
}

TEST_F(KeptFolder, TheOldCheckpointIsNotTheNewUploads) {
  const std::string bytes = bytes_of(7000, 2);
  end_one();
  auto begun = store_->begin_upload(kSecond, HashAlgorithm::sha256);
  ASSERT_TRUE(begun);
  auto upload = std::move(*begun);
  // More than the old checkpoint speaks of, and none of its own: the bytes come by another way than append().
  std::ofstream(directory_.path() + "/uploads/" + upload->status().id.text() + "/data", std::ios::binary) << bytes;
  const auto id = upload->status().id;
  fs_.inject({.at = 1, .repeat = Repeat::from_then_on});
  upload.reset();
  fs_.clear_faults();
  auto resumed = store_->resume_upload(id);
  ASSERT_TRUE(resumed);
  EXPECT_EQ((*resumed)->status().owner, kSecond);
  EXPECT_EQ((*resumed)->offset(), bytes.size());
  EXPECT_TRUE((*resumed)->commit(digest_of(bytes)));
}

// At every call of a second upload: the process dies or the power goes. Afterwards its id is its own session or none, never the
// first one's; and what was kept is gone after the start.
TEST_F(KeptFolder, ACrashAtAnyCallNeverShowsTheFirstUpload) {
  for (const bool power_lost : {false, true}) {
    for (const auto loss : {Loss::data_and_names, Loss::data, Loss::names}) {
      bool struck = true;
      for (std::uint64_t n = 1; struck; ++n) {
        SCOPED_TRACE("call " + std::to_string(n));
        boot();
        end_one(1);
        fs_.inject({.at = n, .repeat = Repeat::from_then_on});
        auto upload = store_->begin_upload(kSecond, HashAlgorithm::sha256);
        if (upload) (void)(*upload)->append(base::as_bytes(bytes_of(3000, 2)));
        if (upload) (void)(*upload)->commit(digest_of(bytes_of(3000, 2)));
        struck = fs_.struck();
        if (upload) upload->reset();
        store_.reset();
        fs_.clear_faults();
        if (power_lost) fs_.drop_unsynced(loss);
        boot();
        EXPECT_EQ(content_of(*store_, digest_of(bytes_of(5000, 1))), bytes_of(5000, 1));
        for (const std::string& name : names()) {
          const auto id = store::UploadId::parse(name);
          ASSERT_TRUE(id) << name << " was left by the process before";
          const auto status = store_->get_upload(*id);
          if (status) {
            EXPECT_EQ(status->owner, kSecond);
          }
          const auto resumed = store_->resume_upload(*id);
          EXPECT_EQ(resumed.has_value(), status.has_value());
        }
        EXPECT_TRUE(store_->expire_uploads(kClock.now() + 1h));
        EXPECT_TRUE(names().empty());
        ASSERT_LT(n, 100U);
      }
    }
  }
}

// The header of the first upload was synced, the second one's was not: the power brings the first one's back under the second id.
TEST_F(KeptFolder, AnOldHeaderUnderANewIdIsNoSession) {
  auto first = start(kFirst, bytes_of(5000, 1));
  std::string old_session;
  {
    std::ifstream in(directory_.path() + "/uploads/" + first->status().id.text() + "/session", std::ios::binary);
    old_session.assign(std::istreambuf_iterator<char>(in), {});
  }
  ASSERT_TRUE(first->commit(digest_of(bytes_of(5000, 1))));
  auto second = start(kSecond, "abc");
  const auto id = second->status().id;
  second.reset();
  std::ofstream(directory_.path() + "/uploads/" + id.text() + "/session", std::ios::binary) << old_session;
  EXPECT_EQ(store_->get_upload(id).error().code(), ErrorCode::upload_unknown);
  EXPECT_EQ(store_->resume_upload(id).error().code(), ErrorCode::upload_unknown);
  EXPECT_EQ(store_->expire_uploads(kClock.now() + 1h).value_or(99), 1U);
  EXPECT_TRUE(names().empty());
}

TEST_F(KeptFolder, WhatFailsIsNotKept) {
  ASSERT_TRUE(start(kFirst, "abc")->discard());
  EXPECT_FALSE(start(kFirst, "abc")->commit(digest_of("other")));
  EXPECT_TRUE(names().empty());
}

TEST_F(KeptFolder, AFullDiskStillStartsOneInAKeptFolder) {
  end_one();
  fs_.inject({.at = 1, .error_number = ENOSPC, .only = Call::make_directory, .repeat = Repeat::from_then_on});
  EXPECT_TRUE(store_->begin_upload(kSecond, HashAlgorithm::sha256));
}

TEST_F(KeptFolder, OneThatCannotBeUsedIsReplaced) {
  for (const auto call : {Call::write, Call::rename}) {
    end_one();
    fs_.inject({.at = 1, .only = call});
    auto upload = store_->begin_upload(kSecond, HashAlgorithm::sha256);
    ASSERT_TRUE(upload);
    EXPECT_TRUE(fs_.struck());
    EXPECT_EQ(names(), std::vector{(*upload)->status().id.text()});
    EXPECT_TRUE((*upload)->discard());
  }
}

TEST_F(KeptFolder, ThereAreNotMoreThanSome) {
  constexpr std::size_t kMany = 70;
  std::vector<std::unique_ptr<store::Upload>> uploads;
  for (std::size_t i = 0; i < kMany; ++i) uploads.push_back(start(kFirst, "abc"));
  for (const auto& upload : uploads) ASSERT_TRUE(upload->commit(digest_of("abc")));
  EXPECT_EQ(names().size(), 64U);
  EXPECT_EQ(traces_of_uploads(directory_.path()), 0U);
  EXPECT_EQ(store_->expire_uploads(kClock.now() - 1h).value_or(99), 0U);
  EXPECT_EQ(names().size(), 64U);
  EXPECT_EQ(store_->expire_uploads(kClock.now() + 1h).value_or(99), 0U) << "they are not uploads";
  EXPECT_TRUE(names().empty());
  end_one();
}

}  // namespace
}  // namespace berth::test
