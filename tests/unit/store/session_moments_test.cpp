// What one request does between two system calls of another: the moments that a race test hits only by luck, hit on purpose.
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "berth/store/local_blob_store.h"
#include "support/store_content.h"
#include "support/temporary_directory.h"

namespace berth::store {
namespace {

using base::ErrorCode;
using base::HashAlgorithm;
using namespace std::chrono_literals;
using test::digest_of;
using test::owner;

// The real file system; a word is put in after an open() of a session that exists.
class Interrupted final : public base::FileSystem {
 public:
  void after_next_open(std::function<void()> word) { word_ = std::move(word); }

  base::Result<std::unique_ptr<base::File>> open(const std::string& path, base::OpenMode mode) override {
    auto file = real_.open(path, mode);
    if (mode == base::OpenMode::read_write && path.ends_with("/session") && word_) std::exchange(word_, nullptr)();
    return file;
  }
  base::Result<std::unique_ptr<base::File>> open_unnamed(const std::string& directory) override {
    return real_.open_unnamed(directory);
  }
  base::Result<bool> link(base::File& file, const std::string& path) override { return real_.link(file, path); }
  base::Result<void> rename(const std::string& from, const std::string& to) override { return real_.rename(from, to); }
  base::Result<bool> remove(const std::string& path) override { return real_.remove(path); }
  base::Result<bool> remove_directory(const std::string& path) override { return real_.remove_directory(path); }
  base::Result<bool> make_directory(const std::string& path) override { return real_.make_directory(path); }
  base::Result<void> sync_directory(const std::string& path) override { return real_.sync_directory(path); }
  base::Result<std::optional<base::FileInfo>> find_info(const std::string& path) const override { return real_.find_info(path); }
  base::Result<std::vector<std::string>> list(const std::string& path) const override { return real_.list(path); }
  base::Result<bool> is_same(const base::File& file, const std::string& path) const override { return real_.is_same(file, path); }
  base::Result<base::SpaceInfo> space(const std::string& path) const override { return real_.space(path); }

 private:
  base::FileSystem& real_ = base::real_file_system();
  std::function<void()> word_;
};

class SessionMoments : public ::testing::Test {
 protected:
  SessionMoments() {
    for (auto* store : {&store_, &other_process_}) {
      auto opened = open_local_blob_store({.directory = directory_.path()}, fs_, clock_);
      EXPECT_TRUE(opened);
      if (opened) *store = std::move(*opened);
    }
  }
  std::unique_ptr<Upload> start() {
    auto upload = store_->begin_upload(owner(), HashAlgorithm::sha256);
    EXPECT_TRUE(upload);
    EXPECT_TRUE((*upload)->append(base::as_bytes("abc")));
    return std::move(*upload);
  }

  test::TemporaryDirectory directory_;
  Interrupted fs_;
  base::SystemClock clock_;
  std::unique_ptr<BlobStore> store_;
  std::unique_ptr<BlobStore> other_process_;  // knows nothing of what the first one does, but for the files
};

TEST_F(SessionMoments, ASessionThatEndsWhileItIsOpenedIsUnknown) {
  for (const bool commits : {true, false}) {
    auto writer = start();
    const auto id = writer->status().id;
    fs_.after_next_open([&] {
      EXPECT_TRUE(commits ? writer->commit(digest_of("abc")).has_value() : writer->discard().has_value());
      writer.reset();
    });
    const auto late = other_process_->resume_upload(id);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), ErrorCode::upload_unknown);
    EXPECT_EQ(test::traces_of_uploads(directory_.path()), 0U);
  }
}

// The same session file under another id by the time that the late one has the lock.
TEST_F(SessionMoments, ASessionWhoseFolderHasAnotherIdByNowIsUnknown) {
  auto writer = start();
  const auto id = writer->status().id;
  std::unique_ptr<Upload> next;
  fs_.after_next_open([&] {
    ASSERT_TRUE(writer->commit(digest_of("abc")));
    next = start();
    ASSERT_TRUE(next->suspend());
    next.reset();
  });
  const auto late = other_process_->resume_upload(id);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), ErrorCode::upload_unknown);
}

TEST_F(SessionMoments, OneProcessDoesNotEvenOpenWhatItIsAtWorkIn) {
  auto writer = start();
  bool opened = false;
  fs_.after_next_open([&] { opened = true; });
  EXPECT_EQ(store_->resume_upload(writer->status().id).error().code(), ErrorCode::upload_busy);
  EXPECT_EQ(store_->expire_uploads(clock_.now() + 1h).value_or(99), 0U);
  EXPECT_FALSE(opened);
  ASSERT_TRUE(writer->commit(digest_of("abc")));
  EXPECT_EQ(store_->resume_upload(writer->status().id).error().code(), ErrorCode::upload_unknown);
}

// Another process clears what this one keeps, at the worst moment: a new folder is made.
TEST_F(SessionMoments, AKeptFolderThatGoesWhileItIsTakenIsMadeAnew) {
  for (const bool before_the_open : {true, false}) {
    ASSERT_TRUE(start()->commit(digest_of("abc")));
    const auto clear = [&] { EXPECT_TRUE(other_process_->expire_uploads(clock_.now() + 1h)); };
    if (before_the_open)
      clear();
    else
      fs_.after_next_open(clear);
    auto upload = start();
    ASSERT_TRUE(upload);
    const auto id = upload->status().id;
    upload.reset();
    EXPECT_EQ(store_->get_upload(id)->offset, 3U);
    EXPECT_TRUE(store_->resume_upload(id).value()->discard());
  }
}

TEST_F(SessionMoments, ASessionThatGrowsWhileItExpiresStays) {
  auto writer = start();
  const auto id = writer->status().id;
  writer.reset();
  const std::filesystem::path data = directory_.path() + "/uploads/" + id.text() + "/data";
  std::filesystem::last_write_time(data, std::filesystem::file_time_type::clock::now() - 2h);
  fs_.after_next_open([&] {
    auto other = store_->resume_upload(id);
    ASSERT_TRUE(other);
    ASSERT_TRUE((*other)->append(base::as_bytes("def")));
  });
  EXPECT_EQ(other_process_->expire_uploads(clock_.now() - 1h).value_or(99), 0U);
  EXPECT_EQ(store_->get_upload(id)->offset, 6U);
}

}  // namespace
}  // namespace berth::store
