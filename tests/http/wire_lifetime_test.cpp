// How a server ends: requests in progress, idle connections, jobs that outlive their connection.
#include <algorithm>
#include <future>

#include <gmock/gmock.h>

#include "http/wire_server.h"

namespace berth::test {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLong{20'000};

class WireLifetime : public WireTest {};

TEST_F(WireLifetime, DrainLetsARequestEnd) {
  Gate running;
  handler.on("/slow", [&](const http::Request&) -> http::Outcome {
    running.open();
    gate.pass();
    return text(pattern(5'000'000));
  });
  start();
  RawClient busy = connect();
  busy.send(get("/slow") + get("/never"));
  running.pass();
  RawClient idle = connect();
  idle.send(get("/a"));
  EXPECT_EQ(idle.read_reply().status, 200);
  auto drained = std::async(std::launch::async, [&] { return server->drain(kLong); });
  EXPECT_TRUE(idle.at_end());
  gate.open();
  const RawReply reply = busy.read_reply();
  EXPECT_TRUE(reply.body == pattern(5'000'000));
  EXPECT_EQ(reply.field("connection"), "close");
  EXPECT_TRUE(busy.at_end());
  busy.close();
  idle.close();
  EXPECT_TRUE(drained.get());
  EXPECT_THAT(handler.targets(), ::testing::Not(::testing::Contains("/never")));
}

TEST_F(WireLifetime, DrainLetsABodyEnd) {
  const auto record = take_bodies_at("/put");
  options.limits.body_buffer_bytes = 16 * 1024;
  start();
  RawClient client = connect();
  const std::string body = pattern(1'000'000);
  client.send("PUT /put HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + body.substr(0, 500'000));
  record->wait_pieces(1);
  server->stop_accepting();
  client.send(body.substr(500'000));
  EXPECT_EQ(client.read_reply().body, "1000000");
  EXPECT_TRUE(client.at_end());
  client.close();
  EXPECT_TRUE(server->drain(kLong));
}

TEST_F(WireLifetime, DrainCutsWhatDoesNotEnd) {
  Gate running;
  handler.on("/slow", [&](const http::Request&) -> http::Outcome {
    running.open();
    gate.pass();
    return text("too late");
  });
  start();
  RawClient client = connect();
  client.send(get("/slow"));
  running.pass();
  EXPECT_FALSE(server->drain(milliseconds(1)));
  EXPECT_TRUE(client.at_end());
  const http::Account account = handler.wait_accounts(1).front();
  EXPECT_EQ(account.status, 0);
  EXPECT_FALSE(account.complete);
  gate.open();
}

TEST_F(WireLifetime, AJobThatOutlivesItsServerAbandonsItsConsumer) {
  const auto record = take_bodies_at("/put", [&](std::size_t) -> std::optional<http::Response> {
    gate.pass();
    return std::nullopt;
  });
  options.limits.body_buffer_bytes = 16 * 1024;
  start();
  RawClient client = connect();
  client.send("PUT /put HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + pattern(20'000));
  record->wait_pieces(1);
  EXPECT_FALSE(server->drain(milliseconds(1)));
  server.reset();
  gate.open();
  EXPECT_EQ(record->wait_ended().abandoned, 1);
  workers->stop();
  EXPECT_EQ(record->get().abandoned, 1);
}

TEST_F(WireLifetime, NoConnectionIsTakenAfterStopAccepting) {
  start();
  const std::uint16_t port = server->endpoints().front().port;
  RawClient first(port);
  first.send(get("/a"));
  EXPECT_EQ(first.read_reply().status, 200);
  server->stop_accepting();
  server->stop_accepting();
  EXPECT_TRUE(first.at_end());
  first.close();
  EXPECT_TRUE(server->drain(kLong));
  EXPECT_TRUE(server->drain(kLong));
}

// Every begun body ends exactly once, finished or abandoned, wherever its client went away.
TEST_F(WireLifetime, ClientsVanishAtAnyPoint) {
  const auto record = take_bodies_at("/put");
  const auto large = std::make_shared<const std::string>(pattern(3'000'000));
  handler.on("/large", [&](const http::Request&) -> http::Outcome { return http::Response{200, {}, large, {}, false}; });
  options.loop_threads = 2;
  options.limits.body_buffer_bytes = 16 * 1024;
  start();
  const std::uint16_t port = server->endpoints().front().port;
  const std::string put = "PUT /put HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\n" + std::string(50'000, 'x');
  const std::string chunks =
      "PUT /put HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4e20\r\n" + std::string(20'000, 'x') + "\r\n0\r\n\r\n";
  std::vector<std::future<void>> clients;
  for (std::size_t thread = 0; thread < 4; ++thread) {
    clients.push_back(std::async(std::launch::async, [&, thread] {
      for (std::size_t i = 0; i < 60; ++i) {
        RawClient client(port);
        const std::string& request = thread % 2 == 0 ? put : chunks;
        switch (i % 4) {
          case 0: client.send(request.substr(0, 1 + (i * 7919 + thread * 31) % request.size())); break;
          case 1: client.send(request + request.substr(0, i)); break;
          case 2: client.send(get("/a") + get("/large")); break;
          default: client.send(get("/large")); client.read_exactly(i * 10'000);
        }
        if (i % 3 == 0) {
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

TEST_F(WireLifetime, ManyClientsWhileTheServerEnds) {
  const auto record = take_bodies_at("/put");
  options.loop_threads = 2;
  options.limits.body_buffer_bytes = 16 * 1024;
  start();
  const std::uint16_t port = server->endpoints().front().port;
  std::vector<std::future<void>> clients;
  Gate some_answered;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::async(std::launch::async, [&, port, i] {
      for (;;) {
        RawClient client(port);
        const std::string request =
            i % 2 == 0 ? get("/a") : "PUT /put HTTP/1.1\r\nHost: h\r\nContent-Length: 40000\r\n\r\n" + std::string(40'000, 'x');
        for (int n = 0; n < 5; ++n) {
          if (!client.send(request) || client.read_reply().status == 0) return;
          some_answered.open();
        }
      }
    }));
  }
  some_answered.pass();
  server->drain(milliseconds(100));
  for (auto& client : clients) client.get();
  workers->stop();
  const auto targets = handler.targets();
  const BodyRecord::Facts facts = record->get();
  EXPECT_EQ(facts.finished + facts.abandoned, std::count(targets.begin(), targets.end(), "/put"));
}

}  // namespace
}  // namespace berth::test
