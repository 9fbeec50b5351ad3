#include "berth/auth/key_text.h"

#include <gtest/gtest.h>

#include "berth/base/hash.h"

namespace berth::auth {
namespace {

using catalog::KeyKind;

TEST(KeyText, HasTheFixedForm) {
  for (const auto kind : {KeyKind::personal, KeyKind::service, KeyKind::legacy}) {
    const auto key = make_key_text(kind);
    EXPECT_EQ(key.secret.size(), 43U);
    EXPECT_EQ(key.berth_spelling().size(), 6U + 1 + 43 + 6);
    EXPECT_EQ(key.nvapi_spelling().size(), 6U + 43 + 6);
    EXPECT_EQ(key.hash(), base::hash_hex(base::HashAlgorithm::sha256, base::as_bytes(key.secret)));
  }
}

TEST(KeyText, BothSpellingsAreOneKey) {
  for (const auto kind : {KeyKind::personal, KeyKind::service, KeyKind::legacy}) {
    const auto key = make_key_text(kind);
    const auto berth = parse_key_text(key.berth_spelling());
    const auto nvapi = parse_key_text(key.nvapi_spelling());
    ASSERT_TRUE(berth && nvapi);
    EXPECT_EQ(berth->hash(), key.hash());
    EXPECT_EQ(nvapi->hash(), key.hash());
    EXPECT_EQ(berth->kind, kind);
    EXPECT_EQ(nvapi->kind, kind);
  }
}

// Worked out apart from the code: 43 zeros; crc32("berth_p" + zeros) in base62.
TEST(KeyText, TheCheckIsCrc32OverEverythingBefore) {
  const std::string before = "berth_p" + std::string(43, '0');
  auto crc = base::crc32(base::as_bytes(before));
  std::string check;
  for (int i = 0; i < 6; ++i) {
    check.insert(check.begin(), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[crc % 62]);
    crc /= 62;
  }
  EXPECT_EQ(KeyText({std::string(43, '0'), KeyKind::personal}).berth_spelling(), before + check);
}

TEST(KeyText, ASlipIsFound) {
  const auto text = make_key_text(KeyKind::personal).berth_spelling();
  for (std::size_t i = 6; i < text.size(); ++i) {
    auto slipped = text;
    slipped[i] = slipped[i] == 'a' ? 'b' : 'a';
    EXPECT_FALSE(parse_key_text(slipped)) << i;
  }
  EXPECT_FALSE(parse_key_text(text + "0"));
  EXPECT_FALSE(parse_key_text(text.substr(0, text.size() - 1)));
  EXPECT_FALSE(parse_key_text("berth_"));
  EXPECT_FALSE(parse_key_text("nvapi-" + std::string(49, '-')));
  EXPECT_FALSE(parse_key_text(""));
}

}  // namespace
}  // namespace berth::auth
