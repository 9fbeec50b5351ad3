// What an HTTP/2 peer may ask, send and hold, and what happens to one that goes beyond.
#include <gmock/gmock.h>

#include "http/wire_h2_client.h"
#include "http/wire_server.h"

namespace berth::test {
namespace {

using http::H2FrameHeader;
using http::H2FrameType;
using std::chrono::milliseconds;

constexpr std::uint32_t kNoError = 0;
constexpr std::uint32_t kProtocolError = 1;
constexpr std::uint32_t kRefusedStream = 7;
constexpr std::uint32_t kCancel = 8;
constexpr std::uint32_t kCalm = 11;

class WireH2Limits : public WireTest {
 protected:
  static constexpr int kSteps = 20'000;
  [[nodiscard]] std::uint16_t port() const { return server->endpoints().front().port; }

  // Sends what `attack` makes of 0, 1, 2, … until the server ends the connection, long before the last. After how many frames is H2Guard's
  // test: here the sender runs ahead of the reader.
  void expect_calm(const std::function<bool(H2Client&, int)>& attack) {
    queue_limit = 1000;  // what was begun may still wait for its turn when the next client comes
    start();
    H2Client client(port());
    int sent = 0;
    while (sent < kSteps && client.goaways().empty()) {
      while (client.raw().readable() && client.read_frame()) {
      }
      if (!attack(client, sent)) break;
      ++sent;
    }
    // nghttp2 itself objects to more streams than it announced, as long as our resets of earlier ones are not sent.
    EXPECT_THAT(client.read_to_end(), ::testing::AnyOf(kCalm, kProtocolError));
    EXPECT_LT(sent, kSteps);
    H2Client other(port());
    EXPECT_EQ(other.reply(other.request("GET", "/b")).status, 200);
  }
};

// A client may ask again by itself: GOAWAY names no stream that was looked at.
TEST_F(WireH2Limits, OneConnectionTooManyIsToldInItsOwnWords) {
  options.limits.connections = 1;
  start();
  H2Client first(port());
  EXPECT_EQ(first.reply(first.request("GET", "/a")).status, 200);
  H2Client refused(port());
  refused.request("GET", "/refused");
  const auto settings = refused.read_frame();
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->header.type, H2FrameType::settings);
  EXPECT_EQ(settings->header.flags, 0);
  EXPECT_EQ(refused.read_to_end(), kNoError);
  EXPECT_EQ(refused.goaways(), (std::vector<std::pair<std::uint32_t, std::uint32_t>>{{0, kNoError}}));
  EXPECT_EQ(first.reply(first.request("GET", "/b")).status, 200);
  EXPECT_EQ(handler.targets(), (std::vector<std::string>{"/a", "/b"}));
}

TEST_F(WireH2Limits, WhoHasTooManyConnectionsIsToldToBeCalm) {
  options.limits.connections_per_address = 1;
  start();
  H2Client first(port());
  EXPECT_EQ(first.reply(first.request("GET", "/a")).status, 200);
  H2Client refused(port());
  EXPECT_EQ(refused.read_to_end(), kCalm);
  EXPECT_EQ(refused.goaways().size(), 1u);
}

struct BadHead {
  const char* name;
  H2Fields fields;
  int status = 0;  // 0: the stream is reset
};

void PrintTo(const BadHead& head, std::ostream* out) { *out << head.name; }

H2Fields without(const std::string& name) {
  H2Fields fields = head_of("GET", "/a");
  std::erase_if(fields, [&](const auto& field) { return field.first == name; });
  return fields;
}

H2Fields with(const std::string& name, const std::string& value) {
  H2Fields fields = head_of("GET", "/a");
  for (auto& field : fields) {
    if (field.first == name) {
      field.second = value;
      return fields;
    }
  }
  fields.emplace_back(name, value);
  return fields;
}

class WireH2Heads : public WireH2Limits, public ::testing::WithParamInterface<BadHead> {};

TEST_P(WireH2Heads, IsRefusedAndTheConnectionLives) {
  start();
  H2Client client(port());
  client.headers(1, GetParam().fields);
  const H2Reply reply = client.reply(1);
  EXPECT_EQ(reply.status, GetParam().status);
  if (GetParam().status == 0) {
    EXPECT_EQ(reply.reset, kProtocolError);
  }
  EXPECT_EQ(client.reply(client.request("GET", "/b")).status, 200);
  EXPECT_THAT(handler.targets(), ::testing::ElementsAre("/b"));
}

std::vector<BadHead> bad_heads() {
  H2Fields late = head_of("GET", "/a");
  std::rotate(late.begin(), late.begin() + 1, late.end());
  late.insert(late.begin(), {"x", "y"});
  H2Fields twice = head_of("GET", "/a");
  twice.emplace_back(":path", "/b");
  H2Fields two_lengths = head_of("GET", "/a", {{"content-length", "0"}, {"content-length", "0"}});
  return {
      {"no_method", without(":method")},
      {"no_scheme", without(":scheme")},
      {"no_path", without(":path")},
      {"no_authority", without(":authority")},
      {"empty_path", with(":path", "")},
      {"path_without_slash", with(":path", "a")},
      {"star_for_get", with(":path", "*")},
      {"late_pseudo", late},
      {"path_twice", twice},
      {"unknown_pseudo", with(":protocol", "websocket")},
      {"upper_case", with("X-Upper", "y")},
      {"connection", with("connection", "close")},
      {"keep_alive", with("keep-alive", "1")},
      {"transfer_encoding", with("transfer-encoding", "chunked")},
      {"upgrade", with("upgrade", "h2c")},
      {"te_gzip", with("te", "gzip")},
      {"line_end_in_value", with("x", "a\r\ny: z")},
      {"nul_in_value", with("x", std::string("a\0b", 3))},
      {"space_in_name", with("x y", "z")},
      {"length_of_letters", with("content-length", "five")},
      {"length_negative", with("content-length", "-1")},
      {"lengths", two_lengths},
      {"length_without_body", with("content-length", "5")},
      {"space_in_path", with(":path", "/a b"), 0},
      {"fragment_in_path", with(":path", "/a#b"), 400},
      {"scheme_ftp", with(":scheme", "ftp"), 400},
      {"authority_with_user", with(":authority", "u@h"), 400},
      {"other_host", with("host", "other"), 400},
      {"bad_port", with(":authority", "h:x"), 400},
      {"long_method", with(":method", std::string(33, 'G')), 400},
      {"expectation", with("expect", "200-maybe"), 417},
      {"too_long", with("x", std::string(40'000, 'y')), 431},
  };
}

INSTANTIATE_TEST_SUITE_P(All, WireH2Heads, ::testing::ValuesIn(bad_heads()), [](const auto& head) { return head.param.name; });

TEST_F(WireH2Limits, TooManyFieldsGet431) {
  start();
  H2Client client(port());
  H2Fields many = head_of("GET", "/a");
  for (int i = 0; i < 129; ++i) many.emplace_back("x", "y");
  client.headers(1, many);
  EXPECT_EQ(client.reply(1).status, 431);
}

TEST_F(WireH2Limits, ABodyMustHaveItsLength) {
  const auto record = take_bodies_at("/put");
  start();
  H2Client client(port());
  const std::int32_t longer = client.request("PUT", "/put", {{"content-length", "3"}}, 0);
  client.data(longer, "four", H2Client::kEnd);
  EXPECT_EQ(client.reply(longer).reset, kProtocolError);
  const std::int32_t shorter = client.request("PUT", "/put", {{"content-length", "5"}}, 0);
  client.data(shorter, "four", H2Client::kEnd);
  EXPECT_EQ(client.reply(shorter).reset, kProtocolError);
  EXPECT_EQ(client.reply(client.request("GET", "/b")).status, 200);
  EXPECT_EQ(record->get().finished, 0);
}

// --- flow control ---

TEST_F(WireH2Limits, CreditComesWhenTheHandlerHasTakenTheBytes) {
  const auto record = take_bodies_at("/put", [&](std::size_t) -> std::optional<http::Response> {
    gate.pass();
    return std::nullopt;
  });
  options.limits.http2.stream_window = 65'535;
  start();
  H2Client client(port());
  const std::int32_t stream = client.request("PUT", "/put", {}, 0);
  for (int i = 0; i < 4; ++i) client.data(stream, std::string(15'000, 'x'));
  record->wait_pieces(1);
  client.ping("12345678");
  ASSERT_TRUE(client.read_until([&] { return !client.pongs().empty(); }));
  EXPECT_EQ(client.window(stream), 65'535) << "nothing was taken, so nothing is credited";
  gate.open();
  ASSERT_TRUE(client.read_until([&] { return client.window(stream) > 65'535; }));
  client.data(stream, "", H2Client::kEnd);
  EXPECT_EQ(client.reply(stream).body, "60000");
}

TEST_F(WireH2Limits, AnUploadThatGoesWellGetsAWiderWindowInFewSteps) {
  const auto record = take_bodies_at("/put");
  start();
  H2Client client(port());
  const std::string body(24'000'000, 'x');
  const std::int32_t stream = client.request("PUT", "/put", {}, 0);
  EXPECT_TRUE(client.upload(stream, body));
  EXPECT_EQ(client.reply(stream).body, std::to_string(body.size()));
  EXPECT_GT(client.window(stream), 256 * 1024) << "what is left is a window and not less";
  EXPECT_LT(client.window_updates(), 400U);
}

TEST_F(WireH2Limits, WithoutBudgetAnUploadGoesOnInTheFirstWindow) {
  const auto record = take_bodies_at("/put");
  options.limits.http2.windows_total = 0;
  start();
  H2Client client(port());
  const std::string body(1'000'000, 'x');
  const std::int32_t stream = client.request("PUT", "/put", {}, 0);
  EXPECT_TRUE(client.upload(stream, body));
  EXPECT_EQ(client.reply(stream).body, std::to_string(body.size()));
}

TEST_F(WireH2Limits, ManyUploadsThatTrickleDoNotLockEachOther) {
  const auto record = take_bodies_at("/put");
  start();
  H2Client client(port());
  std::vector<std::int32_t> streams;
  for (int i = 0; i < 40; ++i) streams.push_back(client.request("PUT", "/put", {}, 0));
  // Each a little below what would be handed over by itself: together more than the connection's window.
  std::int64_t sent = 0;
  for (int round = 0; round < 4; ++round) {
    for (const std::int32_t stream : streams) {
      ASSERT_TRUE(client.read_until([&] { return client.window(0) - sent >= 7'000; }));
      sent += 7'000;
      ASSERT_TRUE(client.data(stream, std::string(7'000, 'x')));
    }
  }
  for (const std::int32_t stream : streams) client.data(stream, "", H2Client::kEnd);
  for (const std::int32_t stream : streams) EXPECT_EQ(client.reply(stream).status, 201);
}

TEST_F(WireH2Limits, ASmallAnswerOvertakesALargeOne) {
  // More than the two sockets hold, or it may be on its way whole before anything else is asked for.
  const auto large = std::make_shared<const std::string>(64'000'000, 'x');
  handler.on("/large", [large](const http::Request&) -> http::Outcome { return http::Response{200, {}, large, {}, false}; });
  start();
  H2Client client(port(), {{4, 0x7fffffff}});
  client.window_update(0, 0x7fff0000);
  const std::int32_t slow = client.request("GET", "/large");
  ASSERT_TRUE(client.read_until([&] { return client.seen(slow).body.size() > 1'000'000; }));
  const H2Reply quick = client.reply(client.request("GET", "/b"));
  EXPECT_EQ(quick.status, 200);
  EXPECT_FALSE(client.seen(slow).whole);
  EXPECT_EQ(client.reply(slow).body.size(), large->size());
}

TEST_F(WireH2Limits, LargeAnswersTakeTurns) {
  const auto large = std::make_shared<const std::string>(40'000'000, 'x');
  handler.on("/large", [large](const http::Request&) -> http::Outcome { return http::Response{200, {}, large, {}, false}; });
  start();
  H2Client client(port(), {{4, 0x7fffffff}});
  client.window_update(0, 0x7fff0000);
  for (int i = 0; i < 4; ++i) client.request("GET", "/large");
  const auto any_is_whole = [&] {
    return client.seen(1).whole || client.seen(3).whole || client.seen(5).whole || client.seen(7).whole;
  };
  ASSERT_TRUE(client.read_until(any_is_whole));
  for (const std::int32_t stream : {1, 3, 5, 7}) EXPECT_GT(client.seen(stream).body.size(), large->size() / 2);
}

// --- who asks too much ---

TEST_F(WireH2Limits, ALateRefusalHoldsUpNothingElseAndEndsWithItsStream) {
  handler.on("/more",
             [](const http::Request&) -> http::Outcome { return http::Response{429, {}, std::string("wait"), {}, false}; });
  options.limits.refusal_delay = std::chrono::hours(1);
  options.limits.late_refusals = 1;
  worker_threads = 1;  // refusals come back in the order of the requests
  start();
  H2Client client(port());
  const std::int32_t late = client.request("GET", "/more");
  EXPECT_EQ(client.reply(client.request("GET", "/b")).status, 200);
  EXPECT_EQ(client.reply(client.request("GET", "/more")).status, 429);
  EXPECT_EQ(client.seen(late).status, 0);
  client.reset(late);
  const std::int32_t next = client.request("GET", "/more");
  EXPECT_EQ(client.reply(client.request("GET", "/more")).status, 429);
  EXPECT_EQ(client.seen(next).status, 0);
}

// --- slowness ---

TEST_F(WireH2Limits, ABodyThatCrawlsGets408) {
  const auto record = take_bodies_at("/put");
  options.limits.body_window = milliseconds(50);
  options.limits.body_min_bytes = 1000;
  start();
  H2Client client(port());
  const std::int32_t stream = client.request("PUT", "/put", {}, 0);
  client.data(stream, "slow");
  EXPECT_EQ(client.reply(stream).status, 408);
  EXPECT_EQ(record->wait_ended().abandoned, 1);
  EXPECT_EQ(client.reply(client.request("GET", "/b")).status, 200);
}

TEST_F(WireH2Limits, OurOwnSlownessIsNotThePeers) {
  const auto record = take_bodies_at("/put", [&](std::size_t) -> std::optional<http::Response> {
    gate.pass();
    return std::nullopt;
  });
  options.limits.body_window = milliseconds(20);
  options.limits.body_min_bytes = 1000;
  options.limits.http2.stream_window = 65'535;
  start();
  H2Client client(port());
  const std::int32_t stream = client.request("PUT", "/put", {}, 0);
  client.data(stream, std::string(16'000, 'x'));
  client.data(stream, std::string(16'000, 'x'));
  client.data(stream, std::string(16'000, 'x'));
  record->wait_pieces(1);
  H2Client elsewhere(port());  // five windows pass elsewhere
  for (int i = 0; i < 5; ++i) {
    const std::int32_t other = elsewhere.request("PUT", "/put2", {}, 0);
    EXPECT_EQ(elsewhere.reply(other).status, 200);
  }
  gate.open();
  client.data(stream, "", H2Client::kEnd);
  EXPECT_EQ(client.reply(stream).body, "48000");
}

TEST_F(WireH2Limits, AStreamThatNobodyReadsIsCancelled) {
  const std::string large(1'000'000, 'x');
  handler.on("/large", [large](const http::Request&) -> http::Outcome { return text(large); });
  options.limits.write_stall_timeout = milliseconds(50);
  start();
  H2Client client(port(), {}, H2Credit::none);
  const std::int32_t stream = client.request("GET", "/large");
  EXPECT_EQ(client.reply(stream).reset, kCancel);
}

TEST_F(WireH2Limits, AConnectionThatNobodyReadsIsCut) {
  const std::string large(64'000'000, 'x');
  handler.on("/large", [large](const http::Request&) -> http::Outcome { return text(large); });
  options.limits.write_stall_timeout = milliseconds(100);
  start();
  H2Client client(port(), {{4, 0x7fffffff}}, H2Credit::none);
  client.window_update(0, 0x7fff0000);
  client.request("GET", "/large");
  EXPECT_FALSE(handler.wait_accounts(1)[0].complete);
  EXPECT_LT(client.raw().read_to_end().size(), large.size());
}

TEST_F(WireH2Limits, AHeaderBlockThatDoesNotEndIsCut) {
  options.limits.header_timeout = milliseconds(50);
  start();
  H2Client client(port());
  EXPECT_EQ(client.reply(client.request("GET", "/b")).status, 200);  // so that no acknowledgement falls into the block
  client.send(H2FrameType::headers, H2Client::kEnd, 3, header_block(head_of("GET", "/a")));
  EXPECT_EQ(client.read_to_end(), kCalm);
}

// --- attacks ---

TEST_F(WireH2Limits, RapidReset) {
  expect_calm([](H2Client& client, int i) { return client.headers(2 * i + 1, head_of("GET", "/a")) && client.reset(2 * i + 1); });
}

TEST_F(WireH2Limits, MadeYouResetByAWindowThatOverflows) {
  expect_calm([](H2Client& client, int i) {
    return client.headers(2 * i + 1, head_of("GET", "/a"), 0) && client.window_update(2 * i + 1, 0x7fffffff);
  });
}

TEST_F(WireH2Limits, MadeYouResetByALength) {
  expect_calm([](H2Client& client, int i) {
    return client.headers(2 * i + 1, head_of("PUT", "/a", {{"content-length", "1"}}), 0) &&
           client.data(2 * i + 1, std::string(100, 'x'), H2Client::kEnd);
  });
}

TEST_F(WireH2Limits, MadeYouResetByABadHead) {
  expect_calm([](H2Client& client, int i) { return client.headers(2 * i + 1, head_of("GET", "/a", {{"connection", "x"}})); });
}

TEST_F(WireH2Limits, MoreStreamsThanAllowed) {
  expect_calm([](H2Client& client, int i) { return client.headers(2 * i + 1, head_of("PUT", "/a"), 0); });
}

TEST_F(WireH2Limits, ContinuationWithoutEnd) {
  start();
  H2Client client(port());
  client.send(H2FrameType::headers, 0, 1, header_block(head_of("GET", "/a")));
  int sent = 0;
  while (sent < 20'000 && client.send(H2FrameType::continuation, 0, 1, header_block({{"x", "y"}}))) ++sent;
  EXPECT_EQ(client.read_to_end(), kCalm);
}

TEST_F(WireH2Limits, PingFlood) {
  expect_calm([](H2Client& client, int) { return client.ping("12345678"); });
}

TEST_F(WireH2Limits, SettingsFlood) {
  expect_calm([](H2Client& client, int) { return client.send(H2FrameType::settings, 0, 0); });
}

TEST_F(WireH2Limits, PriorityFlood) {
  expect_calm([](H2Client& client, int) { return client.send(H2FrameType::priority, 0, 1, std::string(5, '\0')); });
}

TEST_F(WireH2Limits, UnknownFrames) {
  expect_calm([](H2Client& client, int) { return client.send(static_cast<H2FrameType>(0x7e), 0, 0, "x"); });
}

TEST_F(WireH2Limits, EmptyData) {
  const auto record = take_bodies_at("/put");
  expect_calm([](H2Client& client, int i) { return i == 0 ? client.headers(1, head_of("PUT", "/put"), 0) : client.data(1, ""); });
}

TEST_F(WireH2Limits, WindowUpdatesOfOneByte) {
  const std::string large(1'000'000, 'x');
  handler.on("/large", [large](const http::Request&) -> http::Outcome { return text(large); });
  expect_calm(
      [](H2Client& client, int i) { return i == 0 ? client.headers(1, head_of("GET", "/large")) : client.window_update(1, 1); });
}

TEST_F(WireH2Limits, AHeaderBombIsNotUnpacked) {
  start();
  H2Client client(port());
  // One entry of 4,000 bytes into the table, then references to it, one byte each.
  std::string block = header_block(head_of("GET", "/a"));
  std::string entry = header_block({{"x", std::string(3'900, 'y')}});
  entry[0] = 0x40;
  block += entry + std::string(10'000, static_cast<char>(0x80 | 62));
  client.send(H2FrameType::headers, H2Client::kEnd | H2FrameHeader::kEndHeaders, 1, block);
  EXPECT_EQ(client.read_to_end(), kCalm);
}

TEST_F(WireH2Limits, WorkThatWasResetStillCounts) {
  const auto begun = std::make_shared<base::Synced<int>>();
  handler.on("/slow", [this, begun](const http::Request&) -> http::Outcome {
    begun->with([](int& count) { ++count; });
    begun->notify_all();
    gate.pass();
    return text("done");
  });
  options.limits.http2.streams = 10;
  worker_threads = 20;
  start();
  H2Client client(port());
  for (int i = 0; i < 20; ++i) {
    client.headers(2 * i + 1, head_of("GET", "/slow"));
    begun->wait([i](int count) { return count == i + 1; }, [](int) {});
    client.reset(2 * i + 1);
  }
  const std::int32_t refused = 41;
  client.headers(refused, head_of("GET", "/slow"));
  EXPECT_EQ(client.reply(refused).reset, kRefusedStream);
  gate.open();
}

TEST_F(WireH2Limits, WhatIsResetBeforeItsTurnIsNotBegun) {
  handler.on("/slow", [this](const http::Request&) -> http::Outcome {
    gate.pass();
    return text("done");
  });
  worker_threads = 1;
  start();
  H2Client client(port());
  client.headers(1, head_of("GET", "/slow"));
  client.headers(3, head_of("GET", "/late"));
  client.reset(3);
  client.ping("12345678");
  ASSERT_TRUE(client.read_until([&] { return !client.pongs().empty(); }));
  gate.open();
  EXPECT_EQ(client.reply(1).status, 200);
  client.headers(5, head_of("GET", "/b"));
  EXPECT_EQ(client.reply(5).status, 200);
  EXPECT_THAT(handler.targets(), ::testing::ElementsAre("/slow", "/b"));
}

TEST_F(WireH2Limits, TheConnectionErrorsOfTheProtocolNameTheirReason) {
  start();
  H2Client data_on_nothing(port());
  data_on_nothing.data(0, "x");
  EXPECT_EQ(data_on_nothing.read_to_end(), kProtocolError);
  H2Client bad_block(port());
  bad_block.send(H2FrameType::headers, H2FrameHeader::kEndHeaders | H2Client::kEnd, 1, "\xff\xff\xff\xff\xff\xff");
  EXPECT_EQ(bad_block.read_to_end(), 9U);  // COMPRESSION_ERROR
  H2Client no_settings(port());
  no_settings.send_raw(std::string(9, '\xff'));
  EXPECT_TRUE(no_settings.read_to_end().has_value());
}

}  // namespace
}  // namespace berth::test
