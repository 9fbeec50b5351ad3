#include "berth/base/secret.h"

#include <gtest/gtest.h>

#include <new>

namespace berth::base {
namespace {

constexpr std::string_view kShort = "in the string";
constexpr std::string_view kLong = "longer than what fits into a string itself, so on the heap";

// All bytes of the string object, its own room for short texts included.
std::string_view object_bytes(const std::string& text) { return {reinterpret_cast<const char*>(&text), sizeof text}; }

TEST(Wipe, LeavesNothingBehind) {
  std::string heap(kLong);
  const char* const place = heap.data();
  wipe(heap);
  EXPECT_TRUE(heap.empty());
  EXPECT_EQ(heap.data(), place) << "the same memory";
  EXPECT_EQ(std::string_view(place, kLong.size()).find_first_not_of('\0'), std::string_view::npos);
  std::string own(kShort);
  wipe(own);
  EXPECT_EQ(object_bytes(own).find(kShort.substr(1)), std::string_view::npos);
}

TEST(Wipe, ReachesWhatAMovedFromStringStillHolds) {
  std::string own(kShort);
  const std::string taken = std::move(own);
  wipe(own);  // NOLINT(bugprone-use-after-move): that is the point
  EXPECT_EQ(object_bytes(own).find(kShort.substr(1)), std::string_view::npos);
}

TEST(Secret, WipesItsSourceAndWhatItIsMovedFrom) {
  std::string text(kShort);
  Secret first(std::move(text));
  EXPECT_EQ(object_bytes(text).find(kShort.substr(1)), std::string_view::npos);  // NOLINT(bugprone-use-after-move)
  const Secret second(std::move(first));
  EXPECT_TRUE(first.text().empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(second.text(), kShort);
}

TEST(Secret, IsGoneWithItsLife) {
  alignas(Secret) std::array<char, sizeof(Secret)> room{};
  auto* secret = new (room.data()) Secret(kShort);
  EXPECT_NE(std::string_view(room.data(), room.size()).find(kShort), std::string_view::npos) << "it lies where it is looked for";
  secret->~Secret();
  EXPECT_EQ(std::string_view(room.data(), room.size()).find(kShort.substr(1)), std::string_view::npos);
}

TEST(Secret, IsCopiedAndAssigned) {
  const Secret first{kLong};
  Secret second;
  second = first;
  EXPECT_EQ(second.text(), kLong);
  second = Secret{kShort};
  EXPECT_EQ(second.text(), kShort);
}

}  // namespace
}  // namespace berth::base
