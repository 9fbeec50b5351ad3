#include "berth/base/sign.h"

#include <gtest/gtest.h>

#include "berth/base/bytes.h"

namespace berth::base {
namespace {

// RFC 8032 §7.1, test 2.
TEST(Sign, Ed25519IsTheStandards) {
  const auto key = SigningKey::from_seed(*from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  ASSERT_TRUE(key);
  EXPECT_EQ(to_hex(as_bytes(key->public_key())), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const auto signature = key->sign("\x72");
  EXPECT_EQ(to_hex(as_bytes(signature)),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d"
            "291612bb0c00");
  EXPECT_TRUE(key->verify("\x72", signature));
  EXPECT_FALSE(key->verify("\x73", signature));
  EXPECT_FALSE(key->verify("\x72", signature.substr(1)));
  EXPECT_FALSE(SigningKey::from_seed("short"));
}

// RFC 4231, test case 2.
TEST(Sign, HmacIsTheStandards) {
  EXPECT_EQ(to_hex(as_bytes(hmac_sha256("Jefe", "what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Sign, Base64UrlHasOneTextAValue) {
  EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(from_base64url("-_8"), "\xfb\xff");
  EXPECT_EQ(from_base64url(""), "");
  for (const auto* wrong : {"-_8=", "+/8", "a", "-_9", "-_ 8", "\xc3"}) EXPECT_FALSE(from_base64url(wrong)) << wrong;
  EXPECT_EQ(from_base64("dTpw"), "u:p");
  EXPECT_EQ(from_base64("dTpwdw=="), "u:pw");
  EXPECT_EQ(from_base64("dTpwdw"), "u:pw");
  EXPECT_FALSE(from_base64("dTpw-_"));
}

TEST(Sign, SecretsAreComparedWhole) {
  EXPECT_TRUE(equal_secrets("abc", "abc"));
  EXPECT_FALSE(equal_secrets("abc", "abd"));
  EXPECT_FALSE(equal_secrets("abc", "ab"));
}

}  // namespace
}  // namespace berth::base
