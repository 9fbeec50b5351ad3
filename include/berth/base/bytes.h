// Views of raw bytes and their text forms. No ownership, no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace berth::base {

using ByteView = std::span<const std::byte>;

inline ByteView as_bytes(std::string_view text) { return {reinterpret_cast<const std::byte*>(text.data()), text.size()}; }
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Lower-case hexadecimal.
std::string to_hex(ByteView bytes);
// nullopt unless `text` is an even number of lower-case hexadecimal digits.
std::optional<std::string> from_hex(std::string_view text);

// Decimal digits only, no sign, no space, no overflow; nullopt otherwise.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

}  // namespace berth::base
