// HTTP/1.1 over TLS, and what trusted proxies say, through a whole server.
#include <algorithm>
#include <future>

#include "berth/net/tls.h"
#include "http/wire_server.h"

namespace berth::test {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLong{20'000};

class WireTls : public WireTest {
 protected:
  std::shared_ptr<net::TicketKeys> tickets = std::make_shared<net::TicketKeys>(clock);

  void SetUp() override {
    const auto identity = net::make_self_signed({"localhost"}, clock.now(), std::chrono::hours(24));
    auto context = *net::TlsContext::make(*identity, http::alpn_protocols(), tickets);
    options.listen = {{"127.0.0.1", 0, [context] { return context; }}, {"127.0.0.1", 0, nullptr}};
  }
  static void secure(RawClient& client) {
    TlsSession& session = client.start_tls({.protocols = {"http/1.1"}});
    EXPECT_TRUE(session.handshake()) << session.error();
  }
  RawClient connect_tls() {
    RawClient client = connect();
    secure(client);
    return client;
  }
};

TEST_F(WireTls, RequestsAreSecureThereAndOnlyThere) {
  handler.on("/how", [](const http::Request& request) -> http::Outcome { return text(request.secure ? "secure" : "plain"); });
  start();
  RawClient client = connect_tls();
  for (int i = 0; i < 3; ++i) {
    client.send(get("/how"));
    EXPECT_EQ(client.read_reply().body, "secure");
  }
  RawClient plain(server->endpoints()[1].port);
  plain.send(get("/how"));
  EXPECT_EQ(plain.read_reply().body, "plain");
}

TEST_F(WireTls, BodiesBothWays) {
  const auto record = take_bodies_at("/put");
  const auto large = std::make_shared<const std::string>(pattern(3'000'000));
  handler.on("/large", [&](const http::Request&) -> http::Outcome { return http::Response{200, {}, large, {}, false}; });
  handler.on("/chunks", [&](const http::Request&) -> http::Outcome {
    return http::Response{
        200,
        {},
        std::make_shared<ListGenerator>(std::vector<std::string>{"one", pattern(100'000), "three"}, ListGenerator::End::good),
        {},
        false};
  });
  start();
  RawClient client = connect_tls();
  const std::string body = pattern(2'000'000);
  client.send("PUT /put HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n" + body);
  EXPECT_EQ(client.read_reply().status, 201);
  EXPECT_TRUE(record->get().content == body);
  client.send(get("/large") + get("/chunks"));
  EXPECT_TRUE(client.read_reply().body == *large);
  EXPECT_EQ(client.read_reply().body, "one" + pattern(100'000) + "three");
  const auto accounts = handler.wait_accounts(3);
  EXPECT_EQ(accounts[0].request_bytes, body.size());
  EXPECT_EQ(accounts[1].response_bytes, large->size());
}

TEST_F(WireTls, AnUploadThatIsCutIsAbandoned) {
  options.limits.body_buffer_bytes = 16 * 1024;
  const auto record = take_bodies_at("/put");
  start();
  RawClient client = connect_tls();
  client.send("PUT /put HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + std::string(50'000, 'x'));
  record->wait_pieces(1);
  client.close();
  EXPECT_EQ(record->wait_ended().abandoned, 1);
}

TEST_F(WireTls, AResponseThatIsCutDoesNotLookWhole) {
  handler.on("/cut", [](const http::Request&) -> http::Outcome {
    return http::Response{
        200, {}, std::make_shared<ListGenerator>(std::vector<std::string>{"part"}, ListGenerator::End::error), {}, false};
  });
  start();
  RawClient client = connect();
  TlsSession& session = client.start_tls();
  ASSERT_TRUE(session.handshake());
  client.send("GET /cut HTTP/1.0\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(client.read_to_end().find("part") != std::string::npos);
  EXPECT_FALSE(session.ended_cleanly());
}

TEST_F(WireTls, AHandshakeThatStallsIsEnded) {
  options.limits.handshake_timeout = milliseconds(30);
  start();
  RawClient client = connect();
  client.send(std::string_view("\x16\x03\x01", 3));
  EXPECT_TRUE(client.at_end());
  EXPECT_TRUE(handler.targets().empty());
}

TEST_F(WireTls, WhoeverIsTooManyIsToldSo) {
  options.limits.connections = 1;
  start();
  RawClient first = connect_tls();
  first.send(get("/a"));
  EXPECT_EQ(first.read_reply().status, 200);
  RawClient second = connect_tls();
  const RawReply reply = second.read_reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.field("retry-after"), "1");
}

TEST_F(WireTls, WhoeverIsTooManyIsToldSoInHttp2) {
  options.limits.connections = 1;
  start();
  RawClient first = connect_tls();
  first.send(get("/a"));
  EXPECT_EQ(first.read_reply().status, 200);
  RawClient second = connect();
  TlsSession& session = second.start_tls({.protocols = {"h2"}});
  ASSERT_TRUE(session.handshake()) << session.error();
  const std::string_view expected("\0\0\0\4\0\0\0\0\0\0\0\x36\7\0\0\0\0\0\0\0\0\0\0\0\0\0", 26);
  const auto words = second.read_to_end();
  EXPECT_EQ(words.substr(0, expected.size()), expected);
  EXPECT_EQ(words.substr(expected.size()), "the server has too many connections; try again");
}

TEST_F(WireTls, AHandshakeUnderWayDelaysNoEnd) {
  options.limits.handshake_timeout = kLong;
  start();
  RawClient waiting = connect();
  waiting.send(std::string_view("\x16\x03\x01", 3));
  RawClient other = connect_tls();
  other.send(get("/a"));
  EXPECT_EQ(other.read_reply().status, 200);  // so the one before was accepted
  server->stop_accepting();
  EXPECT_TRUE(waiting.at_end());
  EXPECT_TRUE(server->drain(kLong));
}

TEST_F(WireTls, ClientsVanishAtAnyPoint) {
  const auto record = take_bodies_at("/put");
  const auto large = std::make_shared<const std::string>(pattern(1'000'000));
  handler.on("/large", [&](const http::Request&) -> http::Outcome { return http::Response{200, {}, large, {}, false}; });
  options.loop_threads = 2;
  options.limits.body_buffer_bytes = 16 * 1024;
  start();
  const std::uint16_t port = server->endpoints().front().port;
  const std::string put = "PUT /put HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\n" + std::string(50'000, 'x');
  std::vector<std::future<void>> clients;
  for (std::size_t thread = 0; thread < 3; ++thread) {
    clients.push_back(std::async(std::launch::async, [&, thread] {
      for (std::size_t i = 0; i < 30; ++i) {
        RawClient client(port);
        if (i % 5 == 4) client.send(std::string_view("\x16\x03\x01\x02", 4));
        if (i % 5 == 4) continue;
        secure(client);
        switch (i % 3) {
          case 0: client.send(put.substr(0, 1 + (i * 7919 + thread * 31) % put.size())); break;
          case 1: client.send(get("/a") + get("/large")); break;
          default: client.send(get("/large")); client.read_exactly(i * 10'000);
        }
        if (i % 2 == 0) {
          client.end_sending();
          client.read_to_end();
        } else {
          client.reset();
        }
      }
    }));
  }
  for (auto& client : clients) client.get();
  server->drain(kLong);
  workers->stop();
  const auto targets = handler.targets();
  const BodyRecord::Facts facts = record->get();
  EXPECT_EQ(facts.finished + facts.abandoned, std::count(targets.begin(), targets.end(), "/put"));
}

// --- proxies ---

class WireProxy : public WireTls {
 protected:
  void SetUp() override {
    WireTls::SetUp();
    EXPECT_TRUE(options.trusted_proxies.add("127.0.0.1"));
    handler.on("/who", [](const http::Request& request) -> http::Outcome {
      return text(request.peer + (request.secure ? " secure " : " plain ") + request.authority);
    });
  }
};

TEST_F(WireProxy, SaysWhomItSpeaksForBeforeTls) {
  start();
  RawClient client = connect();
  client.send("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n");
  secure(client);
  client.send(get("/who"));
  EXPECT_EQ(client.read_reply().body, "192.0.2.1 secure h");
}

TEST_F(WireProxy, SaysInBytesThatTheClientCameOverTls) {
  start();
  RawClient client(server->endpoints()[1].port);
  const std::string header(
      "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x14\xc0\x00\x02\x01\xc6\x33\x64\x01\xdc\x04\x01\xbb\x20\x00\x05\x01\0\0\0\0", 36);
  client.send(header + get("/who"));
  EXPECT_EQ(client.read_reply().body, "192.0.2.1 secure h");
}

TEST_F(WireProxy, SaysInFieldsWhomEachRequestIsOf) {
  start();
  RawClient client(server->endpoints()[1].port);
  client.send(
      "GET /who HTTP/1.1\r\nHost: inner\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: "
      "outer\r\n\r\n");
  EXPECT_EQ(client.read_reply().body, "192.0.2.1 secure outer");
  client.send(get("/who"));
  EXPECT_EQ(client.read_reply().body, "127.0.0.1 plain h");
}

TEST_F(WireProxy, ItsClientsAreCountedOneByOne) {
  options.limits.connections_per_address = 1;
  start();
  const auto come_from = [&](const std::string& address) {
    RawClient client(server->endpoints()[1].port);
    client.send("PROXY TCP4 " + address + " 198.51.100.1 1 2\r\n" + get("/who"));
    return client;
  };
  RawClient first = come_from("192.0.2.1");
  EXPECT_EQ(first.read_reply().status, 200);
  RawClient other = come_from("192.0.2.2");
  EXPECT_EQ(other.read_reply().status, 200);
  RawClient again = come_from("192.0.2.1");
  EXPECT_EQ(again.read_reply().status, 503);
}

TEST_F(WireTls, NobodyElseIsBelieved) {
  handler.on("/who", [](const http::Request& request) -> http::Outcome { return text(request.peer); });
  start();
  RawClient client(server->endpoints()[1].port);
  client.send("GET /who HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n");
  EXPECT_EQ(client.read_reply().body, "127.0.0.1");
  RawClient posing(server->endpoints()[1].port);
  posing.send("PROXY TCP4 192.0.2.1 198.51.100.1 1 2\r\n" + get("/who"));
  EXPECT_EQ(posing.read_reply().status, 400);
}

}  // namespace
}  // namespace berth::test
