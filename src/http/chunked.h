// Decodes a chunked request body (RFC 9112 §7.1) in place, through Beast's parser. Trailers and extensions are read and dropped.
//
// Bounded: one chunk header, or the trailers together, have at most kMaxOverhead bytes; and what chunk headers cost over the whole body may
// not grow far beyond the content they frame. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "berth/base/error.h"

namespace berth::http {

class ChunkedDecoder {
 public:
  // The most bytes that can be left over, waiting for more: buffers must be larger.
  static constexpr std::size_t kMaxOverhead = 4096;

  ChunkedDecoder();
  ~ChunkedDecoder();
  ChunkedDecoder(ChunkedDecoder&&) noexcept;
  ChunkedDecoder& operator=(ChunkedDecoder&&) noexcept;

  struct Progress {
    std::size_t consumed =
        0;  // of the input; the rest is to be given again with more bytes behind it, or belongs to the next request
    std::size_t produced = 0;  // content, written to the front of `into`
  };
  // Takes bytes of the body from `input` and writes content to `into`, which may begin before `input` in the same buffer and overlap it,
  // and is at least as long.
  // Errors: request_malformed.
  base::Result<Progress> decode(std::span<const std::byte> input, std::span<std::byte> into);
  // The last chunk and the trailers were consumed.
  [[nodiscard]] bool done() const;

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace berth::http
