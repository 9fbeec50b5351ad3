#include "http/forwarded.h"

#include <gtest/gtest.h>

namespace berth::http {
namespace {

struct Seen {
  std::string peer;
  bool secure;
  std::string authority;
};

// What becomes of a request that came from `peer` in plain text for the authority "inner".
Seen seen(const std::string& peer, Fields fields) {
  net::AddressSet trusted;
  EXPECT_TRUE(trusted.add("10.0.0.0/8"));
  Request request;
  request.peer = peer;
  request.authority = "inner";
  request.fields = std::move(fields);
  apply_forwarded(request, trusted);
  return {request.peer, request.secure, request.authority};
}

void expect_peer(const std::string& list, const std::string& peer) {
  EXPECT_EQ(seen("10.0.0.1", {{"X-Forwarded-For", list}}).peer, peer) << list;
}

TEST(Forwarded, IsBelievedFromTrustedProxies) {
  const auto with =
      seen("10.0.0.1",
           {{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-Host", "registry.example:5000"}});
  EXPECT_EQ(with.peer, "192.0.2.1");
  EXPECT_TRUE(with.secure);
  EXPECT_EQ(with.authority, "registry.example:5000");
}

TEST(Forwarded, IsIgnoredFromAnybodyElse) {
  const auto with =
      seen("192.0.2.9", {{"X-Forwarded-For", "10.0.0.1"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-Host", "evil.example"}});
  EXPECT_EQ(with.peer, "192.0.2.9");
  EXPECT_FALSE(with.secure);
  EXPECT_EQ(with.authority, "inner");
}

TEST(Forwarded, OfAChainTheFirstThatIsNotTrusted) {
  expect_peer("203.0.113.7, 192.0.2.1", "192.0.2.1");  // what that one said of others is its own affair
  expect_peer("192.0.2.1, 10.0.0.2, 10.0.0.3", "192.0.2.1");
  expect_peer("10.0.0.4, 10.0.0.3", "10.0.0.4");
  EXPECT_EQ(seen("10.0.0.1", {{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-For", "10.0.0.2"}}).peer, "192.0.2.1");
}

TEST(Forwarded, AddressesWithPortsAndInBrackets) {
  expect_peer("192.0.2.1:4711", "192.0.2.1");
  expect_peer("[2001:db8::1]:4711", "2001:db8::1");
  expect_peer("2001:db8::1", "2001:db8::1");
}

TEST(Forwarded, WhatIsNoAddressEndsTheChain) {
  expect_peer("unknown", "10.0.0.1");
  expect_peer("192.0.2.1, _hidden", "10.0.0.1");
  expect_peer("", "10.0.0.1");
  expect_peer("192.0.2.1,", "10.0.0.1");
  expect_peer("0.0.0.0/0", "10.0.0.1");
  expect_peer("[", "10.0.0.1");
}

TEST(Forwarded, OtherSchemesAndHostsThatAreNone) {
  EXPECT_FALSE(seen("10.0.0.1", {{"X-Forwarded-Proto", "gopher"}}).secure);
  EXPECT_TRUE(seen("10.0.0.1", {{"X-Forwarded-Proto", "http, https"}}).secure);
  EXPECT_EQ(seen("10.0.0.1", {{"X-Forwarded-Host", "a\"b"}}).authority, "inner");
  EXPECT_EQ(seen("10.0.0.1", {{"X-Forwarded-Host", "first.example, second.example"}}).authority, "second.example");
}

}  // namespace
}  // namespace berth::http
