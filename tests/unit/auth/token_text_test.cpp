// B3.16: everything that is not exactly a token of ours is refused, and nothing of it is believed.
#include "auth/token_text.h"

#include <gtest/gtest.h>

#include "berth/base/hash.h"
#include "berth/base/json.h"
#include "support/temporary_directory.h"

namespace berth::auth {
namespace {

using base::Json;

class TokenText : public ::testing::Test {
 protected:
  Claims claims() {
    Claims c;
    c.user = 1'000'001;
    c.key = 7;
    c.scope.items = {{"acme/app", {Action::registry_pull, Action::registry_push}}};
    c.issued = clock.now();
    c.expires = clock.now() + std::chrono::seconds(300);
    return c;
  }
  Json header() { return {{"alg", "EdDSA"}, {"typ", "JWT"}, {"kid", ring->newest()->kid}}; }
  Json body() {
    const auto text = write_token(claims(), names, *ring->newest());
    const auto first = text.find('.');
    return Json::parse(*base::from_base64url(std::string_view(text).substr(first + 1, text.rfind('.') - first - 1)));
  }
  std::string sign(const std::string& head, const std::string& payload) {
    auto text = base::to_base64url(head) + '.' + base::to_base64url(payload);
    return text + '.' + base::to_base64url(ring->newest()->key.sign(text));
  }
  bool taken(std::string_view text) { return read_token(text, names, *ring, clock.now()).has_value(); }
  void refused(const std::string& text, const std::string& what) {
    const auto read = read_token(text, names, *ring, clock.now());
    ASSERT_FALSE(read) << what;
    EXPECT_EQ(read.error().code(), base::ErrorCode::unauthorized) << what;
    EXPECT_EQ(read.error().message(), "the token is not valid") << what << ": the client learns no reason";
  }

  test::TemporaryDirectory directory;
  base::ManualClock clock{base::from_unix_micros(1'700'000'000'000'000)};
  TokenNames names{"registry.example.com", "registry.example.com"};
  std::unique_ptr<KeyRing> ring = KeyRing::open(base::real_file_system(), directory.path() + "/keys", clock).value();
};

TEST_F(TokenText, WhatIsWrittenIsRead) {
  const auto read = read_token(write_token(claims(), names, *ring->newest()), names, *ring, clock.now()).value();
  EXPECT_EQ(read.claims.user, 1'000'001);
  EXPECT_EQ(read.claims.key, 7);
  EXPECT_TRUE(read.claims.scope.covers("acme/app", Action::registry_push));
  EXPECT_FALSE(read.claims.scope.covers("acme/app", Action::registry_delete));
  EXPECT_FALSE(read.claims.scope.covers("acme/other", Action::registry_pull));
  EXPECT_EQ(read.freshness, Principal::Freshness::fresh);
  EXPECT_TRUE(taken(sign(header().dump(), body().dump())));
}

TEST_F(TokenText, TheEndOfItsTimeIsToldApart) {
  const auto text = write_token(claims(), names, *ring->newest());
  clock.advance(std::chrono::seconds(300));
  EXPECT_EQ(read_token(text, names, *ring, clock.now()).value().freshness, Principal::Freshness::expired);
}

TEST_F(TokenText, HeadersThatAreNotOursAreRefused) {
  const auto with = [&](const char* name, const Json& value) {
    auto h = header();
    h[name] = value;
    return sign(h.dump(), body().dump());
  };
  for (const auto* alg : {"none", "None", "HS256", "RS256", "ES256", "", "eddsa", "EdDSA "}) refused(with("alg", alg), alg);
  for (const auto* name : {"jwk", "jku", "x5u", "x5c", "x5t", "crit", "b64", "zip"}) refused(with(name, "x"), name);
  refused(with("jwk", {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", base::to_base64url(base::SigningKey::generate().public_key())}}),
          "jwk object");
  for (const auto* kid : {"", "../../../etc/passwd", "' OR 1=1 --", "0123456789abcdef0123456789abcdef"})
    refused(with("kid", kid), kid);
  refused(with("kid", 1), "kid number");
  refused(with("kid", nullptr), "kid null");
  refused(with("typ", "at+jwt"), "typ");
  for (const auto* name : {"alg", "typ", "kid"}) {
    auto h = header();
    h.erase(name);
    refused(sign(h.dump(), body().dump()), name);
  }
  auto doubled = header().dump();
  doubled.insert(doubled.size() - 1, R"(,"alg":"EdDSA")");
  refused(sign(doubled, body().dump()), "alg twice");
  refused(sign("[]", body().dump()), "header no object");
  refused(sign("{", body().dump()), "header no JSON");
}

TEST_F(TokenText, ClaimsThatAreNotOursAreRefused) {
  const auto with = [&](const char* name, const Json& value) {
    auto b = body();
    b[name] = value;
    return sign(header().dump(), b.dump());
  };
  for (const auto* name : {"iss", "aud", "sub", "uid", "key", "iat", "nbf", "exp", "use", "access"}) {
    auto b = body();
    b.erase(name);
    refused(sign(header().dump(), b.dump()), std::string("without ") + name);
    refused(with(name, nullptr), std::string("null ") + name);
    refused(with(name, Json::object()), std::string("object ") + name);
  }
  const auto now = base::to_unix_micros(clock.now()) / 1'000'000;
  refused(with("aud", "other.example.com"), "aud");
  refused(with("aud", Json::array({"registry.example.com"})), "aud list");
  refused(with("iss", "other.example.com"), "iss");
  refused(with("sub", "user:1"), "sub of another");
  refused(with("uid", 1'000'002), "uid of another");
  refused(with("iat", now + 3600), "iat in the future");
  refused(with("nbf", now + 3600), "nbf in the future");
  refused(with("iat", -1), "iat negative");
  refused(with("exp", -1), "exp negative");
  refused(with("exp", now + 1000LL * 24 * 3600), "a life of years");
  refused(with("exp", 18446744073709551615ULL), "exp huge");
  refused(with("exp", "9999999999"), "exp text");
  refused(with("exp", static_cast<double>(now) + 300.5), "exp fraction");
  refused(with("use", "admin"), "use");
  refused(with("access", Json::array({"x"})), "access of texts");
  auto doubled = body().dump();
  doubled.insert(doubled.size() - 1, R"(,"uid":1000000)");
  refused(sign(header().dump(), doubled), "uid twice");
}

TEST_F(TokenText, OnlyOurSignatureCounts) {
  const auto good = write_token(claims(), names, *ring->newest());
  const auto first = good.find('.');
  const auto last = good.rfind('.');
  refused(good.substr(0, last + 1), "no signature");
  refused(good.substr(0, last), "two parts");
  refused(good + ".x", "four parts");
  refused("", "empty");
  refused("..", "dots");
  refused(good.substr(0, last + 1) + base::to_base64url(std::string(64, '\0')), "zeros");
  refused(good + "=", "padding");
  auto other = base::SigningKey::generate();
  const auto signed_part = good.substr(0, last);
  refused(signed_part + '.' + base::to_base64url(other.sign(signed_part)), "another's key");
  // RS→HS: what is public used as a shared secret.
  const auto hs = base::to_base64url(R"({"alg":"HS256","typ":"JWT","kid":")" + ring->newest()->kid + "\"}") +
                  good.substr(first, last - first);
  refused(hs + '.' + base::to_base64url(base::hmac_sha256(ring->newest()->key.public_key(), hs)), "HS256 with the public key");
  auto changed = good;
  changed[first + 10] = changed[first + 10] == 'A' ? 'B' : 'A';
  refused(changed, "changed claims");
  refused(good.substr(0, last) + "." + std::string(1 << 20, 'A'), "a megabyte");
}

TEST_F(TokenText, KeysRotateAndOldOnesVerifyForAWhile) {
  const auto old = write_token(claims(), names, *ring->newest());
  const auto kid = ring->newest()->kid;
  clock.advance(KeyRing::kRotation);
  ASSERT_TRUE(ring->rotate_if_due());
  EXPECT_NE(ring->newest()->kid, kid);
  EXPECT_TRUE(taken(old));
  auto reopened = KeyRing::open(base::real_file_system(), directory.path() + "/keys", clock).value();
  EXPECT_EQ(reopened->newest()->kid, ring->newest()->kid);
  EXPECT_TRUE(read_token(old, names, *reopened, clock.now()));
  clock.advance(KeyRing::kKept + std::chrono::hours(1));
  ASSERT_TRUE(ring->rotate_if_due());
  EXPECT_FALSE(taken(old));
}

}  // namespace
}  // namespace berth::auth
