#include <gtest/gtest.h>

#include "app/listen.h"

namespace berth::app {
namespace {

using base::ErrorCode;

void expect_address(std::string_view text, const ListenAddress& expected) {
  const auto address = parse_listen(text);
  ASSERT_TRUE(address) << address.error().message();
  EXPECT_EQ(address->host, expected.host) << text;
  EXPECT_EQ(address->port, expected.port) << text;
  EXPECT_EQ(address->scheme, expected.scheme) << text;
}

TEST(Listen, HostsAndPorts) {
  expect_address("127.0.0.1:5000", {"127.0.0.1", 5000, {}});
  expect_address("http://127.0.0.1:5000", {"127.0.0.1", 5000, Scheme::http});
  expect_address("https://127.0.0.1:5000", {"127.0.0.1", 5000, Scheme::https});
  expect_address("localhost:0", {"localhost", 0, {}});
  expect_address("[::1]:65535", {"::1", 65535, {}});
  expect_address("http://[fe80::1]:80", {"fe80::1", 80, Scheme::http});
  expect_address("0.0.0.0:80", {"0.0.0.0", 80, {}});
}

TEST(Listen, WhatIsNoAddressSaysWhy) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "port is missing"},
      {"127.0.0.1", "port is missing"},
      {"5000", "port is missing"},
      {"127.0.0.1:", "number"},
      {"127.0.0.1:65536", "number"},
      {"127.0.0.1:http", "number"},
      {"127.0.0.1:-1", "number"},
      {":5000", "host is missing"},
      {"[]:5000", "host is missing"},
      {"::1:5000", "stands in []"},
      {"http://", "port is missing"},
      {"127.0.0.1:80/path", "number"},
      {"https://:80", "host is missing"},
  };
  for (const auto& [text, words] : cases) {
    const auto address = parse_listen(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code(), ErrorCode::configuration_invalid) << text;
    EXPECT_NE(address.error().message().find(words), std::string::npos) << address.error().message();
  }
}

TEST(Listen, Loopback) {
  for (const auto* text : {"127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "localhost:1"})
    EXPECT_TRUE(parse_listen(text)->loopback()) << text;
  for (const auto* text : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "registry.example:1", "127.example.com:1"}) {
    EXPECT_FALSE(parse_listen(text)->loopback()) << text;
  }
}

// --- the public URL ---

TEST(PublicUrl, SchemeAndAuthority) {
  const std::pair<std::string_view, std::pair<std::string_view, std::string_view>> cases[] = {
      {"https://registry.example", {"https://registry.example", "registry.example"}},
      {"https://registry.example/", {"https://registry.example", "registry.example"}},
      {"http://10.0.0.1:8080", {"http://10.0.0.1:8080", "10.0.0.1"}},
      {"https://[fd00::1]:5000", {"https://[fd00::1]:5000", "fd00::1"}},
      {"https://[fd00::1]", {"https://[fd00::1]", "fd00::1"}},
  };
  for (const auto& [text, expected] : cases) {
    const auto url = parse_public_url(text);
    ASSERT_TRUE(url) << url.error().message();
    EXPECT_EQ(url->origin(), expected.first);
    EXPECT_EQ(url->host(), expected.second);
    EXPECT_EQ(url->prefix, "");
  }
}

TEST(PublicUrl, APathPrefix) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"https://example.com/reg", "/reg"},
      {"https://example.com/reg/", "/reg"},
      {"https://example.com:8443/tools/Reg_1.2~x-y", "/tools/Reg_1.2~x-y"},
      {"https://[fd00::1]:5000/reg", "/reg"},
      {"https://example.com/v2x", "/v2x"},
  };
  for (const auto& [text, prefix] : cases) {
    const auto url = parse_public_url(text);
    ASSERT_TRUE(url) << url.error().message();
    EXPECT_EQ(url->prefix, prefix) << text;
    EXPECT_EQ(url->origin(), text.substr(0, text.find('/', 8))) << text;
  }
}

// A prefix that would stand in the way of what clients look for at the root, or that a proxy would write otherwise.
TEST(PublicUrl, APrefixThatCannotBe) {
  for (const auto* prefix :
       {"/v2", "/v2/reg", "/v3", "/token", "/proxy_auth", "/roles", "/public-keys", "/files", "/.well-known"}) {
    const auto url = parse_public_url(std::string("https://example.com") + prefix);
    ASSERT_FALSE(url) << prefix;
    EXPECT_NE(url.error().message().find("stands at the root"), std::string::npos) << url.error().message();
  }
  for (const auto* prefix :
       {"//", "/reg//", "//reg", "/a//b", "/.", "/..", "/a/../b", "/a%20b", "/{name}", "/a?b", "/a#b", "/a b"}) {
    EXPECT_FALSE(parse_public_url(std::string("https://example.com") + prefix)) << prefix;
  }
}

TEST(PublicUrl, WhatIsNoneSaysWhy) {
  for (const auto* text :
       {"registry.example", "ftp://registry.example", "https://", "https:///", "https://:5000", "https://a b",
        "https://user@host", "https://host?x", "https://host:0", "https://host:port", "https://host:", "https:///reg"}) {
    const auto url = parse_public_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code(), ErrorCode::configuration_invalid);
  }
}

// --- all of it together ---

using Values = std::vector<std::pair<Setting, std::string>>;

base::Result<ListenPlan> plan(const Values& values) {
  SettingsSources sources;
  sources.command_line = values;
  return plan_listeners(load_settings(sources).value());
}

void expect_refused(const Values& values, std::string_view words) {
  const auto made = plan(values);
  ASSERT_FALSE(made) << words;
  EXPECT_EQ(made.error().code(), ErrorCode::configuration_invalid);
  EXPECT_NE(made.error().message().find(words), std::string::npos) << made.error().message();
}

TEST(ListenPlan, ASchemeThatIsNotWrittenFollowsTheCertificate) {
  const auto plain = plan({{Setting::listen, "127.0.0.1:1,http://127.0.0.1:2"}});
  ASSERT_TRUE(plain) << plain.error().message();
  EXPECT_FALSE(plain->speaks_tls());
  const auto secure = plan({{Setting::listen, "127.0.0.1:1,http://127.0.0.1:2,https://[::1]:3"},
                            {Setting::tls_self_signed, "true"},
                            {Setting::ops_listen, "127.0.0.1:4"}});
  ASSERT_TRUE(secure) << secure.error().message();
  EXPECT_EQ(secure->listeners[0].scheme, Scheme::https);
  EXPECT_EQ(secure->listeners[1].scheme, Scheme::http);
  EXPECT_EQ(secure->listeners[2].scheme, Scheme::https);
  EXPECT_EQ(secure->operations->scheme, Scheme::https);
  EXPECT_EQ(secure->certificate, CertificateSource::self_signed);
  EXPECT_TRUE(secure->speaks_tls());
}

TEST(ListenPlan, WhatDoesNotFitTogetherSaysWhy) {
  expect_refused({{Setting::listen, "https://127.0.0.1:1"}}, "needs a certificate");
  expect_refused({{Setting::ops_listen, "https://127.0.0.1:1"}}, "needs a certificate");
  expect_refused({{Setting::tls_cert, "a.pem"}}, "belong together");
  expect_refused({{Setting::tls_key, "a.pem"}}, "belong together");
  expect_refused({{Setting::tls_cert, "a.pem"}, {Setting::tls_key, "b.pem"}, {Setting::tls_self_signed, "true"}},
                 "without certificate files");
  expect_refused({{Setting::listen, "0.0.0.0:1"}}, "--public-url");
  expect_refused({{Setting::ops_listen, "10.0.0.1:1"}}, "--public-url");
  expect_refused({{Setting::public_url, "registry.example"}}, "begins with http");
  expect_refused({{Setting::trusted_proxies, "10.0.0.1,proxy.example"}}, "proxy.example");
  const Values open = {{Setting::open, "true"}, {Setting::public_url, "https://registry.example"}};
  for (const auto setting : {Setting::listen, Setting::ops_listen}) {
    Values values = open;
    values.emplace_back(setting, "0.0.0.0:1");
    expect_refused(values, "loopback addresses only");
  }
}

TEST(ListenPlan, APublicUrlAllowsOtherAddresses) {
  const auto made = plan({{Setting::listen, "0.0.0.0:1"}, {Setting::public_url, "https://registry.example:5000"}});
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->listeners[0].scheme, Scheme::http);
}

TEST(ListenPlan, ACertificateIsGoodForEveryName) {
  const auto made = plan({{Setting::listen, "10.0.0.1:1,127.0.0.1:2"}, {Setting::public_url, "https://registry.example:5000"}});
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->certificate_names(),
            (std::vector<std::string>{"localhost", "127.0.0.1", "::1", "registry.example", "10.0.0.1"}));
}

TEST(ListenPlan, LinksLeadToNamesThatAreOurs) {
  const auto made = plan({{Setting::listen, "127.0.0.1:5000,[::1]:0"}, {Setting::hosts, "Registry.LAN,other.lan:8080"}});
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->links().hosts, (std::vector<std::string>{"127.0.0.1:5000", "localhost:5000", "[::1]", "localhost",
                                                           "registry.lan", "other.lan:8080"}));
  expect_refused({{Setting::hosts, "helm.example=helm"}}, "NAME or NAME:PORT");
}

TEST(ListenPlan, LinksKnowThePrefix) {
  const auto made = plan({{Setting::listen, "0.0.0.0:1"}, {Setting::public_url, "https://example.com/reg"}});
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->links().public_url, "https://example.com");
  EXPECT_EQ(made->links().prefix, "/reg");
  EXPECT_EQ(plan({})->links().prefix, "");
}

TEST(ListenPlan, AsUrls) {
  EXPECT_EQ(url_of(Scheme::http, "127.0.0.1", 5000), "http://127.0.0.1:5000");
  EXPECT_EQ(url_of(Scheme::https, "::1", 443), "https://[::1]:443");
}

}  // namespace
}  // namespace berth::app
