#include <gtest/gtest.h>

#include "berth/app/daemon.h"

namespace berth::app {
namespace {

using base::ErrorCode;

void expect_address(std::string_view text, const ListenAddress& expected) {
  const auto address = parse_listen(text);
  ASSERT_TRUE(address) << address.error().message();
  EXPECT_EQ(address->host, expected.host) << text;
  EXPECT_EQ(address->port, expected.port) << text;
}

TEST(Listen, HostsAndPorts) {
  expect_address("127.0.0.1:5000", {"127.0.0.1", 5000});
  expect_address("http://127.0.0.1:5000", {"127.0.0.1", 5000});
  expect_address("localhost:0", {"localhost", 0});
  expect_address("[::1]:65535", {"::1", 65535});
  expect_address("http://[fe80::1]:80", {"fe80::1", 80});
  expect_address("0.0.0.0:80", {"0.0.0.0", 80});
}

TEST(Listen, WhatIsNoAddressSaysWhy) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "port is missing"},         {"127.0.0.1", "port is missing"},  {"5000", "port is missing"},
      {"127.0.0.1:", "number"},        {"127.0.0.1:65536", "number"},     {"127.0.0.1:http", "number"},
      {"127.0.0.1:-1", "number"},      {":5000", "host is missing"},      {"[]:5000", "host is missing"},
      {"::1:5000", "stands in []"},    {"https://127.0.0.1:5000", "TLS"}, {"http://", "port is missing"},
      {"127.0.0.1:80/path", "number"},
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

}  // namespace
}  // namespace berth::app
