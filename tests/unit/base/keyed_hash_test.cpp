#include "berth/base/keyed_hash.h"

#include <gtest/gtest.h>

#include <string>

#include "berth/base/bytes.h"

namespace berth::base {
namespace {

std::string hex_of(const KeyedHash::Hash& hash) { return to_hex(as_bytes(std::string_view(hash.data(), hash.size()))); }

// As `openssl mac -macopt size:16 SipHash` says, of the bytes 0, 1, 2, … under the key 0, 1, …, 15.
TEST(KeyedHash, IsSipHashWith128Bits) {
  std::string bytes;
  for (int i = 0; i < 63; ++i) bytes += static_cast<char>(i);
  const KeyedHash hash(std::string_view(bytes).substr(0, 16));
  const std::pair<std::size_t, const char*> known[] = {
      {0, "a3817f04ba25a8e66df67214c7550293"},  {1, "da87c1d86b99af44347659119b22fc45"}, {7, "a1f1ebbed8dbc153c0b84aa61ff08239"},
      {8, "3b62a9ba6258f5610f83e264f31497b4"},  {9, "264499060ad9baabc47f8b02bb6d71ed"}, {15, "5493e99933b0a8117e08ec0f97cfc3d9"},
      {63, "5150d1772f50834a503e069a973fbd7c"},
  };
  for (const auto& [size, wanted] : known) EXPECT_EQ(hex_of(hash.of(std::string_view(bytes).substr(0, size))), wanted) << size;
}

TEST(KeyedHash, HasAKeyOfItsOwn) {
  const KeyedHash one;
  const KeyedHash other;
  EXPECT_EQ(one.of("text"), one.of("text"));
  EXPECT_NE(one.of("text"), one.of("texu"));
  EXPECT_NE(one.of("text"), other.of("text"));
}

}  // namespace
}  // namespace berth::base
