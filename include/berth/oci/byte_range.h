// Ranges of bytes: a Range header against a known size, the Content-Range of an upload chunk, and the Range of an upload's status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "berth/base/error.h"

namespace berth::oci {

// [offset, offset + length), length ≥ 1.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// What a Range header asks of a body of `size` bytes. nullopt: serve the whole body (another unit than bytes, several ranges,
// a value that is not a range at all: RFC 9110 §14.2 lets a server ignore those).
// Errors: range_invalid when one well-formed range lies outside, its end before its start, or the body is empty → 416.
base::Result<std::optional<ByteRange>> parse_range(std::string_view header, std::uint64_t size);

// "a-b" of an upload chunk, "bytes a-b/*" accepted too. Errors: range_invalid (form, or b < a).
// Spec: distribution-spec "Pushing a blob in chunks".
base::Result<ByteRange> parse_chunk_range(std::string_view header);

// "0-<last>" of an upload that holds `offset` bytes; "0-0" before the first byte, as every registry says it.
std::string format_upload_range(std::uint64_t offset);
// "bytes a-b/size"; "bytes */size" without a range.
std::string format_content_range(std::optional<ByteRange> range, std::uint64_t size);

}  // namespace berth::oci
