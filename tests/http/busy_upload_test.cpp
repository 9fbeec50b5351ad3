// upload_busy: one request at a time writes to a session (security.md B1.15, B3.12). Text cases send one request after another, so the
// PATCH that holds the session is spoken over a socket here.
#include <gtest/gtest.h>

#include "berth/base/hash.h"
#include "berth/base/json.h"
#include "berth/oci/digest.h"
#include "http/client_test.h"
#include "http/daemons.h"
#include "support/raw_client.h"

namespace berth::test {
namespace {

std::uint16_t port_of(const std::string& url) { return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))); }

class BusyUpload : public ClientTest {
 protected:
  void SetUp() override {
    auto url = url_of_variant("default", Wire::plain, GetParam());
    ASSERT_TRUE(url) << url.error().message();
    if (GetParam() == Access::accounts) sign_in(words_of_variant("default", GetParam()));
    url_ = *url;
    connect(url_);
    const auto begun = ask({"POST", "/v2/acme/busy/blobs/uploads/", {}, {}});
    ASSERT_EQ(begun.status, 202) << begun.body;
    location_ = begun.find("Location").value_or("");
  }

  // Sends the head of a PATCH of 10 bytes. The session is held when "100 Continue" comes: it follows the decision (HOUSE.md, Threads).
  RawClient begin_patch() {
    RawClient raw(port_of(url_));
    std::string head = "PATCH " + location_ + " HTTP/1.1\r\nHost: berth\r\n";
    for (const auto& [name, value] : credential()) head += name + ": " + value + "\r\n";
    EXPECT_TRUE(raw.send(head + "Content-Length: 10\r\nExpect: 100-continue\r\n\r\n"));
    EXPECT_EQ(raw.read_until("\r\n\r\n").substr(0, 12), "HTTP/1.1 100");
    return raw;
  }

  static void expect_busy(const HttpReply& reply) {
    EXPECT_EQ(reply.status, 409) << reply.body;
    const auto json = base::parse_json(reply.body);
    ASSERT_TRUE(json) << reply.body;
    EXPECT_EQ((*json)["errors"][0]["code"], "BLOB_UPLOAD_INVALID");
    EXPECT_NE((*json)["errors"][0]["message"], "");
  }

  std::string url_;
  std::string location_;
  const std::string digest_ = oci::Digest::of_bytes(base::HashAlgorithm::sha256, base::as_bytes("0123456789")).text();
};

// oci.upload.patch, oci.upload.put and oci.upload.delete answer upload_busy; oci.upload.get goes on telling the offset; and the request
// that holds the session ends as if nobody else had been there.
TEST_P(BusyUpload, OneWriterAtATime) {
  auto raw = begin_patch();
  expect_busy(ask({"PATCH", location_, {}, "other bytes"}));
  expect_busy(ask({"PUT", location_ + "?digest=" + digest_, {}, "other bytes"}));
  expect_busy(ask({"DELETE", location_, {}, {}}));
  const auto status = ask({"GET", location_, {}, {}});
  EXPECT_EQ(status.status, 204);
  EXPECT_EQ(status.find("Range"), "0-0");

  ASSERT_TRUE(raw.send("0123456789"));
  const auto patched = raw.read_reply();
  EXPECT_EQ(patched.status, 202) << patched.body;
  EXPECT_EQ(patched.field("range"), "0-9");
  EXPECT_EQ(ask({"PUT", location_ + "?digest=" + digest_, {}, ""}).status, 201);
  EXPECT_EQ(ask({"GET", "/v2/acme/busy/blobs/" + digest_, {}, {}}).body, "0123456789");
}

// A client that vanishes in the middle leaves the session to the next one, with what arrived.
TEST_P(BusyUpload, AVanishedWriterLetsGo) {
  {
    auto raw = begin_patch();
    ASSERT_TRUE(raw.send("0123"));
    raw.reset();
  }
  // The session is free once the daemon has noticed; each answer until then is upload_busy, and each is waited for.
  HttpReply patched;
  for (int i = 0; i < 10'000; ++i) {
    patched = ask({"PATCH", location_, {}, ""});
    if (patched.status != 409) break;
  }
  ASSERT_EQ(patched.status, 202) << patched.body;
  const auto range = patched.find("Range").value_or("");
  const auto have = range == "0-3" ? 4U : 0U;  // a reset may overtake the bytes that were sent before it
  EXPECT_EQ(range, have == 4 ? "0-3" : "0-0");
  EXPECT_EQ(ask({"PUT", location_ + "?digest=" + digest_, {}, std::string("0123456789").substr(have)}).status, 201);
}

INSTANTIATE_TEST_SUITE_P(Access, BusyUpload, with_and_without_accounts(), name_of_access);

}  // namespace
}  // namespace berth::test
