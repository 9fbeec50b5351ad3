#include "http/chunked.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "berth/base/bytes.h"

namespace berth::http {
namespace {

struct Decoded {
  std::string content;
  std::string rest;  // behind the body
  bool done = false;
  bool failed = false;
};

// Feeds `wire` in pieces of `step` bytes the way a receiver does: what is left over stays before what comes next.
Decoded decode(const std::string& wire, std::size_t step) {
  ChunkedDecoder decoder;
  Decoded decoded;
  std::string pending;
  for (std::size_t at = 0; at < wire.size() && !decoder.done(); at += step) {
    pending += wire.substr(at, step);
    std::string into(pending.size(), '\0');
    const auto progress = decoder.decode(base::as_bytes(pending), {reinterpret_cast<std::byte*>(into.data()), into.size()});
    if (!progress) {
      decoded.failed = true;
      return decoded;
    }
    decoded.content += into.substr(0, progress->produced);
    pending.erase(0, progress->consumed);
    decoded.rest = pending + (at + step < wire.size() ? wire.substr(at + step) : "");
  }
  decoded.done = decoder.done();
  return decoded;
}

TEST(Chunked, DecodesInPiecesOfAnySize) {
  const std::string wire = "5\r\nhello\r\nB;x=y\r\n, big world\r\n000\r\nA: b\r\n\r\nGET";
  for (std::size_t step = 1; step <= wire.size(); ++step) {
    const Decoded decoded = decode(wire, step);
    EXPECT_EQ(decoded.content, "hello, big world") << step;
    EXPECT_TRUE(decoded.done) << step;
    EXPECT_EQ(decoded.rest, "GET") << step;
  }
}

// Beast 1.81 asserts when the last chunk of an empty body comes as "0\r\n" and then byte by byte.
TEST(Chunked, DecodesAnEmptyBodyInPieces) {
  for (std::size_t step = 1; step <= 5; ++step) {
    const Decoded decoded = decode("0\r\n\r\n", step);
    EXPECT_TRUE(decoded.done) << step;
    EXPECT_EQ(decoded.content, "");
  }
}

TEST(Chunked, DecodesInPlace) {
  std::string buffer = "3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n";
  ChunkedDecoder decoder;
  const auto progress = decoder.decode(base::as_bytes(buffer), {reinterpret_cast<std::byte*>(buffer.data()), buffer.size()});
  ASSERT_TRUE(progress);
  EXPECT_EQ(buffer.substr(0, progress->produced), "abc0123456789abcdef");
  EXPECT_TRUE(decoder.done());
}

TEST(Chunked, IsNotDoneBeforeTheEnd) {
  const std::string wire = "1\r\na\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < wire.size(); ++size) EXPECT_FALSE(decode(wire.substr(0, size), 3).done) << size;
}

TEST(Chunked, RefusesTooMuchFraming) {
  EXPECT_TRUE(decode("1;" + std::string(5000, 'a'), 1000).failed);
  EXPECT_TRUE(decode("0\r\nA: " + std::string(5000, 'a'), 1000).failed);
  std::string tiny;
  for (int i = 0; i < 100'000; ++i) tiny += "1\r\na\r\n";
  EXPECT_EQ(decode(tiny + "0\r\n\r\n", 8192).content.size(), 100'000u);
  std::string wordy;
  for (int i = 0; i < 1000; ++i) wordy += "1;" + std::string(100, 'a') + "\r\na\r\n";
  EXPECT_TRUE(decode(wordy, 8192).failed);
}

}  // namespace
}  // namespace berth::http
