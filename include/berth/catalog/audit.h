// Who did what, from where, with which key: rows that are only ever added, chained so that none can be changed, taken out or put in unseen.
//
// What this is: the log's rows, their chain and its segments. A change of other rows writes its audit row in its own transaction; what
// changes no row (sign-ins, refusals) is added by append(). What it is not: the key's and the head's keeper (service/audit.h). No row
// holds a secret or a person's free text: what a row may tell beside its columns is the list AuditField.
// Layout of what is authenticated: src/catalog/audit_chain.cpp. Tables: schemas/sql/0006_audit.sql. Why so: docs/adr/0016-audit-chain.md.
// Threads: any worker; blocks on disk. Errors of every call: those of Catalog.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "berth/base/clock.h"
#include "berth/base/error.h"

namespace berth::catalog {

// On whose behalf something is done. Every call that changes what people see takes one.
struct Origin {
  std::string principal;  // "user:1000001", "service:7", "machine:alice" (berth admin), "retention"
  std::int64_t key = 0;   // id of the key it came with; 0: none
  std::string address;    // of the client; empty: from the daemon itself or the machine
  std::string request;    // request id; empty: none
};

// A new kind = one value here and one row in src/catalog/audit_names.cpp.
enum class AuditKind : std::uint8_t {
  // Without a change of rows
  sign_in,
  sign_out,
  token_issued,
  access_refused,
  gc_run,
  audit_read,
  audit_lost,
  audit_mismatch,
  audit_pruned,
  // People
  user_created,
  user_renamed,
  user_enabled,
  user_disabled,
  user_promoted,
  user_demoted,
  password_changed,
  // Organisations, teams, memberships
  org_created,
  org_changed,
  team_created,
  team_changed,
  team_deleted,
  role_granted,
  role_revoked,
  invitation_created,
  invitation_resent,
  invitation_accepted,
  invitation_deleted,
  // Keys
  key_created,
  key_revoked,
  key_expiry_set,
  // Repositories
  visibility_set,
  immutable_tags_set,
  tag_created,
  tag_moved,
  tag_deleted,
  manifest_deleted,
  manifest_restored,
  blob_deleted,
  repository_deleted,
  repository_restored,
  retention_set,
  retention_deleted,
};

// All that a row can tell beside its columns.
enum class AuditField : std::uint8_t {
  action,   // "registry:push"
  actions,  // comma list
  after,    // digest
  before,   // digest
  count,    // how often, of what is counted
  digest,
  email,
  event,         // id in a repository's history
  expires,       // RFC 3339
  head_count,    // the number of rows that the head's file knew
  invitation,    // id
  kind,          // of a key
  method,        // "password", "key"
  owner,         // "user:1000001"
  patterns,      // comma list
  reason,        // a word of ours
  repositories,  // comma list
  role,
  route,
  since,  // RFC 3339
  tag,
  team,
  teams,    // comma list
  through,  // sequence number
  visibility,
};

enum class AuditOutcome : std::uint8_t { done = 0, refused = 1 };

using AuditDetail = std::vector<std::pair<AuditField, std::variant<std::string, std::int64_t>>>;

struct AuditEvent {
  AuditKind kind = AuditKind::sign_in;
  Origin by;
  AuditOutcome outcome = AuditOutcome::done;
  std::string org;      // name; empty: of no organisation
  std::string subject;  // "user:1000002", "key:7", "org:acme", "team:acme/vision", "repository:acme/app"
  AuditDetail detail;
};

// A row as it is stored.
struct AuditRow {
  std::int64_t seq = 0;
  std::int64_t at = 0;  // microseconds since 1970
  std::string kind;
  std::int64_t outcome = 0;
  Origin by;
  std::string org;
  std::string subject;
  std::string detail;  // JSON object
  std::string hash;    // hex
};

struct AuditSegment {
  std::int64_t id = 0;
  std::int64_t first_seq = 0;
  std::int64_t last_seq = 0;
  std::int64_t first_at = 0;
  std::int64_t last_at = 0;
  std::string before_hash;
  std::string after_hash;
  std::int64_t state = 0;  // 0 its rows are here, 1 they were pruned
  std::string seal;
};

// Where the chain ends.
struct AuditHead {
  std::int64_t count = 0;  // rows ever written: the last one's number
  std::string hash;
  friend bool operator==(const AuditHead&, const AuditHead&) = default;
};

// The hash before row 1.
inline constexpr std::string_view kAuditStart = "0000000000000000000000000000000000000000000000000000000000000000";
// What row.hash must be, `previous` being the hash of the row before it.
std::string audit_row_hash(std::string_view key, std::string_view previous, const AuditRow& row);
// What segment.seal must be.
std::string audit_segment_seal(std::string_view key, const AuditSegment& segment);

// "key.created"; nullopt for what is none.
std::string_view audit_kind_name(AuditKind kind);
std::optional<AuditKind> find_audit_kind(std::string_view name);
// Every name, for the documents.
std::span<const std::string_view> audit_kind_names();
std::string_view audit_field_name(AuditField field);

// What is asked for; empty and nullopt: any.
struct AuditQuery {
  std::string org;
  std::string principal;
  std::string subject;
  std::optional<AuditKind> kind;
  std::optional<AuditOutcome> outcome;
  std::optional<base::TimePoint> from;  // inclusive
  std::optional<base::TimePoint> to;    // exclusive
  enum class Order : std::uint8_t { newest_first, oldest_first } order = Order::newest_first;
  std::int64_t last = 0;  // goes on behind this row, in the order; 0: from its beginning
  std::size_t limit = 100;
};
struct AuditPage {
  std::vector<AuditRow> rows;
  std::int64_t last = 0;  // that was looked at: where the next page goes on
  bool more = false;      // there may be more behind it, also when this page is short: a page looks at a bounded number of rows
};

struct AuditExport {
  std::string id;
  std::string org;
  base::TimePoint from;
  base::TimePoint to;
  base::TimePoint requested;
  std::int64_t user = 0;
  enum class State : std::uint8_t { requested = 0, ready = 1 } state = State::requested;
  std::int64_t first_seq = 0;
  std::int64_t last_seq = 0;  // less than first_seq: nothing
};

class AuditLog {
 public:
  virtual ~AuditLog() = default;

  // Adds them in this order, in one transaction.
  virtual base::Result<void> append(std::span<const AuditEvent> events) = 0;
  [[nodiscard]] virtual base::Result<AuditHead> get_head() = 0;
  // The row's hash; nullopt when it is not there (any more).
  [[nodiscard]] virtual base::Result<std::optional<std::string>> find_hash(std::int64_t seq) = 0;
  [[nodiscard]] virtual base::Result<AuditPage> list(const AuditQuery& query) = 0;

  // Closes the stretch of rows since the last segment, when it has `rows` of them or its first is older than `oldest`. False: not yet.
  virtual base::Result<bool> seal(std::int64_t rows, base::TimePoint oldest) = 0;
  // Takes away the rows of the oldest segment that is still here, if its last row is older than `oldest`, and tells of it in a row by `by`.
  // False: there is none, or an export that is ready or waits may hold some of its rows.
  virtual base::Result<bool> prune(base::TimePoint oldest, const Origin& by) = 0;

  virtual base::Result<void> add_export(const AuditExport& wanted) = 0;
  // Says which rows every export that waits holds: those that are written by now.
  virtual base::Result<void> finish_exports() = 0;
  // Newest first.
  [[nodiscard]] virtual base::Result<std::vector<AuditExport>> list_exports(std::string_view org, std::size_t limit) = 0;
  [[nodiscard]] virtual base::Result<std::optional<AuditExport>> find_export(std::string_view org, std::string_view id) = 0;
  // False when there was none.
  virtual base::Result<bool> delete_export(std::string_view org, std::string_view id) = 0;
  // Those that were asked for before `oldest`.
  virtual base::Result<void> delete_old_exports(base::TimePoint oldest) = 0;
};

}  // namespace berth::catalog
