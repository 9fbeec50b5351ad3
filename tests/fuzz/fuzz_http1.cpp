// Input: the size of the pieces in decimal, a newline, the bytes of one HTTP/1 request as a connection brings them.
#include <algorithm>
#include <string>
#include <vector>

#include "berth/base/bytes.h"
#include "fuzz/fuzz.h"
#include "http/chunked.h"
#include "http/head.h"
#include "http/head_scan.h"

namespace {

using namespace berth;
using fuzz::expect;

// 0: more is needed. nullopt: refused.
std::optional<std::size_t> scan(std::string_view bytes, std::size_t step) {
  http::HeadScanner scanner(http::HeadLimits{});
  for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    const auto length = scanner.scan(bytes.substr(0, end));
    if (!length) return std::nullopt;
    if (*length > 0 || end == bytes.size()) return *length;
  }
}

void check_head(std::string_view head, const http::Request& request, const http::HeadFacts& facts) {
  expect(request.target.front() == '/' || request.target == "*", "a target is a path or a star");
  expect(request.method_text.size() <= 32, "a method is short");
  expect(request.fields.find_all("Host").size() <= 1, "there is one Host");
  expect(request.protocol == http::Protocol::http1_0 || !request.authority.empty(), "HTTP/1.1 names its host");
  const auto lengths = request.fields.find_all("Content-Length");
  const auto encodings = request.fields.find_all("Transfer-Encoding");
  expect(lengths.size() + encodings.size() <= 1, "there is one way to find the end");
  expect((facts.framing == http::BodyFraming::chunked) == !encodings.empty(), "a transfer coding is chunked");
  expect(encodings.empty() || request.protocol == http::Protocol::http1_1, "HTTP/1.0 has no chunks");
  expect(request.content_length.has_value() == !lengths.empty(), "a length is a number");
  for (const auto& [name, value] : request.fields.all()) {
    expect(!name.empty() && head.find(name) != std::string_view::npos, "a name was sent");
    expect(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a value has no line end");
  }
}

struct Decoded {
  std::string content;
  std::size_t used = 0;
  bool done = false;
  bool failed = false;
};

Decoded decode(std::string_view wire, std::size_t step) {
  http::ChunkedDecoder decoder;
  Decoded decoded;
  std::string pending;
  for (std::size_t at = 0; at < wire.size() && !decoder.done(); at += step) {
    pending += wire.substr(at, step);
    // In place, as the receiver does it.
    const auto bytes = std::span(reinterpret_cast<std::byte*>(pending.data()), pending.size());
    const auto progress = decoder.decode(bytes, bytes);
    if (!progress) {
      decoded.failed = true;
      return decoded;
    }
    expect(progress->produced <= progress->consumed && progress->consumed <= pending.size(), "content comes from the input");
    decoded.content += pending.substr(0, progress->produced);
    decoded.used += progress->consumed;
    pending.erase(0, progress->consumed);
    expect(decoder.done() || pending.size() <= http::ChunkedDecoder::kMaxOverhead, "little waits for more");
  }
  decoded.done = decoder.done();
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes = fuzz::as_text(data, size);
  const std::size_t step = std::clamp<std::uint64_t>(base::parse_decimal(fuzz::take_line(bytes)).value_or(1), 1, 1 << 20);
  const auto length = scan(bytes, bytes.size() + 1);
  const auto in_pieces = scan(bytes, step);
  expect(length == in_pieces, "where pieces end does not matter to the head");
  if (!length || *length == 0) return 0;
  http::Request request;
  const auto facts = http::parse_head(bytes.substr(0, *length), request);
  if (!facts) return 0;
  check_head(bytes.substr(0, *length), request, *facts);
  if (facts->framing != http::BodyFraming::chunked) return 0;
  const std::string_view body = bytes.substr(*length);
  const Decoded whole = decode(body, body.size() + 1);
  const Decoded pieces = decode(body, step);
  if (whole.done && pieces.done) {
    expect(whole.content == pieces.content && whole.used == pieces.used, "where pieces end does not matter to the body");
  }
  return 0;
}
