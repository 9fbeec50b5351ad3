// Tokens: compact JWS (RFC 7515 §3.1) with one algorithm, Ed25519 (RFC 8037). docs/adr says why these lines are ours.
//
// What this is: claims → text, and text → claims that were checked against the key ring and the clock. What it is not: rights. A token
// names its principal and what it was issued for; what that principal may is looked up at each use.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "auth/key_ring.h"
#include "berth/auth/decision.h"
#include "berth/base/clock.h"
#include "berth/base/error.h"

namespace berth::auth {

struct Claims {
  enum class Use : std::uint8_t {
    access,   // an OCI token: for the items of its scope
    broad,    // service=ngc: for whatever the principal may
    refresh,  // good for another token alone
  };
  Use use = Use::access;
  std::int64_t user = 0;  // 0: a service key, or the guest
  std::int64_t key = 0;   // the key that it was given for; 0: a password, or nothing (the guest)
  TokenScope scope;       // of Use::access
  base::TimePoint issued;
  base::TimePoint expires;
  std::int64_t session = 0;  // the browser session that it was given to, and ends with; 0: none
};

// Whom tokens speak of: issuer and audience are one, the registry itself.
struct TokenNames {
  std::string issuer;
  std::string audience;
};

std::string write_token(const Claims& claims, const TokenNames& names, const KeyRing::Entry& key);

// Errors: unauthorized for everything that is not exactly a token of ours: unknown or missing kid, another algorithm, header members
// that we do not write (jwk, jku, x5u, x5c, crit, …), a missing, wrong or doubled claim, times that cannot be, more than 16 KiB.
// A token whose time is over is told apart by `expired`, not refused: the caller decides.
struct ReadToken {
  Claims claims;
  Principal::Freshness freshness = Principal::Freshness::fresh;
};
base::Result<ReadToken> read_token(std::string_view text, const TokenNames& names, const KeyRing& ring, base::TimePoint now);

}  // namespace berth::auth
