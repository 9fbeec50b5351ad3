#include "catalog/blobs.h"

#include <string>

#include "catalog/account_rows.h"
#include "catalog/collect.h"

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

Result<std::optional<BlobRow>> first_blob(Connection& connection, Query query, Values values) {
  BERTH_TRY(auto rows, connection.query(query, values));
  BERTH_TRY(const bool found, rows.next());
  if (!found) return std::nullopt;
  return BlobRow{static_cast<std::uint64_t>(rows.integer(0)), rows.integer(1)};
}

// The team that a name of three parts or more lies in gets its row with its first repository, where there are accounts: whoever may not
// make teams was refused before. Without accounts there is no row of the organisation, and nothing happens.
Result<void> ensure_team_of(Connection& connection, std::string_view name, const Act& act) {
  const auto first = name.find('/');
  const auto second = first == std::string_view::npos ? first : name.find('/', first + 1);
  if (second == std::string_view::npos) return {};
  return ensure_team(connection, name.substr(0, first), name.substr(first + 1, second - first - 1), act);
}

}  // namespace

Result<std::optional<std::int64_t>> find_repository(Connection& connection, std::string_view name) {
  return connection.find_integer(Query::find_repository, {name});
}

Result<std::int64_t> ensure_repository(Connection& connection, std::string_view name, const Act& act) {
  BERTH_TRY(const auto found, find_repository(connection, name));
  if (found) return *found;
  BERTH_TRY(const auto made, connection.find_integer(Query::insert_repository, {name, act.now}));
  if (!made) return fail(ErrorCode::internal, "the catalog failed");
  BERTH_CHECK_OK(ensure_team_of(connection, name, act));
  return *made;
}

Result<std::optional<BlobRow>> find_repository_blob(Connection& connection, std::int64_t repository, std::string_view digest) {
  return first_blob(connection, Query::find_repository_blob, {repository, digest});
}

Result<std::optional<BlobRow>> find_blob_anywhere(Connection& connection, std::string_view digest) {
  return first_blob(connection, Query::find_blob_anywhere, {digest});
}

Result<void> link_blob(Connection& connection, const Leases& leases, std::int64_t repository, std::string_view digest,
                       std::uint64_t size, std::int64_t now) {
  BERTH_TRY(const auto known, first_blob(connection, Query::find_blob_row, {digest}));
  if (!known) {
    BERTH_TRY([[maybe_unused]] const bool was_dead, take_back(connection, digest));
    BERTH_TRY([[maybe_unused]] const auto added,
              connection.run(Query::insert_blob, {digest, static_cast<std::int64_t>(size), now, leases.fresh(now)}));
  } else if (known->size != size) {
    return fail(
        base::Error(ErrorCode::corrupt, "the blob is known with another size")
            .in(std::string(digest) + ": " + std::to_string(known->size) + " bytes on record, now " + std::to_string(size)));
  } else {
    BERTH_CHECK_OK(renew_lease(connection, leases, repository, digest, known->leased_until, now));
  }
  BERTH_TRY([[maybe_unused]] const auto linked, connection.run(Query::link_blob, {repository, digest, now}));
  return {};
}

Result<void> check_undamaged(Connection& connection, std::string_view digest) {
  BERTH_TRY(const bool damaged, connection.exists(Query::find_damage, {digest}));
  if (!damaged) return {};
  return fail(ErrorCode::corrupt,
              "the bytes of blob " + std::string(digest) + " are damaged on the server; pushing the blob again heals it");
}

Result<void> renew_lease(Connection& connection, const Leases& leases, std::int64_t repository, std::string_view digest,
                         std::int64_t leased_until, std::int64_t now) {
  if (!leases.worth_renewing(leased_until, now)) return {};
  BERTH_TRY(const bool referenced, connection.exists(Query::is_blob_referenced, {digest, repository}));
  if (referenced) return {};
  BERTH_TRY([[maybe_unused]] const auto renewed, connection.run(Query::set_lease, {leases.fresh(now), digest}));
  return {};
}

Result<void> unlink_blob(Connection& connection, std::string_view repository_name, const oci::Digest& digest, const Act& act) {
  const auto unknown = [] { return fail(ErrorCode::blob_unknown, "the repository holds no such blob"); };
  BERTH_TRY(const auto repository, find_repository(connection, repository_name));
  if (!repository) return unknown();
  BERTH_TRY(const auto blob, find_repository_blob(connection, *repository, digest.text()));
  if (!blob) return unknown();
  BERTH_TRY(const bool referenced, connection.exists(Query::is_blob_referenced, {digest.text(), *repository}));
  if (referenced) return fail(ErrorCode::blob_referenced, "a manifest of this repository needs the blob; delete that first");
  BERTH_TRY([[maybe_unused]] const auto removed, connection.run(Query::unlink_blob, {*repository, digest.text()}));
  auto event = act.audit.of_repository(AuditKind::blob_deleted, repository_name, act.by);
  event.detail.emplace_back(AuditField::digest, digest.text());
  return act.audit.append(connection, event, act.now);
}

}  // namespace berth::catalog
