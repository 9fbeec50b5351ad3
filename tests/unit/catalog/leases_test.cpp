#include "catalog/leases.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "berth/catalog/sqlite_catalog.h"
#include "catalog/migrate.h"
#include "catalog/sqlite.h"
#include "support/catalog_content.h"
#include "support/temporary_directory.h"

namespace berth::catalog {
namespace {

using namespace std::chrono_literals;
using test::put_of;
using test::repository;
using test::sha256_of;
using test::tag;

const base::TimePoint kStart = base::from_unix_micros(1'700'000'000'000'000);
std::int64_t micros(base::TimePoint time) { return base::to_unix_micros(time); }

// --- The arithmetic ------------------------------------------------------------------------------------------------------------

class LeaseRules : public ::testing::Test {
 protected:
  void SetUp() override {
    connection_ = Connection::open(path_, "", Connection::Access::write).value();
    ASSERT_TRUE(migrate(*connection_, path_, embedded_migrations()));
  }
  Leases start(base::Duration length, base::TimePoint now) { return Leases::start(*connection_, length, now).value(); }
  void end_cleanly() { ASSERT_TRUE(connection_->run(Query::set_clean_shutdown)); }

  test::TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/catalog.sqlite";
  std::unique_ptr<Connection> connection_;
};

TEST_F(LeaseRules, ACleanStartChangesNothing) {
  const Leases first = start(24h, kStart);
  const std::int64_t until = first.fresh(micros(kStart));
  EXPECT_EQ(until, micros(kStart + 24h));
  end_cleanly();
  EXPECT_EQ(start(24h, kStart + 1h).effective(until), until);
}

TEST_F(LeaseRules, AnUncleanStartExtendsWhatWasWrittenBeforeIt) {
  const std::int64_t until = start(24h, kStart).fresh(micros(kStart));
  const Leases second = start(24h, kStart + 10h);
  EXPECT_EQ(second.effective(until), micros(kStart + 48h));
  // One that had ended long before the crash stays ended.
  EXPECT_EQ(second.effective(micros(kStart - 100h)), micros(kStart - 76h));
  // One written after it is not extended.
  const std::int64_t later = second.fresh(micros(kStart + 11h));
  EXPECT_EQ(second.effective(later), later);
  end_cleanly();
  EXPECT_EQ(start(24h, kStart + 12h).effective(until), micros(kStart + 48h)) << "the extension outlives a clean restart";
}

TEST_F(LeaseRules, AfterAnUncleanStartFilesAreLookedForHoweverManyCleanOnesFollow) {
  const auto unswept = [&] { return connection_->exists(Query::find_unswept, {}).value(); };
  start(24h, kStart);
  end_cleanly();
  ASSERT_TRUE(connection_->run(Query::set_swept, {std::int64_t{1}}));
  start(24h, kStart + 1h);
  EXPECT_FALSE(unswept());
  start(24h, kStart + 2h);
  EXPECT_TRUE(unswept());
  end_cleanly();
  start(24h, kStart + 3h);
  EXPECT_TRUE(unswept());
}

TEST_F(LeaseRules, TwoUncleanStartsExtendTwiceButNotForEver) {
  const std::int64_t until = start(24h, kStart).fresh(micros(kStart));
  (void)start(24h, kStart + 1h);
  EXPECT_EQ(start(24h, kStart + 2h).effective(until), micros(kStart + 72h));
  for (int i = 0; i < 100; ++i) (void)start(24h, kStart + 2h);
  EXPECT_EQ(start(24h, kStart + 2h).effective(until), micros(kStart + 9 * 24h));
}

TEST_F(LeaseRules, AnExtensionThatIsOverDoesNotAddUp) {
  (void)start(24h, kStart);
  (void)start(24h, kStart + 1h);
  const std::int64_t until = micros(kStart + 1000h) + 1;
  EXPECT_EQ(start(24h, kStart + 1000h).effective(until), until + micros(base::TimePoint(24h)));
}

TEST_F(LeaseRules, AShorterLeaseStillExtendsTheLongOnes) {
  const std::int64_t until = start(24h, kStart).fresh(micros(kStart));
  EXPECT_EQ(start(1h, kStart + 1h).effective(until), until + micros(base::TimePoint(1h)));
}

TEST_F(LeaseRules, RenewingIsWorthItAfterAnHour) {
  const Leases leases = start(24h, kStart);
  const std::int64_t until = leases.fresh(micros(kStart));
  EXPECT_FALSE(leases.worth_renewing(until, micros(kStart + 59min)));
  EXPECT_TRUE(leases.worth_renewing(until, micros(kStart + 61min)));
}

TEST_F(LeaseRules, AShortLeaseIsRenewedWithinItsLife) {
  const Leases leases = start(2s, kStart);
  EXPECT_TRUE(leases.worth_renewing(leases.fresh(micros(kStart)), micros(kStart + 500ms)));
}

TEST_F(LeaseRules, RenewingNeverShortens) {
  const std::int64_t until = start(24h, kStart).fresh(micros(kStart));
  const Leases second = start(24h, kStart + 2h);
  // Extended to 48 h after the start: a new lease of 24 h would end sooner.
  EXPECT_FALSE(second.worth_renewing(until, micros(kStart + 5h)));
  EXPECT_TRUE(second.worth_renewing(until, micros(kStart + 26h)));
}

// --- In the catalog ----------------------------------------------------------------------------------------------------------------

class LeasesOfBlobs : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() { catalog_ = open_sqlite_catalog({.path = path_, .vfs = ""}, clock_).value(); }
  std::int64_t leased_until(const std::string& blob) {
    auto connection = Connection::open(path_, "", Connection::Access::read).value();
    auto rows = connection->query(Query::find_blob_row, {std::string_view(sha256_of(blob).text())}).value();
    EXPECT_TRUE(rows.next().value());
    return rows.integer(1);
  }
  [[nodiscard]] std::int64_t full_lease() const { return micros(clock_.now() + 24h); }

  test::TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/catalog.sqlite";
  base::ManualClock clock_{kStart};
  std::unique_ptr<Catalog> catalog_;
  const oci::RepositoryName app_ = repository("app");
  const oci::RepositoryName other_ = repository("other");
};

TEST_F(LeasesOfBlobs, ALinkBeginsOneAndALaterLinkRenewsIt) {
  ASSERT_TRUE(catalog_->link_blob(app_, sha256_of("b"), 1, {"tester"}));
  EXPECT_EQ(leased_until("b"), full_lease());
  const std::int64_t first = leased_until("b");
  clock_.advance(30min);
  ASSERT_TRUE(catalog_->link_blob(app_, sha256_of("b"), 1, {"tester"}));
  EXPECT_EQ(leased_until("b"), first) << "not older than an hour";
  clock_.advance(45min);
  ASSERT_TRUE(catalog_->link_blob(app_, sha256_of("b"), 1, {"tester"}));
  EXPECT_EQ(leased_until("b"), full_lease());
}

TEST_F(LeasesOfBlobs, AMountRenewsIt) {
  ASSERT_TRUE(catalog_->link_blob(app_, sha256_of("b"), 1, {"tester"}));
  clock_.advance(2h);
  ASSERT_TRUE(catalog_->mount_blob(other_, app_, sha256_of("b"), {"tester"}));
  EXPECT_EQ(leased_until("b"), full_lease());
}

TEST_F(LeasesOfBlobs, AManifestOfTheRepositoryMakesALeaseNeedless) {
  ASSERT_TRUE(catalog_->link_blob(app_, sha256_of("b"), 1, {"tester"}));
  const std::int64_t first = leased_until("b");
  const test::Content content = test::image("m", test::config("b"));
  ASSERT_TRUE(catalog_->put_manifest(put_of(app_, content)));
  clock_.advance(2h);
  ASSERT_TRUE(catalog_->link_blob(app_, sha256_of("b"), 1, {"tester"}));
  EXPECT_EQ(leased_until("b"), first);
  // In another repository nothing keeps it.
  ASSERT_TRUE(catalog_->mount_blob(other_, app_, sha256_of("b"), {"tester"}));
  EXPECT_EQ(leased_until("b"), full_lease());
}

TEST_F(LeasesOfBlobs, APutIsASignOfLifeOfItsBlobs) {
  ASSERT_TRUE(catalog_->link_blob(app_, sha256_of("b"), 1, {"tester"}));
  clock_.advance(20h);
  const test::Content content = test::image("m", test::config("b"));
  ASSERT_TRUE(catalog_->put_manifest(put_of(app_, content)));
  EXPECT_EQ(leased_until("b"), full_lease());
}

TEST_F(LeasesOfBlobs, ARefusedPutRenewsNothing) {
  ASSERT_TRUE(catalog_->link_blob(app_, sha256_of("b"), 1, {"tester"}));
  const std::int64_t first = leased_until("b");
  clock_.advance(20h);
  const test::Content content = test::image("m", test::config("b"), {test::layer("missing")});
  ASSERT_FALSE(catalog_->put_manifest(put_of(app_, content)));
  EXPECT_EQ(leased_until("b"), first);
}

TEST_F(LeasesOfBlobs, AnOrderlyStopIsNoted) {
  const auto clean = [&] {
    auto connection = Connection::open(path_, "", Connection::Access::read).value();
    return connection->find_integer(Query::find_state, {}).value().value();
  };
  EXPECT_EQ(clean(), 0);
  catalog_.reset();
  EXPECT_EQ(clean(), 1);
  open();
  EXPECT_EQ(clean(), 0);
}

}  // namespace
}  // namespace berth::catalog
