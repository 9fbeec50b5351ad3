#include "berth/auth/key_text.h"

#include <algorithm>
#include <array>

#include "berth/base/hash.h"

namespace berth::auth {

using catalog::KeyKind;

namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kBerth = "berth_";
constexpr std::string_view kNvapi = "nvapi-";
constexpr std::size_t kSecretLength = 43;
constexpr std::size_t kCheckLength = 6;
constexpr std::array kKinds = {KeyKind::personal, KeyKind::service, KeyKind::legacy};

char letter_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::personal: return 'p';
    case KeyKind::service: return 's';
    case KeyKind::legacy: return 'l';
  }
  return 'p';
}

// The bytes as one big-endian number: divided by 62 until nothing is left.
std::string base62(std::string bytes, std::size_t length) {
  std::string text(length, kDigits[0]);
  for (std::size_t place = length; place-- > 0;) {
    unsigned rest = 0;
    for (char& byte : bytes) {
      const unsigned value = rest * 256 + static_cast<unsigned char>(byte);
      byte = static_cast<char>(value / 62);
      rest = value % 62;
    }
    text[place] = kDigits[rest];
  }
  return text;
}

std::string check_of(std::string_view everything_before) {
  const auto crc = base::crc32(base::as_bytes(everything_before));
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((crc >> shift) & 0xff);
  return base62(std::move(bytes), kCheckLength);
}

bool is_base62(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return kDigits.find(c) != std::string_view::npos; });
}

}  // namespace

std::string KeyText::berth_spelling() const {
  std::string text = std::string(kBerth) + letter_of(kind) + secret;
  return text + check_of(text);
}

std::string KeyText::nvapi_spelling() const {
  const auto whole = berth_spelling();
  return std::string(kNvapi) + whole.substr(kBerth.size() + 1);
}

std::string KeyText::hash() const { return base::hash_hex(base::HashAlgorithm::sha256, base::as_bytes(secret)); }

KeyText make_key_text(KeyKind kind) { return {base62(base::random_bytes(32), kSecretLength), kind}; }

bool looks_like_key(std::string_view text) { return text.starts_with(kBerth) || text.starts_with(kNvapi); }

std::optional<KeyText> parse_key_text(std::string_view text) {
  std::optional<char> letter;
  if (text.starts_with(kBerth)) {
    text.remove_prefix(kBerth.size());
    if (text.empty()) return std::nullopt;
    letter = text.front();
    text.remove_prefix(1);
  } else if (text.starts_with(kNvapi)) {
    text.remove_prefix(kNvapi.size());
  } else {
    return std::nullopt;
  }
  if (text.size() != kSecretLength + kCheckLength || !is_base62(text)) return std::nullopt;
  const auto secret = text.substr(0, kSecretLength);
  for (const auto kind : kKinds) {
    if (letter && *letter != letter_of(kind)) continue;
    KeyText key{std::string(secret), kind};
    if (key.berth_spelling().ends_with(text)) return key;
  }
  return std::nullopt;
}

}  // namespace berth::auth
