#include "berth/oci/byte_range.h"

#include <algorithm>
#include <limits>

#include "berth/base/ascii.h"
#include "berth/base/bytes.h"
#include "oci/text.h"

namespace berth::oci {

namespace {

using base::ErrorCode;

constexpr std::uint64_t kMaxPosition = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

// Range units are case-insensitive (RFC 9110 §14.1).
bool is_bytes_unit(std::string_view text) { return base::equal_ignoring_case(text, "bytes"); }

bool is_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == text.npos; }

// A run of digits; a position beyond 64 bits lies beyond every blob, so the largest number stands for it.
std::uint64_t position_of(std::string_view digits) {
  return base::parse_decimal(digits).value_or(std::numeric_limits<std::uint64_t>::max());
}

// int-range or suffix-range of RFC 9110 §14.1.2 in its text form.
struct RangeSpec {
  std::string_view first;  // empty: the last `last` bytes
  std::string_view last;   // empty: to the end
};

std::optional<RangeSpec> parse_spec(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == text.npos) return std::nullopt;
  const RangeSpec spec{text.substr(0, dash), text.substr(dash + 1)};
  if (spec.first.empty() && spec.last.empty()) return std::nullopt;
  if (!spec.first.empty() && !is_digits(spec.first)) return std::nullopt;
  if (!spec.last.empty() && !is_digits(spec.last)) return std::nullopt;
  return spec;
}

// The one spec of a set; nullopt when there are several, none, or something else. Empty list elements count for nothing
// (RFC 9110 §5.6.1.2).
std::optional<RangeSpec> parse_single_spec(std::string_view set) {
  std::optional<RangeSpec> found;
  for (std::size_t at = 0; at <= set.size();) {
    const std::size_t end = std::min(set.find(',', at), set.size());
    const std::string_view element = trim_blanks(set.substr(at, end - at));
    at = end + 1;
    if (element.empty()) continue;
    if (found) return std::nullopt;
    found = parse_spec(element);
    if (!found) return std::nullopt;
  }
  return found;
}

tl::unexpected<base::Error> outside(std::string_view header, std::uint64_t size, std::string_view why) {
  return base::fail(ErrorCode::range_invalid,
                    "range " + show(header) + ": " + std::string(why) + "; the content has " + std::to_string(size) + " bytes");
}

}  // namespace

base::Result<std::optional<ByteRange>> parse_range(std::string_view header, std::uint64_t size) {
  const std::string_view value = trim_blanks(header);
  const auto equals = value.find('=');
  if (equals == value.npos || !is_bytes_unit(value.substr(0, equals))) return std::nullopt;
  const auto spec = parse_single_spec(value.substr(equals + 1));
  if (!spec) return std::nullopt;

  if (spec->first.empty()) {
    const std::uint64_t suffix = position_of(spec->last);
    if (suffix == 0) return outside(value, size, "asks for the last 0 bytes");
    if (size == 0) return outside(value, size, "the content is empty");
    const std::uint64_t length = std::min(suffix, size);
    return ByteRange{size - length, length};
  }
  const std::uint64_t first = position_of(spec->first);
  if (!spec->last.empty() && position_of(spec->last) < first) return outside(value, size, "its end lies before its start");
  if (first >= size) return outside(value, size, "starts behind the last byte");
  const std::uint64_t last = spec->last.empty() ? size - 1 : std::min(position_of(spec->last), size - 1);
  return ByteRange{first, last - first + 1};
}

base::Result<ByteRange> parse_chunk_range(std::string_view header) {
  const auto invalid = [header](std::string_view why) {
    return base::fail(ErrorCode::range_invalid, "Content-Range " + show(header) + ": " + std::string(why) +
                                                    "; expected <first>-<last>, both inclusive, such as 0-1048575");
  };
  std::string_view value = trim_blanks(header);
  std::string_view total;
  if (const auto space = value.find(' '); space != value.npos) {
    if (!is_bytes_unit(value.substr(0, space))) return invalid("the unit is not bytes");
    value = trim_blanks(value.substr(space + 1));
    const auto slash = value.find('/');
    if (slash == value.npos) return invalid("the unit bytes needs the form bytes <first>-<last>/*");
    total = value.substr(slash + 1);
    value = value.substr(0, slash);
    if (total != "*" && !is_digits(total)) return invalid("behind '/' a size or '*' must stand");
  }
  const auto dash = value.find('-');
  if (dash == value.npos || !is_digits(value.substr(0, dash)) || !is_digits(value.substr(dash + 1))) {
    return invalid("not two decimal numbers with a '-' between them");
  }
  const std::uint64_t first = position_of(value.substr(0, dash));
  const std::uint64_t last = position_of(value.substr(dash + 1));
  if (last >= kMaxPosition) return invalid("the end is too large");
  if (last < first) return invalid("the end lies before the start");
  if (is_digits(total) && position_of(total) <= last) return invalid("the end lies behind the stated size");
  return ByteRange{first, last - first + 1};
}

std::string format_upload_range(std::uint64_t offset) { return "0-" + std::to_string(offset == 0 ? 0 : offset - 1); }

std::string format_content_range(std::optional<ByteRange> range, std::uint64_t size) {
  if (!range) return "bytes */" + std::to_string(size);
  return "bytes " + std::to_string(range->offset) + "-" + std::to_string(range->offset + range->length - 1) + "/" +
         std::to_string(size);
}

}  // namespace berth::oci
