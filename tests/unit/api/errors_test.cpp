#include "berth/api/errors.h"

#include <gtest/gtest.h>

#include <set>

#include "api/berth/face.h"
#include "api/oci/face.h"
#include "berth/base/json.h"

namespace berth::api {
namespace {

using base::ErrorCode;

const std::string& body_of(const http::Response& response) { return std::get<std::string>(response.body); }

TEST(ErrorRows, EveryCodeHasOneRowThatSaysSomething) {
  std::set<ErrorCode> codes;
  for (const auto& row : error_rows()) {
    SCOPED_TRACE(base::error_code_name(row.code));
    EXPECT_TRUE(codes.insert(row.code).second);
    EXPECT_EQ(&error_row(row.code), &row);
    EXPECT_GE(row.status, 400);
    EXPECT_LT(row.status, 600);
    EXPECT_FALSE(row.title.empty());
    EXPECT_FALSE(row.spec.empty());
    EXPECT_FALSE(row.remedy.empty());
  }
  EXPECT_EQ(codes.size(), base::kErrorCodeCount);
}

// The codes that distribution-spec 1.1.1 lists, and the two that Docker's clients know beside them.
TEST(ErrorRows, TheOciCodesAreKnownToClients) {
  const std::set<std::string_view> known = {"BLOB_UNKNOWN",
                                            "BLOB_UPLOAD_INVALID",
                                            "BLOB_UPLOAD_UNKNOWN",
                                            "DIGEST_INVALID",
                                            "MANIFEST_BLOB_UNKNOWN",
                                            "MANIFEST_INVALID",
                                            "MANIFEST_UNKNOWN",
                                            "NAME_INVALID",
                                            "NAME_UNKNOWN",
                                            "SIZE_INVALID",
                                            "UNAUTHORIZED",
                                            "DENIED",
                                            "UNSUPPORTED",
                                            "TOOMANYREQUESTS",
                                            "UNKNOWN",
                                            "PAGINATION_NUMBER_INVALID"};
  for (const auto& row : error_rows()) EXPECT_TRUE(known.contains(row.oci)) << row.oci;
}

TEST(OciErrors, CodeMessageAndDetail) {
  const auto response = render_oci_error({}, base::Error(ErrorCode::range_invalid, "too \"far\"").with_detail(R"({"offset":5})"));
  EXPECT_EQ(response.status, 416);
  EXPECT_EQ(response.fields.find("Content-Type"), "application/json");
  EXPECT_EQ(response.fields.find("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(body_of(response), R"({"errors":[{"code":"BLOB_UPLOAD_INVALID","message":"too \"far\"","detail":{"offset":5}}]})");
}

TEST(OciErrors, NoDetailWithoutOne) {
  EXPECT_EQ(body_of(render_oci_error({}, base::Error(ErrorCode::tag_unknown, "no"))),
            R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"no"}]})");
  const auto broken = render_oci_error({}, base::Error(ErrorCode::tag_unknown, "no").with_detail("{broken"));
  EXPECT_EQ(body_of(broken), R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"no"}]})");
}

TEST(OciErrors, ContextIsForTheLogAlone) {
  const auto response = render_oci_error({}, base::Error(ErrorCode::io_error, "the storage failed").in("/secret/path: EIO"));
  EXPECT_EQ(body_of(response).find("secret"), std::string::npos);
}

// A client may push any bytes as an annotation or a name; a message that repeats them is still JSON.
TEST(OciErrors, AMessageThatIsNoUtf8IsRepaired) {
  const auto response = render_oci_error({}, base::Error(ErrorCode::name_invalid, "not text: \xff\xfe"));
  EXPECT_TRUE(base::parse_json(body_of(response)));
}

TEST(OciErrors, RetryAfterOnlyWhereItIsSaid) {
  EXPECT_EQ(render_oci_error({}, base::Error(ErrorCode::busy, "later").with_retry_after(3)).fields.find("Retry-After"), "3");
  EXPECT_FALSE(render_oci_error({}, base::Error(ErrorCode::busy, "later")).fields.find("Retry-After"));
}

TEST(Problems, TheMembersOfRfc9457AndOurs) {
  http::Request request;
  request.id = "00112233445566778899aabbccddeeff";
  const auto response = render_problem(request, base::Error(ErrorCode::route_unknown, "nothing here"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.fields.find("Content-Type"), "application/problem+json");
  const auto json = base::parse_json(body_of(response)).value();
  EXPECT_EQ(json["type"], "about:blank");
  EXPECT_EQ(json["title"], "There is no such resource");
  EXPECT_EQ(json["status"], 404);
  EXPECT_EQ(json["detail"], "nothing here");
  EXPECT_EQ(json["code"], "route_unknown");
  EXPECT_EQ(json["request_id"], request.id);
  EXPECT_EQ(json["text_key"], "error.route_unknown");
  EXPECT_TRUE(json["args"].is_object());
}

}  // namespace
}  // namespace berth::api
