#include "berth/base/time_text.h"

#include <gtest/gtest.h>

namespace berth::base {
namespace {

TEST(TimeText, ReadsWhatItWrites) {
  const auto time = from_unix_micros(1'795'540'628'123'456);
  EXPECT_EQ(parse_time(format_rfc3339(time)), time);
}

TEST(TimeText, KnowsFractionsOffsetsAndDays) {
  const auto noon = parse_time("2026-11-24T12:00:00Z").value();
  EXPECT_EQ(parse_time("2026-11-24T13:00:00+01:00"), noon);
  EXPECT_EQ(parse_time("2026-11-24T06:30:00-05:30"), noon);
  EXPECT_EQ(parse_time("2026-11-24T12:00:00.5Z"), noon + Duration(500'000));
  EXPECT_EQ(parse_time("2026-11-24t12:00:00.123456789z"), noon + Duration(123'456));
  EXPECT_EQ(parse_time("2026-11-24"), noon - std::chrono::hours(12));
  EXPECT_EQ(parse_time("1970-01-01T00:00:00Z"), TimePoint());
  EXPECT_TRUE(parse_time("2024-02-29"));
}

TEST(TimeText, RefusesEverythingElse) {
  for (const auto* text :
       {"", "2026", "2026-11", "2026-11-24T", "2026-11-24T12:00Z", "2026-11-24T12:00:00", "2026-11-24 12:00:00Z", "2026-02-29",
        "2026-13-01", "2026-11-31", "2026-11-24T24:00:00Z", "2026-11-24T12:60:00Z", "2026-11-24T12:00:00.Z",
        "2026-11-24T12:00:00.1234567890Z", "2026-11-24T12:00:00+1:00", "2026-11-24T12:00:00Zx", "-026-11-24",
        "2026-11-24T12:00:00+24:00", "now"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

}  // namespace
}  // namespace berth::base
