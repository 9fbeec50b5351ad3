// HTTP/2 as its peer sees it: requests, bodies both ways, many streams, the end of a connection.
#include <atomic>
#include <random>

#include <gmock/gmock.h>

#include "berth/base/fs.h"
#include "http/wire_h2_client.h"
#include "http/wire_server.h"
#include "support/temporary_directory.h"

namespace berth::test {
namespace {

using http::H2FrameHeader;
using http::H2FrameType;
using std::chrono::milliseconds;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Le;

constexpr std::uint32_t kNoError = 0;
constexpr std::uint32_t kInternalError = 2;
constexpr std::uint32_t kCancel = 8;

class WireH2 : public WireTest {
 protected:
  [[nodiscard]] std::uint16_t port() const { return server->endpoints().front().port; }
  // An open file that holds `content`.
  std::shared_ptr<const base::File> file_with(const std::string& content) {
    auto file = base::real_file_system().open(directory.path() + "/f", base::OpenMode::create);
    EXPECT_TRUE(file && (*file)->write(base::as_bytes(content), 0));
    return std::move(*file);
  }
  void serve_file(std::shared_ptr<const base::File> file, std::uint64_t offset, std::uint64_t length) {
    handler.on("/file", [=](const http::Request&) -> http::Outcome {
      return http::Response{200, {}, http::FileBody{file, offset, length}, {}, false};
    });
  }
  TemporaryDirectory directory;
};

// As the store's files on a disk that is asked each time.
class ColdFile final : public base::File {
 public:
  explicit ColdFile(std::shared_ptr<const base::File> under) : under_(std::move(under)) {}
  base::Result<void> write(base::ByteView, std::uint64_t) override { return {}; }
  base::Result<std::size_t> read(std::span<std::byte> into, std::uint64_t offset) const override {
    if (fails_) return base::fail(base::ErrorCode::io_error, "EIO");
    return under_->read(into, offset);
  }
  [[nodiscard]] base::Result<std::uint64_t> size() const override { return under_->size(); }
  base::Result<void> truncate(std::uint64_t) override { return {}; }
  base::Result<void> sync_data() override { return {}; }
  void start_writeback(std::uint64_t, std::uint64_t) override {}
  base::Result<bool> try_lock() override { return true; }
  [[nodiscard]] int descriptor() const override { return under_->descriptor(); }
  void fail() { fails_ = true; }

 private:
  std::shared_ptr<const base::File> under_;
  std::atomic<bool> fails_{false};
};

TEST_F(WireH2, AnswersARequestWithTheFieldsOfEveryAnswer) {
  handler.on("/a", [](const http::Request& request) -> http::Outcome {
    EXPECT_EQ(request.protocol, http::Protocol::http2);
    EXPECT_EQ(request.authority, "h");
    EXPECT_EQ(request.target, "/a?q=1");
    EXPECT_FALSE(request.has_body);
    EXPECT_EQ(request.fields.find("Cookie").value_or(""), "a=1; b=2");
    return http::Response{
        200, {{"X-Mixed-Case", "Value\r\nX: y"}, {"Connection", "keep-alive"}}, std::string("hello"), {}, false};
  });
  start();
  H2Client client(port());
  const H2Reply reply = client.reply(client.request("GET", "/a?q=1", {{"cookie", "a=1"}, {"cookie", "b=2"}}));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "hello");
  EXPECT_EQ(reply.fields.at("x-mixed-case"), "Value  X: y");
  EXPECT_EQ(reply.fields.at("content-length"), "5");
  EXPECT_EQ(reply.fields.at("x-request-id").size(), 32U);
  EXPECT_EQ(reply.fields.count("date"), 1U);
  EXPECT_EQ(reply.fields.count("connection"), 0U);
  const auto accounts = handler.wait_accounts(1);
  EXPECT_EQ(accounts[0].status, 200);
  EXPECT_EQ(accounts[0].response_bytes, 5U);
  EXPECT_TRUE(accounts[0].complete);
}

TEST_F(WireH2, HTTP1GoesOnWorkingOnTheSamePort) {
  start();
  RawClient old = connect();
  old.send(get("/a"));
  EXPECT_EQ(old.read_reply().status, 200);
  RawClient begins_alike = connect();
  begins_alike.send("PRI * HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(begins_alike.read_reply().status, 400);
}

TEST_F(WireH2, ThePrefaceMayComeByteByByte) {
  start();
  RawClient client = connect();
  for (const char c : http::kH2Preface) client.send({&c, 1});
  EXPECT_EQ(client.read_exactly(9)[3], 4);  // SETTINGS
}

TEST_F(WireH2, APrefaceThatDoesNotComeEndsTheConnection) {
  options.limits.header_timeout = milliseconds(50);
  start();
  RawClient client = connect();
  client.send("PRI * HT");
  EXPECT_TRUE(client.at_end());
  RawClient silent = connect();
  silent.send(http::kH2Preface);
  silent.read_exactly(9);
  EXPECT_NE(silent.read_to_end(), "");
}

TEST_F(WireH2, HeadAndStatusesWithoutABody) {
  handler.on("/none", [](const http::Request&) -> http::Outcome { return http::Response{204, {}, std::string(), {}, false}; });
  handler.on("/same", [](const http::Request&) -> http::Outcome { return http::Response{304, {}, std::string("x"), 7, false}; });
  start();
  H2Client client(port());
  const H2Reply head = client.reply(client.request("HEAD", "/a"));
  EXPECT_EQ(head.fields.at("content-length"), "5");
  EXPECT_EQ(head.body, "");
  EXPECT_TRUE(head.data_sizes.empty());
  const H2Reply none = client.reply(client.request("GET", "/none"));
  EXPECT_EQ(none.status, 204);
  EXPECT_EQ(none.fields.count("content-length"), 0U);
  EXPECT_EQ(client.reply(client.request("GET", "/same")).fields.at("content-length"), "7");
}

TEST_F(WireH2, ManyStreamsAtOnceEachGetTheirOwn) {
  start();
  H2Client client(port());
  for (int i = 0; i < 90; ++i) client.request("GET", "/" + std::to_string(i));
  for (int i = 0; i < 90; ++i) EXPECT_EQ(client.reply(1 + 2 * i).body, "ok /" + std::to_string(i));
}

TEST_F(WireH2, ManyRequestsAtOnceLetOthersInBetween) {
  constexpr int kMany = 60;  // in one read
  base::Synced<std::vector<std::string>> order;
  handler.on_recall([&](const http::Request& request) {
    order.with([&](auto& targets) { targets.push_back(request.target); });
    order.notify_all();
    if (request.target == "/0") gate.pass();
  });
  start();
  H2Client other(port());
  other.reply(other.request("GET", "/before"));
  std::string heads;
  for (int i = 0; i < kMany; ++i) {
    const std::string block = header_block(head_of("GET", "/" + std::to_string(i)));
    const auto header =
        http::write_frame_header({static_cast<std::uint32_t>(block.size()), H2FrameType::headers,
                                  H2FrameHeader::kEndHeaders | H2Client::kEnd, 1U + 2 * static_cast<std::uint32_t>(i)});
    heads.append(header.begin(), header.end()).append(block);
  }
  H2Client many(port());
  many.send_raw(heads);
  order.wait([](const auto& targets) { return targets.size() == 2; }, [](const auto&) {});
  const std::int32_t asked = other.request("GET", "/other");  // while the loop begins the first of many
  gate.open();
  EXPECT_EQ(other.reply(asked).status, 200);
  for (int i = 0; i < kMany; ++i) EXPECT_EQ(many.reply(1 + 2 * i).body, "ok /" + std::to_string(i));
  order.with([](const auto& targets) {
    EXPECT_EQ(targets.size(), kMany + 2U);
    EXPECT_NE(targets.back(), "/other");
  });
}

TEST_F(WireH2, ABodyGoesToTheConsumerWholeAndInOrder) {
  const auto record = take_bodies_at("/put");
  start();
  const std::string body = pattern(3'000'000);
  H2Client client(port());
  const std::int32_t stream = client.request("PUT", "/put", {{"content-length", std::to_string(body.size())}}, 0);
  EXPECT_TRUE(client.upload(stream, body));
  EXPECT_EQ(client.reply(stream).status, 201);
  EXPECT_EQ(record->get().content, body);
  EXPECT_LE(record->get().largest, 1U << 20);
}

// The connection's window follows streams that grow and end: none of its changes may leave the peer with nothing to send by.
TEST_F(WireH2, BodiesOfManySizesOneAfterAnother) {
  take_bodies_at("/put");
  options.limits.body_window = std::chrono::seconds(2);
  start();
  const std::string body = pattern(4'000'000);
  H2Client client(port());
  std::minstd_rand random(1);
  for (int i = 0; i < 60; ++i) {
    const std::size_t size = 5'000 + random() % (body.size() - 5'000);
    const std::size_t frame = 500 + random() % (H2Client::kFrame - 500);
    const std::int32_t stream = client.request("PUT", "/put", {{"content-length", std::to_string(size)}}, 0);
    ASSERT_TRUE(client.upload(stream, std::string_view(body).substr(0, size), frame)) << i;
    ASSERT_EQ(client.reply(stream).status, 201) << i;
  }
}

TEST_F(WireH2, ABodyOfUnknownLengthAndOneOfNone) {
  const auto record = take_bodies_at("/put");
  start();
  H2Client client(port());
  const std::int32_t some = client.request("PATCH", "/put", {}, 0);
  client.data(some, "one");
  client.data(some, "two", H2Client::kEnd);
  EXPECT_EQ(client.reply(some).body, "6");
  const std::int32_t none = client.request("PUT", "/put", {{"content-length", "0"}}, 0);
  client.data(none, "", H2Client::kEnd);
  EXPECT_EQ(client.reply(none).status, 201);
  EXPECT_EQ(client.reply(client.request("PUT", "/put")).status, 201);
  EXPECT_EQ(record->get().content, "onetwo");
  EXPECT_EQ(record->get().finished, 3);
}

TEST_F(WireH2, TrailersEndABodyAndAreIgnored) {
  const auto record = take_bodies_at("/put");
  start();
  H2Client client(port());
  const std::int32_t stream = client.request("PUT", "/put", {}, 0);
  client.data(stream, "body");
  client.headers(stream, {{"x-checksum", "1"}});
  EXPECT_EQ(client.reply(stream).status, 201);
  EXPECT_EQ(record->get().content, "body");
}

TEST_F(WireH2, ContinueIsSaidToWhoWaitsForIt) {
  const auto record = take_bodies_at("/put");
  start();
  H2Client client(port());
  const std::int32_t stream = client.request("PUT", "/put", {{"expect", "100-continue"}}, 0);
  EXPECT_TRUE(client.read_until([&] { return !client.seen(stream).interim.empty(); }));
  client.data(stream, "body", H2Client::kEnd);
  const H2Reply reply = client.reply(stream);
  EXPECT_THAT(reply.interim, ElementsAre(100));
  EXPECT_EQ(reply.status, 201);
}

TEST_F(WireH2, AnEarlyAnswerEndsABodyWithoutBlame) {
  start();
  H2Client client(port());
  const std::int32_t stream = client.request("PUT", "/a", {{"expect", "100-continue"}, {"content-length", "1000000"}}, 0);
  const H2Reply reply = client.reply(stream);
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.interim.empty());
  EXPECT_TRUE(client.read_until([&] { return client.seen(stream).reset.has_value(); }));
  EXPECT_EQ(client.seen(stream).reset, kNoError);
  // What was on its way is dropped, and its window is given back: the connection lives.
  for (int i = 0; i < 40; ++i) client.data(stream, std::string(1000, 'x'));
  EXPECT_EQ(client.reply(client.request("GET", "/b")).status, 200);
}

TEST_F(WireH2, AnEarlyAnswerOfAConsumerIsSent) {
  const auto record = take_bodies_at("/put", [](std::size_t) -> std::optional<http::Response> {
    return http::Response{507, {}, std::string("full"), {}, false};
  });
  start();
  H2Client client(port());
  const std::int32_t stream = client.request("PUT", "/put", {}, 0);
  EXPECT_FALSE(client.upload(stream, std::string(1'000'000, 'x')));
  EXPECT_EQ(client.reply(stream).status, 507);
  EXPECT_EQ(client.reply(client.request("GET", "/b")).status, 200);
}

TEST_F(WireH2, APartOfAFileComesInFramesThatFit) {
  const std::string content = pattern(5'000'000);
  serve_file(file_with(content), 1000, 4'900'000);
  start();
  H2Client client(port());
  const H2Reply reply = client.reply(client.request("GET", "/file"));
  EXPECT_EQ(reply.body, content.substr(1000, 4'900'000));
  EXPECT_THAT(reply.data_sizes, Each(Le(16384U)));
  EXPECT_EQ(handler.wait_accounts(1)[0].response_bytes, 4'900'000U);
}

TEST_F(WireH2, AColdFileIsReadByWorkers) {
  const std::string content = pattern(1'000'000);
  serve_file(std::make_shared<ColdFile>(file_with(content)), 0, content.size());
  start();
  H2Client client(port());
  EXPECT_EQ(client.reply(client.request("GET", "/file")).body, content);
}

TEST_F(WireH2, AFileThatFailsEndsItsStreamAlone) {
  const auto file = std::make_shared<ColdFile>(file_with("hello"));
  file->fail();
  serve_file(file, 0, 5);
  start();
  H2Client client(port());
  const H2Reply reply = client.reply(client.request("GET", "/file"));
  EXPECT_EQ(reply.reset, kInternalError);
  EXPECT_FALSE(reply.whole);
  EXPECT_EQ(client.reply(client.request("GET", "/b")).status, 200);
  EXPECT_FALSE(handler.wait_accounts(2)[0].complete);
}

TEST_F(WireH2, AGeneratorsPiecesAndItsFailures) {
  const auto generate = [this](const std::string& path, std::vector<std::string> pieces, ListGenerator::End end) {
    handler.on(path, [=](const http::Request&) -> http::Outcome {
      return http::Response{200, {}, std::make_shared<ListGenerator>(pieces, end), {}, false};
    });
  };
  const std::string large = pattern(200'000);
  generate("/good", {"one", large, "two"}, ListGenerator::End::good);
  generate("/empty", {}, ListGenerator::End::good);
  generate("/breaks", {"one"}, ListGenerator::End::error);
  generate("/fails", {}, ListGenerator::End::error);
  start();
  H2Client client(port());
  EXPECT_EQ(client.reply(client.request("GET", "/good")).body, "one" + large + "two");
  const H2Reply empty = client.reply(client.request("GET", "/empty"));
  EXPECT_TRUE(empty.whole);
  EXPECT_EQ(empty.body, "");
  EXPECT_EQ(client.reply(client.request("GET", "/breaks")).reset, kInternalError);
  EXPECT_EQ(client.reply(client.request("GET", "/fails")).status, 500);
  EXPECT_EQ(client.reply(client.request("HEAD", "/good")).body, "");
}

TEST_F(WireH2, AResetTellsTheConsumerOnceWhereverItIs) {
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
  client.reset(stream);
  EXPECT_EQ(client.reply(client.request("GET", "/b")).status, 200);
  EXPECT_EQ(record->get().abandoned, 0) << "while a job is in flight nothing else is asked";
  gate.open();
  const auto facts = record->wait_ended();
  EXPECT_EQ(facts.abandoned, 1);
  EXPECT_EQ(facts.finished, 0);
}

TEST_F(WireH2, AResetOfADownloadFreesItsPlace) {
  const std::string content = pattern(4'000'000);
  serve_file(file_with(content), 0, content.size());
  start();
  H2Client client(port(), {}, H2Credit::none);
  for (int i = 0; i < 150; ++i) {
    const std::int32_t stream = client.request("GET", "/file");
    EXPECT_TRUE(client.read_until([&] { return client.seen(stream).status == 200; }));
    client.reset(stream, kCancel);
  }
  EXPECT_EQ(client.reply(client.request("HEAD", "/b")).status, 200);
}

TEST_F(WireH2, PingIsAnswered) {
  start();
  H2Client client(port());
  client.ping("12345678");
  EXPECT_TRUE(client.read_until([&] { return !client.pongs().empty(); }));
  EXPECT_THAT(client.pongs(), ElementsAre("12345678"));
}

TEST_F(WireH2, DrainingServesWhatIsOnItsWayAndThenEnds) {
  handler.on("/slow", [&](const http::Request&) -> http::Outcome {
    gate.pass();
    return text("done");
  });
  start();
  H2Client client(port());
  const std::int32_t slow = client.request("GET", "/slow");
  EXPECT_EQ(client.reply(client.request("GET", "/b")).status, 200);
  server->stop_accepting();
  ASSERT_TRUE(client.read_until([&] { return !client.goaways().empty(); }));
  EXPECT_EQ(client.goaways()[0].first, 0x7fffffffU);
  // Until the second GOAWAY says otherwise a request is served.
  const std::int32_t late = client.request("GET", "/late");
  EXPECT_EQ(client.reply(late).status, 200);
  gate.open();
  EXPECT_EQ(client.reply(slow).body, "done");
  EXPECT_EQ(client.read_to_end(), kNoError);
  EXPECT_GE(client.goaways().size(), 2U);
  EXPECT_TRUE(server->drain(milliseconds(10'000)));
}

TEST_F(WireH2, AnIdleConnectionIsToldToGo) {
  options.limits.idle_timeout = milliseconds(50);
  start();
  H2Client client(port());
  EXPECT_EQ(client.reply(client.request("GET", "/a")).status, 200);
  EXPECT_EQ(client.read_to_end(), kNoError);
}

TEST_F(WireH2, ABusyServerSays503) {
  worker_threads = 1;
  queue_limit = 1;
  handler.on("/slow", [&](const http::Request&) -> http::Outcome {
    gate.pass();
    return text("done");
  });
  start();
  H2Client client(port());
  for (int i = 0; i < 4; ++i) client.request("GET", "/slow");
  const H2Reply refused = client.reply(7);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.fields.at("retry-after"), "1");
  gate.open();
  EXPECT_EQ(client.reply(1).status, 200);
}

}  // namespace
}  // namespace berth::test
