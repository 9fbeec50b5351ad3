#include "berth/oci/digest.h"

#include <gmock/gmock.h>

#include <map>
#include <unordered_set>

namespace berth::oci {
namespace {

using base::ErrorCode;
using base::HashAlgorithm;
using testing::HasSubstr;

const std::string kHex64(64, 'a');
const std::string kHex128(128, '0');
// SHA-256 and SHA-512 of no bytes.
constexpr std::string_view kEmpty256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view kEmpty512 =
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927"
    "da3e";

TEST(Digest, ParsesWhatTheSpecNames) {
  const auto short_one = Digest::parse("sha256:" + kHex64);
  ASSERT_TRUE(short_one.has_value());
  EXPECT_EQ(short_one->algorithm(), HashAlgorithm::sha256);
  EXPECT_EQ(short_one->hex(), kHex64);
  EXPECT_EQ(short_one->text(), "sha256:" + kHex64);

  const auto long_one = Digest::parse("sha512:" + kHex128);
  ASSERT_TRUE(long_one.has_value());
  EXPECT_EQ(long_one->algorithm(), HashAlgorithm::sha512);
  EXPECT_EQ(long_one->hex(), kHex128);
}

struct Refused {
  const char* what;
  std::string text;
  ErrorCode code;
  const char* message;  // part of it
};

TEST(Digest, RefusesEverythingElseAndSaysWhy) {
  const Refused cases[] = {
      {"empty", "", ErrorCode::digest_invalid, "expected <algorithm>:<hex>"},
      {"no colon", "sha256" + kHex64, ErrorCode::digest_invalid, "expected <algorithm>:<hex>"},
      {"a tag", "latest", ErrorCode::digest_invalid, "expected <algorithm>:<hex>"},
      {"only a colon", ":", ErrorCode::digest_invalid, "lower-case letters and digits"},
      {"no algorithm", ":" + kHex64, ErrorCode::digest_invalid, "lower-case letters and digits"},
      {"nothing encoded", "sha256:", ErrorCode::digest_invalid, "64 hexadecimal digits, not 0"},
      {"conformance: bad digest string", "sha256:baddigeststring", ErrorCode::digest_invalid, "64 hexadecimal digits, not 15"},
      {"63 digits", "sha256:" + std::string(63, 'a'), ErrorCode::digest_invalid, "not 63"},
      {"65 digits", "sha256:" + std::string(65, 'a'), ErrorCode::digest_invalid, "not 65"},
      {"sha256 with 128 digits", "sha256:" + kHex128, ErrorCode::digest_invalid, "not 128"},
      {"sha512 with 64 digits", "sha512:" + kHex64, ErrorCode::digest_invalid, "128 hexadecimal digits, not 64"},
      {"upper-case hex", "sha256:" + std::string(64, 'A'), ErrorCode::digest_invalid, "lower-case a-f"},
      {"one upper-case digit", "sha256:" + std::string(63, 'a') + "F", ErrorCode::digest_invalid, "lower-case a-f"},
      {"not hex", "sha256:" + std::string(64, 'g'), ErrorCode::digest_invalid, "lower-case a-f"},
      {"upper-case algorithm", "SHA256:" + kHex64, ErrorCode::digest_invalid, "lower-case letters and digits"},
      {"leading space", " sha256:" + kHex64, ErrorCode::digest_invalid, "lower-case letters and digits"},
      {"trailing space", "sha256:" + kHex64 + " ", ErrorCode::digest_invalid, "not 65"},
      {"newline", "sha256:" + std::string(63, 'a') + "\n", ErrorCode::digest_invalid, "lower-case a-f"},
      {"NUL inside", "sha256:" + std::string(32, 'a') + std::string(1, '\0') + std::string(31, 'a'), ErrorCode::digest_invalid,
       "lower-case a-f"},
      {"path in the digits", "sha256:../../../../etc/passwd" + std::string(42, 'a'), ErrorCode::digest_invalid, "\"sha256:../"},
      {"64 characters of path", "sha256:" + std::string("../../../") + std::string(55, 'a'), ErrorCode::digest_invalid,
       "lower-case a-f"},
      {"encoded slash", "sha256:%2e%2e%2f" + std::string(55, 'a'), ErrorCode::digest_invalid, "lower-case a-f"},
      {"full-width digits", "sha256:" + std::string(61, 'a') + "\xEF\xBC\x91", ErrorCode::digest_invalid, "lower-case a-f"},
      {"two colons", "sha256:sha256:" + std::string(57, 'a'), ErrorCode::digest_invalid, "lower-case a-f"},
      {"separator at the end of the algorithm", "sha256+:" + kHex64, ErrorCode::digest_invalid, "lower-case letters"},
      {"separator at its start", "+sha256:" + kHex64, ErrorCode::digest_invalid, "lower-case letters"},
      {"two separators", "a..b:" + kHex64, ErrorCode::digest_invalid, "lower-case letters"},
      {"slash in the algorithm", "sha/256:" + kHex64, ErrorCode::digest_invalid, "lower-case letters"},
      {"other algorithm, nothing encoded", "md5:", ErrorCode::digest_invalid, "one or more of"},
      {"other algorithm, bad character", "md5:../x", ErrorCode::digest_invalid, "one or more of"},
      {"md5", "md5:d41d8cd98f00b204e9800998ecf8427e", ErrorCode::digest_unsupported, "use sha256 or sha512"},
      {"sha384", "sha384:" + std::string(96, 'a'), ErrorCode::digest_unsupported, "\"sha384\""},
      {"blake3", "blake3:" + kHex64, ErrorCode::digest_unsupported, "\"blake3\""},
      {"the spec's own odd example", "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
       ErrorCode::digest_unsupported, "not supported"},
      {"sha256 with a suffix", "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564", ErrorCode::digest_unsupported,
       "not supported"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    const auto parsed = Digest::parse(c.text);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error().code(), c.code) << parsed.error().message();
    EXPECT_THAT(parsed.error().message(), HasSubstr(c.message));
  }
}

TEST(Digest, MessageStaysPrintableAndShort) {
  const auto parsed = Digest::parse("\x01\xFF\"\\" + std::string(100'000, 'x'));
  ASSERT_FALSE(parsed.has_value());
  const std::string& message = parsed.error().message();
  EXPECT_LT(message.size(), 300U);
  EXPECT_THAT(message, HasSubstr(R"("\x01\xff\"\\xxx)"));
  for (const char c : message) EXPECT_TRUE(c >= 0x20 && c <= 0x7e);
}

TEST(Digest, IsMadeOfBytesAndOfHex) {
  EXPECT_EQ(Digest::of_bytes(HashAlgorithm::sha256, {}).hex(), kEmpty256);
  EXPECT_EQ(Digest::of_bytes(HashAlgorithm::sha512, {}).hex(), kEmpty512);
  EXPECT_EQ(Digest::of_hex(HashAlgorithm::sha512, kEmpty512), Digest::of_bytes(HashAlgorithm::sha512, {}));
  EXPECT_EQ(Digest::parse("sha256:" + std::string(kEmpty256)), Digest::of_bytes(HashAlgorithm::sha256, {}));
}

TEST(Digest, IsAKey) {
  const auto a = Digest::parse("sha256:" + kHex64).value();
  const auto b = Digest::of_bytes(HashAlgorithm::sha256, {});
  const auto c = Digest::of_bytes(HashAlgorithm::sha512, {});
  EXPECT_LT(a, b);
  EXPECT_LT(b, c);
  EXPECT_NE(a, b);
  EXPECT_EQ((std::map<Digest, int>{{a, 1}, {b, 2}, {a, 3}}.size()), 2U);
  EXPECT_EQ((std::unordered_set<Digest>{a, b, c, a}.size()), 3U);
}

}  // namespace
}  // namespace berth::oci
