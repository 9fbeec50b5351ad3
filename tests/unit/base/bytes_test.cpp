#include "berth/base/bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace berth::base {
namespace {

TEST(Bytes, HexGoesBothWays) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(from_hex(to_hex(as_bytes(all))), all);
  EXPECT_EQ(to_hex(as_bytes("\x01\xab")), "01ab");
  EXPECT_EQ(to_hex({}), "");
}

TEST(Bytes, FromHexIsStrict) {
  EXPECT_EQ(from_hex(""), "");
  for (const char* bad : {"a", "0g", "AB", " 0", "0x"}) EXPECT_EQ(from_hex(bad), std::nullopt) << bad;
}

TEST(Bytes, ParseDecimalIsStrict) {
  EXPECT_EQ(parse_decimal("0"), 0U);
  EXPECT_EQ(parse_decimal("007"), 7U);
  EXPECT_EQ(parse_decimal("18446744073709551615"), 18446744073709551615U);
  for (const char* bad :
       {"", "+1", "-1", " 1", "1 ", "1e3", "0x1", "18446744073709551616", "99999999999999999999", "184467440737095516150"}) {
    EXPECT_EQ(parse_decimal(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace berth::base
