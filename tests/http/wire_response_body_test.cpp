// Response bodies: files, generators, and what happens when they fail on the way.
#include <atomic>

#include <gmock/gmock.h>

#include "berth/base/fs.h"
#include "http/wire_server.h"
#include "support/temporary_directory.h"

namespace berth::test {
namespace {

class WireResponseBody : public WireTest {
 protected:
  TemporaryDirectory directory;

  std::shared_ptr<const base::File> file_with(const std::string& content) {
    auto& fs = base::real_file_system();
    std::shared_ptr<base::File> file = std::move(*fs.open(directory.path() + "/file", base::OpenMode::create));
    EXPECT_TRUE(file->truncate(0));
    EXPECT_TRUE(file->write(base::as_bytes(content), 0));
    return file;
  }
  void serve_file(const std::string& path, std::shared_ptr<const base::File> file, std::uint64_t offset, std::uint64_t length) {
    handler.on(path, [=](const http::Request&) -> http::Outcome {
      return http::Response{200, {}, http::FileBody{file, offset, length}, {}, false};
    });
  }
  void serve_pieces(const std::string& path, std::vector<std::string> pieces, ListGenerator::End end = ListGenerator::End::good) {
    handler.on(path, [=](const http::Request&) -> http::Outcome {
      return http::Response{200, {}, std::shared_ptr<http::Generator>(std::make_shared<ListGenerator>(pieces, end)), {}, false};
    });
  }
};

TEST_F(WireResponseBody, SendsFilesWholeInPartAndEmpty) {
  const std::string content = pattern(5'000'001);
  const auto file = file_with(content);
  serve_file("/whole", file, 0, content.size());
  serve_file("/part", file, 1'234'567, 3'000'000);
  serve_file("/tail", file, 5'000'000, 1);
  serve_file("/empty", file, 17, 0);
  start();
  RawClient client = connect();
  client.send(get("/whole") + get("/part") + get("/tail") + get("/empty") + get("/b"));
  const RawReply whole = client.read_reply();
  EXPECT_EQ(whole.field("content-length"), "5000001");
  EXPECT_TRUE(whole.body == content);
  EXPECT_TRUE(client.read_reply().body == content.substr(1'234'567, 3'000'000));
  EXPECT_EQ(client.read_reply().body, content.substr(5'000'000));
  EXPECT_EQ(client.read_reply().field("content-length"), "0");
  EXPECT_EQ(client.read_reply().body, "ok /b");
  const auto accounts = handler.wait_accounts(5);
  EXPECT_EQ(accounts[0].response_bytes, content.size());
  EXPECT_TRUE(accounts[0].complete);
}

TEST_F(WireResponseBody, SendsNoFileToHead) {
  serve_file("/file", file_with("hello"), 1, 3);
  start();
  RawClient client = connect();
  client.send("HEAD /file HTTP/1.1\r\nHost: h\r\n\r\n" + get("/b"));
  EXPECT_EQ(client.read_reply(BodyRule::none).field("content-length"), "3");
  EXPECT_EQ(client.read_reply().body, "ok /b");
}

TEST_F(WireResponseBody, CutsTheConnectionWhenAFileIsTooShort) {
  const auto file = file_with(pattern(100'000));
  serve_file("/file", file, 0, 300'000);
  start();
  RawClient client = connect();
  client.send(get("/file"));
  const RawReply reply = client.read_reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.whole);
  EXPECT_TRUE(client.at_end());
  EXPECT_FALSE(handler.wait_accounts(1).front().complete);
}

// A file whose pages the probe never finds: every slice has to come through a worker.
class UncachedFile final : public base::File {
 public:
  UncachedFile(std::shared_ptr<const base::File> under, std::shared_ptr<std::atomic<int>> reads)
      : under_(std::move(under)), reads_(std::move(reads)) {}
  base::Result<void> write(base::ByteView, std::uint64_t) override { return {}; }
  base::Result<std::size_t> read(std::span<std::byte> into, std::uint64_t offset) const override {
    ++*reads_;
    if (fails_) return base::fail(base::ErrorCode::io_error, "EIO");
    return under_->read(into, offset);
  }
  [[nodiscard]] base::Result<std::uint64_t> size() const override { return under_->size(); }
  base::Result<void> truncate(std::uint64_t) override { return {}; }
  base::Result<void> sync_data() override { return {}; }
  void start_writeback(std::uint64_t, std::uint64_t) override {}
  base::Result<bool> try_lock() override { return true; }
  [[nodiscard]] int descriptor() const override { return fails_ ? -1 : under_->descriptor(); }
  void fail() { fails_ = true; }

 private:
  std::shared_ptr<const base::File> under_;
  std::shared_ptr<std::atomic<int>> reads_;
  bool fails_ = false;
};

TEST_F(WireResponseBody, AFileThatCannotBeReadCutsTheConnection) {
  const auto reads = std::make_shared<std::atomic<int>>(0);
  auto file = std::make_shared<UncachedFile>(file_with("hello"), reads);
  file->fail();
  serve_file("/file", file, 0, 5);
  start();
  RawClient client = connect();
  client.send(get("/file"));
  EXPECT_FALSE(client.read_reply().whole);
  EXPECT_EQ(*reads, 1);
}

TEST_F(WireResponseBody, SendsSharedTextAndLargeText) {
  const std::string large = pattern(7'000'000);
  handler.on("/shared", [](const http::Request&) -> http::Outcome {
    return http::Response{200, {}, std::make_shared<const std::string>("shared"), {}, false};
  });
  handler.on("/large", [&](const http::Request&) -> http::Outcome { return text(large); });
  start();
  RawClient client = connect();
  client.send(get("/shared") + get("/large") + get("/b"));
  EXPECT_EQ(client.read_reply().body, "shared");
  EXPECT_TRUE(client.read_reply().body == large);
  EXPECT_EQ(client.read_reply().body, "ok /b");
}

TEST_F(WireResponseBody, GeneratesChunks) {
  serve_pieces("/many", {"a", std::string(100'000, 'b'), "c"});
  serve_pieces("/none", {});
  start();
  RawClient client = connect();
  client.send(get("/many") + get("/none") + get("/b"));
  const RawReply many = client.read_reply();
  EXPECT_TRUE(many.chunked);
  EXPECT_TRUE(many.whole);
  EXPECT_EQ(many.fields.count("content-length"), 0u);
  EXPECT_EQ(many.body, "a" + std::string(100'000, 'b') + "c");
  const RawReply none = client.read_reply();
  EXPECT_TRUE(none.chunked && none.whole);
  EXPECT_EQ(none.body, "");
  EXPECT_EQ(client.read_reply().body, "ok /b");
}

TEST_F(WireResponseBody, GeneratesUntilCloseForHttp10) {
  serve_pieces("/many", {"a", "b"});
  start();
  RawClient client = connect();
  client.send("GET /many HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const RawReply reply = client.read_reply();
  EXPECT_FALSE(reply.chunked);
  EXPECT_EQ(reply.field("connection"), "close");
  EXPECT_EQ(reply.body, "ab");
}

TEST_F(WireResponseBody, AGeneratorThatFailsAtOnceGetsAProperAnswer) {
  serve_pieces("/bad", {}, ListGenerator::End::error);
  start();
  RawClient client = connect();
  client.send(get("/bad") + get("/b"));
  const RawReply reply = client.read_reply();
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.body, "io_error");
  EXPECT_EQ(client.read_reply().body, "ok /b");
}

TEST_F(WireResponseBody, AGeneratorThatFailsLaterCutsTheConnection) {
  serve_pieces("/bad", {"part"}, ListGenerator::End::error);
  start();
  RawClient client = connect();
  client.send(get("/bad") + get("/b"));
  const RawReply reply = client.read_reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.whole);
  EXPECT_TRUE(client.at_end());
  EXPECT_THAT(handler.targets(), ::testing::ElementsAre("/bad"));
  EXPECT_FALSE(handler.wait_accounts(1).front().complete);
}

TEST_F(WireResponseBody, AHandlerThatThrowsGets500AndTheServerLives) {
  handler.on("/throws", [](const http::Request&) -> http::Outcome { throw std::runtime_error("oops"); });
  start();
  RawClient client = connect();
  client.send(get("/throws"));
  EXPECT_EQ(client.read_reply().status, 500);
  RawClient other = connect();
  other.send(get("/b"));
  EXPECT_EQ(other.read_reply().status, 200);
}

TEST_F(WireResponseBody, AClientThatLeavesInMidAnswerIsForgotten) {
  const std::string content = pattern(30'000'000);
  serve_file("/file", file_with(content), 0, content.size());
  start();
  {
    RawClient client = connect();
    client.send(get("/file"));
    client.read_exactly(1'000'000);
    client.reset();
  }
  const http::Account account = handler.wait_accounts(1).front();
  EXPECT_EQ(account.status, 200);
  EXPECT_FALSE(account.complete);
  EXPECT_LT(account.response_bytes, content.size());
}

}  // namespace
}  // namespace berth::test
