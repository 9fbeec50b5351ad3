// Every wait has a deadline, every queue a bound. The tests wait for what the server does, never for a time.
#include <thread>

#include <gmock/gmock.h>

#include "http/wire_server.h"

namespace berth::test {
namespace {

using std::chrono::milliseconds;

class WireLimits : public WireTest {};

TEST_F(WireLimits, AHeadThatDoesNotComeGets408) {
  options.limits.header_timeout = milliseconds(50);
  start();
  RawClient client = connect();
  client.send("GET /a HTTP/1.1\r\nHost:");
  EXPECT_EQ(client.read_reply().status, 408);
  EXPECT_TRUE(client.at_end());
}

TEST_F(WireLimits, TheDeadlineOfAHeadDoesNotMoveWithItsBytes) {
  options.limits.header_timeout = milliseconds(50);
  options.limits.header_bytes = 1 << 30;
  options.limits.header_fields = 1 << 30;
  start();
  RawClient client = connect();
  client.send("GET /a HTTP/1.1\r\n");
  while (!client.readable()) ASSERT_TRUE(client.send("X: y\r\n"));  // signs of life that must not count
  EXPECT_EQ(client.read_reply().status, 408);
}

TEST_F(WireLimits, AnIdleConnectionIsClosedWithoutAWord) {
  options.limits.idle_timeout = milliseconds(50);
  start();
  RawClient fresh = connect();
  EXPECT_TRUE(fresh.at_end());
  RawClient used = connect();
  used.send(get("/a"));
  EXPECT_EQ(used.read_reply().status, 200);
  EXPECT_TRUE(used.at_end());
}

TEST_F(WireLimits, ABodyThatCrawlsGets408AndItsConsumerIsTold) {
  const auto record = take_bodies_at("/put");
  options.limits.body_window = milliseconds(50);
  options.limits.body_min_bytes = 1000;
  start();
  RawClient client = connect();
  client.send("PUT /put HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nslow");
  EXPECT_EQ(client.read_reply().status, 408);
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(record->wait_ended().abandoned, 1);
}

TEST_F(WireLimits, OurOwnSlownessIsNotThePeers) {
  const auto record = take_bodies_at("/put", [&](std::size_t) -> std::optional<http::Response> {
    gate.pass();
    return std::nullopt;
  });
  options.limits.body_window = milliseconds(20);
  options.limits.body_buffer_bytes = 16 * 1024;
  options.limits.idle_timeout = milliseconds(200);
  start();
  RawClient client = connect();
  const std::string body = pattern(64 * 1024);
  client.send("PUT /put HTTP/1.1\r\nHost: h\r\nContent-Length: 65536\r\n\r\n" + body);
  record->wait_pieces(1);
  // Ten windows, measured by the server's own clock on the same loop.
  RawClient idle = connect();
  EXPECT_TRUE(idle.at_end());
  gate.open();
  EXPECT_EQ(client.read_reply().status, 201);
}

TEST_F(WireLimits, APeerThatTakesNothingIsCut) {
  options.limits.write_stall_timeout = milliseconds(50);
  const std::string large = pattern(64 << 20);
  handler.on("/large", [&](const http::Request&) -> http::Outcome { return text(large); });
  start();
  RawClient client = connect();
  client.send(get("/large"));
  const http::Account account = handler.wait_accounts(1).front();
  EXPECT_EQ(account.status, 200);
  EXPECT_FALSE(account.complete);
  EXPECT_FALSE(client.read_reply().whole);
}

TEST_F(WireLimits, LargeHeadsGet431) {
  options.limits.header_bytes = 2000;
  options.limits.header_fields = 10;
  start();
  RawClient bytes = connect();
  bytes.send("GET /" + std::string(3000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(bytes.read_reply().status, 431);
  EXPECT_TRUE(bytes.at_end());
  RawClient fields = connect();
  std::string request = "GET /a HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 10; ++i) request += "X: y\r\n";
  fields.send(request + "\r\n");
  EXPECT_EQ(fields.read_reply().status, 431);
  RawClient fits = connect();
  fits.send("GET /" + std::string(1900, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(fits.read_reply().status, 200);
}

TEST_F(WireLimits, OneConnectionTooManyGets503) {
  options.limits.connections = 3;
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(connect());
    clients.back().send(get("/a"));
    EXPECT_EQ(clients.back().read_reply().status, 200);
  }
  {
    RawClient refused = connect();
    refused.send(get("/a"));
    const RawReply reply = refused.read_reply();
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.field("retry-after"), "1");
    EXPECT_EQ(reply.field("connection"), "close");
    EXPECT_TRUE(refused.at_end());
  }
  // A place that was given up is taken by the next one; the server learns of it when it reads the end.
  clients.pop_back();
  for (;;) {
    RawClient next = connect();
    next.send(get("/a"));
    if (next.read_reply().status == 200) break;
  }
  EXPECT_EQ(handler.targets().size(), 4u);
}

// What cannot be HTTP/2's preface any more is answered in HTTP/1, and so is silence.
TEST_F(WireLimits, ARefusalWaitsNoLongerThanItNeedsTo) {
  options.limits.connections = 1;
  start();
  RawClient first = connect();
  first.send(get("/a"));
  EXPECT_EQ(first.read_reply().status, 200);
  for (const auto* begun : {"PRI * HTTP/1.1\r\n", "G", "PRI", ""}) {
    RawClient refused = connect();
    refused.send(begun);
    EXPECT_EQ(refused.read_reply().status, 503) << begun;
    EXPECT_TRUE(refused.at_end()) << begun;
  }
  RawClient gone = connect();
  gone.end_sending();
  EXPECT_TRUE(gone.at_end());
}

TEST_F(WireLimits, OneAddressCannotHaveThemAll) {
  options.limits.connections_per_address = 1;
  start();
  RawClient first = connect();
  first.send(get("/a"));
  EXPECT_EQ(first.read_reply().status, 200);
  RawClient second = connect();
  EXPECT_EQ(second.read_reply().status, 503);
}

TEST_F(WireLimits, AFullQueueGets503AndKeepsTheConnection) {
  worker_threads = 1;
  queue_limit = 1;
  Gate running;
  handler.on("/slow", [&](const http::Request&) -> http::Outcome {
    running.open();
    gate.pass();
    return text("slow");
  });
  start();
  RawClient runs = connect();
  runs.send(get("/slow"));
  running.pass();
  RawClient waits = connect();
  waits.send(get("/queued"));
  while (workers->queued() < 1) std::this_thread::yield();
  RawClient refused = connect();
  refused.send(get("/refused"));
  const RawReply reply = refused.read_reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body, "busy");
  EXPECT_EQ(reply.field("retry-after"), "1");
  EXPECT_EQ(reply.field("connection"), "");
  gate.open();
  EXPECT_EQ(runs.read_reply().body, "slow");
  EXPECT_EQ(waits.read_reply().body, "ok /queued");
  refused.send(get("/again"));
  EXPECT_EQ(refused.read_reply().body, "ok /again");
}

// --- who asks too much ---

http::Outcome too_many(const http::Request&) {
  return http::Response{429, {{"Retry-After", "1"}}, std::string("wait"), {}, false};
}

TEST_F(WireLimits, ARefusalComesLate) {
  handler.on("/more", too_many);
  take_bodies_at("/put", [](std::size_t) -> std::optional<http::Response> {
    return http::Response{429, {}, std::string("full"), {}, false};
  });
  options.limits.refusal_delay = milliseconds(50);
  start();
  RawClient client = connect();
  for (const auto& request : {get("/more"), std::string("POST /put HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx")}) {
    const auto asked = std::chrono::steady_clock::now();
    client.send(request);
    const RawReply reply = client.read_reply();
    EXPECT_GE(std::chrono::steady_clock::now() - asked, options.limits.refusal_delay);
    EXPECT_EQ(reply.status, 429);
    EXPECT_EQ(reply.field("connection"), "");
  }
  client.send(get("/a"));
  EXPECT_EQ(client.read_reply().body, "ok /a");
}

TEST_F(WireLimits, LateRefusalsAreBounded) {
  handler.on("/more", too_many);
  options.limits.refusal_delay = std::chrono::hours(1);
  options.limits.late_refusals = 1;
  worker_threads = 1;  // refusals come back in the order of the requests
  start();
  RawClient first = connect();
  first.send(get("/more"));
  while (handler.targets().empty()) std::this_thread::yield();
  RawClient second = connect();
  second.send(get("/more"));
  EXPECT_EQ(second.read_reply().status, 429);
  EXPECT_FALSE(first.readable());
}

}  // namespace
}  // namespace berth::test
