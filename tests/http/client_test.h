// A test that asks a daemon over HTTP/1.1 what text cases cannot ask.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "berth/oci/digest.h"
#include "support/http_client.h"

namespace berth::test {

// The SHA-256 digest of `text`, as paths and parameters write it.
inline std::string digest_of(const std::string& text) {
  return oci::Digest::of_bytes(base::HashAlgorithm::sha256, base::as_bytes(text)).text();
}

class ClientTest : public ::testing::Test {
 protected:
  void connect(const std::string& url) { client_ = std::make_unique<HttpClient>(url, HttpVersion::http1_1); }

  // The reply; an empty one, and a failure of the test, when none came.
  HttpReply ask(const HttpRequest& request) {
    auto reply = client_->send(request);
    EXPECT_TRUE(reply) << reply.error().message();
    return reply ? *reply : HttpReply{};
  }

 private:
  std::unique_ptr<HttpClient> client_;
};

}  // namespace berth::test
