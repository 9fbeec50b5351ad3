#include "berth/base/hash.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <set>
#include <string>

namespace berth::base {
namespace {

// The independent reference: OpenSSL's current interface, in one shot.
std::string evp_hex(HashAlgorithm algorithm, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), out, &size, algorithm == HashAlgorithm::sha256 ? EVP_sha256() : EVP_sha512(), nullptr);
  return to_hex(std::as_bytes(std::span(out, size)));
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 31 + i / 256) & 0xff);
  return text;
}

struct Vector {
  std::string text;
  const char* sha256;
  const char* sha512;
};

// FIPS 180-4 examples and the million a's of NIST.
TEST(Hash, NistVectors) {
  const Vector vectors[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
       "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af"
       "927da3e"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
       "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa"
       "54ca49f"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
       "204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c33596fd15c13b1b07f9aa1d3bea57789ca031ad85c7a71dd70354ec63123"
       "8ca3445"},
      {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
       "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973ebde0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217a"
       "d8cc09b"},
  };
  for (const Vector& v : vectors) {
    EXPECT_EQ(hash_hex(HashAlgorithm::sha256, as_bytes(v.text)), v.sha256) << v.text.size();
    EXPECT_EQ(hash_hex(HashAlgorithm::sha512, as_bytes(v.text)), v.sha512) << v.text.size();
  }
}

class HashState : public testing::TestWithParam<HashAlgorithm> {};

TEST_P(HashState, EqualsEvpAtEveryLength) {
  const std::string text = pattern(600);
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string_view part = std::string_view(text).substr(0, size);
    ASSERT_EQ(hash_hex(GetParam(), as_bytes(part)), evp_hex(GetParam(), part)) << size;
  }
}

TEST_P(HashState, SavedAndRestoredAtEveryOffset) {
  const std::string text = pattern(400);
  const std::string expected = evp_hex(GetParam(), text);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Hasher first(GetParam());
    first.update(as_bytes(std::string_view(text).substr(0, cut)));
    auto second = Hasher::restore(GetParam(), first.save_state());
    ASSERT_TRUE(second) << cut;
    ASSERT_EQ(second->save_state(), first.save_state()) << cut;
    second->update(as_bytes(std::string_view(text).substr(cut)));
    ASSERT_EQ(second->hex_digest(), expected) << cut;
    ASSERT_EQ(second->algorithm(), GetParam());
  }
}

TEST_P(HashState, SurvivesManySmallStepsWithARestoreBetweenAll) {
  const std::string text = pattern(100'000);
  Hasher hasher(GetParam());
  std::size_t step = 1;
  for (std::size_t at = 0; at < text.size(); step = step * 7 % 8191 + 1) {
    const auto part = std::string_view(text).substr(at, step);
    hasher.update(as_bytes(part));
    at += part.size();
    hasher = std::move(*Hasher::restore(GetParam(), hasher.save_state()));
  }
  EXPECT_EQ(hasher.hex_digest(), evp_hex(GetParam(), text));
}

TEST_P(HashState, DigestLeavesTheHasherAsItWas) {
  Hasher hasher(GetParam());
  hasher.update(as_bytes("ab"));
  EXPECT_EQ(hasher.hex_digest(), evp_hex(GetParam(), "ab"));
  hasher.update(as_bytes("c"));
  hasher.update({});
  EXPECT_EQ(hasher.hex_digest(), evp_hex(GetParam(), "abc"));
  EXPECT_EQ(hasher.hex_digest(), evp_hex(GetParam(), "abc"));
}

TEST_P(HashState, RefusesEveryStateThatIsNotItsOwn) {
  Hasher hasher(GetParam());
  hasher.update(as_bytes(pattern(70)));
  const std::string good = hasher.save_state();
  const auto other = GetParam() == HashAlgorithm::sha256 ? HashAlgorithm::sha512 : HashAlgorithm::sha256;
  EXPECT_FALSE(Hasher::restore(other, good));
  for (std::size_t size = 0; size < good.size(); ++size) ASSERT_FALSE(Hasher::restore(GetParam(), good.substr(0, size))) << size;
  EXPECT_FALSE(Hasher::restore(GetParam(), good + "x"));
  std::string bad = good;
  bad[3] = '2';  // another version
  EXPECT_FALSE(Hasher::restore(GetParam(), bad));
  for (int waiting = 0; waiting < 256; ++waiting) {
    bad = good;
    bad[5] = static_cast<char>(waiting);  // a count that would reach outside the block, or that the total contradicts
    ASSERT_EQ(Hasher::restore(GetParam(), bad).has_value(), bad == good) << waiting;
  }
}

INSTANTIATE_TEST_SUITE_P(Both, HashState, testing::Values(HashAlgorithm::sha256, HashAlgorithm::sha512),
                         [](const auto& suite) { return std::string(hash_algorithm_name(suite.param)); });

TEST(Hash, CountsBeyondFourGigabytes) {
  // 2^29 bytes are 2^32 bits: the low word of the sha256 counter has gone round once.
  const std::string block(1 << 20, 'x');
  Hasher hasher(HashAlgorithm::sha256);
  for (int i = 0; i < 512; ++i) hasher.update(as_bytes(block));
  auto restored = Hasher::restore(HashAlgorithm::sha256, hasher.save_state());
  ASSERT_TRUE(restored);
  restored->update(as_bytes("y"));
  hasher.update(as_bytes("y"));
  EXPECT_EQ(restored->hex_digest(), hasher.hex_digest());
}

TEST(Hash, NamesGoBothWays) {
  for (const auto algorithm : {HashAlgorithm::sha256, HashAlgorithm::sha512}) {
    EXPECT_EQ(find_hash_algorithm(hash_algorithm_name(algorithm)), algorithm);
  }
  EXPECT_EQ(find_hash_algorithm("SHA256"), std::nullopt);
  EXPECT_EQ(find_hash_algorithm("md5"), std::nullopt);
}

TEST(Hash, Crc32CheckValue) {
  EXPECT_EQ(crc32(as_bytes("123456789")), 0xCBF43926U);
  EXPECT_EQ(crc32({}), 0U);
}

TEST(Hash, RandomIdsDiffer) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = random_id();
    ASSERT_EQ(id.size(), 32U);
    ASSERT_TRUE(from_hex(id));
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000U);
  EXPECT_EQ(random_bytes(0), "");
  EXPECT_EQ(random_bytes(7).size(), 7U);
}

}  // namespace
}  // namespace berth::base
