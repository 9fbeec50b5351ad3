#include "berth/service/verify.h"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "unit/service/care.h"

namespace berth::service {
namespace {

using ::testing::HasSubstr;

class VerifyTest : public ServiceTest {
 protected:
  VerifyReport look() {
    auto inspection = catalog::open_sqlite_inspection(directory.path() + "/catalog.sqlite");
    EXPECT_TRUE(inspection) << inspection.error().message() << inspection.error().context();
    auto report = verify(**inspection, *store, MissingBlobs::are_findings, {});
    EXPECT_TRUE(report) << report.error().message() << report.error().context();
    return std::move(*report);
  }
  // The one finding there is.
  Finding only_finding() {
    const auto report = look();
    EXPECT_EQ(report.findings.size(), 1U);
    return report.findings.empty() ? Finding{} : report.findings[0];
  }
  void sql(const std::string& text) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((directory.path() + "/catalog.sqlite").c_str(), &database), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(database, text.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
    sqlite3_free(error);
    sqlite3_close(database);
  }

  void SetUp() override {
    push_blob(app, "{}");
    layer = push_blob(app, "layer");
    bytes = image("{}", "layer");
    ASSERT_TRUE(push_manifest(app, "v1", bytes));
  }

  const oci::RepositoryName app = name("a/app");
  oci::Digest layer = sha256("layer");
  std::string bytes;
};

TEST_F(VerifyTest, WhatWasPushedIsClean) {
  int told = 0;
  auto inspection = catalog::open_sqlite_inspection(directory.path() + "/catalog.sqlite").value();
  const auto report = verify(*inspection, *store, MissingBlobs::are_findings, [&](const VerifyReport&) { ++told; }).value();
  EXPECT_THAT(report.findings, ::testing::IsEmpty());
  EXPECT_EQ(report.blobs, 2U);
  EXPECT_EQ(report.manifests, 1U);
  EXPECT_EQ(report.references, 2U);
  EXPECT_EQ(report.bytes, 7U);
  EXPECT_GT(told, 0);
}

TEST_F(VerifyTest, ABlobsFileIsReadAgain) {
  flip_byte(blob_path(directory.path(), layer), 2);
  EXPECT_EQ(only_finding().subject, layer.text());
  EXPECT_THAT(only_finding().message, HasSubstr("do not have its digest"));
  std::filesystem::resize_file(blob_path(directory.path(), layer), 2);
  EXPECT_THAT(only_finding().message, HasSubstr("2 bytes, not 5"));
  std::filesystem::remove(blob_path(directory.path(), layer));
  EXPECT_THAT(only_finding().message, HasSubstr("missing"));
  ASSERT_TRUE(catalog->damage().record(layer, "test"));
  EXPECT_THAT(only_finding().message, HasSubstr("was found damaged"));
  push_blob(app, "layer");
  EXPECT_THAT(look().findings, ::testing::IsEmpty());
}

TEST_F(VerifyTest, AManifestIsComparedWithItsDigestItsChecksumAndItsRows) {
  const auto manifest = app.text() + "@" + sha256(bytes).text();
  sql("UPDATE manifest_bytes SET crc32 = crc32 + 1");
  EXPECT_EQ(only_finding().subject, manifest);
  EXPECT_THAT(only_finding().message, HasSubstr("checksum"));
  sql("UPDATE manifest_bytes SET crc32 = crc32 - 1");
  sql("UPDATE manifests SET size = size + 1");
  EXPECT_THAT(only_finding().message, HasSubstr("bytes, not"));
  sql("UPDATE manifests SET size = size - 1");
  sql("DELETE FROM manifest_references WHERE digest = '" + layer.text() + "'");
  EXPECT_EQ(only_finding().kind, Finding::Kind::reference);
  sql("UPDATE manifest_bytes SET bytes = CAST('x' || substr(bytes, 2) AS BLOB)");
  EXPECT_EQ(look().findings.size(), 2U);

  // A push of the same manifest heals its bytes and its rows.
  ASSERT_TRUE(push_manifest(app, "v1", bytes));
  EXPECT_THAT(look().findings, ::testing::IsEmpty());
  sql("DELETE FROM manifest_bytes");
  EXPECT_THAT(only_finding().message, HasSubstr("bytes are missing"));
  ASSERT_TRUE(push_manifest(app, "v1", bytes));
  EXPECT_THAT(look().findings, ::testing::IsEmpty());
}

TEST_F(VerifyTest, ReferencesMustResolve) {
  sql("DELETE FROM repository_blobs WHERE digest = '" + layer.text() + "'");
  EXPECT_EQ(only_finding().kind, Finding::Kind::reference);
  EXPECT_THAT(only_finding().message, HasSubstr(layer.text()));
  auto inspection = catalog::open_sqlite_inspection(directory.path() + "/catalog.sqlite").value();
  EXPECT_THAT(verify(*inspection, *store, MissingBlobs::are_allowed, {})->findings, ::testing::IsEmpty());
}

TEST_F(VerifyTest, RowsThatPointNowhereAreFound) {
  sql("PRAGMA foreign_keys = OFF; UPDATE tags SET manifest_id = 4711");
  EXPECT_EQ(only_finding().kind, Finding::Kind::database);
  EXPECT_THAT(only_finding().message, HasSubstr("tags"));
}

TEST_F(VerifyTest, AnotherFormatIsRefusedWithoutATouch) {
  catalog.reset();
  sql("PRAGMA user_version = 1");
  const auto older = catalog::open_sqlite_inspection(directory.path() + "/catalog.sqlite");
  ASSERT_FALSE(older);
  EXPECT_THAT(older.error().message(), HasSubstr("berth serve"));
  sql("PRAGMA user_version = 99");
  EXPECT_EQ(catalog::open_sqlite_inspection(directory.path() + "/catalog.sqlite").error().code(),
            base::ErrorCode::configuration_invalid);
  EXPECT_EQ(catalog::open_sqlite_inspection(directory.path() + "/none").error().code(), base::ErrorCode::configuration_invalid);
}

}  // namespace
}  // namespace berth::service
