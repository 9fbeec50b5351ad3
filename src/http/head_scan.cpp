#include "http/head_scan.h"

#include "http/text.h"

namespace berth::http {

namespace {

tl::unexpected<base::Error> malformed(const char* why) { return base::fail(base::ErrorCode::request_malformed, why); }
tl::unexpected<base::Error> too_large(const char* why) { return base::fail(base::ErrorCode::header_too_large, why); }

}  // namespace

base::Result<std::size_t> HeadScanner::scan(std::string_view bytes) {
  // Not HTTP at all (a TLS hello, say): answered at once instead of waiting for a line end that may never come.
  if (scanned_ == 0 && !bytes.empty() && !is_token_char(bytes.front())) return malformed("a request starts with a method");
  for (;;) {
    const std::size_t line_feed = bytes.find('\n', scanned_);
    const std::size_t seen = line_feed == std::string_view::npos ? bytes.size() : line_feed + 1;
    if (seen > limits_.bytes) return too_large("the request line and header fields are too long");
    scanned_ = seen;
    if (line_feed == std::string_view::npos) return std::size_t{0};
    if (line_feed == line_start_ || bytes[line_feed - 1] != '\r') return malformed("a header line ends in LF without CR");
    const std::string_view line = bytes.substr(line_start_, line_feed - 1 - line_start_);
    if (line.empty()) return seen;
    BERTH_CHECK_OK(check_line(line));
    ++lines_;
    if (lines_ > limits_.fields + 1) return too_large("the request has too many header fields");
    line_start_ = seen;
  }
}

base::Result<void> HeadScanner::check_line(std::string_view line) const {
  if (lines_ > 0 && (line.front() == ' ' || line.front() == '\t'))
    return malformed("a header field is folded over several lines");
  if (line.find('\r') != std::string_view::npos) return malformed("a header line has a CR that ends no line");
  if (line.find('\0') != std::string_view::npos) return malformed("a header line has a NUL");
  return {};
}

}  // namespace berth::http
