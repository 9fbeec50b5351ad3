#include "berth/app/daemon.h"

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace berth::app {
namespace {

using base::ErrorCode;

base::Result<std::unique_ptr<Daemon>> start(const std::string& data, std::vector<std::pair<Setting, std::string>> more) {
  SettingsSources sources;
  sources.command_line = {{Setting::data, data}, {Setting::listen, "127.0.0.1:0"}, {Setting::drain_timeout, "1s"}};
  sources.command_line.insert(sources.command_line.end(), more.begin(), more.end());
  return start_daemon(load_settings(sources).value());
}

TEST(Daemon, StartsAndStopsOnItsData) {
  const test::TemporaryDirectory directory;
  for (int i = 0; i < 2; ++i) {
    auto daemon = start(directory.path() + "/data", {{Setting::open, "true"}});
    ASSERT_TRUE(daemon) << daemon.error().message();
    ASSERT_EQ((*daemon)->urls().size(), 1U);
    EXPECT_TRUE((*daemon)->urls()[0].starts_with("http://127.0.0.1:"));
    EXPECT_FALSE((*daemon)->urls()[0].ends_with(":0"));
    EXPECT_TRUE((*daemon)->stop());
    EXPECT_TRUE((*daemon)->stop());
  }
}

TEST(Daemon, ListensOnEveryAddress) {
  const test::TemporaryDirectory directory;
  auto daemon = start(directory.path(), {{Setting::open, "true"}, {Setting::listen, "127.0.0.1:0,[::1]:0"}});
  ASSERT_TRUE(daemon) << daemon.error().message();
  ASSERT_EQ((*daemon)->urls().size(), 2U);
  EXPECT_TRUE((*daemon)->urls()[1].starts_with("http://[::1]:"));
}

TEST(Daemon, TwoDoNotShareOneDataDirectory) {
  const test::TemporaryDirectory directory;
  auto first = start(directory.path(), {{Setting::open, "true"}});
  ASSERT_TRUE(first) << first.error().message();
  auto second = start(directory.path(), {{Setting::open, "true"}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::busy);
  EXPECT_NE(second.error().message().find(directory.path()), std::string::npos);
}

TEST(Daemon, WithoutOpenItMakesAnAdministratorOnce) {
  const test::TemporaryDirectory directory;
  auto first = start(directory.path(), {});
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_TRUE((*first)->first_administrator());
  first->reset();
  auto second = start(directory.path(), {});
  ASSERT_TRUE(second) << second.error().message();
  EXPECT_FALSE((*second)->first_administrator());
}

TEST(Daemon, OpenListensOnLoopbackOnly) {
  const test::TemporaryDirectory directory;
  auto daemon = start(directory.path(), {{Setting::open, "true"}, {Setting::listen, "0.0.0.0:0"}});
  ASSERT_FALSE(daemon);
  EXPECT_EQ(daemon.error().code(), ErrorCode::configuration_invalid);
  EXPECT_NE(daemon.error().message().find("0.0.0.0:0"), std::string::npos);
}

TEST(Daemon, BeyondLoopbackItMustKnowItsName) {
  const test::TemporaryDirectory directory;
  const auto nameless = start(directory.path(), {{Setting::listen, "0.0.0.0:0"}});
  ASSERT_FALSE(nameless);
  EXPECT_NE(nameless.error().message().find("--public-url"), std::string::npos);
  for (const auto* url : {"registry.example.com", "ftp://registry.example.com", "https://", "https://a\"b"}) {
    const auto daemon = start(directory.path(), {{Setting::listen, "0.0.0.0:0"}, {Setting::public_url, url}});
    ASSERT_FALSE(daemon) << url;
    EXPECT_EQ(daemon.error().code(), ErrorCode::configuration_invalid) << url;
  }
  EXPECT_TRUE(start(directory.path(), {{Setting::listen, "0.0.0.0:0"}, {Setting::public_url, "https://registry.example.com"}}));
}

TEST(Daemon, AnAddressInUseIsNamed) {
  const test::TemporaryDirectory one;
  const test::TemporaryDirectory two;
  auto first = start(one.path(), {{Setting::open, "true"}});
  ASSERT_TRUE(first) << first.error().message();
  const auto address = (*first)->urls()[0].substr(7);
  auto second = start(two.path(), {{Setting::open, "true"}, {Setting::listen, address}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::configuration_invalid);
  EXPECT_NE(second.error().message().find(address.substr(address.rfind(':') + 1)), std::string::npos) << second.error().message();
}

}  // namespace
}  // namespace berth::app
