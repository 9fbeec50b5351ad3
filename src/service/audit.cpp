#include "berth/service/audit.h"

#include <algorithm>
#include <utility>

#include "berth/base/hash.h"
#include "berth/base/log.h"
#include "berth/catalog/accounts.h"
#include "berth/catalog/subjects.h"
#include "berth/service/audit_files.h"

namespace berth::service {

using base::ErrorCode;
using base::Result;
using catalog::AuditEvent;
using catalog::AuditField;
using catalog::AuditHead;
using catalog::AuditKind;
using catalog::AuditOutcome;

namespace {

constexpr std::size_t kMostEvents = 10'000;
constexpr std::size_t kMostCounters = 1'000;
constexpr std::chrono::minutes kCounted{1};
// A segment is closed with so many rows, or after a day.
constexpr std::int64_t kSegmentRows = 10'000;
constexpr std::chrono::hours kSegmentAge{24};
constexpr std::size_t kLinesOfAPiece = 500;

std::string_view method_name(auth::Method method) {
  switch (method) {
    case auth::Method::password: return "password";
    case auth::Method::key: return "key";
    case auth::Method::token: return "token";
  }
  return {};
}

std::string_view reason_name(auth::RefusedCredential::Reason reason) {
  using Reason = auth::RefusedCredential::Reason;
  switch (reason) {
    case Reason::wrong: return "wrong";
    case Reason::ended: return "ended";
    case Reason::disabled: return "disabled";
    case Reason::must_change: return "must_change";
    case Reason::slowed: return "slowed";
  }
  return {};
}

catalog::Origin origin_of(std::int64_t user, std::int64_t key, const auth::From& from) {
  return {catalog::actor_name(user, key), key, std::string(from.address), std::string(from.request)};
}

// Only what is refused is worth a row before its minute is over: so that a flood shows at once, and costs two rows a minute.
bool is_told_at_once(const AuditEvent& event) { return event.outcome == AuditOutcome::refused; }

std::string detail_word(const AuditEvent& event) {
  std::string word;
  for (const auto& [field, value] : event.detail) {
    if (const auto* text = std::get_if<std::string>(&value))
      word += std::string(catalog::audit_field_name(field)) + '=' + *text + ';';
  }
  return word;
}

catalog::Origin own_origin() { return {.principal = "daemon"}; }

class Lines final : public AuditLines {
 public:
  // `of_export`: the id of the export whose lines these are; empty: of none.
  Lines(catalog::AuditLog& log, catalog::AuditQuery query, std::int64_t through, std::string of_export = {})
      : log_(log), query_(std::move(query)), through_(through), export_(std::move(of_export)) {}

  Result<std::string> next() override {
    std::string text;
    while (text.empty() && !done_) {
      BERTH_TRY(const auto page, log_.list(query_));
      BERTH_CHECK_OK(check_export());
      query_.last = page.last;
      done_ = !page.more;
      for (const auto& row : page.rows) {
        if (row.seq > through_) {
          done_ = true;
          break;
        }
        text += line_of(document_of(row));
      }
    }
    if (!text.empty() || ended_) return text;
    ended_ = true;
    BERTH_TRY(const auto head, log_.get_head());
    return line_of({{"head", document_of(head)}});
  }

 private:
  // With the export goes what kept its rows: nobody shall take the part that was still there for the whole.
  [[nodiscard]] Result<void> check_export() const {
    if (export_.empty()) return {};
    BERTH_TRY(const auto still, log_.find_export(query_.org, export_));
    if (still) return {};
    return base::fail(ErrorCode::object_unknown, "the export was deleted while it was read");
  }
  static std::string line_of(const base::OrderedJson& json) {
    return json.dump(-1, ' ', false, base::OrderedJson::error_handler_t::replace) + '\n';
  }

  catalog::AuditLog& log_;
  catalog::AuditQuery query_;
  std::int64_t through_;
  std::string export_;
  bool done_ = false;
  bool ended_ = false;
};

}  // namespace

base::OrderedJson document_of(const AuditHead& head) { return {{"count", head.count}, {"hash", head.hash}}; }

base::OrderedJson document_of(const catalog::AuditRow& row) {
  auto detail = base::parse_json(row.detail);
  return {{"seq", row.seq},
          {"at", base::format_rfc3339(base::from_unix_micros(row.at))},
          {"kind", row.kind},
          {"outcome", row.outcome == static_cast<std::int64_t>(AuditOutcome::done) ? "done" : "refused"},
          {"principal", row.by.principal},
          {"key", row.by.key},
          {"address", row.by.address},
          {"request_id", row.by.request},
          {"org", row.org},
          {"subject", row.subject},
          {"detail", detail ? base::OrderedJson(*detail) : base::OrderedJson(row.detail)},
          {"hash", row.hash}};
}

// --- the head ----------------------------------------------------------------------------------------------------------------------

// A row that the file knows may have been pruned, in a data directory that was long not used: then there is nothing to compare.
Result<void> Audit::start() {
  BERTH_TRY(const auto known, read_audit_head(fs_, options_.data));
  BERTH_TRY(const auto present, log_.get_head());
  // There is a head before there is a row: one that is missing later was taken away.
  if (!known && present.count == 0) return write_audit_head(fs_, options_.data, present);
  const auto count = known ? known->count : 0;
  BERTH_TRY(const auto hash, log_.find_hash(count));
  if (known && present.count >= count && (!hash || *hash == known->hash)) {
    saved_.with([&](auto& saved) { saved = known; });
    return {};
  }
  base::log::error("the audit log is not the one that its head belongs to; `berth verify` says more",
                   {{"known_rows", count}, {"rows", present.count}});
  BERTH_CHECK_OK(keep_lost_head(fs_, options_.data, clock_.now()));
  const AuditEvent event{.kind = AuditKind::audit_mismatch,
                         .by = own_origin(),
                         .org = {},
                         .subject = "audit",
                         .detail = {{AuditField::head_count, count}, {AuditField::count, present.count}}};
  return log_.append(std::span(&event, 1));
}

Result<void> Audit::save_head() {
  BERTH_TRY(const auto head, log_.get_head());
  const bool known = saved_.with([&](const auto& saved) { return saved == head; });
  if (known || head.count == 0) return {};
  BERTH_CHECK_OK(write_audit_head(fs_, options_.data, head));
  saved_.with([&](auto& saved) { saved = head; });
  return {};
}

// --- what changes no row -------------------------------------------------------------------------------------------------------------

void Audit::note(AuditEvent event) {
  pending_.with([&](Pending& pending) {
    if (pending.events.size() < kMostEvents) {
      pending.events.push_back(std::move(event));
    } else {
      ++pending.lost;
    }
  });
}

void Audit::count(AuditEvent event) {
  CounterKey key{event.kind, event.by.principal, event.by.key, event.by.address, event.org, detail_word(event)};
  const auto now = clock_.now();
  pending_.with([&](Pending& pending) {
    const auto found = pending.counters.find(key);
    if (found != pending.counters.end()) {
      ++found->second.count;
    } else if (pending.counters.size() >= kMostCounters || pending.events.size() >= kMostEvents) {
      ++pending.lost;
    } else {
      const bool at_once = is_told_at_once(event);
      if (at_once) pending.events.push_back(event);
      pending.counters.emplace(std::move(key), Counter{std::move(event), now, at_once ? 0 : 1});
    }
  });
}

void Audit::signed_in(std::int64_t user, const auth::From& from) {
  note({.kind = AuditKind::sign_in,
        .by = origin_of(user, 0, from),
        .org = {},
        .subject = catalog::user_subject(user),
        .detail = {{AuditField::method, "password"}}});
}

void Audit::refused(const auth::RefusedCredential& credential, const auth::From& from) {
  std::string subject;
  if (credential.user != 0) {
    subject = catalog::user_subject(credential.user);
  } else if (credential.key != 0) {
    subject = catalog::key_subject(credential.key);
  }
  auto by = origin_of(0, 0, from);
  by.key = credential.key;
  count({.kind = AuditKind::sign_in,
         .by = std::move(by),
         .outcome = AuditOutcome::refused,
         .org = {},
         .subject = subject,
         .detail = {{AuditField::method, std::string(method_name(credential.method))},
                    {AuditField::reason, std::string(reason_name(credential.reason))},
                    {AuditField::owner, subject}}});
}

void Audit::token_issued(std::int64_t user, std::int64_t key, const auth::From& from) {
  auto by = origin_of(user, key, from);
  auto subject = by.principal;
  by.request.clear();  // of many requests
  count({.kind = AuditKind::token_issued, .by = std::move(by), .org = {}, .subject = std::move(subject), .detail = {}});
}

// --- writing -------------------------------------------------------------------------------------------------------------------------

std::vector<AuditEvent> Audit::take(Until until) {
  const auto now = clock_.now();
  return pending_.with([&](Pending& pending) {
    auto events = std::exchange(pending.events, {});
    for (auto at = pending.counters.begin(); at != pending.counters.end();) {
      Counter& counter = at->second;
      if (until == Until::minute_over && now - counter.since < kCounted) {
        ++at;
        continue;
      }
      if (counter.count > 0) {
        counter.event.by.request.clear();
        counter.event.detail.emplace_back(AuditField::count, counter.count);
        counter.event.detail.emplace_back(AuditField::since, base::format_rfc3339(counter.since));
        events.push_back(std::move(counter.event));
      }
      at = pending.counters.erase(at);
    }
    if (const auto lost = std::exchange(pending.lost, 0); lost > 0) {
      events.push_back({.kind = AuditKind::audit_lost,
                        .by = own_origin(),
                        .org = {},
                        .subject = "audit",
                        .detail = {{AuditField::count, lost}}});
    }
    return events;
  });
}

void Audit::give_back(std::vector<AuditEvent> events) {
  pending_.with([&](Pending& pending) {
    const auto room = kMostEvents - std::min(kMostEvents, pending.events.size());
    if (events.size() > room) {
      pending.lost += static_cast<std::int64_t>(events.size() - room);
      events.resize(room);
    }
    events.insert(events.end(), std::make_move_iterator(pending.events.begin()), std::make_move_iterator(pending.events.end()));
    pending.events = std::move(events);
  });
}

Result<void> Audit::write_events(Until until) {
  auto events = take(until);
  auto done = log_.append(events);
  if (!done) give_back(std::move(events));
  return done;
}

Result<void> Audit::write(Until until) {
  BERTH_CHECK_OK(write_events(until));
  BERTH_CHECK_OK(log_.finish_exports());
  return save_head();
}

Result<void> Audit::flush() { return write(Until::minute_over); }

Result<void> Audit::close() { return write(Until::all); }

Result<void> Audit::tidy() {
  const auto now = clock_.now();
  BERTH_TRY(const bool sealed, log_.seal(kSegmentRows, now - kSegmentAge));
  if (sealed) {
    // Out of the reach of whoever has this machine, where the log of the daemon goes elsewhere.
    BERTH_TRY(const auto head, log_.get_head());
    base::log::info("audit segment closed", {{"rows", head.count}, {"hash", head.hash}});
  }
  BERTH_CHECK_OK(log_.delete_old_exports(now - kExportKept));
  if (options_.keep.count() == 0) return {};
  bool more = true;
  while (more && !stopping_) {
    BERTH_TRY(more, log_.prune(now - options_.keep, own_origin()));
  }
  return {};
}

// --- reading ---------------------------------------------------------------------------------------------------------------------------

std::unique_ptr<AuditLines> Audit::lines(catalog::AuditQuery query) const {
  query.order = catalog::AuditQuery::Order::oldest_first;
  query.limit = kLinesOfAPiece;
  return std::make_unique<Lines>(log_, std::move(query), INT64_MAX);
}

Result<std::string> Audit::request_export(const std::string& org, base::TimePoint from, base::TimePoint to,
                                          const catalog::Origin& by, std::int64_t user) {
  if (from >= to) return base::fail(ErrorCode::parameter_invalid, "the beginning of an export is before its end");
  const auto now = clock_.now();
  catalog::AuditExport wanted{.id = base::random_id(), .org = org, .from = from, .to = to, .requested = now, .user = user};
  BERTH_CHECK_OK(log_.add_export(wanted));
  note({.kind = AuditKind::audit_read, .by = by, .org = org, .subject = "audit", .detail = {}});
  BERTH_CHECK_OK(write_events(Until::minute_over));
  BERTH_CHECK_OK(log_.finish_exports());
  return std::move(wanted.id);
}

Result<std::vector<AuditExport>> Audit::list_exports(std::string_view org) const {
  constexpr std::size_t kMost = 1000;
  BERTH_TRY(const auto made, log_.list_exports(org, kMost));
  std::vector<AuditExport> exports;
  for (const auto& one : made) {
    AuditExport shown{one, {}, {}};
    BERTH_TRY(const auto user, accounts_.find_user(one.user));
    if (user) {
      shown.requester_name = user->name;
      shown.requester_email = user->email;
    }
    exports.push_back(std::move(shown));
  }
  return exports;
}

Result<std::unique_ptr<AuditLines>> Audit::open_export(std::string_view org, std::string_view id) const {
  BERTH_TRY(const auto found, log_.find_export(org, id));
  if (!found) return base::fail(ErrorCode::object_unknown, "there is no such export");
  if (found->state != catalog::AuditExport::State::ready) {
    return base::fail(base::Error(ErrorCode::busy, "the export is not ready yet").with_retry_after(1));
  }
  catalog::AuditQuery query{.org = std::string(org),
                            .order = catalog::AuditQuery::Order::oldest_first,
                            .last = found->first_seq - 1,
                            .limit = kLinesOfAPiece};
  return std::make_unique<Lines>(log_, std::move(query), found->last_seq, std::string(id));
}

Result<bool> Audit::delete_export(std::string_view org, std::string_view id) { return log_.delete_export(org, id); }

}  // namespace berth::service
