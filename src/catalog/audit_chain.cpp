#include "catalog/audit_chain.h"

#include <algorithm>

#include "berth/base/json.h"
#include "berth/base/log.h"
#include "berth/base/sign.h"
#include "berth/catalog/subjects.h"

namespace berth::catalog {

using base::Result;

namespace {

void put(std::string& text, std::string_view value) {
  text += std::to_string(value.size());
  text += ':';
  text += value;
}
void put(std::string& text, std::int64_t value) { put(text, std::to_string(value)); }

std::string authenticated(std::string_view key, std::string_view message) {
  return base::to_hex(base::as_bytes(base::hmac_sha256(key, message)));
}

// Names and tags are people's choice, and one may be a key by mistake. Looking for one costs more than writing the row, so what cannot
// hold one is not looked at: every credential that redact() knows has one of these.
std::string without_secrets(std::string_view text) {
  const bool may_hold_one = text.find_first_of("_-= ") != std::string_view::npos || text.find("ey") != std::string_view::npos;
  return may_hold_one ? base::log::redact(text) : std::string(text);
}

std::string json_of(const AuditDetail& detail) {
  auto json = base::OrderedJson::object();
  for (const auto& [field, value] : detail) {
    auto& member = json[std::string(audit_field_name(field))];
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      member = *number;
    } else {
      member = without_secrets(std::get<std::string>(value));
    }
  }
  return json.dump(-1, ' ', false, base::OrderedJson::error_handler_t::replace);
}

Result<void> insert(Connection& connection, const AuditRow& row) {
  BERTH_TRY(
      [[maybe_unused]] const auto added,
      connection.run(Query::insert_audit,
                     {row.seq, row.at, std::string_view(row.kind), row.outcome, std::string_view(row.by.principal), row.by.key,
                      std::string_view(row.by.address), std::string_view(row.by.request), std::string_view(row.org),
                      std::string_view(row.subject), std::string_view(row.detail), std::string_view(row.hash)}));
  return {};
}

}  // namespace

// HMAC-SHA-256, as hex, with the key of DIR/keys/audit.key over
//
//   the hash of the row before, 64 hex digits (64 zeros before row 1), and then each column in this order, written <length> ':' <bytes>:
//     seq  at  kind  outcome  principal  key_id  address  request  org  subject  detail          numbers in decimal
std::string audit_row_hash(std::string_view key, std::string_view previous, const AuditRow& row) {
  std::string message(previous);
  put(message, row.seq);
  put(message, row.at);
  put(message, row.kind);
  put(message, row.outcome);
  put(message, row.by.principal);
  put(message, row.by.key);
  put(message, row.by.address);
  put(message, row.by.request);
  put(message, row.org);
  put(message, row.subject);
  put(message, row.detail);
  return authenticated(key, message);
}

// The same over "segment:" and the columns  id  first_seq  last_seq  first_at  last_at  before_hash  after_hash  state. No row's message
// begins so.
std::string audit_segment_seal(std::string_view key, const AuditSegment& segment) {
  std::string message = "segment:";
  for (const std::int64_t number : {segment.id, segment.first_seq, segment.last_seq, segment.first_at, segment.last_at}) {
    put(message, number);
  }
  put(message, segment.before_hash);
  put(message, segment.after_hash);
  put(message, segment.state);
  return authenticated(key, message);
}

Result<ChainEnd> find_chain_end(Connection& connection) {
  for (const Query query : {Query::find_last_audit, Query::find_last_segment}) {
    BERTH_TRY(auto rows, connection.query(query, {std::int64_t{0}}));
    BERTH_TRY(const bool found, rows.next());
    if (found) return ChainEnd{rows.integer(0), rows.integer(1), std::string(rows.text(2))};
  }
  return ChainEnd{};
}

std::string AuditChain::org_of(std::string_view repository) const {
  const auto slash = repository.find('/');
  return slash == std::string_view::npos ? default_org_ : std::string(repository.substr(0, slash));
}

AuditEvent AuditChain::of_repository(AuditKind kind, std::string_view repository, const Origin& by) const {
  return {.kind = kind, .by = by, .org = org_of(repository), .subject = repository_subject(repository), .detail = {}};
}

// Time does not go back in the log, whatever the clock does: so a time is found by halving.
Result<void> AuditChain::append(Connection& connection, const AuditEvent& event, std::int64_t now) const {
  BERTH_TRY(const auto end, find_chain_end(connection));
  AuditRow row{.seq = end.seq + 1,
               .at = std::max(now, end.at),
               .kind = std::string(audit_kind_name(event.kind)),
               .outcome = static_cast<std::int64_t>(event.outcome),
               .by = event.by,
               .org = without_secrets(event.org),
               .subject = without_secrets(event.subject),
               .detail = json_of(event.detail),
               .hash = {}};
  row.hash = audit_row_hash(key_, end.hash, row);
  return insert(connection, row);
}

}  // namespace berth::catalog
