#include "catalog/collect.h"

#include <algorithm>
#include <limits>
#include <string>

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kNoRepository = 0;

// A row of link_reviews and what is known of it.
struct LinkReview {
  std::string digest;
  std::int64_t repository = 0;
  bool known = false;  // the blob has a row
  std::int64_t size = 0;
  std::int64_t leased_until = 0;
  bool referenced = false;  // a manifest of this repository names it
  bool in_trash = false;    // something that may be restored names it
  bool held = false;        // a repository has it
  bool stays = false;       // another repository keeps it, or will be the one that is counted

  [[nodiscard]] bool about_blob() const { return repository == kNoRepository; }
};

struct ManifestReview {
  std::int64_t id = 0;
  std::int64_t since = 0;
  std::int64_t repository = 0;
  std::string digest;
  std::int64_t size = 0;
  std::int64_t pushed_at = 0;
  bool kept = false;  // by a tag, an index or its subject
  bool repository_deleted = false;
  std::int64_t pulled_at = 0;
  std::string repository_name;
};

LinkReview link_review_of(const Rows& rows) {
  return {.digest = std::string(rows.text(0)),
          .repository = rows.integer(1),
          .known = !rows.is_null(2),
          .size = rows.integer(2),
          .leased_until = rows.integer(3),
          .referenced = rows.integer(4) != 0,
          .in_trash = rows.integer(5) != 0,
          .held = rows.integer(6) != 0,
          .stays = rows.integer(7) != 0};
}

ManifestReview manifest_review_of(const Rows& rows) {
  return {.id = rows.integer(0),
          .since = rows.integer(1),
          .repository = rows.integer(2),
          .digest = std::string(rows.text(3)),
          .size = rows.integer(4),
          .pushed_at = rows.integer(5),
          .kept = rows.integer(6) != 0,
          .repository_deleted = rows.integer(7) != 0,
          .pulled_at = rows.integer(8),
          .repository_name = std::string(rows.text(9))};
}

enum class Verdict : std::uint8_t { kept, later, goes };
struct ManifestVerdict {
  Verdict verdict = Verdict::kept;
  std::int64_t since = 0;  // of `later`
};

ManifestVerdict judge(const ManifestReview& review, const Round& round) {
  // Its clock starts now, also if something else keeps it at this moment: that may go before untagged_keep is over.
  if (review.since == 0) return {Verdict::later, round.now};
  if (review.kept) return {Verdict::kept, 0};
  // Deleted with its repository, and perhaps restored with it: asked again after another untagged_keep.
  if (review.repository_deleted) return {Verdict::later, round.now};
  const std::int64_t last = std::max({review.since, review.pushed_at, review.pulled_at});
  if (last > round.now - round.untagged_keep) return {Verdict::later, last};
  return {Verdict::goes, 0};
}

struct LinkVerdict {
  Verdict verdict = Verdict::kept;
  std::int64_t due_at = 0;  // of `later`
};

// Of a link: may it go from its repository? Of a blob: may its row go?
LinkVerdict judge(const LinkReview& review, const Round& round) {
  if (!review.known) return {Verdict::kept, 0};
  if (review.about_blob() ? review.held || review.in_trash : review.referenced) return {Verdict::kept, 0};
  const std::int64_t lease = round.leases.effective(review.leased_until);
  if (lease > round.now) return {Verdict::later, lease};
  return {Verdict::goes, 0};
}

// Takes a manifest away for good. Its tags, if it has any, go without a word: only what was deleted with its repository has some.
Result<void> purge_manifest(Connection& connection, const Leases& leases, std::int64_t id, std::int64_t released_at) {
  BERTH_CHECK_OK(release_blobs(connection, leases, id, released_at));
  for (const Query step : {Query::delete_tags_of_manifest, Query::delete_references, Query::delete_manifest_bytes,
                           Query::delete_pulls_of_manifest, Query::delete_manifest}) {
    BERTH_TRY([[maybe_unused]] const auto removed, connection.run(step, {id}));
  }
  return {};
}

// The blob's row goes, and a tombstone stands in its place.
Result<void> bury(Connection& connection, const Round& round, std::string_view digest, std::int64_t size, Marked& marked) {
  BERTH_TRY([[maybe_unused]] const auto removed, connection.run(Query::delete_blob, {digest}));
  BERTH_TRY([[maybe_unused]] const auto added, connection.run(Query::insert_tombstone, {digest, size, round.now}));
  BERTH_TRY([[maybe_unused]] const auto asked, connection.run(Query::delete_link_review, {digest, kNoRepository}));
  ++marked.blobs;
  marked.blob_bytes += static_cast<std::uint64_t>(size);
  return {};
}

// The last link is gone: the blob itself may be, too, at once.
Result<void> bury_if_unheld(Connection& connection, const Round& round, const LinkReview& review, Marked& marked) {
  BERTH_TRY(const bool held, connection.exists(Query::is_blob_held, {std::string_view(review.digest)}));
  BERTH_TRY(const bool in_trash, connection.exists(Query::is_blob_in_trash, {std::string_view(review.digest)}));
  if (held || in_trash) {
    BERTH_TRY([[maybe_unused]] const auto asked,
              connection.run(Query::delete_link_review, {std::string_view(review.digest), kNoRepository}));
    return {};
  }
  return bury(connection, round, review.digest, review.size, marked);
}

Result<void> apply(Connection& connection, const Round& round, const LinkReview& review, Marked& marked) {
  const std::string_view digest = review.digest;
  const auto [verdict, due_at] = judge(review, round);
  if (verdict == Verdict::later) {
    BERTH_TRY([[maybe_unused]] const auto set, connection.run(Query::set_link_review, {due_at, digest, review.repository}));
    return {};
  }
  if (verdict == Verdict::kept) {
    BERTH_TRY([[maybe_unused]] const auto asked, connection.run(Query::delete_link_review, {digest, review.repository}));
    return {};
  }
  if (review.about_blob()) return bury(connection, round, digest, review.size, marked);
  BERTH_TRY([[maybe_unused]] const auto unlinked, connection.run(Query::unlink_blob, {review.repository, digest}));
  ++marked.links;
  return bury_if_unheld(connection, round, review, marked);
}

Result<void> apply(Connection& connection, const Round& round, const ManifestReview& review, Marked& marked) {
  const auto [verdict, since] = judge(review, round);
  if (verdict == Verdict::later) {
    BERTH_TRY([[maybe_unused]] const auto set, connection.run(Query::set_manifest_review, {since, review.id}));
    return {};
  }
  if (verdict == Verdict::kept) {
    BERTH_TRY([[maybe_unused]] const auto asked, connection.run(Query::delete_manifest_review, {review.id}));
    return {};
  }
  ++marked.manifests;
  return purge_manifest(connection, round.leases, review.id, round.now);
}

// The first column of every row.
Result<std::vector<std::int64_t>> read_ids(Connection& connection, Query query, Values values) {
  return all_rows(connection, query, values, [](const Rows& rows) { return rows.integer(0); });
}

Result<std::vector<std::string>> read_texts(Connection& connection, Query query, Values values) {
  return all_rows(connection, query, values, [](const Rows& rows) { return std::string(rows.text(0)); });
}

// Part of what an expired repository holds; true when nothing is left. Its row stays: the history tells of it.
Result<bool> empty_repository(Connection& connection, const Round& round, std::int64_t repository, std::int64_t deleted_at,
                              std::int64_t limit) {
  BERTH_TRY(const auto manifests, read_ids(connection, Query::list_manifests_of_repository, {repository, limit}));
  for (const std::int64_t id : manifests) BERTH_CHECK_OK(purge_manifest(connection, round.leases, id, deleted_at));
  if (static_cast<std::int64_t>(manifests.size()) == limit) return false;
  BERTH_TRY(const auto links, read_texts(connection, Query::list_links_of_repository, {repository, limit}));
  for (const std::string& digest : links) {
    BERTH_TRY([[maybe_unused]] const auto unlinked, connection.run(Query::unlink_blob, {repository, std::string_view(digest)}));
  }
  return static_cast<std::int64_t>(links.size()) < limit;
}

}  // namespace

Result<void> collect_trash(Connection& connection, const Round& round, std::size_t limit, Marked& marked) {
  BERTH_TRY(const auto expired,
            read_ids(connection, Query::list_expired_trash, {round.now - round.undo_window, static_cast<std::int64_t>(limit)}));
  for (const std::int64_t id : expired) {
    for (const Query step : {Query::delete_trash_tags, Query::delete_trash_references, Query::delete_trash_manifest}) {
      BERTH_TRY([[maybe_unused]] const auto removed, connection.run(step, {id}));
    }
  }
  marked.expired += expired.size();
  marked.reviewed += expired.size();
  marked.more |= expired.size() == limit;
  return {};
}

Result<void> collect_repositories(Connection& connection, const Round& round, std::size_t limit, Marked& marked) {
  struct Expired {
    std::int64_t repository;
    std::int64_t deleted_at;
  };
  BERTH_TRY(const auto expired,
            first_row(connection, Query::list_expired_repositories, {round.now - round.undo_window, std::int64_t{1}},
                      [](const Rows& rows) { return Expired{rows.integer(0), rows.integer(1)}; }));
  if (!expired) return {};
  marked.more = true;
  ++marked.reviewed;
  BERTH_TRY(const bool empty,
            empty_repository(connection, round, expired->repository, expired->deleted_at, static_cast<std::int64_t>(limit)));
  if (!empty) return {};
  BERTH_TRY([[maybe_unused]] const auto removed, connection.run(Query::delete_deleted_repository, {expired->repository}));
  ++marked.expired;
  return {};
}

// One at a time and always the first: an index that goes takes away what kept its child, which may be the next in the queue. Whatever
// the verdict, the row is no longer due.
Result<void> collect_manifests(Connection& connection, const Round& round, std::size_t limit, Marked& marked) {
  for (std::size_t i = 0; i < limit; ++i) {
    BERTH_TRY(const auto review, first_row(connection, Query::review_manifests,
                                           {round.now - round.untagged_keep, std::int64_t{1}}, manifest_review_of));
    if (!review) return {};
    BERTH_CHECK_OK(apply(connection, round, *review, marked));
    ++marked.reviewed;
  }
  marked.more = true;
  return {};
}

Result<void> collect_blobs(Connection& connection, const Round& round, std::size_t limit, Marked& marked) {
  BERTH_TRY(const auto reviews,
            all_rows(connection, Query::review_links, {round.now, static_cast<std::int64_t>(limit)}, link_review_of));
  for (const LinkReview& review : reviews) BERTH_CHECK_OK(apply(connection, round, review, marked));
  marked.reviewed += reviews.size();
  marked.more |= reviews.size() == limit;
  return {};
}

// Of many only a few go: those that are kept are left out by the database, and only counted. One statement for all of the queue: many
// rows of it may be as old as one another, so there is no place in it at which another statement could go on.
Result<void> forecast_manifests(Connection& connection, const Round& round, std::size_t examples, Forecast& forecast) {
  const std::int64_t due = round.now - round.untagged_keep;
  BERTH_TRY(const auto reviewed, connection.find_integer(Query::count_manifest_reviews, {due}));
  forecast.total.reviewed += static_cast<std::uint64_t>(reviewed.value_or(0));
  return each_row(connection, Query::review_unkept_manifests, {due, kAll}, [&](const Rows& rows) {
    const ManifestReview review = manifest_review_of(rows);
    if (judge(review, round).verdict != Verdict::goes) return;
    ++forecast.total.manifests;
    if (forecast.first.size() == examples) return;
    forecast.first.push_back(
        {Candidate::Kind::manifest, review.repository_name, review.digest, static_cast<std::uint64_t>(review.size)});
  });
}

Result<void> forecast_blobs(Connection& connection, const Round& round, std::size_t examples, Forecast& forecast) {
  const std::size_t most = forecast.first.size() + examples;
  return each_row(connection, Query::review_links, {round.now, kAll}, [&](const Rows& rows) {
    const LinkReview review = link_review_of(rows);
    ++forecast.total.reviewed;
    if (judge(review, round).verdict != Verdict::goes) return;
    if (!review.about_blob()) ++forecast.total.links;
    // Of several repositories that let a blob go, the last to be counted counts it.
    if (review.in_trash || (review.about_blob() ? review.held : review.stays)) return;
    ++forecast.total.blobs;
    forecast.total.blob_bytes += static_cast<std::uint64_t>(review.size);
    if (forecast.first.size() == most) return;
    forecast.first.push_back({Candidate::Kind::blob, "", review.digest, static_cast<std::uint64_t>(review.size)});
  });
}

Result<Waiting> count_waiting(Connection& connection) {
  BERTH_TRY(const auto waiting, first_row(connection, Query::sum_tombstones, {std::int64_t{0}}, [](const Rows& rows) {
              return Waiting{static_cast<std::uint64_t>(rows.integer(0)), static_cast<std::uint64_t>(rows.integer(1))};
            }));
  if (!waiting) return fail(ErrorCode::internal, "the catalog failed");
  return *waiting;
}

Result<void> release_blobs(Connection& connection, const Leases& leases, std::int64_t manifest, std::int64_t at) {
  BERTH_TRY(const auto blobs, read_texts(connection, Query::list_blobs_of_manifest, {manifest}));
  for (const std::string& digest : blobs) {
    BERTH_TRY([[maybe_unused]] const auto raised,
              connection.run(Query::raise_lease, {leases.fresh(at), std::string_view(digest)}));
  }
  return {};
}

Result<std::optional<Tombstone>> find_tombstone(Connection& connection, std::string_view digest) {
  return first_row(connection, Query::find_tombstone, {digest},
                   [](const Rows& rows) { return Tombstone{rows.integer(0), rows.integer(1) != 0}; });
}

base::Error being_removed() {
  return base::Error(ErrorCode::busy, "the blob is being removed at this moment; push it again").with_retry_after(1);
}

Result<bool> take_back(Connection& connection, std::string_view digest) {
  BERTH_TRY(const auto tombstone, find_tombstone(connection, digest));
  if (!tombstone) return false;
  if (tombstone->being_removed) return fail(being_removed());
  BERTH_TRY([[maybe_unused]] const auto removed, connection.run(Query::delete_tombstone, {digest}));
  return true;
}

}  // namespace berth::catalog
