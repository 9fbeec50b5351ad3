// Requests and answers on one connection: keep-alive, pipelining, protocol versions, framing of answers.
#include <gmock/gmock.h>

#include "http/wire_server.h"

namespace berth::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class WireBasics : public WireTest {};

TEST_F(WireBasics, AnswersTwoRequestsOnOneConnection) {
  start();
  RawClient client = connect();
  client.send(get("/one"));
  const RawReply first = client.read_reply();
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "ok /one");
  EXPECT_TRUE(first.head.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(first.field("content-length"), "7");
  EXPECT_EQ(first.field("connection"), "");
  EXPECT_EQ(first.field("x-request-id").size(), 32u);
  EXPECT_THAT(first.field("date"), HasSubstr(" GMT"));
  client.send(get("/two?n=1"));
  const RawReply second = client.read_reply();
  EXPECT_EQ(second.body, "ok /two?n=1");
  EXPECT_NE(second.field("x-request-id"), first.field("x-request-id"));
}

TEST_F(WireBasics, ClosesWhenAsked) {
  start();
  RawClient client = connect();
  client.send("GET /a HTTP/1.1\r\nHost: h\r\nConnection: TE, Close\r\n\r\n");
  const RawReply reply = client.read_reply();
  EXPECT_EQ(reply.field("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST_F(WireBasics, ClosesWhenTheHandlerSaysSo) {
  handler.on("/a", [](const http::Request&) -> http::Outcome {
    http::Response response = text("bye");
    response.close = true;
    return response;
  });
  start();
  RawClient client = connect();
  client.send(get("/a"));
  EXPECT_EQ(client.read_reply().field("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST_F(WireBasics, AnswersAHundredPipelinedRequestsInOrder) {
  options.loop_threads = 2;
  start();
  RawClient client = connect();
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += get("/" + std::to_string(i));
  client.send(requests);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.read_reply().body, "ok /" + std::to_string(i));
  EXPECT_EQ(handler.wait_accounts(100).size(), 100u);
}

TEST_F(WireBasics, ParsesThePipelinedRequestOnlyAfterTheAnswer) {
  handler.on("/slow", [&](const http::Request&) -> http::Outcome {
    gate.pass();
    return text("slow");
  });
  start();
  RawClient client = connect();
  client.send(get("/slow") + get("/next"));
  RawClient other = connect();
  other.send(get("/other"));
  EXPECT_EQ(other.read_reply().body, "ok /other");
  EXPECT_THAT(handler.targets(), Not(::testing::Contains("/next")));
  gate.open();
  EXPECT_EQ(client.read_reply().body, "slow");
  EXPECT_EQ(client.read_reply().body, "ok /next");
}

TEST_F(WireBasics, TakesARequestByteByByte) {
  start();
  RawClient client = connect();
  for (const char c : "\r\n" + get("/bytes")) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.read_reply().body, "ok /bytes");
}

TEST_F(WireBasics, SpeaksHttp10) {
  start();
  RawClient client = connect();
  client.send("GET /a HTTP/1.0\r\n\r\n");
  const RawReply reply = client.read_reply();
  EXPECT_EQ(reply.body, "ok /a");
  EXPECT_EQ(reply.field("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST_F(WireBasics, KeepsAnHttp10ConnectionOnlyWhenAsked) {
  start();
  RawClient client = connect();
  client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(client.read_reply().field("connection"), "keep-alive");
  client.send("GET /b HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.read_reply().body, "ok /b");
  EXPECT_TRUE(client.at_end());
}

TEST_F(WireBasics, SendsNoBodyToHead) {
  handler.on("/announced", [](const http::Request&) -> http::Outcome {
    http::Response response;
    response.head_length = 12345678901;
    return response;
  });
  start();
  RawClient client = connect();
  client.send("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\nHEAD /announced HTTP/1.1\r\nHost: h\r\n\r\n" + get("/b"));
  EXPECT_EQ(client.read_reply(BodyRule::none).field("content-length"), "5");
  EXPECT_EQ(client.read_reply(BodyRule::none).field("content-length"), "12345678901");
  EXPECT_EQ(client.read_reply().body, "ok /b");
}

TEST_F(WireBasics, SendsNeitherBodyNorLengthWith204And304) {
  for (const int status : {204, 304}) {
    handler.on("/" + std::to_string(status), [status](const http::Request&) -> http::Outcome {
      return http::Response{status, {}, std::string("never"), {}, false};
    });
  }
  start();
  RawClient client = connect();
  client.send(get("/204") + get("/304") + get("/b"));
  for (const int status : {204, 304}) {
    const RawReply reply = client.read_reply();
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(reply.fields.count("content-length"), 0u);
  }
  EXPECT_EQ(client.read_reply().body, "ok /b");
}

TEST_F(WireBasics, OwnsItsFieldsAndLetsNoLineEndThrough) {
  handler.on("/a", [](const http::Request&) -> http::Outcome {
    http::Response response = text("x");
    response.fields.add("content-length", "99");
    response.fields.add("Transfer-Encoding", "chunked");
    response.fields.add("Connection", "upgrade");
    response.fields.add("Location", "/v2/\r\nSet-Cookie: a=b");
    response.fields.add("bad name", "x");
    return response;
  });
  start();
  RawClient client = connect();
  client.send(get("/a"));
  const RawReply reply = client.read_reply();
  EXPECT_EQ(reply.body, "x");
  EXPECT_EQ(reply.field("location"), "/v2/  Set-Cookie: a=b");
  EXPECT_EQ(reply.fields.count("set-cookie"), 0u);
  EXPECT_EQ(reply.fields.count("transfer-encoding"), 0u);
  EXPECT_EQ(reply.fields.count("connection"), 0u);
  EXPECT_THAT(reply.head, Not(HasSubstr("bad name")));
}

TEST_F(WireBasics, TellsTheHandlerWhoAsks) {
  http::Request seen;
  handler.on("/who", [&](const http::Request& request) -> http::Outcome {
    seen = request;
    return text("x");
  });
  start();
  RawClient client = connect();
  client.send("PURGE http://Reg.example:5000/who?x=%2F HTTP/1.1\r\nHost: reg.example:5000\r\nAccept: a\r\naccept: b\r\n\r\n");
  client.read_reply();
  EXPECT_EQ(seen.method, http::Method::other);
  EXPECT_EQ(seen.method_text, "PURGE");
  EXPECT_EQ(seen.target, "/who?x=%2F");
  EXPECT_EQ(seen.query(), "x=%2F");
  EXPECT_EQ(seen.authority, "reg.example:5000");
  EXPECT_EQ(seen.peer, "127.0.0.1");
  EXPECT_EQ(seen.id.size(), 32u);
  EXPECT_EQ(seen.fields.find_list("ACCEPT"), "a, b");
  EXPECT_FALSE(seen.has_body);
  EXPECT_FALSE(seen.secure);
}

TEST_F(WireBasics, IgnoresUpgradeAndAnswersStarForOptions) {
  start();
  RawClient client = connect();
  client.send(
      "OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n");
  EXPECT_EQ(client.read_reply().body, "ok *");
  client.send(get("/b"));
  EXPECT_EQ(client.read_reply().body, "ok /b");
}

TEST_F(WireBasics, AccountsForEveryRequest) {
  start();
  RawClient client = connect();
  client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" + get("/b"));
  client.read_reply();
  client.read_reply();
  const auto accounts = handler.wait_accounts(2);
  EXPECT_EQ(accounts[0].status, 200);
  EXPECT_EQ(accounts[0].request_bytes, 3u);
  EXPECT_EQ(accounts[0].response_bytes, 5u);
  EXPECT_TRUE(accounts[0].complete);
  EXPECT_EQ(accounts[1].request_bytes, 0u);
}

TEST_F(WireBasics, SaysWhichAddressItCannotHave) {
  start();
  const http::Endpoint taken{"127.0.0.1", server->endpoints().front().port};
  for (const http::Endpoint& endpoint : {taken, http::Endpoint{"not-an-address", 0}, http::Endpoint{"192.0.2.1", 0}}) {
    auto second = http::start_server({{{"127.0.0.1", 0}, endpoint}, 1, {}}, handler, *workers, clock);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), base::ErrorCode::configuration_invalid);
    EXPECT_THAT(second.error().message(), HasSubstr(endpoint.host));
  }
}

TEST_F(WireBasics, SpreadsConnectionsOverLoopsAndListeners) {
  options.listen = {{"127.0.0.1", 0}, {"localhost", 0}};
  options.loop_threads = 3;
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 12; ++i) clients.emplace_back(server->endpoints()[i % 2].port);
  for (RawClient& client : clients) client.send(get("/a"));
  for (RawClient& client : clients) EXPECT_EQ(client.read_reply().body, "ok /a");
}

TEST_F(WireBasics, AnAnswerAtHandNeedsNoWorker) {
  worker_threads = 1;
  handler.on("/slow", [&](const http::Request&) -> http::Outcome {
    gate.pass();
    return text("slow");
  });
  http::Response known = text("known");
  known.label = "known";
  handler.at_hand("/known", known);
  start();
  RawClient other = connect();
  other.send(get("/slow"));
  RawClient client = connect();
  client.send(get("/known") + "HEAD /known HTTP/1.1\r\nHost: h\r\n\r\n" + get("/known"));
  const RawReply first = client.read_reply();
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "known");
  EXPECT_EQ(first.field("x-request-id").size(), 32u);
  EXPECT_EQ(client.read_reply(BodyRule::none).field("content-length"), "5");
  EXPECT_EQ(client.read_reply().body, "known");
  client.send("GET /known HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read_reply().field("connection"), "close");
  EXPECT_TRUE(client.at_end());
  const auto accounts = handler.wait_accounts(4);
  for (const auto& account : accounts) {
    EXPECT_EQ(account.status, 200);
    EXPECT_EQ(account.label, "known");
    EXPECT_TRUE(account.complete);
  }
  EXPECT_EQ(accounts[0].response_bytes, 5u);
  EXPECT_EQ(accounts[1].response_bytes, 0u);
  gate.open();
  EXPECT_EQ(other.read_reply().body, "slow");
}

TEST_F(WireBasics, ARequestWithABodyIsNotAnsweredFromHand) {
  handler.at_hand("/known", text("known"));
  start();
  RawClient client = connect();
  client.send("GET /known HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(client.read_reply().body, "ok /known");
}

TEST_F(WireBasics, APeerThatTakesNothingOfAnAnswerAtHandIsCut) {
  options.limits.write_stall_timeout = std::chrono::milliseconds(50);
  handler.at_hand("/known", text(std::string(32 * 1024 * 1024, 'x')));
  start();
  RawClient client = connect();
  client.send(get("/known"));
  const auto accounts = handler.wait_accounts(1);
  EXPECT_FALSE(accounts[0].complete);
}

}  // namespace
}  // namespace berth::test
