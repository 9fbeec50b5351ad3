#include "berth/oci/digest.h"

#include <algorithm>

#include "oci/text.h"

namespace berth::oci {

namespace {

using base::ErrorCode;
using base::HashAlgorithm;

constexpr std::size_t hex_length(HashAlgorithm algorithm) { return algorithm == HashAlgorithm::sha256 ? 64 : 128; }

constexpr bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
constexpr bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

// algorithm-component ( [+._-] algorithm-component )*, components of a-z and 0-9.
bool is_algorithm(std::string_view text) {
  bool after_separator = true;
  for (const char c : text) {
    if (is_lower_or_digit(c)) {
      after_separator = false;
    } else if (after_separator || (c != '+' && c != '.' && c != '_' && c != '-')) {
      return false;
    } else {
      after_separator = true;
    }
  }
  return !after_separator;
}

// [a-zA-Z0-9=_-]+
bool is_encoded(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '=' || c == '_' || c == '-';
  });
}

tl::unexpected<base::Error> invalid(std::string_view text, const std::string& rule) {
  return base::fail(ErrorCode::digest_invalid, show(text) + " is not a digest: " + rule);
}

std::string prefixed(HashAlgorithm algorithm, std::string_view hex) {
  std::string text(base::hash_algorithm_name(algorithm));
  text += ':';
  text += hex;
  return text;
}

}  // namespace

base::Result<Digest> Digest::parse(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == text.npos) return invalid(text, "expected <algorithm>:<hex>, such as sha256: and 64 hexadecimal digits");
  const std::string_view name = text.substr(0, colon);
  const std::string_view encoded = text.substr(colon + 1);
  if (!is_algorithm(name)) {
    return invalid(text, "the algorithm before ':' must be lower-case letters and digits, such as sha256");
  }
  const auto algorithm = base::find_hash_algorithm(name);
  if (!algorithm) {
    if (!is_encoded(encoded)) return invalid(text, "after ':' one or more of a-z A-Z 0-9 = _ - must follow");
    return base::fail(ErrorCode::digest_unsupported,
                      "digest algorithm " + show(name) + " is not supported; use sha256 or sha512");
  }
  const std::size_t expected = hex_length(*algorithm);
  if (encoded.size() != expected) {
    return invalid(text, std::string(name) + " has " + std::to_string(expected) + " hexadecimal digits, not " +
                             std::to_string(encoded.size()));
  }
  if (!std::all_of(encoded.begin(), encoded.end(), is_hex)) {
    return invalid(text, "the digits after ':' must be 0-9 and lower-case a-f");
  }
  return Digest(*algorithm, std::string(text));
}

Digest Digest::of_hex(base::HashAlgorithm algorithm, std::string_view hex) { return Digest(algorithm, prefixed(algorithm, hex)); }

Digest Digest::of_bytes(base::HashAlgorithm algorithm, base::ByteView bytes) {
  return of_hex(algorithm, base::hash_hex(algorithm, bytes));
}

}  // namespace berth::oci
