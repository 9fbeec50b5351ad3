// Finds the end of a request head in raw bytes and refuses what two readers could split differently.
//
// What this is: a line scanner that runs before any parser sees the bytes: every line ends in CRLF, no control character but tabs, no folded
// line (RFC 9112 §5.2; RFC 9110 §5.5), bounded in bytes and lines. What it is not: a parser of fields. Pure.
#pragma once

#include <cstddef>
#include <string_view>

#include "berth/base/error.h"

namespace berth::http {

struct HeadLimits {
  std::size_t bytes = 32 * 1024;
  std::size_t fields = 128;
};

class HeadScanner {
 public:
  explicit HeadScanner(HeadLimits limits) : limits_(limits) {}

  // `bytes` is everything received so far for this head (earlier calls saw a prefix of it). The length of the head with its empty line,
  // or 0: more bytes are needed.
  // Errors: request_malformed, header_too_large.
  // Spec:   RFC 9112 §2.2, §5.
  base::Result<std::size_t> scan(std::string_view bytes);

 private:
  base::Result<void> check_line(std::string_view line) const;

  HeadLimits limits_;
  std::size_t line_start_ = 0;
  std::size_t scanned_ = 0;
  std::size_t lines_ = 0;
};

}  // namespace berth::http
