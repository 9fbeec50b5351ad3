#include "http/h2_guard.h"

#include <gtest/gtest.h>

#include <string>

namespace berth::http {
namespace {

H2FrameHeader frame(H2FrameType type, std::uint32_t length = 8, std::uint8_t flags = 0) { return {length, type, flags, 1}; }

std::string wire(const H2FrameHeader& header) {
  const auto raw = write_frame_header(header);
  return std::string(raw.begin(), raw.end()) + std::string(header.length, 'x');
}

TEST(H2FrameTest, HeadersAreReadAsTheyAreWritten) {
  const H2FrameHeader header{0x123456, H2FrameType::ping, 0x81, 0x7fffffff};
  const auto again = read_frame_header(write_frame_header(header));
  EXPECT_EQ(again.length, header.length);
  EXPECT_EQ(again.type, header.type);
  EXPECT_EQ(again.flags, header.flags);
  EXPECT_EQ(again.stream, header.stream);
}

TEST(H2FrameTest, TheScannerSeesTheSameWhereverPiecesEnd) {
  const std::string bytes = std::string(kH2Preface) + wire(frame(H2FrameType::settings, 0)) +
                            wire(frame(H2FrameType::data, 300)) +
                            wire(frame(H2FrameType::headers, 20, H2FrameHeader::kEndHeaders)) + wire(frame(H2FrameType::ping));
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    H2FrameScanner scanner;
    std::string seen;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      scanner.scan(base::as_bytes(std::string_view(bytes).substr(at, step)), [&](const H2FrameHeader& header) {
        seen += std::to_string(static_cast<int>(header.type));
        return true;
      });
    }
    EXPECT_EQ(seen, "4016") << step;
    EXPECT_FALSE(scanner.owes());
  }
}

TEST(H2FrameTest, AnOpenHeaderBlockIsADebtUntilItsEnd) {
  H2FrameScanner scanner;
  const auto feed = [&](const std::string& bytes) {
    scanner.scan(base::as_bytes(std::string_view(bytes)), [](const H2FrameHeader&) { return true; });
  };
  EXPECT_TRUE(scanner.owes());
  feed(std::string(kH2Preface) + wire(frame(H2FrameType::settings, 0)));
  EXPECT_FALSE(scanner.owes());
  feed(wire(frame(H2FrameType::headers, 5)));
  const auto debt = scanner.debt();
  EXPECT_TRUE(scanner.owes());
  feed(wire(frame(H2FrameType::continuation, 5)));
  EXPECT_TRUE(scanner.owes());
  EXPECT_EQ(scanner.debt(), debt) << "signs of life do not count";
  feed(wire(frame(H2FrameType::continuation, 5, H2FrameHeader::kEndHeaders)));
  EXPECT_FALSE(scanner.owes());
  feed(wire(frame(H2FrameType::data, 5)).substr(0, 12));
  EXPECT_FALSE(scanner.owes()) << "a body may be slow";
}

Http2Limits tight() {
  Http2Limits limits;
  limits.control_burst = limits.reset_burst = limits.own_reset_burst = 3;
  limits.control_per_second = limits.reset_per_second = limits.own_reset_per_second = 0;
  return limits;
}

TEST(H2GuardTest, EachKindHasItsOwnMeasure) {
  H2Guard guard(tight());
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(guard.received(frame(H2FrameType::ping)));
    EXPECT_FALSE(guard.received(frame(H2FrameType::rst_stream)));
    EXPECT_FALSE(guard.reset_sent());
  }
  EXPECT_EQ(guard.received(frame(H2FrameType::continuation)), "frames");
  EXPECT_EQ(guard.received(frame(H2FrameType::rst_stream)), "resets");
  EXPECT_EQ(guard.reset_sent(), "own_resets");
}

TEST(H2GuardTest, RequestsAndTheirBodiesAreNoAttack) {
  H2Guard guard(tight());
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(guard.received(frame(H2FrameType::headers, 30)));
    EXPECT_FALSE(guard.received(frame(H2FrameType::data, 16384)));
    EXPECT_FALSE(guard.received(frame(H2FrameType::data, 3, H2FrameHeader::kEndStream)));
  }
}

TEST(H2GuardTest, EmptyAndTinyDataIs) {
  H2Guard guard(tight());
  EXPECT_FALSE(guard.received(frame(H2FrameType::data, 0, H2FrameHeader::kEndStream)));
  EXPECT_FALSE(guard.received(frame(H2FrameType::data, 0)));
  EXPECT_FALSE(guard.received(frame(H2FrameType::data, 1)));
  EXPECT_TRUE(guard.received(frame(H2FrameType::data, 1)));
}

TEST(H2GuardTest, WhoReadsMuchMayUpdateItsWindows) {
  H2Guard guard(tight());
  for (int i = 0; i < 1000; ++i) {
    guard.moved(4096);
    EXPECT_FALSE(guard.received(frame(H2FrameType::window_update, 4)));
    EXPECT_FALSE(guard.received(frame(H2FrameType::window_update, 4)));
  }
}

// As from a client that was away while the kernels' buffers filled, and then reads them at once.
TEST(H2GuardTest, UpdatesForWhatWasReadMayComeLateAndTogether) {
  H2Guard guard(tight());
  for (int i = 0; i < 1000; ++i) guard.moved(4096);
  for (int i = 0; i < 2000; ++i) EXPECT_FALSE(guard.received(frame(H2FrameType::window_update, 4)));
}

TEST(H2GuardTest, WhatWasReadPaysForNothingElse) {
  H2Guard guard(tight());
  for (int i = 0; i < 1000; ++i) guard.moved(4096);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(guard.received(frame(H2FrameType::ping)));
  EXPECT_EQ(guard.received(frame(H2FrameType::ping)), "frames");
}

TEST(H2GuardTest, UpdatesAreSavedUpToABound) {
  H2Guard guard(tight());
  for (int i = 0; i < 1000; ++i) guard.moved(1U << 20);
  int updates = 0;
  while (!guard.received(frame(H2FrameType::window_update, 4))) ++updates;
  EXPECT_EQ(updates, 64 * 1024 + 3);
}

TEST(ByteBudgetTest, GivesAllOrNothing) {
  ByteBudget budget(100);
  EXPECT_TRUE(budget.take(60));
  EXPECT_FALSE(budget.take(41));
  EXPECT_TRUE(budget.take(40));
  budget.give(60);
  EXPECT_EQ(budget.used(), 40U);
  EXPECT_FALSE(budget.take(UINT64_MAX));
}

}  // namespace
}  // namespace berth::http
