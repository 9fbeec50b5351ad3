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
    auto opened = open_local_blob_store({.directory = directory_.path()}, fs_, clock_);
    EXPECT_TRUE(opened);
    if (opened) store_ = std::move(*opened);
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
};

TEST_F(SessionMoments, ASessionThatEndsWhileItIsOpenedIsUnknown) {
  for (const bool commits : {true, false}) {
    auto writer = start();
    const auto id = writer->status().id;
    fs_.after_next_open([&] {
      EXPECT_TRUE(commits ? writer->commit(digest_of("abc")).has_value() : writer->discard().has_value());
      writer.reset();
    });
    const auto late = store_->resume_upload(id);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), ErrorCode::upload_unknown);
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path() + "/uploads"));
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
  EXPECT_EQ(store_->expire_uploads(clock_.now() - 1h).value_or(99), 0U);
  EXPECT_EQ(store_->get_upload(id)->offset, 6U);
}

}  // namespace
}  // namespace berth::store
