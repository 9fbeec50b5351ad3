// storage_full for what was there before the disk filled up: pushes are refused, pulls and deletes go on (issue 1, Bad input).
#include <gtest/gtest.h>

#include "berth/base/json.h"
#include "berth/oci/media_type.h"
#include "http/client_test.h"
#include "http/daemons.h"

namespace berth::test {
namespace {

using app::Setting;

const std::string kBlob = "pushed while there was room";
const std::string kIndex = R"({"schemaVersion":2,"manifests":[]})";

class FullDisk : public ClientTest {
 protected:
  void start(const SettingValues& settings) {
    daemon_.reset();
    daemon_ = serve(directory_.path(), settings);
    ASSERT_TRUE(daemon_);
    connect(daemon_->urls().front());
  }

  static void expect_full(const HttpReply& reply) {
    EXPECT_EQ(reply.status, 507) << reply.body;
    const auto json = base::parse_json(reply.body);
    ASSERT_TRUE(json) << reply.body;
    EXPECT_EQ((*json)["errors"][0]["code"], "DENIED");
  }

  TemporaryDirectory directory_;
  std::unique_ptr<app::Daemon> daemon_;
};

// oci.upload.patch and oci.upload.put answer storage_full and keep the session; what is here can be pulled and deleted; and the upload
// goes on when there is room again.
TEST_P(FullDisk, PushesStopPullsAndDeletesGoOn) {
  start({});
  ASSERT_EQ(ask({"POST", "/v2/acme/b/blobs/uploads/?digest=" + digest_of(kBlob), {}, kBlob}).status, 201);
  const HttpFields type = {{"Content-Type", std::string(oci::media_types::kImageIndex)}};
  ASSERT_EQ(ask({"PUT", "/v2/acme/b/manifests/v1", type, kIndex}).status, 201);
  const auto location = ask({"POST", "/v2/acme/b/blobs/uploads/", {}, {}}).find("Location").value_or("");
  ASSERT_EQ(ask({"PATCH", location, {}, "0123"}).status, 202);

  start({{Setting::disk_reserve, "1024TiB"}});
  expect_full(ask({"PATCH", location, {}, "4567"}));
  expect_full(ask({"PUT", location + "?digest=" + digest_of("0123"), {}, ""}));
  expect_full(ask({"PUT", "/v2/acme/b/manifests/v2", type, kIndex}));
  EXPECT_EQ(ask({"GET", location, {}, {}}).find("Range"), "0-3");
  EXPECT_EQ(ask({"GET", "/v2/acme/b/manifests/v1", {}, {}}).body, kIndex);
  EXPECT_EQ(ask({"GET", "/v2/acme/b/blobs/" + digest_of(kBlob), {}, {}}).body, kBlob);
  EXPECT_EQ(ask({"DELETE", "/v2/acme/b/manifests/v1", {}, {}}).status, 202);
  EXPECT_EQ(ask({"DELETE", "/v2/acme/b/blobs/" + digest_of(kBlob), {}, {}}).status, 202);
  EXPECT_EQ(ask({"GET", "/healthz", {}, {}}).status, 503);

  start({});
  EXPECT_EQ(ask({"GET", "/healthz", {}, {}}).status, 200);
  EXPECT_EQ(ask({"PUT", location + "?digest=" + digest_of("01234567"), {}, "4567"}).status, 201);
  EXPECT_EQ(ask({"GET", "/v2/acme/b/blobs/" + digest_of("01234567"), {}, {}}).body, "01234567");
}

INSTANTIATE_TEST_SUITE_P(Access, FullDisk, with_and_without_accounts(), name_of_access);

}  // namespace
}  // namespace berth::test
