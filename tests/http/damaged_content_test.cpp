// corrupt: bytes on the disk that are not what was stored are never served as if they were (HOUSE.md, Errors; security.md B3.6).
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>

#include "berth/base/json.h"
#include "berth/oci/media_type.h"
#include "http/client_test.h"
#include "http/daemons.h"

namespace berth::test {
namespace {

class DamagedContent : public ClientTest {
 protected:
  void SetUp() override {
    daemon_ = serve(directory_.path(), {{app::Setting::recall_memory, "0"}});
    ASSERT_TRUE(daemon_);
    connect(daemon_->urls().front());
  }

  HttpReply push(const std::string& blob) {
    return ask({"POST", "/v2/acme/b/blobs/uploads/?digest=" + digest_of(blob), {}, blob});
  }
  HttpReply pull(const std::string& blob) { return ask({"GET", "/v2/acme/b/blobs/" + digest_of(blob), {}, {}}); }

  // CONTRACTS.md, Data directory
  [[nodiscard]] std::filesystem::path path_of(const std::string& blob) const {
    const auto hex = digest_of(blob).substr(7);
    return std::filesystem::path(directory_.path()) / "blobs" / "sha256" / hex.substr(0, 2) / hex;
  }

  // The message names what is damaged; where it lies on the disk is for the log alone.
  void expect_corrupt(const HttpReply& reply) const {
    EXPECT_EQ(reply.status, 500);
    const auto json = base::parse_json(reply.body);
    ASSERT_TRUE(json) << reply.body;
    EXPECT_EQ((*json)["errors"][0]["code"], "UNKNOWN");
    EXPECT_NE(reply.body.find("damaged"), std::string::npos) << reply.body;
    EXPECT_EQ(reply.body.find(directory_.path()), std::string::npos) << reply.body;
  }

  void expect_content_is(bool good) {
    const auto health = ask({"GET", "/healthz", {}, {}});
    EXPECT_EQ(health.status, good ? 200 : 503);
    const auto json = base::parse_json(health.body);
    ASSERT_TRUE(json) << health.body;
    EXPECT_EQ((*json)["checks"]["content"]["good"], good) << health.body;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<app::Daemon> daemon_;
};

// oci.blob.get answers corrupt, and pushing the blob again heals it.
TEST_P(DamagedContent, AShortenedBlobIsAnErrorUntilItIsPushedAgain) {
  const std::string blob = "bytes that will be cut";
  ASSERT_EQ(push(blob).status, 201);
  ASSERT_EQ(pull(blob).body, blob);
  EXPECT_EQ(ask({"GET", "/healthz", {}, {}}).status, 200);

  std::filesystem::resize_file(path_of(blob), blob.size() / 2);
  expect_corrupt(pull(blob));
  expect_content_is(false);

  EXPECT_EQ(push(blob).status, 201);
  const auto healed = pull(blob);
  EXPECT_EQ(healed.status, 200);
  EXPECT_EQ(healed.body, blob);
  expect_content_is(true);
}

TEST_P(DamagedContent, AMissingFileIsDamageNotAbsence) {
  const std::string blob = "bytes that will be gone";
  ASSERT_EQ(push(blob).status, 201);
  std::filesystem::remove(path_of(blob));
  expect_corrupt(pull(blob));
  expect_content_is(false);
  EXPECT_EQ(ask({"HEAD", "/v2/acme/b/blobs/" + digest_of(blob), {}, {}}).status, 500) << "or clients would not push it again";
  EXPECT_EQ(push(blob).status, 201);
  EXPECT_EQ(pull(blob).body, blob);
  expect_content_is(true);
}

// oci.manifest.get answers corrupt for a manifest whose row was changed behind the daemon's back.
TEST_P(DamagedContent, AChangedManifestIsAnError) {
  const std::string index = R"({"schemaVersion":2,"manifests":[]})";
  const auto type = std::string(oci::media_types::kImageIndex);
  ASSERT_EQ(ask({"PUT", "/v2/acme/b/manifests/v1", {{"Content-Type", type}}, index}).status, 201);
  ASSERT_EQ(ask({"GET", "/v2/acme/b/manifests/v1", {}, {}}).body, index);

  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((directory_.path() + "/catalog.sqlite").c_str(), &database), SQLITE_OK);
  sqlite3_busy_timeout(database, 10'000);
  EXPECT_EQ(sqlite3_exec(database, "UPDATE manifest_bytes SET bytes = CAST('{\"schemaVersion\":3,\"manifests\":[]}' AS BLOB)",
                         nullptr, nullptr, nullptr),
            SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
  expect_corrupt(ask({"GET", "/v2/acme/b/manifests/v1", {}, {}}));
  EXPECT_EQ(ask({"PUT", "/v2/acme/b/manifests/v1", {{"Content-Type", type}}, index}).status, 201);
  EXPECT_EQ(ask({"GET", "/v2/acme/b/manifests/v1", {}, {}}).body, index);
}

INSTANTIATE_TEST_SUITE_P(Access, DamagedContent, with_and_without_accounts(), name_of_access);

}  // namespace
}  // namespace berth::test
