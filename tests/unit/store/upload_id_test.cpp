#include <gtest/gtest.h>

#include "berth/store/blob_store.h"

namespace berth::store {
namespace {

TEST(UploadId, IsRandomAndReadsItsOwnText) {
  const auto id = UploadId::random();
  EXPECT_EQ(id.text().size(), 32U);
  EXPECT_NE(id, UploadId::random());
  const auto parsed = UploadId::parse(id.text());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, id);
}

TEST(UploadId, RefusesAllElse) {
  const std::string good(32, 'a');
  EXPECT_TRUE(UploadId::parse(good));
  for (const std::string& bad :
       {std::string(), std::string(31, 'a'), std::string(33, 'a'), std::string(32, 'A'), std::string(32, 'g'),
        std::string(32, '\0'), "../" + std::string(29, 'a'), std::string(31, 'a') + "/", std::string(31, 'a') + " ",
        std::string("01234567-89ab-cdef-0123-456789ab")}) {
    const auto parsed = UploadId::parse(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code(), base::ErrorCode::upload_unknown);
  }
}

}  // namespace
}  // namespace berth::store
