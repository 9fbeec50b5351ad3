// A test that asks a daemon over HTTP/1.1 what text cases cannot ask: once without accounts, once as the platform administrator.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "berth/oci/digest.h"
#include "http/daemons.h"
#include "support/http_client.h"

namespace berth::test {

// The SHA-256 digest of `text`, as paths and parameters write it.
inline std::string digest_of(const std::string& text) {
  return oci::Digest::of_bytes(base::HashAlgorithm::sha256, base::as_bytes(text)).text();
}

inline auto with_and_without_accounts() { return ::testing::Values(Access::open, Access::accounts); }
inline std::string name_of_access(const ::testing::TestParamInfo<Access>& info) {
  return info.param == Access::open ? "open" : "accounts";
}

class ClientTest : public ::testing::TestWithParam<Access> {
 protected:
  void connect(const std::string& url) { client_ = std::make_unique<HttpClient>(url, HttpVersion::http1_1); }

  // Starts a daemon on `data`, which has people from its first start on; nullptr, and a failure of the test, when it does not.
  std::unique_ptr<app::Daemon> serve(const std::string& data, const SettingValues& settings) {
    if (GetParam() == Access::accounts && credential_.empty()) {
      const auto words = make_people(data);
      EXPECT_TRUE(words) << words.error().message();
      if (words) sign_in(*words);
    }
    auto daemon = start_test_daemon(data, settings, GetParam());
    EXPECT_TRUE(daemon) << daemon.error().message();
    return daemon ? std::move(*daemon) : nullptr;
  }

  void sign_in(const Words& words) { credential_ = {{"Authorization", "Bearer " + words.at("admin")}}; }
  // The field that every request gets; none without accounts.
  [[nodiscard]] const HttpFields& credential() const { return credential_; }

  // The reply; an empty one, and a failure of the test, when none came.
  HttpReply ask(HttpRequest request) {
    request.fields.insert(request.fields.end(), credential_.begin(), credential_.end());
    auto reply = client_->send(request);
    EXPECT_TRUE(reply) << reply.error().message();
    return reply ? *reply : HttpReply{};
  }

 private:
  std::unique_ptr<HttpClient> client_;
  HttpFields credential_;
};

}  // namespace berth::test
