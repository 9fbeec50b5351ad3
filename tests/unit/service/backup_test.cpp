#include "berth/service/backup.h"

#include <gmock/gmock.h>

#include "berth/service/verify.h"
#include "unit/service/care.h"

namespace berth::service {
namespace {

using base::ErrorCode;
namespace files = std::filesystem;

class BackupTest : public ServiceTest {
 protected:
  void SetUp() override {
    push_blob(app, "{}");
    layer = push_blob(app, "layer");
    ASSERT_TRUE(push_manifest(app, "v1", image("{}", "layer")));
  }
  base::Result<BackupReport> save(const std::string& into, const std::string& since = "") {
    return back_up({directory.path(), into, since}, clock, {});
  }
  // Restores into a new directory and looks at what is there.
  VerifyReport bring_back(const std::string& from) {
    const test::TemporaryDirectory data;
    EXPECT_TRUE(restore({data.path(), from, ""}, {}));
    EXPECT_FALSE(files::exists(data.path() + "/restoring"));
    const auto restored = store::open_local_blob_store({.directory = data.path()}, base::real_file_system(), clock).value();
    const auto inspection = catalog::open_sqlite_inspection(data.path() + "/catalog.sqlite").value();
    return verify(*inspection, *restored, MissingBlobs::are_findings, {}).value();
  }

  const oci::RepositoryName app = name("a/app");
  oci::Digest layer = sha256("layer");
  test::TemporaryDirectory elsewhere;
  const std::string folder = elsewhere.path() + "/backup";
};

TEST_F(BackupTest, WhatWasSavedComesBackWhole) {
  const auto saved = save(folder);
  ASSERT_TRUE(saved) << saved.error().message() << saved.error().context();
  EXPECT_EQ(saved->blobs, 2U);
  EXPECT_EQ(saved->linked + saved->copied, 2U);
  EXPECT_EQ(saved->bytes, 7U);
  const auto found = bring_back(folder);
  EXPECT_THAT(found.findings, ::testing::IsEmpty());
  EXPECT_EQ(found.blobs, 2U);
  EXPECT_EQ(found.manifests, 1U);
}

TEST_F(BackupTest, ASecondOneBringsWhatIsNewAndDropsWhatIsGone) {
  ASSERT_TRUE(save(folder));
  push_blob(app, "new");
  auto saved = save(folder).value();
  EXPECT_EQ(saved.unchanged, 2U);
  EXPECT_EQ(saved.linked + saved.copied, 1U);
  EXPECT_EQ(saved.removed, 0U);
  const auto stray = blob_path(folder, sha256("stray"));
  files::create_directories(stray.parent_path());
  std::ofstream(stray) << "stray";
  std::ofstream(blob_path(folder, layer).string() + ".partial") << "la";
  EXPECT_EQ(save(folder)->removed, 2U);
  EXPECT_FALSE(files::exists(stray));
  EXPECT_THAT(bring_back(folder).findings, ::testing::IsEmpty());
}

TEST_F(BackupTest, AnEarlierOneInAnotherFolderGivesWhatIsUnchanged) {
  ASSERT_TRUE(save(folder));
  // The original is damaged since; the earlier backup is a copy of its own.
  files::remove(blob_path(folder, layer));
  std::ofstream(blob_path(folder, layer)) << "layer";
  flip_byte(blob_path(directory.path(), layer), 1);
  const std::string second = elsewhere.path() + "/second";
  ASSERT_TRUE(save(second, folder));
  EXPECT_THAT(bring_back(second).findings, ::testing::IsEmpty());
}

TEST_F(BackupTest, DamageIsNamedAndLeftOut) {
  files::remove(blob_path(directory.path(), layer));
  const auto saved = save(folder).value();
  EXPECT_THAT(saved.damaged, ::testing::ElementsAre(layer.text()));
  EXPECT_EQ(saved.blobs, 1U);
  EXPECT_EQ(bring_back(folder).findings.size(), 1U);
}

TEST_F(BackupTest, AFolderWithOtherThingsIsLeftAlone) {
  files::create_directory(folder);
  std::ofstream(folder + "/thesis.tex") << "x";
  EXPECT_EQ(save(folder).error().code(), ErrorCode::configuration_invalid);
  EXPECT_TRUE(files::exists(folder + "/thesis.tex"));
}

TEST_F(BackupTest, OnlyAWholeBackupIsRestored) {
  ASSERT_TRUE(save(folder));
  const test::TemporaryDirectory data;
  const BackupPlace place{data.path(), folder, ""};
  for (const auto& entry : files::directory_iterator(folder)) {
    if (entry.path().extension() == ".sqlite") flip_byte(entry.path(), 5000);
  }
  EXPECT_EQ(restore(place, {}).error().code(), ErrorCode::corrupt);
  files::remove(folder + "/backup.json");
  EXPECT_EQ(restore(place, {}).error().code(), ErrorCode::configuration_invalid);
  EXPECT_TRUE(files::is_empty(data.path()));
}

TEST_F(BackupTest, OnlyAnEmptyDirectoryIsFilledOrOneThatAKilledRestoreLeft) {
  ASSERT_TRUE(save(folder));
  const test::TemporaryDirectory data;
  std::ofstream(data.path() + "/lock") << "";
  std::ofstream(data.path() + "/something") << "x";
  EXPECT_EQ(restore({data.path(), folder, ""}, {}).error().code(), ErrorCode::configuration_invalid);
  std::ofstream(data.path() + "/restoring") << "";
  EXPECT_TRUE(restore({data.path(), folder, ""}, {}));
  EXPECT_TRUE(files::exists(data.path() + "/catalog.sqlite"));
  EXPECT_EQ(restore({data.path(), folder, ""}, {}).error().code(), ErrorCode::configuration_invalid);
}

TEST_F(BackupTest, KeysGoAlong) {
  files::create_directory(directory.path() + "/keys");
  std::ofstream(directory.path() + "/keys/ring") << "secret";
  ASSERT_TRUE(save(folder));
  const test::TemporaryDirectory data;
  ASSERT_TRUE(restore({data.path(), folder, ""}, {}));
  std::string text;
  std::getline(std::ifstream(data.path() + "/keys/ring"), text);
  EXPECT_EQ(text, "secret");
}

}  // namespace
}  // namespace berth::service
