#include "http/head_scan.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "http/text.h"

namespace berth::http {

namespace {

tl::unexpected<base::Error> malformed(const char* why) { return base::fail(base::ErrorCode::request_malformed, why); }
tl::unexpected<base::Error> too_large(const char* why) { return base::fail(base::ErrorCode::header_too_large, why); }

constexpr bool is_refused(char c) { return is_control(c) && c != '\t'; }

// The first control character that is no tab. In pieces of a known length, which the compiler compares many characters at once; only when
// something was found, be it a tab, they are looked at one after the other.
std::optional<char> find_control(std::string_view line) {
  constexpr std::size_t kAtOnce = 16;
  std::array<unsigned char, kAtOnce> found{};
  std::size_t at = 0;
  for (; at + kAtOnce <= line.size(); at += kAtOnce) {
    const char* piece = line.data() + at;
    for (std::size_t i = 0; i < kAtOnce; ++i) found[i] |= static_cast<unsigned char>(is_control(piece[i]));
  }
  if (std::any_of(found.begin(), found.end(), [](unsigned char any) { return any != 0; })) at = 0;
  const auto first = std::find_if(line.begin() + static_cast<std::ptrdiff_t>(at), line.end(), is_refused);
  if (first == line.end()) return std::nullopt;
  return *first;
}

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
  const auto control = find_control(line);
  if (!control) return {};
  if (*control == '\r') return malformed("a header line has a CR that ends no line");
  return malformed(*control == '\0' ? "a header line has a NUL" : "a header line has a control character");
}

}  // namespace berth::http
