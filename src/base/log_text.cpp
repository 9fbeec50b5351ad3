#include "base/log_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include "berth/base/ascii.h"
#include "berth/base/log.h"

namespace berth::base::log {

namespace {

constexpr std::string_view kRedacted = "[redacted]";

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (lower_ascii(c) >= 'a' && lower_ascii(c) <= 'z'); }
bool is_url_safe(char c) { return is_alphanumeric(c) || c == '_' || c == '-'; }
// RFC 9110 token68, which Bearer and Basic carry.
bool is_token68(char c) { return is_url_safe(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '='; }
bool is_jwt(char c) { return is_url_safe(c) || c == '.'; }
bool is_query_value(char c) { return c != '&' && c != '#' && c != '"' && static_cast<unsigned char>(c) > ' '; }

// What a credential looks like: a prefix, then at least `shortest` characters of one alphabet.
struct Shape {
  std::string_view prefix;
  bool (*alphabet)(char);
  std::size_t shortest;
  bool spaces;  // blanks may stand between the prefix and the rest
};

// The shortest lengths keep metric names (berth_http_…) and plain words readable.
constexpr std::array<Shape, 11> kShapes = {{{"bearer ", is_token68, 1, true},
                                            {"basic ", is_token68, 1, true},
                                            {"berth_", is_alphanumeric, 16, false},
                                            {"nvapi-", is_url_safe, 8, false},
                                            {"eyj", is_jwt, 16, false},
                                            {"_state=", is_query_value, 1, false},
                                            {"token=", is_query_value, 1, false},
                                            {"password=", is_query_value, 1, false},
                                            {"secret=", is_query_value, 1, false},
                                            {"credentials=", is_query_value, 1, false},
                                            {"key=", is_query_value, 1, false}}};

// The length of the credential at text[at], or 0; `kept` is how much of it may stay.
std::size_t credential_at(std::string_view text, std::size_t at, std::size_t& kept) {
  for (const Shape& shape : kShapes) {
    if (!equal_ignoring_case(text.substr(at, shape.prefix.size()), shape.prefix)) continue;
    std::size_t start = at + shape.prefix.size();
    while (shape.spaces && start < text.size() && text[start] == ' ') ++start;
    std::size_t end = start;
    while (end < text.size() && shape.alphabet(text[end])) ++end;
    if (end - start < shape.shortest) continue;
    while (end < text.size() && is_url_safe(text[end])) ++end;  // whatever is glued to it may be the rest of it
    const char last = shape.prefix.back();
    kept = last == ' ' || last == '=' ? shape.prefix.size() : 0;
    return end - at;
  }
  return 0;
}

// A code point of well-formed UTF-8 at text[at] and its length; length 0 when the bytes are not UTF-8.
struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 0;
};

CodePoint decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > text.size()) return {};
  std::uint32_t value = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[length] || value > 0x10FFFF || surrogate) return {};
  return {value, length};
}

void append_code_unit(std::string& out, std::uint32_t value) {
  char text[8];
  std::snprintf(text, sizeof text, "\\u%04x", static_cast<unsigned>(value & 0xFFFF));
  out += text;
}

}  // namespace

bool is_secret_name(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kNames = {"authorization", "cookie", "password", "token",
                                                             "secret",        "key",    "_state"};
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view secret) {
    return name.size() >= secret.size() && equal_ignoring_case(name.substr(name.size() - secret.size()), secret);
  });
}

std::string redact(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t kept = 0;
    const std::size_t length = credential_at(text, at, kept);
    if (length == 0) {
      clean += text[at++];
      continue;
    }
    clean.append(text.substr(at, kept)).append(kRedacted);
    at += length;
  }
  return clean;
}

void append_escaped(std::string& out, std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const CodePoint point = decode(text, at);
    if (point.length == 0) {
      out += "\\ufffd";
      ++at;
      continue;
    }
    const bool line_separator = point.value == 0x2028 || point.value == 0x2029;
    if (point.value == '"' || point.value == '\\') {
      out += '\\';
      out += static_cast<char>(point.value);
    } else if (point.value == '\n') {
      out += "\\n";
    } else if (point.value == '\r') {
      out += "\\r";
    } else if (point.value == '\t') {
      out += "\\t";
    } else if (point.value < 0x20 || (point.value >= 0x7F && point.value < 0xA0) || line_separator) {
      append_code_unit(out, point.value);
    } else {
      out.append(text.substr(at, point.length));
    }
    at += point.length;
  }
}

}  // namespace berth::base::log
