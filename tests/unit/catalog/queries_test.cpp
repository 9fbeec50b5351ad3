// Every statement of queries.h: that SQLite takes it, numbers its parameters as we do, and answers lists from an index.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <set>
#include <string>

#include "catalog/migrate.h"
#include "catalog/queries.h"
#include "catalog/sqlite.h"
#include "support/temporary_directory.h"

namespace berth::catalog {
namespace {

class Queries : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string path = directory_.path() + "/catalog.sqlite";
    connection_ = Connection::open(path, "", Connection::Access::write).value();
    ASSERT_TRUE(migrate(*connection_, path, embedded_migrations()));
  }

  // The plan's lines, joined.
  std::string plan_of(const QueryRow& row) {
    const std::string sql = std::string("EXPLAIN QUERY PLAN ") + row.sql;
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(connection_->handle(), sql.c_str(), -1, &statement, nullptr), SQLITE_OK);
    std::string plan;
    while (sqlite3_step(statement) == SQLITE_ROW) {
      plan += reinterpret_cast<const char*>(sqlite3_column_text(statement, 3));
      plan += '\n';
    }
    sqlite3_finalize(statement);
    return plan;
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(Queries, EachIsPrepared) {
  for (const QueryRow& row : kQueries) {
    const auto prepared = connection_->prepared(row.query);
    EXPECT_TRUE(prepared) << row.name << ": " << prepared.error().context();
  }
}

TEST_F(Queries, EachHasItsOwnName) {
  std::set<std::string_view> names;
  for (const QueryRow& row : kQueries) EXPECT_TRUE(names.insert(row.name).second) << row.name;
}

TEST_F(Queries, ParametersAreNumberedInOrderOfAppearance) {
  for (const QueryRow& row : kQueries) {
    sqlite3_stmt* statement = connection_->prepared(row.query).value();
    for (int i = 1; i <= sqlite3_bind_parameter_count(statement); ++i) {
      EXPECT_EQ(std::string(sqlite3_bind_parameter_name(statement, i)), "$" + std::to_string(i)) << row.name;
    }
  }
}

TEST_F(Queries, NoneScansATableOrSorts) {
  for (const QueryRow& row : kQueries) {
    if (row.cost == Cost::control) continue;
    const std::string plan = plan_of(row);
    // The one scan that is none: an index that covers the question, cut off by its LIMIT, is a SEARCH; a bare SCAN reads all.
    EXPECT_EQ(plan.find("SCAN"), std::string::npos) << row.name << "\n" << plan;
    EXPECT_EQ(plan.find("TEMP B-TREE"), std::string::npos) << row.name << "\n" << plan;
  }
}

TEST_F(Queries, FiltersOfListsAreInTheirIndex) {
  EXPECT_NE(
      plan_of(query_row(Query::list_referrers)).find("manifests_by_subject (repository_id=? AND subject_digest=? AND digest>?)"),
      std::string::npos);
  EXPECT_NE(plan_of(query_row(Query::list_referrers_of_type))
                .find("manifests_by_subject_and_type (repository_id=? AND subject_digest=? AND artifact_type=? AND digest>?)"),
            std::string::npos)
      << plan_of(query_row(Query::list_referrers_of_type));
  EXPECT_NE(plan_of(query_row(Query::list_tags)).find("repository_id=? AND name>?"), std::string::npos);
  EXPECT_NE(plan_of(query_row(Query::list_history_of_tag)).find("tag_history_by_tag (repository_id=? AND tag=? AND id<?)"),
            std::string::npos)
      << plan_of(query_row(Query::list_history_of_tag));
  EXPECT_NE(plan_of(query_row(Query::is_blob_referenced)).find("digest=? AND repository_id=? AND role=?"), std::string::npos);
}

}  // namespace
}  // namespace berth::catalog
