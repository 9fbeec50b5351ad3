#include "catalog/migrate.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "berth/catalog/sqlite_catalog.h"
#include "support/catalog_content.h"
#include "support/temporary_directory.h"

namespace berth::catalog {
namespace {

using base::ErrorCode;

constexpr Migration kFirst{1, "0001_first.sql", "CREATE TABLE one (a INTEGER) STRICT; INSERT INTO one VALUES (41);"};
constexpr Migration kSecond{2, "0002_second.sql", "CREATE TABLE two (b INTEGER) STRICT; UPDATE one SET a = a + 1;"};
constexpr Migration kBroken{2, "0002_broken.sql",
                            "CREATE TABLE two (b INTEGER) STRICT; UPDATE one SET a = 0; UPDATE missing SET a = 1;"};
constexpr Migration kThird{3, "0003_third.sql", "UPDATE one SET a = a * 2;"};

class Migrate : public ::testing::Test {
 protected:
  std::unique_ptr<Connection> open(const std::string& path) {
    return Connection::open(path, "", Connection::Access::write).value();
  }
  std::unique_ptr<Connection> open() { return open(path_); }
  static std::int64_t version(Connection& connection) { return connection.pragma("PRAGMA user_version").value(); }
  static std::int64_t answer(Connection& connection) { return connection.pragma("SELECT a FROM one").value(); }

  test::TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/catalog.sqlite";
};

TEST_F(Migrate, AFreshFileGetsAllOfThemAndNoCopy) {
  const Migration all[] = {kFirst, kSecond, kThird};
  auto connection = open();
  ASSERT_TRUE(migrate(*connection, path_, all));
  EXPECT_EQ(version(*connection), 3);
  EXPECT_EQ(answer(*connection), 84);
  EXPECT_EQ(connection->pragma("PRAGMA application_id").value(), kApplicationId);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".before-0"));
}

TEST_F(Migrate, AFileOfTheNewestFormatIsLeftAsItIs) {
  const Migration all[] = {kFirst};
  ASSERT_TRUE(migrate(*open(), path_, all));
  auto connection = open();
  ASSERT_TRUE(migrate(*connection, path_, all));
  EXPECT_EQ(answer(*connection), 41);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".before-1"));
}

TEST_F(Migrate, AnOlderFileIsCopiedFirst) {
  const Migration old[] = {kFirst};
  const Migration all[] = {kFirst, kSecond, kThird};
  ASSERT_TRUE(migrate(*open(), path_, old));
  auto connection = open();
  ASSERT_TRUE(migrate(*connection, path_, all));
  EXPECT_EQ(answer(*connection), 84);

  auto copy = open(path_ + ".before-1");
  EXPECT_EQ(version(*copy), 1);
  EXPECT_EQ(answer(*copy), 41);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".before-1.partial"));
  EXPECT_EQ(std::filesystem::status(path_ + ".before-1").permissions(), std::filesystem::perms(0600));
}

TEST_F(Migrate, ACopyThatWasCutOffIsMadeAnew) {
  const Migration old[] = {kFirst};
  const Migration all[] = {kFirst, kSecond};
  ASSERT_TRUE(migrate(*open(), path_, old));
  std::ofstream(path_ + ".before-1.partial") << "half a file";
  ASSERT_TRUE(migrate(*open(), path_, all));
  EXPECT_EQ(answer(*open(path_ + ".before-1")), 41);
}

TEST_F(Migrate, AMigrationThatFailsLeavesTheFormatBeforeIt) {
  const Migration broken[] = {kFirst, kBroken, kThird};
  auto connection = open();
  const auto result = migrate(*connection, path_, broken);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().context().find("0002_broken.sql"), std::string::npos) << result.error().context();
  EXPECT_EQ(version(*connection), 1);
  EXPECT_EQ(answer(*connection), 41);
  EXPECT_FALSE(connection->in_transaction());

  const Migration mended[] = {kFirst, kSecond, kThird};
  connection.reset();
  connection = open();
  ASSERT_TRUE(migrate(*connection, path_, mended));
  EXPECT_EQ(answer(*connection), 84);
}

TEST_F(Migrate, AKillInTheMiddleLeavesTheFormatBeforeIt) {
  const Migration old[] = {kFirst};
  const Migration all[] = {kFirst, kSecond};
  ASSERT_TRUE(migrate(*open(), path_, old));
  {
    // What a killed process leaves: a transaction that was begun, everything done in it, and no COMMIT.
    auto killed = open();
    ASSERT_TRUE(killed->execute("BEGIN IMMEDIATE", "test"));
    ASSERT_TRUE(killed->execute(kSecond.sql, "test"));
    ASSERT_TRUE(killed->execute("PRAGMA user_version = 2", "test"));
    std::filesystem::copy(path_, path_ + "2");
    std::filesystem::copy(path_ + "-wal", path_ + "2-wal");
  }
  auto connection = open(path_ + "2");
  EXPECT_EQ(version(*connection), 1);
  ASSERT_TRUE(migrate(*connection, path_ + "2", all));
  EXPECT_EQ(answer(*connection), 42);
}

TEST_F(Migrate, ANewerFormatIsRefusedNamingBoth) {
  const Migration newer[] = {kFirst, kSecond, kThird};
  const Migration ours[] = {kFirst};
  ASSERT_TRUE(migrate(*open(), path_, newer));
  auto connection = open();
  const auto result = migrate(*connection, path_, ours);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), ErrorCode::configuration_invalid);
  EXPECT_NE(result.error().message().find("format 3"), std::string::npos) << result.error().message();
  EXPECT_NE(result.error().message().find("up to 1"), std::string::npos) << result.error().message();
  EXPECT_EQ(version(*connection), 3);
}

TEST_F(Migrate, AnotherProgramsFileIsRefused) {
  const Migration all[] = {kFirst};
  auto connection = open();
  ASSERT_TRUE(connection->execute("CREATE TABLE theirs (x)", "test"));
  EXPECT_EQ(migrate(*connection, path_, all).error().code(), ErrorCode::configuration_invalid);
}

TEST_F(Migrate, EmbeddedMigrationsAreNumberedWithoutGaps) {
  int number = 0;
  for (const Migration& migration : embedded_migrations()) EXPECT_EQ(migration.number, ++number) << migration.name;
  EXPECT_GE(number, 1);
}

class Open : public Migrate {
 protected:
  base::Result<std::unique_ptr<Catalog>> open_catalog() { return open_sqlite_catalog({.path = path_, .vfs = ""}, clock_); }
  base::SystemClock clock_;
};

TEST_F(Open, MakesAPrivateFileAndLeavesNoLogBehind) {
  {
    auto catalog = open_catalog().value();
    ASSERT_TRUE(catalog->link_blob(test::repository("a"), test::sha256_of("b"), 1, {"tester"}));
    EXPECT_EQ(std::filesystem::status(path_).permissions(), std::filesystem::perms(0600));
    EXPECT_EQ(std::filesystem::status(path_ + "-wal").permissions(), std::filesystem::perms(0600));
  }
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
}

TEST_F(Open, RefusesWhatIsNoDatabase) {
  std::ofstream(path_) << std::string(8192, 'x');
  EXPECT_EQ(open_catalog().error().code(), ErrorCode::corrupt);
}

TEST_F(Open, RefusesANewerFormatAndLeavesItAlone) {
  open_catalog().value().reset();
  ASSERT_TRUE(open()->execute("PRAGMA user_version = 99", "test"));
  const auto refused = open_catalog();
  EXPECT_EQ(refused.error().code(), ErrorCode::configuration_invalid);
  EXPECT_NE(refused.error().message().find("99"), std::string::npos);
  EXPECT_EQ(version(*open()), 99);
}

TEST_F(Open, RefusesADirectoryThatIsMissing) {
  path_ = directory_.path() + "/missing/catalog.sqlite";
  EXPECT_EQ(open_catalog().error().code(), ErrorCode::io_error);
}

}  // namespace
}  // namespace berth::catalog
