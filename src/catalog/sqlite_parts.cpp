#include "catalog/sqlite_parts.h"

#include <algorithm>
#include <string>
#include <utility>

#include "catalog/blobs.h"
#include "catalog/collect.h"
#include "catalog/trash.h"
#include "catalog/usage.h"

namespace berth::catalog {

using base::fail;
using base::Result;

namespace {

// What HEAD of a blob needs to know.
struct BlobSighting {
  std::uint64_t size = 0;
  std::int64_t leased_until = 0;
  std::int64_t repository = 0;
  bool referenced = false;
};

// Errors: corrupt when the blob is known to be damaged.
Result<std::optional<BlobSighting>> sight_blob(Connection& connection, std::string_view repository, std::string_view digest) {
  BERTH_TRY(
      const auto sighting, first_row(connection, Query::find_blob_of_repository, {repository, digest}, [](const Rows& rows) {
        return BlobSighting{static_cast<std::uint64_t>(rows.integer(0)), rows.integer(1), rows.integer(2), rows.integer(3) != 0};
      }));
  if (sighting) BERTH_CHECK_OK(check_undamaged(connection, digest));
  return sighting;
}

// A digest's row or tombstone, as far as a push must know.
enum class Standing : std::uint8_t { unknown, leased, lease_ends, dead };

Result<Standing> standing_of(Connection& connection, const Leases& leases, std::string_view digest, std::int64_t now) {
  BERTH_TRY(const auto leased_until,
            first_row(connection, Query::find_blob_row, {digest}, [](const Rows& rows) { return rows.integer(1); }));
  if (!leased_until) {
    BERTH_TRY(const auto tombstone, find_tombstone(connection, digest));
    return tombstone ? Standing::dead : Standing::unknown;
  }
  if (!leases.worth_renewing(*leased_until, now)) return Standing::leased;
  // What a manifest keeps gets a lease when that manifest goes.
  BERTH_TRY(const bool referenced, connection.exists(Query::is_blob_referenced_anywhere, {digest}));
  return referenced ? Standing::leased : Standing::lease_ends;
}

// A lease from now on: of the row, or of the tombstone, whose bytes then stay so long and which link_blob() takes away. No row is made
// yet: the push may fail, and nobody has looked whether the bytes are there.
Result<void> protect(Connection& connection, const Leases& leases, std::string_view digest, std::int64_t now) {
  const std::int64_t until = leases.fresh(now);
  BERTH_TRY([[maybe_unused]] const auto renewed, connection.run(Query::raise_lease, {until, digest}));
  BERTH_TRY(const auto tombstone, find_tombstone(connection, digest));
  if (!tombstone) return {};
  if (tombstone->being_removed) return fail(being_removed());
  BERTH_TRY([[maybe_unused]] const auto postponed, connection.run(Query::postpone_removal, {until, digest}));
  return {};
}

Result<std::vector<BlobFile>> read_files(Rows rows) {
  std::vector<BlobFile> files;
  while (true) {
    BERTH_TRY(const bool more, rows.next());
    if (!more) return files;
    BERTH_TRY(auto digest, oci::Digest::parse(rows.text(0)));
    files.push_back({std::move(digest), static_cast<std::uint64_t>(rows.integer(1))});
  }
}

// Those that a crash left marked come first, whatever their age: pushes of them wait.
Result<std::vector<BlobFile>> read_tombstones(Connection& connection, std::int64_t deleted_before, std::size_t limit) {
  const auto most = static_cast<std::int64_t>(limit);
  BERTH_TRY(auto marked, connection.query(Query::list_marked_tombstones, {std::string_view(), most}));
  BERTH_TRY(auto files, read_files(std::move(marked)));
  if (!files.empty()) return files;
  BERTH_TRY(auto due, connection.query(Query::list_tombstones, {deleted_before, most}));
  return read_files(std::move(due));
}

// Of the rule of a scope: a repository, "org/*" or "*".
AuditEvent rule_event(AuditKind kind, std::string_view scope, const Origin& by) {
  const auto slash = scope.find('/');
  return {.kind = kind,
          .by = by,
          .org = slash == std::string_view::npos ? std::string() : std::string(scope.substr(0, slash)),
          .subject = "retention:" + std::string(scope),
          .detail = {}};
}

Result<bool> is_known(Connection& connection, std::string_view digest) {
  BERTH_TRY(const bool row, connection.exists(Query::find_blob_row, {digest}));
  if (row) return true;
  return connection.exists(Query::find_tombstone, {digest});
}

}  // namespace

// --- Collection ------------------------------------------------------------------------------------------------------------------

Result<Marked> SqliteCollection::mark(const KeepRules& rules, std::size_t limit) {
  const Round round(rules, connections_.leases, connections_.now());
  return written(connections_.writer, [&](Connection& c) -> Result<Marked> {
    Marked marked;
    BERTH_CHECK_OK(collect_trash(c, round, limit, marked));
    BERTH_CHECK_OK(collect_repositories(c, round, limit, marked));
    BERTH_CHECK_OK(collect_manifests(c, round, limit, marked));
    BERTH_CHECK_OK(collect_blobs(c, round, limit, marked));
    BERTH_CHECK_OK(forget_events(c, round.now - std::max(round.undo_window, round.untagged_keep), limit, marked));
    if (round.pull_days > 0) BERTH_CHECK_OK(forget_pulls(c, round.now - round.pull_days, limit, marked));
    return marked;
  });
}

Result<Forecast> SqliteCollection::forecast(const KeepRules& rules, std::size_t examples) {
  const Round round(rules, connections_.leases, connections_.now());
  return connections_.readers.with([&](Connection& c) -> Result<Forecast> {
    Forecast forecast;
    BERTH_CHECK_OK(forecast_manifests(c, round, examples, forecast));
    BERTH_CHECK_OK(forecast_blobs(c, round, examples, forecast));
    BERTH_TRY(forecast.waiting, catalog::count_waiting(c));
    return forecast;
  });
}

Result<Waiting> SqliteCollection::count_waiting() {
  return connections_.readers.with([](Connection& c) { return catalog::count_waiting(c); });
}

Result<std::vector<BlobFile>> SqliteCollection::begin_removal(base::TimePoint deleted_before, std::size_t limit) {
  const std::int64_t before = base::to_unix_micros(deleted_before);
  // Most rounds find nothing, and then write nothing.
  BERTH_TRY(const auto seen, connections_.readers.with([&](Connection& c) { return read_tombstones(c, before, 1); }));
  if (seen.empty()) return std::vector<BlobFile>{};
  return written(
      connections_.writer,
      [&](Connection& c) -> Result<std::vector<BlobFile>> {
        BERTH_TRY(auto files, read_tombstones(c, before, limit));
        for (const BlobFile& file : files) {
          BERTH_TRY([[maybe_unused]] const auto marked, c.run(Query::mark_removal, {std::string_view(file.digest.text())}));
        }
        return files;
      },
      Writer::Effect::bookkeeping);
}

Result<void> SqliteCollection::end_removal(std::span<const BlobFile> removed) {
  if (removed.empty()) return {};
  return connections_.writer.run(
      [&](Connection& c) -> Result<void> {
        for (const BlobFile& file : removed) {
          BERTH_TRY([[maybe_unused]] const auto gone, c.run(Query::delete_tombstone, {std::string_view(file.digest.text())}));
        }
        return {};
      },
      Writer::Effect::bookkeeping);
}

Result<std::uint64_t> SqliteCollection::bury_unknown(std::span<const BlobFile> files) {
  std::vector<const BlobFile*> unknown;
  const auto looked = connections_.readers.with([&](Connection& c) -> Result<void> {
    for (const BlobFile& file : files) {
      BERTH_TRY(const bool known, is_known(c, file.digest.text()));
      if (!known) unknown.push_back(&file);
    }
    return {};
  });
  BERTH_CHECK_OK(looked);
  if (unknown.empty()) return 0;
  const std::int64_t now = connections_.now();
  return written(connections_.writer, [&](Connection& c) -> Result<std::uint64_t> {
    std::uint64_t buried = 0;
    for (const BlobFile* file : unknown) {
      const std::string_view digest = file->digest.text();
      BERTH_TRY(const bool known, is_known(c, digest));
      if (known) continue;
      BERTH_TRY([[maybe_unused]] const auto added,
                c.run(Query::insert_tombstone, {digest, static_cast<std::int64_t>(file->size), now}));
      ++buried;
    }
    return buried;
  });
}

Result<bool> SqliteCollection::needs_sweep() {
  return connections_.readers.with([](Connection& c) { return c.exists(Query::find_unswept, {}); });
}

Result<void> SqliteCollection::end_sweep() {
  return connections_.writer.run(
      [](Connection& c) -> Result<void> {
        BERTH_TRY([[maybe_unused]] const auto noted, c.run(Query::set_swept, {std::int64_t{1}}));
        return {};
      },
      Writer::Effect::bookkeeping);
}

Result<void> SqliteCollection::protect_blob(const oci::Digest& digest) {
  const std::string_view text = digest.text();
  BERTH_TRY(const auto standing, connections_.readers.with([&](Connection& c) {
    return standing_of(c, connections_.leases, text, connections_.now());
  }));
  if (standing == Standing::unknown || standing == Standing::leased) return {};
  return connections_.writer.run([&](Connection& c) { return protect(c, connections_.leases, text, connections_.now()); });
}

Result<std::optional<std::uint64_t>> SqliteCollection::find_and_renew_blob(const oci::RepositoryName& repository,
                                                                           const oci::Digest& digest) {
  const std::string_view name = repository.text();
  const std::string_view text = digest.text();
  BERTH_TRY(const auto seen, connections_.readers.with([&](Connection& c) { return sight_blob(c, name, text); }));
  if (!seen) return std::nullopt;
  if (seen->referenced || !connections_.leases.worth_renewing(seen->leased_until, connections_.now())) return seen->size;
  // What was seen may be gone by now: the answer is what the writing transaction finds.
  return written(connections_.writer, [&](Connection& c) -> Result<std::optional<std::uint64_t>> {
    BERTH_TRY(const auto still, sight_blob(c, name, text));
    if (!still) return std::nullopt;
    BERTH_CHECK_OK(renew_lease(c, connections_.leases, still->repository, text, still->leased_until, connections_.now()));
    return still->size;
  });
}

// --- History ---------------------------------------------------------------------------------------------------------------------

Result<EventPage> SqliteHistory::list_events(const oci::RepositoryName& repository, std::int64_t before_id, std::size_t limit) {
  return connections_.readers.with([&](Connection& c) -> Result<EventPage> {
    BERTH_TRY(auto transaction, Transaction::begin(c, Connection::Access::read));
    BERTH_TRY(auto page, catalog::list_events(c, repository.text(), before_id, limit));
    BERTH_CHECK_OK(transaction.commit());
    return page;
  });
}

Result<Restored> SqliteHistory::restore(const oci::RepositoryName& repository, std::int64_t id, const Origin& by) {
  return written(connections_.writer,
                 [&](Connection& c) { return catalog::restore(c, repository.text(), id, connections_.act(by)); });
}

Result<std::int64_t> SqliteHistory::delete_repository(const oci::RepositoryName& repository, const Origin& by) {
  return written(connections_.writer,
                 [&](Connection& c) { return catalog::delete_repository(c, repository.text(), connections_.act(by)); });
}

// --- Usage -----------------------------------------------------------------------------------------------------------------------

Result<void> SqliteUsage::record(std::span<const PullCount> pulls) {
  return connections_.writer.run([&](Connection& c) { return record_pulls(c, pulls); }, Writer::Effect::bookkeeping);
}

Result<std::optional<PullStatistics>> SqliteUsage::find_pulls(const oci::RepositoryName& repository,
                                                              const oci::Reference& reference, std::int64_t since_day) {
  return connections_.readers.with(
      [&](Connection& c) { return catalog::find_pulls(c, repository.text(), oci::reference_text(reference), since_day); });
}

// --- Retention -------------------------------------------------------------------------------------------------------------------

Result<bool> SqliteRetention::has_rules() {
  return connections_.readers.with([&](Connection& c) { return c.exists(Query::has_rules, {std::string_view()}); });
}

Result<std::optional<std::string>> SqliteRetention::find_rule(std::string_view scope) {
  return connections_.readers.with([&](Connection& c) {
    return first_row(c, Query::find_rule, {scope}, [](const Rows& rows) { return std::string(rows.text(0)); });
  });
}

Result<void> SqliteRetention::put_rule(std::string_view scope, std::string_view rule, const Origin& by) {
  return connections_.writer.run([&](Connection& c) -> Result<void> {
    const Act act = connections_.act(by);
    BERTH_TRY([[maybe_unused]] const auto put, c.run(Query::put_rule, {scope, rule, act.now, std::string_view(by.principal)}));
    return act.audit.append(c, rule_event(AuditKind::retention_set, scope, by), act.now);
  });
}

Result<bool> SqliteRetention::delete_rule(std::string_view scope, const Origin& by) {
  return written(connections_.writer, [&](Connection& c) -> Result<bool> {
    BERTH_TRY(const auto gone, c.run(Query::delete_rule, {scope}));
    if (gone == 0) return false;
    const Act act = connections_.act(by);
    BERTH_CHECK_OK(act.audit.append(c, rule_event(AuditKind::retention_deleted, scope, by), act.now));
    return true;
  });
}

Result<std::vector<TagUse>> SqliteRetention::list_tag_uses(const oci::RepositoryName& repository) {
  return connections_.readers.with([&](Connection& c) -> Result<std::vector<TagUse>> {
    BERTH_TRY(auto rows, c.query(Query::list_tag_uses, {std::string_view(repository.text())}));
    std::vector<TagUse> uses;
    while (true) {
      BERTH_TRY(const bool more, rows.next());
      if (!more) return uses;
      BERTH_TRY(auto tag, oci::Tag::parse(rows.text(0)));
      BERTH_TRY(auto digest, oci::Digest::parse(rows.text(1)));
      TagUse use{std::move(tag), std::move(digest), base::from_unix_micros(rows.integer(2)), std::nullopt};
      if (!rows.is_null(3)) use.pulled = base::from_unix_micros(rows.integer(3));
      uses.push_back(std::move(use));
    }
  });
}

}  // namespace berth::catalog
