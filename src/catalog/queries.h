// Every statement of the catalog, by name. There is no other SQL text than this list, whose parts stand in the *_queries.h beside it, the
// migrations and the pragmas of sqlite.cpp.
//
// `common` statements run unchanged on SQLite ≥ 3.40 and PostgreSQL ≥ 14. Parameters are $1, $2, … and first appear in that order,
// because SQLite numbers them by first appearance (a test checks it). List statements are index ranges: a test reads their plans.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "catalog/account_queries.h"
#include "catalog/audit_queries.h"
#include "catalog/content_queries.h"
#include "catalog/query_names.h"
#include "catalog/upkeep_queries.h"

namespace berth::catalog {

inline constexpr auto kCatalogQueries = std::to_array<QueryRow>({
    {Query::begin_read, "begin_read", Dialect::sqlite, Cost::control, "BEGIN"},
    {Query::begin_write, "begin_write", Dialect::sqlite, Cost::control, "BEGIN IMMEDIATE"},
    {Query::commit, "commit", Dialect::common, Cost::control, "COMMIT"},
    {Query::rollback, "rollback", Dialect::common, Cost::control, "ROLLBACK"},
    {Query::savepoint, "savepoint", Dialect::common, Cost::control, "SAVEPOINT one_call"},
    {Query::release_savepoint, "release_savepoint", Dialect::common, Cost::control, "RELEASE SAVEPOINT one_call"},
    {Query::rollback_to_savepoint, "rollback_to_savepoint", Dialect::common, Cost::control, "ROLLBACK TO SAVEPOINT one_call"},

    {Query::find_state, "find_state", Dialect::common, Cost::lookup,
     "SELECT clean_shutdown, lease_length, lease_extension, lease_extended_up_to FROM catalog_state WHERE id = 1"},
    {Query::set_state, "set_state", Dialect::common, Cost::lookup,
     "UPDATE catalog_state SET clean_shutdown = 0, lease_length = $1, lease_extension = $2, lease_extended_up_to = $3 WHERE id = "
     "1"},
    {Query::set_clean_shutdown, "set_clean_shutdown", Dialect::common, Cost::lookup,
     "UPDATE catalog_state SET clean_shutdown = 1 WHERE id = 1"},
    {Query::find_unswept, "find_unswept", Dialect::common, Cost::lookup,
     "SELECT 1 FROM catalog_state WHERE id = 1 AND files_swept = 0"},
    {Query::set_swept, "set_swept", Dialect::common, Cost::lookup, "UPDATE catalog_state SET files_swept = $1 WHERE id = 1"},
});
// For `berth verify` and the scrub.
inline constexpr auto kRecordQueries = std::to_array<QueryRow>({
    {Query::list_blob_records, "list_blob_records", Dialect::common, Cost::page,
     "SELECT b.digest, b.size, d.found_at FROM blobs b LEFT JOIN damaged_blobs d ON d.digest = b.digest "
     "WHERE b.digest > $1 ORDER BY b.digest LIMIT $2"},
    {Query::list_manifest_records, "list_manifest_records", Dialect::common, Cost::page,
     "SELECT m.id, m.repository_id, r.name, m.digest, m.media_type, m.size, b.bytes, b.crc32 FROM manifests m "
     "LEFT JOIN repositories r ON r.id = m.repository_id LEFT JOIN manifest_bytes b ON b.manifest_id = m.id "
     "WHERE m.id > $1 ORDER BY m.id LIMIT $2"},
    {Query::list_reference_records, "list_reference_records", Dialect::common, Cost::page,
     "SELECT digest, role FROM manifest_references WHERE manifest_id = $1 ORDER BY digest, role"},
});

inline constexpr std::size_t kQueryCount = kCatalogQueries.size() + kAccountQueries.size() + kContentQueries.size() +
                                           kUpkeepQueries.size() + kAuditQueries.size() + kRecordQueries.size();

// In the order of Query.
inline constexpr std::array<QueryRow, kQueryCount> kQueries = [] {
  std::array<QueryRow, kQueryCount> all{};
  auto at = all.begin();
  const auto add = [&](const auto& part) { at = std::copy(part.begin(), part.end(), at); };
  add(kCatalogQueries);
  add(kAccountQueries);
  add(kContentQueries);
  add(kUpkeepQueries);
  add(kAuditQueries);
  add(kRecordQueries);
  return all;
}();

constexpr bool queries_are_in_order() {
  for (std::size_t i = 0; i < kQueryCount; ++i) {
    if (static_cast<std::size_t>(kQueries[i].query) != i) return false;
  }
  return true;
}
static_assert(queries_are_in_order(), "kQueries is indexed by Query");

constexpr const QueryRow& query_row(Query query) { return kQueries[static_cast<std::size_t>(query)]; }

}  // namespace berth::catalog
