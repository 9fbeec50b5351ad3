#include "catalog/audit.h"

#include <algorithm>
#include <limits>

#include "catalog/account_rows.h"
#include "catalog/sqlite_parts.h"

namespace berth::catalog {

using base::Result;

namespace {

// A page looks at so many rows at most, whether they are what is asked for or not: a filter that no index answers costs no more than
// this, and the page says where to go on.
constexpr std::int64_t kMostLookedAt = 20'000;
constexpr std::int64_t kStep = 1'000;
constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

// Rows with numbers in (after, before).
struct Stretch {
  std::int64_t after = 0;
  std::int64_t before = kEnd;
};

// The first row at or after `at`; kEnd when there is none. Times never go back from row to row.
Result<std::int64_t> find_first_at(Connection& connection, std::int64_t at) {
  BERTH_TRY(const auto first, connection.find_integer(Query::find_next_audit, {std::int64_t{0}}));
  BERTH_TRY(const auto end, find_chain_end(connection));
  if (!first || end.at < at) return kEnd;
  std::int64_t low = *first;
  std::int64_t high = end.seq;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    BERTH_TRY(const auto time, connection.find_integer(Query::find_audit_time, {middle}));
    if (time && *time < at) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Result<Stretch> stretch_of(Connection& connection, const AuditQuery& query) {
  Stretch stretch;
  if (query.from) {
    BERTH_TRY(const auto first, find_first_at(connection, base::to_unix_micros(*query.from)));
    stretch.after = first == kEnd ? kEnd : first - 1;
  }
  if (query.to) {
    BERTH_TRY(stretch.before, find_first_at(connection, base::to_unix_micros(*query.to)));
  }
  if (query.last > 0 && query.order == AuditQuery::Order::newest_first) stretch.before = std::min(stretch.before, query.last);
  if (query.last > 0 && query.order == AuditQuery::Order::oldest_first) stretch.after = std::max(stretch.after, query.last);
  return stretch;
}

bool fits(const AuditQuery& query, const AuditRow& row) {
  return (query.org.empty() || row.org == query.org) && (query.principal.empty() || row.by.principal == query.principal) &&
         (query.subject.empty() || row.subject == query.subject) && (!query.kind || row.kind == audit_kind_name(*query.kind)) &&
         (!query.outcome || row.outcome == static_cast<std::int64_t>(*query.outcome));
}

// The narrowest index that the question names, from one end of the stretch.
Result<std::vector<AuditRow>> read_step(Connection& connection, const AuditQuery& query, const Stretch& stretch) {
  const bool newest = query.order == AuditQuery::Order::newest_first;
  const auto read = [&](Query backwards, Query forwards, std::string_view value) {
    return all_rows(connection, newest ? backwards : forwards, {value, stretch.after, stretch.before, kStep}, audit_row_of);
  };
  if (!query.subject.empty()) return read(Query::list_audit_of_subject, Query::list_audit_of_subject_on, query.subject);
  if (!query.principal.empty()) return read(Query::list_audit_of_principal, Query::list_audit_of_principal_on, query.principal);
  if (!query.org.empty()) return read(Query::list_audit_of_org, Query::list_audit_of_org_on, query.org);
  return all_rows(connection, newest ? Query::list_audit : Query::list_audit_on, {stretch.after, stretch.before, kStep},
                  audit_row_of);
}

Result<AuditPage> read_page(Connection& connection, const AuditQuery& query) {
  BERTH_TRY(auto stretch, stretch_of(connection, query));
  AuditPage page;
  page.last = query.last;
  for (std::int64_t looked_at = 0; looked_at < kMostLookedAt; looked_at += kStep) {
    BERTH_TRY(auto rows, read_step(connection, query, stretch));
    for (auto& row : rows) {
      if (page.rows.size() == query.limit) {
        page.more = true;
        return page;
      }
      page.last = row.seq;
      if (fits(query, row)) page.rows.push_back(std::move(row));
    }
    if (static_cast<std::int64_t>(rows.size()) < kStep) return page;
    (query.order == AuditQuery::Order::newest_first ? stretch.before : stretch.after) = page.last;
  }
  page.more = true;
  return page;
}

AuditExport export_of(const Rows& rows) {
  return {std::string(rows.text(0)),
          std::string(rows.text(1)),
          base::from_unix_micros(rows.integer(2)),
          base::from_unix_micros(rows.integer(3)),
          base::from_unix_micros(rows.integer(4)),
          rows.integer(5),
          static_cast<AuditExport::State>(rows.integer(6)),
          rows.integer(7),
          rows.integer(8)};
}

Result<void> insert_segment(Connection& connection, const AuditSegment& segment) {
  BERTH_TRY(
      [[maybe_unused]] const auto added,
      connection.run(Query::put_segment, {segment.id, segment.first_seq, segment.last_seq, segment.first_at, segment.last_at,
                                          std::string_view(segment.before_hash), std::string_view(segment.after_hash),
                                          segment.state, std::string_view(segment.seal)}));
  return {};
}

}  // namespace

AuditRow audit_row_of(const Rows& rows) {
  AuditRow row;
  row.seq = rows.integer(0);
  row.at = rows.integer(1);
  row.kind = rows.text(2);
  row.outcome = rows.integer(3);
  row.by = {std::string(rows.text(4)), rows.integer(5), std::string(rows.text(6)), std::string(rows.text(7))};
  row.org = rows.text(8);
  row.subject = rows.text(9);
  row.detail = rows.text(10);
  row.hash = rows.text(11);
  return row;
}

AuditSegment segment_of(const Rows& rows) {
  return {rows.integer(0),           rows.integer(1),           rows.integer(2), rows.integer(3),          rows.integer(4),
          std::string(rows.text(5)), std::string(rows.text(6)), rows.integer(7), std::string(rows.text(8))};
}

Result<std::vector<AuditRow>> list_audit_rows(Connection& connection, std::int64_t after, std::size_t limit) {
  return all_rows(connection, Query::list_audit_on, {after, kEnd, static_cast<std::int64_t>(limit)}, audit_row_of);
}

Result<std::vector<AuditSegment>> list_segments(Connection& connection) {
  return all_rows(connection, Query::list_segments, {std::int64_t{0}}, segment_of);
}

Result<void> SqliteAudit::append(std::span<const AuditEvent> events) {
  if (events.empty()) return {};
  return writer_.run(
      [&](Connection& c) -> Result<void> {
        for (const auto& event : events) BERTH_CHECK_OK(chain_.append(c, event, now()));
        return {};
      },
      Writer::Effect::bookkeeping);
}

Result<AuditHead> SqliteAudit::get_head() {
  return readers_.with([](Connection& c) -> Result<AuditHead> {
    BERTH_TRY(auto transaction, Transaction::begin(c, Connection::Access::read));
    BERTH_TRY(auto end, find_chain_end(c));
    BERTH_CHECK_OK(transaction.commit());
    return AuditHead{end.seq, std::move(end.hash)};
  });
}

Result<std::optional<std::string>> SqliteAudit::find_hash(std::int64_t seq) {
  if (seq == 0) return std::string(kAuditStart);
  return readers_.with([&](Connection& c) {
    return first_row(c, Query::find_audit_hash, {seq}, [](const Rows& rows) { return std::string(rows.text(0)); });
  });
}

Result<AuditPage> SqliteAudit::list(const AuditQuery& query) {
  if (query.limit == 0) return AuditPage{};
  return readers_.with([&](Connection& c) { return read_page(c, query); });
}

Result<bool> SqliteAudit::seal(std::int64_t rows, base::TimePoint oldest) {
  // What the open stretch is; mostly that is all, and nothing is written.
  const auto look = [&](Connection& c) -> Result<std::optional<AuditSegment>> {
    AuditSegment segment{.id = 1, .first_seq = 1, .before_hash = std::string(kAuditStart)};
    BERTH_TRY(const auto before, first_row(c, Query::find_newest_segment, {std::int64_t{0}}, segment_of));
    if (before) {
      segment.id = before->id + 1;
      segment.first_seq = before->last_seq + 1;
      segment.before_hash = before->after_hash;
    }
    BERTH_TRY(const auto first, c.find_integer(Query::find_audit_time, {segment.first_seq}));
    BERTH_TRY(auto end, find_chain_end(c));
    if (!first || end.seq < segment.first_seq) return std::nullopt;
    if (end.seq - segment.first_seq + 1 < rows && *first >= base::to_unix_micros(oldest)) return std::nullopt;
    segment.last_seq = end.seq;
    segment.first_at = *first;
    segment.last_at = end.at;
    segment.after_hash = std::move(end.hash);
    segment.seal = audit_segment_seal(chain_.key(), segment);
    return segment;
  };
  BERTH_TRY(const auto due, readers_.with(look));
  if (!due) return false;
  return written(
      writer_,
      [&](Connection& c) -> Result<bool> {
        BERTH_TRY(const auto segment, look(c));
        if (!segment) return false;
        BERTH_CHECK_OK(insert_segment(c, *segment));
        return true;
      },
      Writer::Effect::bookkeeping);
}

Result<bool> SqliteAudit::prune(base::TimePoint oldest, const Origin& by) {
  const auto look = [&](Connection& c) -> Result<std::optional<AuditSegment>> {
    BERTH_TRY(auto segment,
              first_row(c, Query::find_oldest_segment, {std::int64_t{0}, base::to_unix_micros(oldest)}, segment_of));
    if (!segment) return std::nullopt;
    // The oldest goes first, so what an export holds keeps everything behind it too.
    BERTH_TRY(const bool wanted,
              c.exists(Query::find_export_of_rows, {std::string_view(), segment->last_seq, segment->first_seq}));
    if (wanted) return std::nullopt;
    return segment;
  };
  BERTH_TRY(const auto due, readers_.with(look));
  if (!due) return false;
  return written(
      writer_,
      [&](Connection& c) -> Result<bool> {
        BERTH_TRY(auto segment, look(c));
        if (!segment) return false;
        BERTH_TRY(const auto gone, c.run(Query::delete_audit, {segment->first_seq, segment->last_seq}));
        segment->state = 1;
        segment->seal = audit_segment_seal(chain_.key(), *segment);
        BERTH_CHECK_OK(insert_segment(c, *segment));
        BERTH_CHECK_OK(chain_.append(c,
                                     {.kind = AuditKind::audit_pruned,
                                      .by = by,
                                      .org = {},
                                      .subject = "audit",
                                      .detail = {{AuditField::count, gone}, {AuditField::through, segment->last_seq}}},
                                     now()));
        return true;
      },
      Writer::Effect::bookkeeping);
}

// --- exports -----------------------------------------------------------------------------------------------------------------

Result<void> SqliteAudit::add_export(const AuditExport& wanted) {
  return writer_.run(
      [&](Connection& c) -> Result<void> {
        BERTH_TRY([[maybe_unused]] const auto added,
                  c.run(Query::insert_export,
                        {std::string_view(wanted.id), std::string_view(wanted.org), base::to_unix_micros(wanted.from),
                         base::to_unix_micros(wanted.to), base::to_unix_micros(wanted.requested), wanted.user}));
        return {};
      },
      Writer::Effect::bookkeeping);
}

Result<void> SqliteAudit::finish_exports() {
  const auto waiting = [](Connection& c) { return all_rows(c, Query::list_waiting_exports, {std::string_view()}, export_of); };
  BERTH_TRY(const auto seen, readers_.with(waiting));
  if (seen.empty()) return {};
  return writer_.run(
      [&](Connection& c) -> Result<void> {
        BERTH_TRY(const auto exports, waiting(c));
        for (const auto& wanted : exports) {
          BERTH_TRY(const auto first, find_first_at(c, base::to_unix_micros(wanted.from)));
          BERTH_TRY(const auto behind, find_first_at(c, base::to_unix_micros(wanted.to)));
          BERTH_TRY(const auto end, find_chain_end(c));
          const auto last = behind == kEnd ? end.seq : behind - 1;
          BERTH_TRY([[maybe_unused]] const auto done,
                    c.run(Query::finish_export, {first == kEnd ? last + 1 : first, last, std::string_view(wanted.id)}));
        }
        return {};
      },
      Writer::Effect::bookkeeping);
}

Result<std::vector<AuditExport>> SqliteAudit::list_exports(std::string_view org, std::size_t limit) {
  return readers_.with(
      [&](Connection& c) { return all_rows(c, Query::list_exports, {org, static_cast<std::int64_t>(limit)}, export_of); });
}

Result<std::optional<AuditExport>> SqliteAudit::find_export(std::string_view org, std::string_view id) {
  return readers_.with([&](Connection& c) { return first_row(c, Query::find_export, {org, id}, export_of); });
}

Result<bool> SqliteAudit::delete_export(std::string_view org, std::string_view id) {
  return written(
      writer_,
      [&](Connection& c) -> Result<bool> {
        BERTH_TRY(const auto gone, c.run(Query::delete_export, {org, id}));
        return gone > 0;
      },
      Writer::Effect::bookkeeping);
}

Result<void> SqliteAudit::delete_old_exports(base::TimePoint oldest) {
  const auto before = base::to_unix_micros(oldest);
  BERTH_TRY(const bool any,
            readers_.with([&](Connection& c) { return c.exists(Query::find_old_export, {std::string_view(), before}); }));
  if (!any) return {};
  return writer_.run(
      [&](Connection& c) -> Result<void> {
        BERTH_TRY([[maybe_unused]] const auto gone, c.run(Query::delete_old_exports, {std::string_view(), before}));
        return {};
      },
      Writer::Effect::bookkeeping);
}

}  // namespace berth::catalog
