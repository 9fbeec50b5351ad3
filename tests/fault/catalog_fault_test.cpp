// The n-th call of the catalog's disk fails, for every n; the process dies; the power goes. Nothing acknowledged may be missing.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>

#include "berth/catalog/sqlite_catalog.h"
#include "catalog/migrate.h"
#include "fault/catalog_script.h"
#include "fault/fault_vfs.h"
#include "support/temporary_directory.h"

namespace berth::test {
namespace {

using base::ErrorCode;
using base::Result;
using catalog::Catalog;

enum class End : std::uint8_t { orderly, kill, power_loss, lucky_power_loss };

struct Case {
  std::string name;
  VfsFault fault;
  End end;
};

class Rig {
 public:
  Result<std::unique_ptr<Catalog>> open(const std::string& vfs) {
    return catalog::open_sqlite_catalog({.path = directory_.path() + "/catalog.sqlite", .vfs = vfs}, clock_);
  }
  FaultVfs& vfs() { return vfs_; }

  // Ends `running` as `how` says; a null catalog is one that could not be opened.
  void end(std::unique_ptr<Catalog> running, End how, unsigned seed) {
    if (how != End::orderly) vfs_.kill();
    running.reset();
    if (how == End::power_loss) vfs_.lose_power(PowerLoss::everything);
    if (how == End::lucky_power_loss) vfs_.lose_power(PowerLoss::something, seed);
    vfs_.clear_faults();
    vfs_.revive();
  }

 private:
  TemporaryDirectory directory_;
  FaultVfs vfs_{"fault"};
  base::SystemClock clock_;
};

void expect_io_errors_only(const CatalogScript& script) {
  for (const ErrorCode code : script.errors()) {
    // What a step says when an earlier one failed, and what the disk says.
    const bool expected = code == ErrorCode::io_error || code == ErrorCode::storage_full || code == ErrorCode::busy ||
                          code == ErrorCode::manifest_blob_unknown || code == ErrorCode::manifest_unknown ||
                          code == ErrorCode::tag_unknown || code == ErrorCode::blob_unknown;
    EXPECT_TRUE(expected) << base::error_code_name(code);
  }
}

// Whether the fault struck, which it does not once `at` is beyond what the work needs.
bool try_one(const Case& c, std::uint64_t at) {
  SCOPED_TRACE(c.name + ", call " + std::to_string(at));
  Rig rig;
  CatalogScript script;
  VfsFault fault = c.fault;
  fault.at = at;
  rig.vfs().inject(fault);
  auto opened = rig.open("fault");
  std::unique_ptr<Catalog> running;
  if (opened) {
    running = *std::move(opened);
    script.run(*running);
    const bool struck = rig.vfs().struck();
    EXPECT_TRUE(struck || script.errors().empty());
    if (fault.repeat == VfsRepeat::once && struck && c.end == End::orderly) {
      // The disk is well again, and so is the catalog, without a restart.
      EXPECT_EQ(script.differences(*running), std::vector<std::string>());
      script.run(*running);
      EXPECT_TRUE(running->link_blob(repository("after"), sha256_of("after"), 1, {"tester"}));
      EXPECT_TRUE(running->ping());
    }
  } else {
    EXPECT_TRUE(opened.error().code() == ErrorCode::io_error || opened.error().code() == ErrorCode::storage_full)
        << opened.error().message() << ": " << opened.error().context();
  }
  expect_io_errors_only(script);
  const bool struck = rig.vfs().struck();
  rig.end(std::move(running), c.end, static_cast<unsigned>(at));

  // A second life through the same disk, so that what it acknowledges builds on what the first left; then the power goes.
  auto second = rig.open("fault");
  EXPECT_TRUE(second) << second.error().message() << ": " << second.error().context();
  if (!second) return struck;
  EXPECT_EQ(script.differences(**second), std::vector<std::string>());
  const int before = script.acknowledged();
  script.run(**second);
  EXPECT_EQ(script.acknowledged(), before + 15);
  rig.end(*std::move(second), End::power_loss, 0);

  const auto third = rig.open("");
  EXPECT_TRUE(third) << third.error().context();
  if (third) {
    EXPECT_EQ(script.differences(**third), std::vector<std::string>());
  }
  return struck;
}

class CatalogFaults : public ::testing::TestWithParam<Case> {};

TEST_P(CatalogFaults, NothingAcknowledgedIsLost) {
  std::uint64_t at = 1;
  while (try_one(GetParam(), at)) {
    if (::testing::Test::HasFailure()) return;
    ++at;
  }
  EXPECT_GT(at, 1U) << "the fault never struck";
}

std::vector<Case> cases() {
  std::vector<Case> all;
  const auto add = [&](const std::string& name, int code, VfsCall only, VfsRepeat repeat, End end) {
    all.push_back({name, {.at = 1, .code = code, .only = only, .repeat = repeat}, end});
  };
  // A failed call, with the work going on.
  add("write_error", SQLITE_IOERR, VfsCall::write, VfsRepeat::once, End::orderly);
  add("disk_full", SQLITE_FULL, VfsCall::write, VfsRepeat::once, End::orderly);
  add("sync_error", SQLITE_IOERR, VfsCall::sync, VfsRepeat::once, End::orderly);
  add("truncate_error", SQLITE_IOERR, VfsCall::truncate, VfsRepeat::once, End::orderly);
  add("open_error", SQLITE_IOERR, VfsCall::open, VfsRepeat::once, End::orderly);
  // A failed call, and then the process is killed: the next one sees what the kernel shows, durable or not.
  add("sync_error_then_kill", SQLITE_IOERR, VfsCall::sync, VfsRepeat::once, End::kill);
  add("write_error_then_kill", SQLITE_IOERR, VfsCall::write, VfsRepeat::once, End::kill);
  add("sync_error_then_power_loss", SQLITE_IOERR, VfsCall::sync, VfsRepeat::once, End::power_loss);
  // From the n-th call on nothing works: the disk is gone, and so is the power soon.
  add("power_loss_at_write", SQLITE_IOERR, VfsCall::write, VfsRepeat::from_then_on, End::power_loss);
  add("power_loss_at_sync", SQLITE_IOERR, VfsCall::sync, VfsRepeat::from_then_on, End::power_loss);
  add("torn_power_loss_at_write", SQLITE_IOERR, VfsCall::write, VfsRepeat::from_then_on, End::lucky_power_loss);
  add("torn_power_loss_at_sync", SQLITE_IOERR, VfsCall::sync, VfsRepeat::from_then_on, End::lucky_power_loss);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Each, CatalogFaults, ::testing::ValuesIn(cases()), [](const auto& each) { return each.param.name; });

TEST(CatalogPowerLoss, TakesNothingFromARunningCatalog) {
  Rig rig;
  CatalogScript script;
  for (int round = 0; round < 5; ++round) {
    auto running = rig.open("fault").value();
    EXPECT_EQ(script.differences(*running), std::vector<std::string>());
    script.run(*running);
    rig.end(std::move(running), End::power_loss, 0);
  }
  EXPECT_EQ(script.differences(*rig.open("").value()), std::vector<std::string>());
}

// The negative control: with syncs that do nothing the same test must find something missing, or it would find nothing ever.
TEST(CatalogPowerLoss, IsNoticedWhenSyncsArePretended) {
  Rig rig;
  CatalogScript script;
  {
    // A well-made catalog first, so that what is lost is its rows and not the whole file.
    auto first = rig.open("fault").value();
    script.run(*first);
    rig.end(std::move(first), End::orderly, 0);
  }
  rig.vfs().set_syncs(Syncs::pretended);
  auto running = rig.open("fault").value();
  script.run(*running);
  EXPECT_TRUE(script.errors().empty());
  EXPECT_EQ(script.differences(*running), std::vector<std::string>());
  rig.end(std::move(running), End::power_loss, 0);
  const auto after = rig.open("");
  EXPECT_TRUE(!after || !script.differences(**after).empty());
}

TEST(CatalogFaultsOfReads, GiveAnErrorAndNeverAWrongAnswer) {
  Rig rig;
  CatalogScript script;
  {
    auto running = rig.open("fault").value();
    script.run(*running);
  }
  std::uint64_t at = 1;
  for (bool struck = true; struck; ++at) {
    SCOPED_TRACE(at);
    auto running = rig.open("fault").value();
    rig.vfs().inject({.at = at, .code = SQLITE_IOERR_READ, .only = VfsCall::read});
    for (const std::string& difference : script.differences(*running)) {
      EXPECT_NE(difference.find("the catalog's disk failed"), std::string::npos) << difference;
    }
    struck = rig.vfs().struck();
    rig.vfs().clear_faults();
    EXPECT_EQ(script.differences(*running), std::vector<std::string>());
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
  EXPECT_GT(at, 5U);
}

TEST(CatalogFaultsOfDisks, ADiskThatStaysBrokenIsRefusedAndSaid) {
  Rig rig;
  CatalogScript script;
  auto running = rig.open("fault").value();
  script.run(*running);
  rig.vfs().inject({.at = 1, .code = SQLITE_IOERR, .only = VfsCall::sync, .repeat = VfsRepeat::from_then_on});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(running->link_blob(repository("a"), sha256_of("a"), 1, {"tester"}).error().code(), ErrorCode::io_error);
    EXPECT_EQ(running->ping().error().code(), ErrorCode::io_error);
    EXPECT_EQ(script.differences(*running), std::vector<std::string>()) << "reads go on";
  }
  rig.vfs().clear_faults();
  EXPECT_TRUE(running->link_blob(repository("a"), sha256_of("a"), 1, {"tester"}));
  EXPECT_TRUE(running->ping());
}

TEST(CatalogFaultsOfDisks, AFullDiskRefusesWritesAndRecovers) {
  Rig rig;
  CatalogScript script;
  auto running = rig.open("fault").value();
  script.run(*running);
  rig.vfs().inject({.at = 1, .code = SQLITE_FULL, .only = VfsCall::write, .repeat = VfsRepeat::from_then_on});
  EXPECT_EQ(running->link_blob(repository("a"), sha256_of("a"), 1, {"tester"}).error().code(), ErrorCode::storage_full);
  EXPECT_EQ(script.differences(*running), std::vector<std::string>()) << "reads go on";
  rig.vfs().clear_faults();
  EXPECT_TRUE(running->link_blob(repository("a"), sha256_of("a"), 1, {"tester"}));
}

TEST(CatalogFaultsOfMigrations, LeaveTheFormatBeforeOrAfter) {
  const catalog::Migration steps[] = {
      {1, "0001_first.sql", "CREATE TABLE one (a INTEGER) STRICT; INSERT INTO one VALUES (41);"},
      {2, "0002_second.sql", "CREATE TABLE two (b INTEGER) STRICT; UPDATE one SET a = 42;"},
  };
  using catalog::Connection;
  for (const PowerLoss loss : {PowerLoss::everything, PowerLoss::something}) {
    bool struck = true;
    for (std::uint64_t at = 1; struck; ++at) {
      SCOPED_TRACE(at);
      const TemporaryDirectory directory;
      const std::string path = directory.path() + "/catalog.sqlite";
      FaultVfs vfs("fault");
      ASSERT_TRUE(migrate(*Connection::open(path, "fault", Connection::Access::write).value(), path, std::span(steps).first(1)));
      vfs.inject({.at = at, .repeat = VfsRepeat::from_then_on});
      {
        auto connection = Connection::open(path, "fault", Connection::Access::write);
        const bool migrated = connection && migrate(**connection, path, steps);
        struck = vfs.struck();
        EXPECT_NE(migrated && struck, true);
        vfs.kill();
      }
      vfs.lose_power(loss, static_cast<unsigned>(at));
      vfs.revive();

      auto connection = Connection::open(path, "", Connection::Access::write).value();
      const auto version = connection->pragma("PRAGMA user_version").value();
      EXPECT_EQ(connection->pragma("SELECT a FROM one").value(), version == 1 ? 41 : 42);
      if (!struck) {
        EXPECT_EQ(version, 2);
      }
      ASSERT_TRUE(migrate(*connection, path, steps));
      EXPECT_EQ(connection->pragma("SELECT a FROM one").value(), 42);
      ASSERT_FALSE(::testing::Test::HasFailure());
    }
  }
}

}  // namespace
}  // namespace berth::test
