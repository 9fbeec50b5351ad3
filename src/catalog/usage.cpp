#include "catalog/usage.h"

#include <algorithm>
#include <string>

#include "catalog/blobs.h"

namespace berth::catalog {

using base::Result;

namespace {

// The row that holds the sum of all days.
constexpr std::int64_t kAllDays = -1;
constexpr std::int64_t kMicrosOfDay = 24LL * 3600 * 1'000'000;
// A manifest with more tags than this is counted for the first ones: a bound on the work of one pull.
constexpr std::size_t kMaxTags = 100;

Result<void> add(Connection& connection, std::int64_t repository, std::string_view subject, const PullCount& pull) {
  const auto count = static_cast<std::int64_t>(pull.count);
  const std::int64_t last = base::to_unix_micros(pull.last);
  BERTH_TRY([[maybe_unused]] const auto sum, connection.run(Query::add_pulls, {repository, subject, kAllDays, count, last}));
  if (count == 0) return {};
  BERTH_TRY([[maybe_unused]] const auto day,
            connection.run(Query::add_pulls, {repository, subject, last / kMicrosOfDay, count, last}));
  return {};
}

Result<std::vector<std::string>> tags_of(Connection& connection, std::int64_t manifest) {
  BERTH_TRY(auto rows, connection.query(Query::list_tags_of_manifest, {manifest}));
  std::vector<std::string> tags;
  while (tags.size() < kMaxTags) {
    BERTH_TRY(const bool more, rows.next());
    if (!more) break;
    tags.emplace_back(rows.text(0));
  }
  return tags;
}

Result<void> record(Connection& connection, const PullCount& pull) {
  BERTH_TRY(const auto repository, find_repository(connection, pull.repository.text()));
  if (!repository) return {};
  const std::string_view digest = pull.digest.text();
  BERTH_TRY(const auto manifest, connection.find_integer(Query::find_manifest_row, {*repository, digest}));
  if (!manifest) return {};
  BERTH_CHECK_OK(add(connection, *repository, digest, pull));
  if (pull.count == 0) return {};
  if (pull.tag) return add(connection, *repository, pull.tag->text(), pull);
  BERTH_TRY(const auto tags, tags_of(connection, *manifest));
  for (const std::string& tag : tags) BERTH_CHECK_OK(add(connection, *repository, tag, pull));
  return {};
}

}  // namespace

Result<void> record_pulls(Connection& connection, std::span<const PullCount> pulls) {
  for (const PullCount& pull : pulls) BERTH_CHECK_OK(record(connection, pull));
  return {};
}

Result<std::optional<PullStatistics>> find_pulls(Connection& connection, std::string_view repository, std::string_view subject,
                                                 std::int64_t since_day) {
  BERTH_TRY(const auto id, find_repository(connection, repository));
  if (!id) return std::nullopt;
  BERTH_TRY(auto found, first_row(connection, Query::find_pulls, {*id, subject, kAllDays}, [](const Rows& rows) {
              return PullStatistics{static_cast<std::uint64_t>(rows.integer(0)), base::from_unix_micros(rows.integer(1)), {}};
            }));
  if (!found) return std::nullopt;
  BERTH_TRY(found->days,
            all_rows(connection, Query::list_pull_days, {*id, subject, std::max<std::int64_t>(since_day, 0)},
                     [](const Rows& rows) { return PullDay{rows.integer(0), static_cast<std::uint64_t>(rows.integer(1))}; }));
  return found;
}

Result<void> forget_pulls(Connection& connection, std::int64_t before, std::size_t limit, Marked& marked) {
  struct Day {
    std::int64_t repository;
    std::string subject;
    std::int64_t day;
  };
  BERTH_TRY(const auto days,
            all_rows(connection, Query::list_old_pulls, {before / kMicrosOfDay, static_cast<std::int64_t>(limit)},
                     [](const Rows& rows) { return Day{rows.integer(0), std::string(rows.text(1)), rows.integer(2)}; }));
  for (const Day& day : days) {
    const std::string_view subject = day.subject;
    BERTH_TRY([[maybe_unused]] const auto gone, connection.run(Query::delete_pull_day, {day.repository, subject, day.day}));
    BERTH_TRY([[maybe_unused]] const auto sum, connection.run(Query::delete_pulls_of_gone, {day.repository, subject}));
  }
  marked.pull_days += days.size();
  marked.reviewed += days.size();
  marked.more |= days.size() == limit;
  return {};
}

}  // namespace berth::catalog
