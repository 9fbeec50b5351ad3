// The audit log as the daemon keeps it, and as `berth verify` doubts it.
#include "berth/service/audit.h"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "berth/catalog/accounts.h"
#include "berth/service/audit_files.h"
#include "berth/service/audit_verify.h"
#include "berth/service/jobs.h"
#include "unit/service/care.h"

namespace berth::service {
namespace {

using catalog::AuditEvent;
using catalog::AuditField;
using catalog::AuditHead;
using catalog::AuditKind;
using catalog::AuditOutcome;
using catalog::AuditQuery;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    open();
    EXPECT_TRUE(audit->start());
  }

  void open() {
    audit.reset();
    catalog.reset();
    auto key = open_audit_key(fs, directory.path()).value();
    catalog =
        catalog::open_sqlite_catalog({.path = directory.path() + "/catalog.sqlite", .audit_key = std::move(key)}, clock).value();
    audit = std::make_unique<Audit>(AuditOptions{.data = directory.path()}, *catalog, fs, clock);
  }
  static AuditEvent sign_in(std::int64_t user) {
    return {.kind = AuditKind::sign_in, .by = {"user:" + std::to_string(user)}, .org = "acme", .subject = "user", .detail = {}};
  }
  void write(int count) {
    for (int i = 1; i <= count; ++i) audit->note(sign_in(i));
    ASSERT_TRUE(audit->flush());
  }
  std::vector<catalog::AuditRow> rows() {
    return audit->list({.order = AuditQuery::Order::oldest_first, .limit = 1000}).value().rows;
  }
  std::vector<std::string> told() {
    std::vector<std::string> lines;
    for (const auto& row : rows()) lines.push_back(row.kind + ' ' + row.by.principal + ' ' + row.detail);
    return lines;
  }
  void sql(const std::string& text) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((directory.path() + "/catalog.sqlite").c_str(), &database), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(database, text.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
    sqlite3_free(error);
    sqlite3_close(database);
  }
  AuditReport verify(std::optional<AuditHead> expected = std::nullopt) {
    auto proof = read_audit_proof(fs, directory.path()).value();
    EXPECT_TRUE(proof);
    proof->expected = std::move(expected);
    const auto inspection = catalog::open_sqlite_inspection(directory.path() + "/catalog.sqlite").value();
    return verify_audit(*inspection, *proof).value();
  }

  base::FileSystem& fs = base::real_file_system();
  test::TemporaryDirectory directory;
  base::ManualClock clock{base::from_unix_micros(1'700'000'000'000'000)};
  std::unique_ptr<catalog::Catalog> catalog;
  std::unique_ptr<Audit> audit;
};

// --- what is taken in --------------------------------------------------------------------------------------------------------------

TEST_F(AuditTest, WhatIsNotedIsWrittenByTheNextFlush) {
  audit->signed_in(1'000'001, {"192.0.2.1", "r9"});
  EXPECT_THAT(rows(), IsEmpty());
  ASSERT_TRUE(audit->flush());
  const auto all = rows();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].kind, "sign_in");
  EXPECT_EQ(all[0].by.principal, "user:1000001");
  EXPECT_EQ(all[0].by.address, "192.0.2.1");
  EXPECT_EQ(all[0].by.request, "r9");
  EXPECT_EQ(all[0].detail, R"({"method":"password"})");
  ASSERT_TRUE(audit->flush());
  EXPECT_EQ(rows().size(), 1U);
}

TEST_F(AuditTest, RefusalsAreToldAtOnceAndThenSummedUp) {
  const auth::RefusedCredential wrong{.method = auth::Method::password, .user = 1'000'001};
  for (int i = 0; i < 500; ++i) audit->refused(wrong, {"192.0.2.1", "r" + std::to_string(i)});
  audit->refused(wrong, {"192.0.2.2", "x"});
  ASSERT_TRUE(audit->flush());
  EXPECT_EQ(rows().size(), 2U) << "one for each address";
  EXPECT_EQ(rows()[0].by.request, "r0");
  EXPECT_EQ(rows()[0].subject, "user:1000001");
  clock.advance(seconds(61));
  ASSERT_TRUE(audit->flush());
  const auto all = rows();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[2].outcome, 1);
  EXPECT_EQ(all[2].detail,
            R"({"method":"password","reason":"wrong","owner":"user:1000001","count":499,"since":"2023-11-14T22:13:20.000000Z"})");
  EXPECT_EQ(all[2].by.request, "") << "of many requests";
}

TEST_F(AuditTest, TokensAreCountedAMinuteAndKey) {
  for (int i = 0; i < 3; ++i) audit->token_issued(1'000'001, 7, {"192.0.2.1"});
  audit->token_issued(0, 9, {"192.0.2.1"});
  ASSERT_TRUE(audit->flush());
  EXPECT_THAT(rows(), IsEmpty());
  ASSERT_TRUE(audit->close());
  EXPECT_THAT(told(),
              ElementsAre(HasSubstr("token.issued service:9 {\"count\":1"), HasSubstr("token.issued user:1000001 {\"count\":3")));
}

TEST_F(AuditTest, AFloodIsBoundedAndWhatIsLostIsCounted) {
  for (int i = 0; i < 1500; ++i) {
    audit->refused({.method = auth::Method::key}, {"2001:db8::" + std::to_string(i)});
  }
  ASSERT_TRUE(audit->flush());
  const auto last = audit->list({.limit = 1}).value().rows.front();
  EXPECT_EQ(last.kind, "audit.lost");
  EXPECT_EQ(last.detail, R"({"count":500})");
}

// --- the head ------------------------------------------------------------------------------------------------------------------------

TEST_F(AuditTest, TheHeadFollowsTheRowsAndIsNeverAhead) {
  EXPECT_EQ(read_audit_head(fs, directory.path()).value(), (AuditHead{0, std::string(catalog::kAuditStart)}));
  ASSERT_TRUE(catalog->accounts().create_org("first", "", "", {"x"}));
  EXPECT_THAT(verify().findings, IsEmpty()) << "in the first second";
  write(3);
  EXPECT_EQ(read_audit_head(fs, directory.path()).value(), catalog->audit().get_head().value());
  ASSERT_TRUE(catalog->accounts().create_org("acme", "", "", {"x"}));
  EXPECT_EQ(verify().ahead, 1U) << "a crash now leaves the database ahead by what was written since";
  EXPECT_THAT(verify().findings, IsEmpty());
  ASSERT_TRUE(audit->flush());
  EXPECT_EQ(verify().ahead, 0U);
}

TEST_F(AuditTest, AStartGoesOnWhereACrashStopped) {
  write(3);
  ASSERT_TRUE(catalog->accounts().create_org("acme", "", "", {"x"}));
  open();
  ASSERT_TRUE(audit->start());
  write(1);
  EXPECT_THAT(verify().findings, IsEmpty());
  EXPECT_EQ(verify().rows, 5U);
}

TEST_F(AuditTest, AStartOnAnotherLogKeepsTheEvidence) {
  write(4);
  sql("DELETE FROM audit_events WHERE seq >= 3");
  open();
  ASSERT_TRUE(audit->start());
  ASSERT_TRUE(audit->flush());
  EXPECT_EQ(told().back(), R"(audit.mismatch daemon {"head_count":4,"count":2})");
  EXPECT_THAT(verify().findings, ElementsAre(HasSubstr("audit.head.lost-")));
}

TEST_F(AuditTest, AStartWithoutItsHeadKeepsThatInMind) {
  write(2);
  ASSERT_TRUE(fs.remove(directory.path() + "/keys/audit.head").value());
  open();
  ASSERT_TRUE(audit->start());
  ASSERT_TRUE(audit->flush());
  EXPECT_EQ(told().back(), R"(audit.mismatch daemon {"head_count":0,"count":2})");
  EXPECT_THAT(verify().findings, ElementsAre(HasSubstr("audit.head.lost-")));
}

TEST_F(AuditTest, WithoutItsKeyNothingStarts) {
  write(1);
  ASSERT_TRUE(fs.remove(directory.path() + "/keys/audit.key").value());
  EXPECT_EQ(open_audit_key(fs, directory.path()).error().code(), base::ErrorCode::configuration_invalid);
}

// --- verify --------------------------------------------------------------------------------------------------------------------------

TEST_F(AuditTest, AWholeLogIsClean) {
  write(2500);
  const auto report = verify();
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.rows, 2500U);
}

TEST_F(AuditTest, AChangedRowIsFound) {
  write(5);
  for (const auto* change : {"at = at - 1", "kind = 'sign_out'", "outcome = 1", "principal = 'user:9'", "key_id = 3",
                             "address = '::1'", "request = 'x'", "org = 'zeta'", "subject = 'x'", "detail = '{}x'"}) {
    sql("CREATE TABLE kept AS SELECT * FROM audit_events WHERE seq = 3");
    sql(std::string("UPDATE audit_events SET ") + change + " WHERE seq = 3");
    EXPECT_THAT(verify().findings, ElementsAre(HasSubstr("row 3 does not fit"))) << change;
    sql("DELETE FROM audit_events WHERE seq = 3; INSERT INTO audit_events SELECT * FROM kept; DROP TABLE kept");
    EXPECT_THAT(verify().findings, IsEmpty());
  }
}

TEST_F(AuditTest, ARemovedRowIsFound) {
  write(5);
  sql("DELETE FROM audit_events WHERE seq = 3");
  EXPECT_THAT(verify().findings, ElementsAre("row 3 is missing"));
  sql("DELETE FROM audit_events WHERE seq = 1");
  EXPECT_THAT(verify().findings, ElementsAre("row 1 is missing", "row 3 is missing"));
}

TEST_F(AuditTest, ARemovedRowIsFoundAlsoWhenTheOthersMoveUp) {
  write(5);
  sql("DELETE FROM audit_events WHERE seq = 3; UPDATE audit_events SET seq = seq - 1 WHERE seq > 3");
  EXPECT_THAT(verify().findings, ::testing::Contains(HasSubstr("row 3 does not fit")));
  EXPECT_THAT(verify().findings, ::testing::Contains(HasSubstr("row 5 cut off")));
}

TEST_F(AuditTest, AnInsertedRowIsFound) {
  write(3);
  sql("INSERT INTO audit_events SELECT 4, at, 'key.revoked', 0, principal, 0, '', '', '', 'key:1', '{}', hash FROM audit_events "
      "WHERE seq = 3");
  EXPECT_THAT(verify().findings, ElementsAre(HasSubstr("row 4 does not fit")));
}

TEST_F(AuditTest, CutOffRowsAreFound) {
  write(5);
  sql("DELETE FROM audit_events WHERE seq >= 4");
  EXPECT_THAT(verify().findings, ElementsAre(HasSubstr("rows 4 to 5 cut off")));
  sql("DELETE FROM audit_events");
  EXPECT_THAT(verify().findings, ElementsAre(HasSubstr("rows 1 to 5 cut off")));
}

TEST_F(AuditTest, SwappedRowsAreFound) {
  write(5);
  sql("UPDATE audit_events SET seq = -1 WHERE seq = 2; UPDATE audit_events SET seq = 2 WHERE seq = 4; UPDATE audit_events SET "
      "seq = 4 WHERE "
      "seq = -1");
  EXPECT_THAT(verify().findings, ::testing::Contains(HasSubstr("row 2 does not fit")));
  EXPECT_THAT(verify().findings, ::testing::Contains(HasSubstr("row 4 does not fit")));
}

TEST_F(AuditTest, AReplacedHeadIsFound) {
  write(5);
  const auto noted = catalog->audit().get_head().value();
  ASSERT_TRUE(write_audit_head(fs, directory.path(), {5, std::string(64, 'a')}));
  EXPECT_THAT(verify().findings, ElementsAre(HasSubstr("its head belongs to another log")));
  ASSERT_TRUE(fs.remove(directory.path() + "/keys/audit.head").value());
  EXPECT_THAT(verify().findings, ElementsAre(HasSubstr("is gone")));
  // Rows cut off, and the head set back to a row that was one: only who noted the head elsewhere can tell.
  sql("DELETE FROM audit_events WHERE seq >= 4");
  ASSERT_TRUE(write_audit_head(fs, directory.path(), {3, rows()[2].hash}));
  EXPECT_THAT(verify().findings, IsEmpty());
  EXPECT_THAT(verify(noted).findings, ElementsAre(HasSubstr("rows 4 to 5 cut off")));
}

TEST_F(AuditTest, ANotedHeadFits) {
  write(3);
  const auto noted = catalog->audit().get_head().value();
  write(2);
  EXPECT_THAT(verify(noted).findings, IsEmpty());
  EXPECT_THAT(verify(AuditHead{2, std::string(64, '1')}).findings, ElementsAre(HasSubstr("another hash")));
}

TEST_F(AuditTest, PrunedSegmentsAreNoHoleAndForgedOnesAre) {
  write(3);
  clock.advance(std::chrono::hours(25));
  ASSERT_TRUE(audit->tidy());
  write(3);
  EXPECT_THAT(verify().findings, IsEmpty());
  ASSERT_TRUE(catalog->audit().prune(clock.now(), {"tester"}).value());
  ASSERT_TRUE(audit->flush());
  EXPECT_THAT(verify().findings, IsEmpty());
  EXPECT_EQ(verify().rows, 4U);
  sql("UPDATE audit_segments SET last_at = 0");
  EXPECT_THAT(verify().findings, ElementsAre("segment 1 was changed"));
  sql("DELETE FROM audit_segments");
  EXPECT_THAT(verify().findings, ElementsAre("rows 1 to 3 are missing"));
}

TEST_F(AuditTest, RowsThatSomebodyElsePrunedAreMissing) {
  write(3);
  clock.advance(std::chrono::hours(25));
  ASSERT_TRUE(audit->tidy());
  write(1);
  sql("DELETE FROM audit_events WHERE seq <= 3; UPDATE audit_segments SET state = 1");
  EXPECT_THAT(verify().findings, ElementsAre("segment 1 was changed"));
}

TEST_F(AuditTest, OldSegmentsGo) {
  audit = std::make_unique<Audit>(AuditOptions{.data = directory.path(), .keep = std::chrono::hours(48)}, *catalog, fs, clock);
  write(3);
  clock.advance(std::chrono::hours(25));
  ASSERT_TRUE(audit->tidy());
  EXPECT_EQ(rows().size(), 3U);
  clock.advance(std::chrono::hours(25));
  ASSERT_TRUE(audit->tidy());
  EXPECT_THAT(told(), ElementsAre(R"(audit.pruned daemon {"count":3,"through":3})"));
  EXPECT_THAT(verify().findings, IsEmpty());
}

TEST_F(AuditTest, WhatAnExportHoldsIsNotPrunedBeforeTheExportGoes) {
  audit = std::make_unique<Audit>(AuditOptions{.data = directory.path(), .keep = std::chrono::hours(48)}, *catalog, fs, clock);
  const auto start = clock.now();
  write(3);
  clock.advance(std::chrono::hours(47));
  ASSERT_TRUE(audit->tidy());
  const auto id = audit->request_export("acme", start, clock.now(), {"user:5"}, 5).value();
  const auto before = rows().size();
  const auto text_of = [&] { return audit->open_export("acme", id).value()->next().value(); };
  EXPECT_THAT(text_of(), HasSubstr(R"("principal":"user:3")"));
  clock.advance(std::chrono::hours(24));
  ASSERT_TRUE(audit->tidy());
  EXPECT_EQ(rows().size(), before) << "older than audit_keep, but somebody will fetch them";
  EXPECT_THAT(text_of(), HasSubstr(R"("principal":"user:1")"));
  const auto half_read = audit->open_export("acme", id).value();
  clock.advance(Audit::kExportKept);
  ASSERT_TRUE(audit->tidy());
  EXPECT_EQ(audit->open_export("acme", id).error().code(), base::ErrorCode::object_unknown);
  EXPECT_FALSE(half_read->next()) << "a part is not the whole";
  EXPECT_EQ(rows().back().kind, "audit.pruned");
}

TEST_F(AuditTest, PruningEndsAtTheSegmentThatItIsAt) {
  audit = std::make_unique<Audit>(AuditOptions{.data = directory.path(), .keep = std::chrono::hours(48)}, *catalog, fs, clock);
  write(3);
  clock.advance(std::chrono::hours(25));
  ASSERT_TRUE(audit->tidy());
  clock.advance(std::chrono::hours(49));
  const auto job = make_audit_upkeep(*audit);
  job->stop();
  ASSERT_TRUE(job->run());
  EXPECT_EQ(rows().front().seq, 1);
}

// --- reading ---------------------------------------------------------------------------------------------------------------------------

TEST_F(AuditTest, LinesAreTheOldestFirstAndEndWithTheHead) {
  write(1200);
  const auto lines = audit->lines({.principal = "user:7"});
  std::string text;
  for (auto piece = lines->next().value(); !piece.empty(); piece = lines->next().value()) text += piece;
  const auto head = catalog->audit().get_head().value();
  EXPECT_THAT(text, ::testing::StartsWith(R"({"seq":7,)"));
  EXPECT_THAT(text, ::testing::EndsWith("}\n{\"head\":{\"count\":1200,\"hash\":\"" + head.hash + "\"}}\n"));
}

TEST_F(AuditTest, AnExportHoldsWhatWasTakenInBefore) {
  write(3);
  const auto start = clock.now();
  EXPECT_EQ(audit->request_export("acme", start, start, {"x"}, 0).error().code(), base::ErrorCode::parameter_invalid);
  audit->note(sign_in(9));
  const auto id = audit->request_export("acme", start - seconds(1), start + seconds(1), {"user:5"}, 5).value();
  EXPECT_EQ(audit->open_export("zeta", id).error().code(), base::ErrorCode::object_unknown);
  EXPECT_EQ(audit->list_exports("acme").value().size(), 1U);
  const auto lines = audit->open_export("acme", id).value();
  const auto text = lines->next().value();
  EXPECT_THAT(text, HasSubstr(R"("principal":"user:1")"));
  EXPECT_THAT(text, HasSubstr(R"("principal":"user:9")"));
  EXPECT_TRUE(audit->delete_export("acme", id).value());
  EXPECT_EQ(audit->open_export("acme", id).error().code(), base::ErrorCode::object_unknown);
}

}  // namespace
}  // namespace berth::service
