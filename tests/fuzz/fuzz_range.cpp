// Input: the size of the content in decimal, a newline, a Range or Content-Range header.
#include "berth/base/bytes.h"
#include "berth/oci/byte_range.h"
#include "fuzz/fuzz.h"

namespace {

using namespace berth;
using fuzz::expect;

void check_range(std::string_view header, std::uint64_t size) {
  const auto range = oci::parse_range(header, size);
  if (!range) {
    expect(range.error().code() == base::ErrorCode::range_invalid, "only range_invalid comes from a range");
    return;
  }
  if (!*range) return;
  const oci::ByteRange found = **range;
  expect(found.length >= 1, "a range holds at least one byte");
  expect(found.offset < size && found.length <= size - found.offset, "a range lies within the content");

  // Said as "bytes=first-last", the same range is found again.
  const std::string canonical = "bytes=" + std::to_string(found.offset) + "-" + std::to_string(found.offset + (found.length - 1));
  const auto again = oci::parse_range(canonical, size);
  expect(again && *again == found, "the canonical spelling means the same range");
}

void check_chunk(std::string_view header) {
  const auto chunk = oci::parse_chunk_range(header);
  if (!chunk) {
    expect(chunk.error().code() == base::ErrorCode::range_invalid, "only range_invalid comes from a chunk range");
    return;
  }
  expect(chunk->length >= 1, "a chunk holds at least one byte");
  expect(chunk->offset <= INT64_MAX && chunk->length <= INT64_MAX - chunk->offset, "a chunk ends where a file can end");
  const std::string plain = std::to_string(chunk->offset) + "-" + std::to_string(chunk->offset + (chunk->length - 1));
  expect(oci::parse_chunk_range(plain) == *chunk, "the plain spelling means the same chunk");
  // What the registry answers after a chunk from the start is that chunk's own range.
  if (chunk->offset == 0) expect(oci::format_upload_range(chunk->length) == plain, "an upload's status is written the same way");
  const std::string content = oci::format_content_range(*chunk, chunk->offset + chunk->length);
  expect(oci::parse_chunk_range(content) == *chunk, "our own Content-Range is a chunk range");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view header = fuzz::as_text(data, size);
  const std::string_view content_size = fuzz::take_line(header);
  check_range(header, base::parse_decimal(content_size).value_or(2048));
  check_chunk(header);
  return 0;
}
