// The connection itself, apart from any statement of ours.
#include "catalog/sqlite.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/temporary_directory.h"

namespace berth::catalog {
namespace {

constexpr const char* kEndless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

TEST(SqliteConnection, WhatRunsEndsWhenItIsToldTo) {
  const test::TemporaryDirectory directory;
  const auto connection = Connection::open(directory.path() + "/a.sqlite", "", Connection::Access::write).value();
  const std::atomic<bool> stop{true};
  connection->heed(&stop);
  const auto cut = connection->pragma_lines(kEndless);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code(), base::ErrorCode::busy);
  connection->heed(nullptr);
  EXPECT_EQ(connection->pragma_lines("PRAGMA integrity_check").value(), std::vector<std::string>{"ok"});
}

TEST(SqliteConnection, AnInterruptFromOutsideEndsWhatRuns) {
  const test::TemporaryDirectory directory;
  const auto connection = Connection::open(directory.path() + "/a.sqlite", "", Connection::Access::write).value();
  std::atomic<bool> ended{false};
  std::thread asking([&] {
    const auto cut = connection->pragma_lines(kEndless);
    ended = true;
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().code(), base::ErrorCode::busy);
  });
  while (!ended) {
    connection->interrupt();  // nothing happens if it has yet to begin
    std::this_thread::yield();
  }
  asking.join();
  EXPECT_EQ(connection->pragma_lines("PRAGMA integrity_check").value(), std::vector<std::string>{"ok"});
}

}  // namespace
}  // namespace berth::catalog
