#include "berth/api/links.h"

#include <gtest/gtest.h>

namespace berth::api {
namespace {

enum class Way : std::uint8_t { plain, tls };

std::string base(const Links& links, const std::string& authority, Way way = Way::plain) {
  http::Request request;
  request.authority = authority;
  request.secure = way == Way::tls;
  return links.base(request);
}

TEST(Links, ThePublicUrlAlways) {
  EXPECT_EQ(base({"https://registry.example:5000", {"127.0.0.1"}}, "127.0.0.1"), "https://registry.example:5000");
}

TEST(Links, ANameThatIsAllowed) {
  const Links links{"", {"127.0.0.1:5000", "registry.lan", "[::1]"}};
  EXPECT_EQ(base(links, "127.0.0.1:5000"), "http://127.0.0.1:5000");
  EXPECT_EQ(base(links, "127.0.0.1:5000", Way::tls), "https://127.0.0.1:5000");
  EXPECT_EQ(base(links, "Registry.LAN"), "http://registry.lan");
  EXPECT_EQ(base(links, "registry.lan:8080"), "http://registry.lan:8080");
  EXPECT_EQ(base(links, "[::1]:8080"), "http://[::1]:8080");
  EXPECT_EQ(base(links, "[::1]"), "http://[::1]");
}

TEST(Links, NeverToAnyOther) {
  const Links links{"", {"127.0.0.1:5000", "registry.lan"}};
  for (const auto* authority : {"evil.example", "127.0.0.1:5001", "registry.lan.evil.example", "", "[::1]"}) {
    EXPECT_EQ(base(links, authority), "http://127.0.0.1:5000") << authority;
  }
}

TEST(Links, BehindThePrefix) {
  EXPECT_EQ(Links{}.prefixed("/api/v1/me"), "/api/v1/me");
  const Links links{"https://example.com", {}, "/reg"};
  EXPECT_EQ(links.prefixed("/api/v1/me"), "/reg/api/v1/me");
  EXPECT_EQ(base(links, "127.0.0.1"), "https://example.com") << "tokens are had at the root";
}

TEST(Links, NothingThatCouldLeaveItsQuotes) { EXPECT_EQ(base({}, "a\"b\\c"), "http://abc"); }

}  // namespace
}  // namespace berth::api
