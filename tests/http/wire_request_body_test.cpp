// Request bodies: framing, Expect, early answers, back-pressure.
#include <algorithm>

#include <gmock/gmock.h>

#include "http/wire_server.h"

namespace berth::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Not;

class WireRequestBody : public WireTest {};

std::string put_head(const std::string& target, std::size_t length, const std::string& more = "") {
  return "PUT " + target + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(length) + "\r\n" + more + "\r\n";
}

std::string chunk(std::string_view bytes, std::string_view extension = "") {
  char size[20];
  std::snprintf(size, sizeof size, "%zx", bytes.size());
  return std::string(size) + std::string(extension) + "\r\n" + std::string(bytes) + "\r\n";
}

const std::string kChunkedHead = "PUT /put HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n";

TEST_F(WireRequestBody, TakesBodiesOfManySizesAndKeepsTheConnection) {
  const auto record = take_bodies_at("/put");
  options.limits.body_buffer_bytes = 16 * 1024;
  start();
  RawClient client = connect();
  std::string expected;
  for (const std::size_t size : {1u, 100u, 4096u, 16384u, 16385u, 32768u, 100000u, 1000003u}) {
    const std::string body = pattern(size);
    expected += body;
    client.send(put_head("/put", size) + body);
    const RawReply reply = client.read_reply();
    EXPECT_EQ(reply.status, 201);
    EXPECT_EQ(reply.body, std::to_string(expected.size()));
  }
  EXPECT_EQ(record->get().content, expected);
  EXPECT_EQ(record->get().largest, 16384u);
  EXPECT_EQ(record->get().finished, 8);
  EXPECT_EQ(record->get().abandoned, 0);
}

TEST_F(WireRequestBody, FinishesAConsumerOfNothing) {
  const auto record = take_bodies_at("/put");
  start();
  RawClient client = connect();
  client.send(get("/put") + put_head("/put", 0) + kChunkedHead + "0\r\n\r\n" + get("/b"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.read_reply().body, "0");
  EXPECT_EQ(client.read_reply().body, "ok /b");
  EXPECT_EQ(record->get().finished, 3);
}

TEST_F(WireRequestBody, PipelinesBehindABody) {
  const auto record = take_bodies_at("/put");
  start();
  RawClient client = connect();
  client.send(put_head("/put", 5) + "hello" + get("/b") + kChunkedHead + chunk("wor") + chunk("ld") + "0\r\n\r\n" + get("/c"));
  EXPECT_EQ(client.read_reply().body, "5");
  EXPECT_EQ(client.read_reply().body, "ok /b");
  EXPECT_EQ(client.read_reply().body, "10");
  EXPECT_EQ(client.read_reply().body, "ok /c");
  EXPECT_EQ(record->get().content, "helloworld");
}

TEST_F(WireRequestBody, DecodesChunksWithExtensionsAndTrailers) {
  const auto record = take_bodies_at("/put");
  start();
  RawClient client = connect();
  const std::string wire =
      kChunkedHead + chunk("abc", ";name=value") + chunk("de", "; q=\"a;\\\"b\"") + "0;last\r\nX-Trailer: 1\r\n\r\n";
  client.send(wire + get("/b"));
  EXPECT_EQ(client.read_reply().body, "5");
  EXPECT_EQ(client.read_reply().body, "ok /b");
  for (const char c : wire) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.read_reply().body, "10");
  EXPECT_EQ(record->get().content, "abcdeabcde");
}

TEST_F(WireRequestBody, DecodesLargeChunkedBodiesAcrossBuffers) {
  const auto record = take_bodies_at("/put");
  options.limits.body_buffer_bytes = 16 * 1024;
  start();
  RawClient client = connect();
  const std::string body = pattern(3'000'000);
  std::string wire = kChunkedHead;
  for (std::size_t at = 0, size = 1; at < body.size();
       at += size, size = std::min<std::size_t>(size * 3 % 70001 + 1, body.size() - at)) {
    size = std::min(size, body.size() - at);
    wire += chunk(std::string_view(body).substr(at, size));
  }
  client.send(wire + "0\r\n\r\n" + get("/b"));
  EXPECT_EQ(client.read_reply().body, "3000000");
  EXPECT_EQ(client.read_reply().body, "ok /b");
  EXPECT_TRUE(record->get().content == body);
}

TEST_F(WireRequestBody, InvitesABodyOnlyAfterBegin) {
  const auto record = take_bodies_at("/put");
  start();
  RawClient client = connect();
  client.send(put_head("/put", 5, "Expect: 100-Continue\r\n"));
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(handler.targets(), ElementsAre("/put"));
  client.send("hello" + get("/b"));
  EXPECT_EQ(client.read_reply().body, "5");
  EXPECT_EQ(client.read_reply().body, "ok /b");
}

TEST_F(WireRequestBody, DoesNotInviteAClientThatDidNotWait) {
  const auto record = take_bodies_at("/put");
  start();
  RawClient client = connect();
  client.send(put_head("/put", 5, "Expect: 100-continue\r\n") + "hello");
  EXPECT_EQ(client.read_reply().status, 201);
}

TEST_F(WireRequestBody, RefusesWithoutInvitationAndCloses) {
  handler.on("/put", [](const http::Request&) -> http::Outcome { return http::Response{401, {}, std::string("no"), {}, false}; });
  start();
  RawClient client = connect();
  client.send(put_head("/put", 5, "Expect: 100-continue\r\n"));
  const RawReply reply = client.read_reply();
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.field("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST_F(WireRequestBody, RefusesOtherExpectations) {
  start();
  RawClient client = connect();
  client.send(put_head("/put", 5, "Expect: the-moon\r\n"));
  EXPECT_EQ(client.read_reply().status, 417);
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(handler.wait_accounts(1).front().status, 417);
}

TEST_F(WireRequestBody, ExpectsNothingFromAnEmptyBodyOrHttp10) {
  take_bodies_at("/put");
  start();
  RawClient client = connect();
  client.send(put_head("/put", 0, "Expect: 100-continue\r\n"));
  EXPECT_EQ(client.read_reply().status, 201);
  client.send("PUT /put HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nok");
  EXPECT_EQ(client.read_reply().body, "2");
}

TEST_F(WireRequestBody, DrainsASmallUnreadBody) {
  options.limits.drain_bytes = 1000;
  start();
  RawClient client = connect();
  client.send(put_head("/a", 1000));
  EXPECT_EQ(client.read_reply().field("connection"), "");
  client.send(std::string(1000, 'x') + get("/b"));
  EXPECT_EQ(client.read_reply().body, "ok /b");
}

TEST_F(WireRequestBody, ClosesOverALargeUnreadBody) {
  options.limits.drain_bytes = 1000;
  start();
  RawClient client = connect();
  client.send(put_head("/a", 1001));
  EXPECT_EQ(client.read_reply().field("connection"), "close");
  client.send(std::string(1001, 'x') + get("/b"));
  EXPECT_TRUE(client.at_end());
  EXPECT_THAT(handler.targets(), ElementsAre("/a"));
}

TEST_F(WireRequestBody, KeepsTheConnectionWhenAnUnreadChunkedBodyIsAllHere) {
  start();
  RawClient client = connect();
  const std::string head = "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  client.send(head + chunk("abc") + "0\r\n\r\n" + get("/b"));
  EXPECT_EQ(client.read_reply().field("connection"), "");
  EXPECT_EQ(client.read_reply().body, "ok /b");
  client.send(head + chunk("abc"));
  EXPECT_EQ(client.read_reply().field("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST_F(WireRequestBody, AnAnswerArrivesThoughTheBodyStillFlows) {
  const auto record = take_bodies_at("/put", [](std::size_t pieces) -> std::optional<http::Response> {
    if (pieces < 2) return std::nullopt;
    return http::Response{507, {}, std::string("full"), {}, false};
  });
  options.limits.body_buffer_bytes = 16 * 1024;
  start();
  RawClient client = connect();
  const std::string body = pattern(4'000'000);
  client.send(put_head("/put", body.size()));
  // The server reads on (and drops) while it lingers, so that this write ends and the answer is not lost to a reset.
  client.send(body);
  const RawReply reply = client.read_reply();
  EXPECT_EQ(reply.status, 507);
  EXPECT_EQ(reply.field("connection"), "close");
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(record->get().finished, 0);
  EXPECT_EQ(record->get().abandoned, 0);
}

TEST_F(WireRequestBody, AnEarlyAnswerKeepsTheConnectionWhenLittleIsLeft) {
  take_bodies_at("/put", [](std::size_t) { return std::optional(http::Response{413, {}, std::string("no"), {}, false}); });
  options.limits.body_buffer_bytes = 16 * 1024;
  start();
  RawClient client = connect();
  const std::string body = pattern(40'000);
  client.send(put_head("/put", body.size()) + body + get("/b"));
  const RawReply reply = client.read_reply();
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.field("connection"), "");
  EXPECT_EQ(client.read_reply().body, "ok /b");
}

TEST_F(WireRequestBody, ASlowDiskHoldsThePeerBack) {
  const auto record = take_bodies_at("/put", [&](std::size_t) -> std::optional<http::Response> {
    gate.pass();
    return std::nullopt;
  });
  options.limits.body_buffer_bytes = 64 * 1024;
  start();
  RawClient client = connect();
  const std::string body = pattern(64 << 20);
  client.send(put_head("/put", body.size()));
  std::size_t sent = client.send_what_fits(body);
  record->wait_pieces(1);
  // Another request on the same loop is served meanwhile: nobody waits but this peer.
  RawClient other = connect();
  for (int i = 0; i < 20; ++i) {
    other.send(get("/other"));
    EXPECT_EQ(other.read_reply().status, 200);
    sent += client.send_what_fits(std::string_view(body).substr(sent));
  }
  EXPECT_EQ(record->get().pieces, 1u);
  EXPECT_LT(sent, body.size()) << "the kernel's buffers and two of ours hold less than this";
  gate.open();
  client.send(std::string_view(body).substr(sent));
  EXPECT_EQ(client.read_reply().body, std::to_string(body.size()));
  EXPECT_TRUE(record->get().content == body);
}

TEST_F(WireRequestBody, TellsTheConsumerOnceWhenThePeerVanishes) {
  const auto record = take_bodies_at("/put");
  options.limits.body_buffer_bytes = 16 * 1024;
  start();
  {
    RawClient client = connect();
    client.send(put_head("/put", 100'000) + pattern(40'000));
    record->wait_pieces(2);
    client.reset();
  }
  EXPECT_EQ(record->wait_ended().abandoned, 1);
  const http::Account account = handler.wait_accounts(1).front();
  EXPECT_EQ(account.status, 0);
  EXPECT_FALSE(account.complete);
  EXPECT_EQ(account.request_bytes, 40'000u);
  TearDown();
  EXPECT_EQ(record->get().abandoned, 1);
  EXPECT_EQ(record->get().finished, 0);
}

TEST_F(WireRequestBody, WaitsForTheJobBeforeItAbandons) {
  const auto record = take_bodies_at("/put", [&](std::size_t) -> std::optional<http::Response> {
    gate.pass();
    return std::nullopt;
  });
  options.limits.body_buffer_bytes = 16 * 1024;
  start();
  {
    RawClient client = connect();
    client.send(put_head("/put", 100'000) + pattern(20'000));
    record->wait_pieces(1);
    client.end_sending();
    EXPECT_TRUE(client.at_end());
  }
  EXPECT_EQ(record->get().abandoned, 0);
  gate.open();
  EXPECT_EQ(record->wait_ended().abandoned, 1);
  TearDown();
  EXPECT_EQ(record->get().abandoned, 1);
  EXPECT_EQ(record->get().pieces, 1u);
}

TEST_F(WireRequestBody, AbandonsAConsumerThatBeginMadeForNobody) {
  Gate begun;
  const auto record = std::make_shared<BodyRecord>();
  handler.on("/put", [&](const http::Request&) -> http::Outcome {
    begun.open();
    gate.pass();
    return std::make_unique<RecordingConsumer>(record);
  });
  start();
  {
    RawClient client = connect();
    client.send(put_head("/put", 100));
    begun.pass();
    client.reset();
  }
  gate.open();
  EXPECT_EQ(record->wait_ended().abandoned, 1);
}

TEST_F(WireRequestBody, MalformedChunksEndTheConnectionAndTheConsumer) {
  const auto record = take_bodies_at("/put");
  start();
  RawClient client = connect();
  client.send(kChunkedHead + chunk("abc") + "zz\r\n" + get("/canary"));
  EXPECT_EQ(client.read_reply().status, 400);
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(record->wait_ended().abandoned, 1);
  EXPECT_THAT(handler.targets(), ElementsAre("/put"));
}

TEST_F(WireRequestBody, BoundsChunkFraming) {
  const auto record = take_bodies_at("/put");
  start();
  RawClient one = connect();
  one.send(kChunkedHead + "1;" + std::string(5000, 'x'));
  EXPECT_EQ(one.read_reply().status, 400);
  RawClient many = connect();
  std::string wire = kChunkedHead;
  for (int i = 0; i < 50; ++i) wire += chunk("a", ";" + std::string(1000, 'x'));
  many.send(wire);
  EXPECT_EQ(many.read_reply().status, 400);
  RawClient trailers = connect();
  trailers.send(kChunkedHead + "0\r\n" + "X: " + std::string(5000, 'x'));
  EXPECT_EQ(trailers.read_reply().status, 400);
}

}  // namespace
}  // namespace berth::test
