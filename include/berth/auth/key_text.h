// The text of a key: what a client stores and sends. Pure.
//
//   berth_p 0Ab…9 (43)  xYz123 (6)          nvapi- 0Ab…9 (43)  xYz123 (6)
//   ─┬───── ──┬───────  ──┬───              the same secret and the same check, for clients that look for that prefix
//    │        │           └ CRC-32/ISO-HDLC of "berth_" + kind + the 43 characters, base62, left-padded with '0'
//    │        └ 32 random bytes as a number in base62, left-padded with '0'
//    └ "berth_" + kind: p personal, s service, l legacy
//
// The check finds slips of the pen and lets scanners of leaked secrets be sure; it keeps nobody out. Stored is the SHA-256 of the 43
// characters alone, so both spellings are one key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "berth/catalog/accounts.h"

namespace berth::auth {

struct KeyText {
  std::string secret;  // the 43 characters
  catalog::KeyKind kind = catalog::KeyKind::personal;

  [[nodiscard]] std::string berth_spelling() const;
  [[nodiscard]] std::string nvapi_spelling() const;
  // Hex of SHA-256 of the secret: what is stored and looked up.
  [[nodiscard]] std::string hash() const;
};

KeyText make_key_text(catalog::KeyKind kind);
// Whether it claims to be a key at all; then a password or token it is not.
bool looks_like_key(std::string_view text);
// nullopt for anything whose form or check is wrong. The nvapi- spelling does not say its kind: it is found by trying the three.
std::optional<KeyText> parse_key_text(std::string_view text);

}  // namespace berth::auth
