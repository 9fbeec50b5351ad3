// What is true of the local store alone: its files, what it makes of damaged ones, and file systems that can do less.
#include "berth/store/local_blob_store.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "store/session_file.h"
#include "support/fault_file_system.h"
#include "support/store_content.h"
#include "support/temporary_directory.h"

namespace berth::store {
namespace {

namespace stdfs = std::filesystem;
using base::ErrorCode;
using base::HashAlgorithm;
using namespace std::chrono_literals;
using test::bytes_of;
using test::content_of;
using test::digest_of;
using test::owner;
using test::push;
using test::UploadKind;

class LocalBlobStoreTest : public ::testing::Test {
 protected:
  LocalBlobStoreTest() { store_ = open(); }

  std::unique_ptr<BlobStore> open() {
    auto opened = open_local_blob_store({.directory = directory_.path(), .sync_step_bytes = 1000}, fs_, clock_);
    EXPECT_TRUE(opened);
    return opened ? std::move(*opened) : nullptr;
  }

  [[nodiscard]] stdfs::path path(const stdfs::path& below) const { return directory_.path() / below; }
  [[nodiscard]] stdfs::path session_path(const UploadId& id) const { return path("uploads") / id.text() / "session"; }
  [[nodiscard]] stdfs::path data_path(const UploadId& id) const { return path("uploads") / id.text() / "data"; }

  static std::string read(const stdfs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const stdfs::path& file, std::string_view bytes) { std::ofstream(file, std::ios::binary) << bytes; }

  // A session that took `bytes` and was left with a checkpoint of all of them.
  UploadId start(std::string_view bytes) {
    auto upload = store_->begin_upload(owner(), HashAlgorithm::sha256);
    EXPECT_TRUE(upload);
    EXPECT_TRUE((*upload)->append(base::as_bytes(bytes)));
    return (*upload)->status().id;
  }

  test::TemporaryDirectory directory_;
  test::FaultFileSystem fs_{directory_.path()};
  base::ManualClock clock_{base::SystemClock().now()};
  std::unique_ptr<BlobStore> store_;
};

TEST_F(LocalBlobStoreTest, FilesLieWhereTheContractSays) {
  const auto id = start("abc");
  EXPECT_EQ(read(data_path(id)), "abc");
  EXPECT_TRUE(stdfs::exists(session_path(id)));
  const auto digest = digest_of("xyz", HashAlgorithm::sha512);
  ASSERT_TRUE(push(*store_, UploadKind::single, "xyz", digest));
  const std::string hex(digest.hex());
  EXPECT_EQ(read(path("blobs/sha512") / hex.substr(0, 2) / hex), "xyz");

  struct stat info{};
  ASSERT_EQ(::stat(data_path(id).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(path("uploads").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST_F(LocalBlobStoreTest, ItsDirectoryMustBeThere) {
  const auto opened = open_local_blob_store({.directory = directory_.path() + "/missing"}, fs_, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::io_error);
  write(path("file"), "x");
  EXPECT_FALSE(open_local_blob_store({.directory = directory_.path() + "/file"}, fs_, clock_));
}

TEST_F(LocalBlobStoreTest, StrangersFilesAreLeftAlone) {
  ASSERT_TRUE(push(*store_, UploadKind::session, "abc", digest_of("abc")));
  write(path("blobs/README"), "x");
  write(path("blobs/sha256/note"), "x");
  stdfs::create_directories(path("blobs/sha256/zz"));
  stdfs::create_directories(path("blobs/sha256/00/") / std::string(64, '0'));  // a folder where a blob would be
  write(path("blobs/sha256/00") / std::string(64, 'f'), "in the wrong folder");
  stdfs::create_directories(path("uploads/notes"));
  int visits = 0;
  ASSERT_TRUE(store_->for_each([&](const BlobInfo& blob) { return ++visits, blob.digest == digest_of("abc"); }));
  EXPECT_EQ(visits, 1);
  EXPECT_EQ(store_->expire_uploads(clock_.now() + 1h).value_or(99), 0U);
  EXPECT_TRUE(stdfs::exists(path("uploads/notes")));
}

TEST_F(LocalBlobStoreTest, RemainsWithoutASessionExpireToo) {
  const auto old = start("abc");
  stdfs::remove(session_path(old));
  stdfs::create_directory(path("uploads") / UploadId::random().text());
  const auto damaged = start("def");
  write(session_path(damaged), "not a session");
  EXPECT_EQ(store_->get_upload(old).error().code(), ErrorCode::upload_unknown);
  EXPECT_EQ(store_->resume_upload(damaged).error().code(), ErrorCode::upload_unknown);
  EXPECT_EQ(store_->get_upload(damaged).error().code(), ErrorCode::upload_unknown);
  EXPECT_EQ(store_->expire_uploads(clock_.now() - 1h).value_or(99), 0U);
  EXPECT_EQ(store_->expire_uploads(clock_.now() + 1h).value_or(99), 3U);
  EXPECT_EQ(test::traces_of_uploads(directory_.path()), 0U);
}

TEST_F(LocalBlobStoreTest, WhatOneRemovalCannotDoDoesNotStopTheOthers) {
  const auto stuck = start("abc");
  stdfs::create_directory(path("uploads") / stuck.text() / "stranger");
  start("def");
  start("ghi");
  const auto expired = store_->expire_uploads(clock_.now() + 1h);
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().code(), ErrorCode::io_error);
  EXPECT_EQ(store_->get_upload(stuck).error().code(), ErrorCode::upload_unknown);
  EXPECT_EQ(std::distance(stdfs::directory_iterator(path("uploads")), {}), 1);
}

TEST_F(LocalBlobStoreTest, ACheckpointSavesReadingAgain) {
  const std::string bytes = bytes_of(50'000, 1);
  const auto id = start(bytes);
  const auto session = parse_session(read(session_path(id)));
  ASSERT_TRUE(session);
  ASSERT_TRUE(session->checkpoint);
  EXPECT_EQ(session->checkpoint->offset, 50'000U);

  const auto reads = fs_.calls(test::Call::read);
  auto upload = store_->resume_upload(id);
  ASSERT_TRUE(upload);
  EXPECT_LE(fs_.calls(test::Call::read) - reads, 2U);  // the session, and the end of the data
  ASSERT_TRUE((*upload)->append(base::as_bytes("more")));
  ASSERT_TRUE((*upload)->commit(digest_of(bytes + "more")));
}

TEST_F(LocalBlobStoreTest, ATornOrForeignCheckpointMeansReadingAgain) {
  const std::string bytes = bytes_of(50'000, 1);
  for (const int damage : {0, 1, 2}) {
    const auto id = start(bytes);
    std::string file = read(session_path(id));
    const auto position = parse_session(file)->checkpoint_position;
    switch (damage) {
      case 0: file.back() = static_cast<char>(file.back() ^ 1); break;  // torn
      case 1: file.resize(file.size() - 7); break;                      // cut
      case 2:
        file = file.substr(0, position) + encode_checkpoint({20'000, "a state of version 99"}, id.text());
        break;  // of another Berth
    }
    write(session_path(id), file);
    auto upload = store_->resume_upload(id);
    ASSERT_TRUE(upload);
    EXPECT_EQ((*upload)->offset(), bytes.size());
    EXPECT_TRUE((*upload)->commit(digest_of(bytes))) << damage;
  }
}

TEST_F(LocalBlobStoreTest, WithoutUnnamedFilesASingleUploadIsAHiddenSession) {
  fs_.inject({.at = 1, .error_number = EOPNOTSUPP, .only = test::Call::create});
  const auto plain = open();
  ASSERT_TRUE(fs_.struck());
  ASSERT_TRUE(push(*plain, UploadKind::single, "abc", digest_of("abc")));
  EXPECT_EQ(content_of(*plain, digest_of("abc")), "abc");
  auto dropped = plain->begin_single_upload(owner(), HashAlgorithm::sha256);
  ASSERT_TRUE(dropped);
  ASSERT_TRUE((*dropped)->append(base::as_bytes("def")));
  dropped->reset();
  EXPECT_EQ(test::traces_of_uploads(directory_.path()), 0U);
}

TEST_F(LocalBlobStoreTest, ADirectoryRemovedByHandIsMadeAgain) {
  const auto digest = digest_of("abc");
  ASSERT_TRUE(push(*store_, UploadKind::session, "abc", digest));
  stdfs::remove_all(path("blobs/sha256"));
  stdfs::create_directory(path("blobs/sha256"));
  EXPECT_FALSE(push(*store_, UploadKind::session, "abc", digest));
  ASSERT_TRUE(push(*store_, UploadKind::session, "abc", digest));
  EXPECT_EQ(content_of(*store_, digest), "abc");
}

TEST_F(LocalBlobStoreTest, SmallUploadsTakeFewCalls) {
  ASSERT_TRUE(push(*store_, UploadKind::session, "abc", digest_of("abc")));
  const auto start_count = fs_.calls();
  ASSERT_TRUE(push(*store_, UploadKind::session, "abc", digest_of("abc")));
  // header, rename of the kept folder · data, bytes · sync, rename, sync directory · rename of the folder, to be kept
  EXPECT_EQ(fs_.calls() - start_count, 8U);
  EXPECT_EQ(fs_.calls(test::Call::sync_data), 2U);
}

TEST_F(LocalBlobStoreTest, AnOwnerTooLongToStoreIsRefused) {
  const auto upload = store_->begin_upload({"r", std::string(kSessionFileLimit, 'p')}, HashAlgorithm::sha256);
  ASSERT_FALSE(upload);
  EXPECT_EQ(test::traces_of_uploads(directory_.path()), 0U);
}

}  // namespace
}  // namespace berth::store
