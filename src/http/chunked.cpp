#include "http/chunked.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "http/text.h"

namespace berth::http {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;

namespace {

// Beast's parser reads bodies only after a head; every body has had its own head checked elsewhere.
constexpr std::string_view kHead = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";

// From the start of any chunk header at least "0\r\n\r\n" or "1\r\nx…" must follow. With fewer bytes at hand the parser is not asked: it
// asserts (Beast 1.81) when the last chunk comes in pieces shorter than this.
constexpr std::size_t kShortestRest = 5;

// What chunk headers may cost beyond twice the content they frame, over the whole body.
constexpr std::uint64_t kOverheadAllowance = 16 * 1024;
constexpr std::uint64_t kOverheadPerChunk = 16;

tl::unexpected<base::Error> malformed(std::string why) { return base::fail(base::ErrorCode::request_malformed, std::move(why)); }

}  // namespace

class ChunkedDecoder::Parser final : public beast_http::basic_parser<true> {
 public:
  Parser() {
    body_limit(boost::none);
    header_limit(kMaxOverhead);
    error_code error;
    put(boost::asio::const_buffer(kHead.data(), kHead.size()), error);
    eager(true);
  }

  std::span<std::byte> into;
  std::size_t produced = 0;
  std::uint64_t in_chunk = 0;  // bytes of the present chunk still to come
  std::uint64_t content = 0;   // over the whole body
  std::uint64_t chunks = 0;
  std::uint64_t overhead = 0;  // bytes that were not content

 private:
  using Text = boost::beast::string_view;

  void on_request_impl(beast_http::verb, Text, Text, int, error_code&) override {}
  void on_response_impl(int, Text, int, error_code&) override {}
  void on_field_impl(beast_http::field, Text, Text, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(Text, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}

  void on_chunk_header_impl(std::uint64_t size, Text extensions, error_code& error) override {
    // A quoted extension value may hold anything for Beast; a line end in it is where other readers would end the line.
    if (std::any_of(extensions.begin(), extensions.end(), [](char c) { return is_control(c) && c != '\t'; })) {
      error = beast_http::error::bad_chunk_extension;
    }
    in_chunk = size;
    ++chunks;
  }

  std::size_t on_chunk_body_impl(std::uint64_t, Text body, error_code&) override {
    std::memmove(into.data() + produced, body.data(), body.size());
    produced += body.size();
    content += body.size();
    in_chunk -= body.size();
    return body.size();
  }
};

ChunkedDecoder::ChunkedDecoder() : parser_(std::make_unique<Parser>()) {}
ChunkedDecoder::~ChunkedDecoder() = default;
ChunkedDecoder::ChunkedDecoder(ChunkedDecoder&&) noexcept = default;
ChunkedDecoder& ChunkedDecoder::operator=(ChunkedDecoder&&) noexcept = default;

base::Result<ChunkedDecoder::Progress> ChunkedDecoder::decode(std::span<const std::byte> input, std::span<std::byte> into) {
  Parser& parser = *parser_;
  parser.into = into;
  parser.produced = 0;
  Progress progress;
  try {
    while (!done() && progress.consumed < input.size()) {
      const std::span<const std::byte> rest = input.subspan(progress.consumed);
      if (parser.in_chunk == 0 && rest.size() < kShortestRest) break;
      error_code error;
      const std::size_t used = parser.put(boost::asio::const_buffer(rest.data(), rest.size()), error);
      progress.consumed += used;
      if (error == beast_http::error::need_more) {
        if (input.size() - progress.consumed >= kMaxOverhead) return malformed("a chunk header or the trailers are too long");
        break;
      }
      if (error) return malformed("the chunked body is malformed: " + error.message());
      if (used == 0) break;
    }
  } catch (const std::exception& error) {
    return base::fail(base::Error(base::ErrorCode::internal, "the body could not be read").in(error.what()));
  }
  progress.produced = parser.produced;
  parser.overhead += progress.consumed - progress.produced;
  if (parser.overhead > kOverheadAllowance + 2 * parser.content + kOverheadPerChunk * parser.chunks) {
    return malformed("the chunked body has far more framing than content");
  }
  return progress;
}

bool ChunkedDecoder::done() const { return parser_->is_done(); }

}  // namespace berth::http
