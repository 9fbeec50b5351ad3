#include "catalog/writer.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "catalog/migrate.h"
#include "support/temporary_directory.h"

namespace berth::catalog {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

class WriterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto connection = Connection::open(path_, "", Connection::Access::write).value();
    ASSERT_TRUE(migrate(*connection, path_, embedded_migrations()));
    ASSERT_TRUE(connection->execute("CREATE TABLE numbers (n INTEGER)", "test"));
    // An empty log, so that the writer has nothing to tidy and keeps the time-out it is given here.
    ASSERT_TRUE(connection->checkpoint(Connection::Checkpoint::truncate));
    connection->set_busy_timeout(1);
    writer_ = std::make_unique<Writer>(std::move(connection), generation_);
  }
  static Result<void> add(Connection& connection, int number) {
    return connection.execute(("INSERT INTO numbers VALUES (" + std::to_string(number) + ")").c_str(), "test");
  }
  std::int64_t sum() {
    auto connection = Connection::open(path_, "", Connection::Access::read).value();
    return connection->pragma("SELECT COALESCE(SUM(n), 0) FROM numbers").value();
  }

  test::TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/catalog.sqlite";
  std::atomic<std::uint64_t> generation_{1};
  std::unique_ptr<Writer> writer_;
};

TEST_F(WriterTest, AChangeIsThereWhenTheCallReturns) {
  ASSERT_TRUE(writer_->run([](Connection& c) { return add(c, 1); }));
  EXPECT_EQ(sum(), 1);
  EXPECT_EQ(generation_, 2U);
}

// Holds the writer in a first call until `count` further ones wait, so that those become one group.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

TEST_F(WriterTest, OneThatFailsTakesOnlyItsOwnChangesWithIt) {
  Gate entered;
  Gate leave;
  std::thread first([&] {
    EXPECT_TRUE(writer_->run([&](Connection&) -> Result<void> {
      entered.open();
      leave.pass();
      return {};
    }));
  });
  entered.pass();
  std::vector<std::thread> others;
  std::vector<std::optional<ErrorCode>> outcomes(4);
  for (std::size_t i = 0; i < 4; ++i) {
    others.emplace_back([&, i] {
      const auto done = writer_->run([i](Connection& c) -> Result<void> {
        BERTH_CHECK_OK(add(c, 1 << i));
        if (i == 2) return fail(ErrorCode::tag_unknown, "no");
        return {};
      });
      if (!done) outcomes[i] = done.error().code();
    });
  }
  leave.open();
  first.join();
  for (auto& thread : others) thread.join();
  EXPECT_EQ(sum(), 1 + 2 + 8);
  EXPECT_EQ(outcomes, (std::vector<std::optional<ErrorCode>>{std::nullopt, std::nullopt, ErrorCode::tag_unknown, std::nullopt}));
}

TEST_F(WriterTest, AnErrorOfTheTransactionIsEverybodys) {
  // A body that ends the transaction is what SQLite does by itself after a grave error.
  const auto done = writer_->run([](Connection& c) -> Result<void> {
    BERTH_CHECK_OK(add(c, 1));
    BERTH_CHECK_OK(c.execute("ROLLBACK", "test"));
    return fail(ErrorCode::storage_full, "the catalog's disk is full");
  });
  EXPECT_EQ(done.error().code(), ErrorCode::storage_full);
  EXPECT_EQ(sum(), 0);
  EXPECT_TRUE(writer_->run([](Connection& c) { return add(c, 2); }));
  EXPECT_EQ(sum(), 2);
}

TEST_F(WriterTest, IsBusyWhileAnotherProcessWrites) {
  auto other = Connection::open(path_, "", Connection::Access::write).value();
  ASSERT_TRUE(other->execute("BEGIN IMMEDIATE", "test"));
  const auto refused = writer_->run([](Connection& c) { return add(c, 1); });
  EXPECT_EQ(refused.error().code(), ErrorCode::busy);
  EXPECT_EQ(refused.error().retry_after(), 1U);
  ASSERT_TRUE(other->execute("COMMIT", "test"));
  EXPECT_TRUE(writer_->run([](Connection& c) { return add(c, 1); }));
  EXPECT_TRUE(writer_->health());
}

TEST_F(WriterTest, TroubleOfTheDiskHealsAndDamageStays) {
  EXPECT_TRUE(writer_->health());
  (void)writer_->run([](Connection&) -> Result<void> { return fail(ErrorCode::io_error, "the catalog's disk failed"); });
  EXPECT_EQ(writer_->health().error().code(), ErrorCode::io_error);
  EXPECT_TRUE(writer_->run([](Connection& c) { return add(c, 1); }));
  EXPECT_TRUE(writer_->health());

  (void)writer_->run([](Connection&) -> Result<void> { return fail(ErrorCode::corrupt, "the catalog is damaged"); });
  EXPECT_TRUE(writer_->run([](Connection& c) { return add(c, 1); }));
  EXPECT_EQ(writer_->health().error().code(), ErrorCode::corrupt);
}

}  // namespace
}  // namespace berth::catalog
