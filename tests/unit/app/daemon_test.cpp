#include "berth/app/daemon.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "app/certificate.h"
#include "support/http_client.h"
#include "support/raw_client.h"
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

TEST(Daemon, OperatorsHaveAListenerOfTheirOwn) {
  const test::TemporaryDirectory directory;
  auto daemon = start(directory.path(), {{Setting::open, "true"}, {Setting::ops_listen, "127.0.0.1:0"}});
  ASSERT_TRUE(daemon) << daemon.error().message();
  ASSERT_EQ((*daemon)->urls().size(), 2U);
  const auto status = [](const std::string& url, const std::string& target) {
    return test::HttpClient(url, test::HttpVersion::http1_1).send({"GET", target, {}, {}})->status;
  };
  const std::string content = (*daemon)->urls()[0];
  const std::string operations = (*daemon)->urls()[1];
  for (const auto* target : {"/healthz", "/readyz", "/metrics"}) {
    EXPECT_EQ(status(content, target), 404) << target;
    EXPECT_EQ(status(operations, target), 200) << target;
  }
  for (const auto* target : {"/v2/", "/openapi.json"}) {
    EXPECT_EQ(status(content, target), 200) << target;
    EXPECT_EQ(status(operations, target), 404) << target;
  }
}

// --- certificates ---

class DaemonTls : public ::testing::Test {
 protected:
  test::TemporaryDirectory directory;
  std::unique_ptr<Daemon> daemon;

  void serve(std::vector<std::pair<Setting, std::string>> more) {
    more.emplace_back(Setting::open, "true");
    more.emplace_back(Setting::listen, "http://127.0.0.1:0,https://127.0.0.1:0");
    auto started = start(directory.path() + "/data", std::move(more));
    ASSERT_TRUE(started) << started.error().message();
    daemon = std::move(*started);
    EXPECT_TRUE(daemon->urls()[0].starts_with("http://"));
    EXPECT_TRUE(daemon->urls()[1].starts_with("https://"));
  }
  // A connection whose handshake is over.
  test::RawClient connect() {
    const std::string url = daemon->urls()[1];
    test::RawClient client(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
    session = &client.start_tls({.protocols = {"http/1.1"}});
    EXPECT_TRUE(session->handshake()) << session->error();
    return client;
  }
  std::string shown() {
    const auto client = connect();
    return session->certificate();
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory.path() + "/" + name, std::ios::binary) << text;
  }
  net::TlsIdentity write_identity() const {
    auto identity = *net::make_self_signed({"localhost"}, base::SystemClock().now(), std::chrono::hours(24 * 90));
    write("cert.pem", identity.certificate_chain);
    write("key.pem", identity.private_key);
    return identity;
  }
  std::vector<std::pair<Setting, std::string>> files() const {
    return {{Setting::tls_cert, directory.path() + "/cert.pem"}, {Setting::tls_key, directory.path() + "/key.pem"}};
  }
  test::TlsSession* session = nullptr;
};

TEST_F(DaemonTls, ReloadShowsNewFilesAndLeavesOpenConnectionsAlone) {
  const auto before = write_identity();
  serve(files());
  auto open = connect();
  EXPECT_EQ(session->certificate(), before.certificate_chain);
  const auto after = write_identity();
  EXPECT_EQ(shown(), before.certificate_chain) << "nobody asked for it yet";
  daemon->reload();
  EXPECT_EQ(shown(), after.certificate_chain);
  open.send("GET /v2/ HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(open.read_reply().status, 200);
}

TEST_F(DaemonTls, FilesThatAreNoGoodChangeNothing) {
  const auto before = write_identity();
  serve(files());
  write("cert.pem", "half of a certif");
  daemon->reload();
  EXPECT_EQ(shown(), before.certificate_chain);
  std::filesystem::remove(directory.path() + "/cert.pem");
  daemon->reload();
  EXPECT_EQ(shown(), before.certificate_chain);
  daemon.reset();
  auto values = files();
  values.emplace_back(Setting::open, "true");
  EXPECT_FALSE(start(directory.path() + "/data", values));
  values.emplace_back(Setting::listen, "http://127.0.0.1:0");
  EXPECT_TRUE(start(directory.path() + "/data", values)) << "no https listener, no certificate";
}

TEST_F(DaemonTls, ItsOwnCertificateStays) {
  serve({{Setting::tls_self_signed, "true"}});
  const std::string made = shown();
  EXPECT_NE(made, "");
  namespace fs = std::filesystem;
  for (const auto* name : {"pem", "crt"}) {
    const std::string path = directory.path() + "/data/keys/tls-self-signed." + name;
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write) << path;
  }
  daemon->reload();
  EXPECT_EQ(shown(), made);
  daemon.reset();
  serve({{Setting::tls_self_signed, "true"}});
  EXPECT_EQ(shown(), made);
  daemon.reset();
  serve({{Setting::tls_self_signed, "true"}, {Setting::public_url, "https://registry.example"}});
  EXPECT_NE(shown(), made) << "it lacks the public name";
}

TEST(SelfSignedCertificate, IsRenewedBeforeItEnds) {
  const test::TemporaryDirectory directory;
  base::ManualClock clock(base::SystemClock().now());
  const auto source = self_signed(base::real_file_system(), directory.path(), {"localhost"}, clock);
  const auto first = source();
  ASSERT_TRUE(first) << first.error().message();
  clock.advance(std::chrono::hours(4 * 365 * 24));
  EXPECT_EQ(source()->private_key, first->private_key);
  clock.advance(std::chrono::hours(365 * 24));
  EXPECT_NE(source()->private_key, first->private_key);
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
