#include "berth/net/address_set.h"

#include <gtest/gtest.h>

namespace berth::net {
namespace {

AddressSet set_of(std::initializer_list<const char*> texts) {
  AddressSet set;
  for (const char* text : texts) EXPECT_TRUE(set.add(text)) << text;
  return set;
}

TEST(AddressSet, AddressesAndNetworks) {
  const AddressSet set = set_of({"10.1.0.0/16", "192.0.2.7", "fd00::/8", "2001:db8::1", "172.16.0.0/12"});
  for (const char* address :
       {"10.1.0.0", "10.1.255.255", "192.0.2.7", "fd12::1", "2001:db8::1", "172.31.255.255", "::ffff:10.1.2.3"}) {
    EXPECT_TRUE(set.contains(address)) << address;
  }
  for (const char* address :
       {"10.2.0.0", "192.0.2.8", "fe00::1", "2001:db8::2", "172.32.0.0", "", "localhost", "10.1.0.0/16", "::a01:203"}) {
    EXPECT_FALSE(set.contains(address)) << address;
  }
}

TEST(AddressSet, Everything) {
  EXPECT_TRUE(set_of({"0.0.0.0/0"}).contains("203.0.113.9"));
  EXPECT_FALSE(set_of({"0.0.0.0/0"}).contains("2001:db8::1"));
  EXPECT_TRUE(set_of({"::/0"}).contains("2001:db8::1"));
}

TEST(AddressSet, EmptyTrustsNobody) {
  EXPECT_TRUE(AddressSet().empty());
  EXPECT_FALSE(AddressSet().contains("127.0.0.1"));
}

TEST(AddressSet, WhatIsNeither) {
  AddressSet set;
  for (const char* text : {"", "proxy.example", "10.0.0.1/33", "10.0.0.1/", "10.0.0.1/8", "10.0.0.0/-1", "fd00::/129", "10.0.0",
                           "10.0.0.0/8/8", "fe80::1%eth0"}) {
    EXPECT_FALSE(set.add(text)) << text;
  }
  EXPECT_TRUE(set.empty());
}

}  // namespace
}  // namespace berth::net
