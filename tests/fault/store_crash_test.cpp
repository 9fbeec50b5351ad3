// Uploads whose files are not what the last writer meant to leave: after a kill in mid-write, and after a power loss that took
// the end of the data or brought back an older checkpoint (security.md B3.7).
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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

const base::SystemClock kClock;

class StoreCrash : public ::testing::Test {
 protected:
  StoreCrash() { boot(); }

  void boot(std::uint64_t sync_step_bytes = 1000) {
    store_.reset();
    auto opened = store::open_local_blob_store({.directory = directory_.path(), .sync_step_bytes = sync_step_bytes}, fs_, kClock);
    ASSERT_TRUE(opened);
    store_ = std::move(*opened);
  }

  // Drops an upload as kill -9 does: nothing more reaches the disk, the lock goes.
  void kill(std::unique_ptr<store::Upload> upload) {
    fs_.inject({.at = 1, .repeat = Repeat::from_then_on});
    upload.reset();
    fs_.clear_faults();
  }

  [[nodiscard]] stdfs::path session_path(const store::UploadId& id) const {
    return directory_.path() + "/uploads/" + id.text() + "/session";
  }
  [[nodiscard]] stdfs::path data_path(const store::UploadId& id) const {
    return directory_.path() + "/uploads/" + id.text() + "/data";
  }
  static std::string read(const stdfs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const stdfs::path& file, std::string_view bytes) { std::ofstream(file, std::ios::binary) << bytes; }

  store::UploadId start(std::string_view bytes) {
    auto upload = store_->begin_upload(owner(), HashAlgorithm::sha256);
    EXPECT_TRUE(upload);
    EXPECT_TRUE((*upload)->append(base::as_bytes(bytes)));
    return (*upload)->status().id;
  }

  TemporaryDirectory directory_;
  FaultFileSystem fs_{directory_.path()};
  std::unique_ptr<store::BlobStore> store_;
};

TEST_F(StoreCrash, DataCutBehindACheckpointIsCountedAndHashedAfresh) {
  const std::string bytes = bytes_of(10'000, 1);
  for (const std::uint64_t size : {0U, 1U, 999U, 5000U, 9999U}) {
    const auto id = start(bytes);
    stdfs::resize_file(data_path(id), size);
    EXPECT_EQ(store_->get_upload(id)->offset, size);
    auto upload = store_->resume_upload(id);
    ASSERT_TRUE(upload);
    ASSERT_EQ((*upload)->offset(), size);
    ASSERT_TRUE((*upload)->append(base::as_bytes(bytes).subspan(size)));
    ASSERT_TRUE((*upload)->commit(digest_of(bytes)));
    EXPECT_EQ(content_of(*store_, digest_of(bytes)), bytes);
  }
}

TEST_F(StoreCrash, DataLostAltogetherStartsFromNothing) {
  const auto id = start(bytes_of(10'000, 1));
  stdfs::remove(data_path(id));
  auto upload = store_->resume_upload(id);
  ASSERT_TRUE(upload);
  EXPECT_EQ((*upload)->offset(), 0U);
  ASSERT_TRUE((*upload)->append(base::as_bytes("other")));
  ASSERT_TRUE((*upload)->commit(digest_of("other")));
}

// The trap: the file is cut behind its checkpoint, then grows past it with other bytes, and the process dies before a new
// checkpoint. If the old one were still there it would vouch for bytes that the file no longer has.
TEST_F(StoreCrash, ACheckpointOfLostBytesNeverComesBack) {
  for (const bool power_lost : {false, true}) {
    const std::string old_bytes = bytes_of(10'000, 1);
    const std::string new_bytes = bytes_of(10'000, 2);
    const auto id = start(old_bytes);
    stdfs::resize_file(data_path(id), 0);
    boot(1'000'000);  // no checkpoint by itself any more
    auto upload = store_->resume_upload(id);
    ASSERT_TRUE(upload);
    ASSERT_EQ((*upload)->offset(), 0U);
    ASSERT_TRUE((*upload)->append(base::as_bytes(new_bytes)));
    kill(std::move(*upload));
    if (power_lost) {
      fs_.drop_unsynced(Loss::data);
      write(data_path(id), new_bytes);  // the kernel had written it back by chance
      boot(1'000'000);
    }

    upload = store_->resume_upload(id);
    ASSERT_TRUE(upload);
    EXPECT_EQ((*upload)->offset(), new_bytes.size());
    EXPECT_EQ((*upload)->commit(digest_of(old_bytes)).error().code(), ErrorCode::digest_mismatch);
    EXPECT_EQ(content_of(*store_, digest_of(old_bytes)), std::nullopt);
    boot();
  }
}

TEST_F(StoreCrash, AnOlderCheckpointIsAsGoodAsTheLast) {
  const std::string bytes = bytes_of(10'000, 1);
  auto upload = store_->begin_upload(owner(), HashAlgorithm::sha256);
  ASSERT_TRUE(upload);
  const auto id = (*upload)->status().id;
  ASSERT_TRUE((*upload)->append(base::as_bytes(bytes).first(2000)));
  const std::string older = read(session_path(id));
  ASSERT_TRUE((*upload)->append(base::as_bytes(bytes).subspan(2000)));
  kill(std::move(*upload));
  ASSERT_NE(read(session_path(id)), older);
  write(session_path(id), older);
  upload = store_->resume_upload(id);
  ASSERT_TRUE(upload);
  EXPECT_EQ((*upload)->offset(), bytes.size());
  EXPECT_TRUE((*upload)->commit(digest_of(bytes)));
}

// Some file systems keep the length and lose the bytes.
TEST_F(StoreCrash, ZerosInPlaceOfBytesAreCaughtAtTheCommit) {
  const std::string bytes = bytes_of(10'000, 1);
  boot(4000);
  const auto id = start(bytes.substr(0, 4000));  // checkpointed
  auto upload = store_->resume_upload(id);
  ASSERT_TRUE(upload);
  boot(1'000'000);
  ASSERT_TRUE((*upload)->append(base::as_bytes(bytes).subspan(4000, 100)));
  kill(std::move(*upload));
  write(data_path(id), bytes.substr(0, 4000) + std::string(100, '\0'));
  upload = store_->resume_upload(id);
  ASSERT_TRUE(upload);
  ASSERT_EQ((*upload)->offset(), 4100U);
  ASSERT_TRUE((*upload)->append(base::as_bytes(bytes).subspan(4100)));
  EXPECT_EQ((*upload)->commit(digest_of(bytes)).error().code(), ErrorCode::digest_mismatch);
  EXPECT_EQ(content_of(*store_, digest_of(bytes)), std::nullopt);
}

// No model but the kernel: a real process, really killed while it writes.
class ARealProcess : public ::testing::Test {
 protected:
  ARealProcess() {
    auto opened = store::open_local_blob_store(options(), base::real_file_system(), kClock);
    if (opened) store_ = std::move(*opened);
    EXPECT_TRUE(store_);
  }
  [[nodiscard]] store::LocalBlobStoreOptions options() const {
    return {.directory = directory_.path(), .sync_step_bytes = 200'000};
  }

  // A child that appends `bytes` to the session in pieces, tells each acknowledged piece by one byte, and never ends by itself.
  struct Child {
    pid_t id;
    int acknowledgements;
  };
  [[nodiscard]] Child spawn_writer(const store::UploadId& id, std::string_view bytes, std::size_t piece) const {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = store::open_local_blob_store(options(), base::real_file_system(), kClock);
      auto upload = (*store)->resume_upload(id);
      for (std::size_t at = (*upload)->offset(); at < bytes.size(); at += piece) {
        if (!(*upload)->append(base::as_bytes(bytes).subspan(at, std::min(piece, bytes.size() - at)))) ::_exit(1);
        if (::write(ends[1], "x", 1) != 1) ::_exit(2);
      }
      for (;;) ::pause();
    }
    ::close(ends[1]);
    return {child, ends[0]};
  }

  TemporaryDirectory directory_;
  std::unique_ptr<store::BlobStore> store_;
};

TEST_F(ARealProcess, KilledWhileItWritesLosesNothingAcknowledged) {
  constexpr std::size_t kPiece = 10'000;
  const std::string bytes = bytes_of(3'000'000, 1);
  for (const std::size_t acknowledged : {1U, 2U, 17U, 60U, 299U}) {
    auto upload = store_->begin_upload(owner(), HashAlgorithm::sha256);
    ASSERT_TRUE(upload);
    const auto id = (*upload)->status().id;
    upload->reset();

    const auto child = spawn_writer(id, bytes, kPiece);
    char byte = 0;
    for (std::size_t i = 0; i < acknowledged; ++i) ASSERT_EQ(::read(child.acknowledgements, &byte, 1), 1);
    const auto while_it_lives = store_->resume_upload(id);
    ASSERT_FALSE(while_it_lives);
    EXPECT_EQ(while_it_lives.error().code(), ErrorCode::upload_busy);
    ASSERT_EQ(::kill(child.id, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child.id, nullptr, 0), child.id);
    ::close(child.acknowledgements);

    upload = store_->resume_upload(id);
    ASSERT_TRUE(upload) << upload.error().message();
    const auto offset = (*upload)->offset();
    EXPECT_GE(offset, acknowledged * kPiece);
    ASSERT_LE(offset, bytes.size());
    ASSERT_TRUE((*upload)->append(base::as_bytes(bytes).subspan(offset)));
    ASSERT_TRUE((*upload)->commit(digest_of(bytes)));
    EXPECT_EQ(content_of(*store_, digest_of(bytes)), bytes);
  }
}

}  // namespace
}  // namespace berth::test
