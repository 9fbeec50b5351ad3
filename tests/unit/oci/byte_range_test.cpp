#include "berth/oci/byte_range.h"

#include <gmock/gmock.h>

#include <limits>

namespace berth::oci {
namespace {

using base::ErrorCode;
using testing::HasSubstr;

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

struct Satisfiable {
  const char* header;
  std::uint64_t size;
  std::uint64_t offset;
  std::uint64_t length;
};

TEST(ParseRange, FindsTheBytes) {
  const Satisfiable cases[] = {
      // The conformance suite's, on a blob of 2,048 bytes
      {"bytes=500-1499", 2048, 500, 1000},
      {"bytes=500-", 2048, 500, 1548},
      {"bytes=-500", 2048, 1548, 500},
      {"bytes=2000-5000", 2048, 2000, 48},
      // Ends
      {"bytes=0-0", 2048, 0, 1},
      {"bytes=0-", 2048, 0, 2048},
      {"bytes=0-2047", 2048, 0, 2048},
      {"bytes=0-2048", 2048, 0, 2048},
      {"bytes=2047-", 2048, 2047, 1},
      {"bytes=2047-2047", 2048, 2047, 1},
      {"bytes=-1", 2048, 2047, 1},
      {"bytes=-2048", 2048, 0, 2048},
      {"bytes=-2049", 2048, 0, 2048},
      {"bytes=0-0", 1, 0, 1},
      {"bytes=-1", 1, 0, 1},
      // Numbers
      {"bytes=007-010", 2048, 7, 4},
      {"bytes=0-18446744073709551615", 2048, 0, 2048},
      {"bytes=0-18446744073709551616", 2048, 0, 2048},
      {"bytes=0-99999999999999999999999999999999", 2048, 0, 2048},
      {"bytes=-99999999999999999999999999999999", 2048, 0, 2048},
      {"bytes=18446744073709551614-", kMax, kMax - 1, 1},
      {"bytes=0-", kMax, 0, kMax},
      // Spelling: units without case, blanks and empty elements of a list
      {"Bytes=0-1", 2048, 0, 2},
      {"BYTES=0-1", 2048, 0, 2},
      {" bytes=0-1 ", 2048, 0, 2},
      {"bytes= 0-1", 2048, 0, 2},
      {"bytes=0-1,", 2048, 0, 2},
      {"bytes=,0-1", 2048, 0, 2},
      {"bytes=, ,\t,0-1\t, ,", 2048, 0, 2},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.header);
    const auto range = parse_range(c.header, c.size);
    ASSERT_TRUE(range.has_value()) << range.error().message();
    ASSERT_TRUE(range->has_value());
    EXPECT_EQ(**range, (ByteRange{c.offset, c.length}));
  }
}

TEST(ParseRange, IgnoresWhatItMay) {
  const char* cases[] = {
      "",
      "bytes",
      "bytes=",
      "bytes=,",
      "bytes=-",
      "bytes=--1",
      "bytes=1--2",
      "bytes=1-2-3",
      "bytes=a-b",
      "bytes=0x0-0x10",
      "bytes=+0-1",
      "bytes=0-+1",
      "bytes=0-1a",
      "bytes=1.0-2",
      "bytes=0 -1",
      "bytes=0- 1",
      "bytes=0",
      "bytes=abc",
      "bytes =0-1",
      "bytes:0-1",
      "bytes 0-1",
      "bytes 0-1/2048",
      "bytes==0-1",
      "bytes=0-1;",
      "0-1",
      "=0-1",
      "items=0-1",
      "byte=0-1",
      "bytess=0-1",
      "none=0-1",
      "bytes=\xD9\xA1-\xD9\xA2",
      // Several ranges, also when one of them is bad
      "bytes=0-1,2-3",
      "bytes=0-1, 2-3",
      "bytes=0-1,-5",
      "bytes=0-0,0-0",
      "bytes=5000-,6000-",
      "bytes=0-1,x",
      "bytes=x,0-1",
  };
  for (const char* header : cases) {
    SCOPED_TRACE(header);
    for (const std::uint64_t size : {0U, 1U, 2048U}) {
      const auto range = parse_range(header, size);
      ASSERT_TRUE(range.has_value()) << range.error().message();
      EXPECT_FALSE(range->has_value());
    }
  }
  std::string many = "bytes=0-0";
  for (int i = 0; i < 10'000; ++i) many += ",0-0";
  EXPECT_FALSE(parse_range(many, 2048)->has_value());
  EXPECT_FALSE(parse_range(std::string("bytes=0-1\0", 10), 2048)->has_value());
}

struct Unsatisfiable {
  const char* header;
  std::uint64_t size;
  const char* message;
};

TEST(ParseRange, RefusesOneRangeThatCannotBe) {
  const Unsatisfiable cases[] = {
      {"bytes=500-0", 2048, "its end lies before its start"},     // conformance
      {"bytes=5000-10000", 2048, "starts behind the last byte"},  // conformance
      {"bytes=2048-", 2048, "starts behind"},
      {"bytes=2048-2048", 2048, "starts behind"},
      {"bytes=-0", 2048, "the last 0 bytes"},
      {"bytes=-000", 2048, "the last 0 bytes"},
      {"bytes=1-0", 2048, "its end lies before"},
      {"bytes=99999999999999999999999-", 2048, "starts behind"},
      {"bytes=99999999999999999999999-5", 2048, "its end lies before"},
      {"bytes=18446744073709551615-", kMax, "starts behind"},
      {"bytes=0-", 0, "starts behind"},
      {"bytes=0-0", 0, "starts behind"},
      {"bytes=-1", 0, "the content is empty"},
      {"bytes=-0", 0, "the last 0 bytes"},
      {"bytes=5000-,", 2048, "starts behind"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.header);
    const auto range = parse_range(c.header, c.size);
    ASSERT_FALSE(range.has_value());
    EXPECT_EQ(range.error().code(), ErrorCode::range_invalid);
    EXPECT_THAT(range.error().message(), HasSubstr(c.message));
    EXPECT_THAT(range.error().message(), HasSubstr(std::to_string(c.size) + " bytes"));
  }
}

TEST(ParseChunkRange, TakesBothForms) {
  const Satisfiable cases[] = {
      {"0-0", 0, 0, 1},
      {"0-1023", 0, 0, 1024},
      {"1024-2047", 0, 1024, 1024},
      {" 0-1023 ", 0, 0, 1024},
      {"bytes 0-1023/*", 0, 0, 1024},
      {"Bytes 0-1023/*", 0, 0, 1024},
      {"bytes 1024-2047/2048", 0, 1024, 1024},
      {"bytes 1024-2047/99999999999999999999999", 0, 1024, 1024},
      {"9223372036854775806-9223372036854775806", 0, 9223372036854775806U, 1},
      {"0-9223372036854775806", 0, 0, 9223372036854775807U},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.header);
    const auto range = parse_chunk_range(c.header);
    ASSERT_TRUE(range.has_value()) << range.error().message();
    EXPECT_EQ(*range, (ByteRange{c.offset, c.length}));
  }
}

TEST(ParseChunkRange, RefusesTheRest) {
  const Unsatisfiable cases[] = {
      {"", 0, "not two decimal numbers"},
      {"-", 0, "not two decimal numbers"},
      {"0-", 0, "not two decimal numbers"},
      {"-5", 0, "not two decimal numbers"},
      {"0", 0, "not two decimal numbers"},
      {"a-b", 0, "not two decimal numbers"},
      {"0-5-6", 0, "not two decimal numbers"},
      {"+0-5", 0, "not two decimal numbers"},
      {"0x0-0x5", 0, "not two decimal numbers"},
      {"0-5,6-7", 0, "not two decimal numbers"},
      {"bytes=0-5", 0, "not two decimal numbers"},
      {"0-5/*", 0, "not two decimal numbers"},
      {"../../0-5", 0, "not two decimal numbers"},
      {"0 - 5", 0, "the unit is not bytes"},
      {"items 0-5/*", 0, "the unit is not bytes"},
      {"bytes 0-5", 0, "needs the form bytes"},
      {"bytes */2048", 0, "not two decimal numbers"},
      {"bytes 0-5/", 0, "a size or '*'"},
      {"bytes 0-5/x", 0, "a size or '*'"},
      {"bytes 0-5/5", 0, "behind the stated size"},
      {"5-4", 0, "the end lies before the start"},
      {"bytes 5-4/*", 0, "the end lies before the start"},
      {"0-9223372036854775807", 0, "too large"},
      {"0-18446744073709551615", 0, "too large"},
      {"0-99999999999999999999999", 0, "too large"},
      {"99999999999999999999999-5", 0, "the end lies before the start"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.header);
    const auto range = parse_chunk_range(c.header);
    ASSERT_FALSE(range.has_value());
    EXPECT_EQ(range.error().code(), ErrorCode::range_invalid);
    EXPECT_THAT(range.error().message(), HasSubstr(c.message));
  }
}

TEST(FormatRange, WritesUploadsAndContent) {
  EXPECT_EQ(format_upload_range(0), "0-0");
  EXPECT_EQ(format_upload_range(1), "0-0");
  EXPECT_EQ(format_upload_range(1024), "0-1023");
  EXPECT_EQ(format_content_range(ByteRange{500, 1000}, 2048), "bytes 500-1499/2048");
  EXPECT_EQ(format_content_range(ByteRange{0, 1}, 1), "bytes 0-0/1");
  EXPECT_EQ(format_content_range(std::nullopt, 2048), "bytes */2048");
  EXPECT_EQ(format_content_range(std::nullopt, 0), "bytes */0");
}

}  // namespace
}  // namespace berth::oci
