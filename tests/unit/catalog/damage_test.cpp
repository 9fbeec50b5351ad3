// Rows that are not what was written: found when read, never served.
#include <gtest/gtest.h>

#include "berth/catalog/sqlite_catalog.h"
#include "catalog/sqlite.h"
#include "support/catalog_content.h"
#include "support/temporary_directory.h"

namespace berth::catalog {
namespace {

using base::ErrorCode;
using test::put_of;
using test::repository;
using test::tag;

class DamagedRows : public ::testing::Test {
 protected:
  void SetUp() override {
    catalog_ = open_sqlite_catalog({.path = path_, .vfs = ""}, clock_).value();
    ASSERT_TRUE(catalog_->put_manifest(put_of(app_, content_, {tag("v")})));
  }
  void damage(const char* sql) {
    auto connection = Connection::open(path_, "", Connection::Access::write).value();
    ASSERT_TRUE(connection->execute(sql, "test"));
  }

  test::TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/catalog.sqlite";
  base::SystemClock clock_;
  std::unique_ptr<Catalog> catalog_;
  const oci::RepositoryName app_ = repository("app");
  const test::Content content_ = test::referrer("m", test::sha256_of("subject"), "a/b");
};

TEST_F(DamagedRows, OfAManifestsBytesIsCorrupt) {
  damage("UPDATE manifest_bytes SET bytes = CAST('image n' AS BLOB)");
  EXPECT_EQ(catalog_->find_manifest(app_, tag("v")).error().code(), ErrorCode::corrupt);
  EXPECT_EQ(catalog_->find_manifest(app_, content_.digest).error().code(), ErrorCode::corrupt);
}

TEST_F(DamagedRows, OfADigestIsCorrupt) {
  damage("UPDATE manifests SET digest = 'sha256:short'");
  EXPECT_EQ(catalog_->find_manifest(app_, tag("v")).error().code(), ErrorCode::corrupt);
  EXPECT_EQ(catalog_->find_manifest_info(app_, tag("v")).error().code(), ErrorCode::corrupt);
  EXPECT_EQ(catalog_->list_referrers(app_, test::sha256_of("subject"), "", "", 1).error().code(), ErrorCode::corrupt);
}

TEST_F(DamagedRows, OfAnnotationsIsCorrupt) {
  for (const char* sql : {"UPDATE manifests SET annotations = '{'", "UPDATE manifests SET annotations = '[]'",
                          "UPDATE manifests SET annotations = '{\"a\":1}'"}) {
    damage(sql);
    EXPECT_EQ(catalog_->list_referrers(app_, test::sha256_of("subject"), "", "", 1).error().code(), ErrorCode::corrupt);
  }
}

TEST_F(DamagedRows, OfTheStateRowIsSaidByPing) {
  EXPECT_TRUE(catalog_->ping());
  damage("DELETE FROM catalog_state");
  EXPECT_EQ(catalog_->ping().error().code(), ErrorCode::corrupt);
}

TEST_F(DamagedRows, ErrorsTellTheClientNothingOfThisMachine) {
  damage("DROP TABLE tag_history");
  const auto refused = catalog_->delete_tag(app_, tag("v"), {}, {"tester"});
  EXPECT_EQ(refused.error().code(), ErrorCode::internal);
  EXPECT_EQ(refused.error().message(), "the catalog failed");
  EXPECT_NE(refused.error().context().find("tag_history"), std::string::npos) << refused.error().context();
}

}  // namespace
}  // namespace berth::catalog
