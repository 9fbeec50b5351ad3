// The audit log as the daemon keeps it: what changes no row comes in here, the head is kept, old rows go, and everybody who may reads it.
//
// What this is: sign-ins, refusals and other acts without a change of rows are taken at once and written by flush(), a second later at
// most and in batches, so that a request never waits for its audit row. What comes again and again is counted: refusals are written when
// they begin and then summed up, tokens are summed up from the start, one row a minute for the same credential, address and act. What it is
// not: the rows of changes; those are written where the change is (catalog/audit.h).
// Bounds: 10,000 events and 1,000 counters; what is more is counted in a row audit.lost.
// Threads: any; note() and the witness's calls take a lock that nobody holds across disk. flush() and close(): one thread at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "berth/auth/witness.h"
#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/base/fs.h"
#include "berth/base/json.h"
#include "berth/base/synced.h"
#include "berth/catalog/catalog.h"

namespace berth::service {

struct AuditOptions {
  std::string data;                             // the data directory; its keys/ holds the head
  std::chrono::seconds keep{400L * 24 * 3600};  // 0: for ever
  std::string default_org = "main";             // whose the repositories with names of one part are
};

using AuditExportState = catalog::AuditExport::State;
// An export as those who asked for it see it.
struct AuditExport {
  catalog::AuditExport made;
  std::string requester_name;
  std::string requester_email;
};

// Lines of an export, piece by piece: one row a line, oldest first, and the head in the last line.
class AuditLines {
 public:
  virtual ~AuditLines() = default;
  // Empty: the end.
  virtual base::Result<std::string> next() = 0;
};

class Audit final : public auth::Witness {
 public:
  Audit(AuditOptions options, catalog::Catalog& catalog, base::FileSystem& fs, const base::Clock& clock)
      : options_(std::move(options)), log_(catalog.audit()), accounts_(catalog.accounts()), fs_(fs), clock_(clock) {}

  // Before anything is written: does the database have all that the head's file knows? If not, the file is put aside as evidence, a row
  // tells of it, and the daemon goes on. Errors: io_error, storage_full, corrupt (the file).
  base::Result<void> start();

  // --- what changes no row ---------------------------------------------------------------------------------------------------
  void note(catalog::AuditEvent event);
  // Of what comes again and again.
  void count(catalog::AuditEvent event);
  void signed_in(std::int64_t user, const auth::From& from) override;
  void refused(const auth::RefusedCredential& credential, const auth::From& from) override;
  void token_issued(std::int64_t user, std::int64_t key, const auth::From& from) override;

  // Writes what has come in, and then the head. What cannot be written is kept for the next time.
  base::Result<void> flush();
  // As flush(), counters that are not over included. Call at the end.
  base::Result<void> close();
  // Closes and prunes segments, and forgets old exports. Every few minutes.
  base::Result<void> tidy();
  // The tidying that runs ends after the segment it is at; for good. Any thread.
  void stop_tidying() { stopping_ = true; }

  [[nodiscard]] const std::string& default_org() const { return options_.default_org; }

  // --- reading -----------------------------------------------------------------------------------------------------------------
  [[nodiscard]] base::Result<catalog::AuditPage> list(const catalog::AuditQuery& query) const { return log_.list(query); }
  [[nodiscard]] base::Result<catalog::AuditHead> get_head() const { return log_.get_head(); }
  // All that `query` finds; its order is the oldest first and its limit is passed over. `query` with an organisation: its rows alone.
  [[nodiscard]] std::unique_ptr<AuditLines> lines(catalog::AuditQuery query) const;

  // --- exports that are fetched later ------------------------------------------------------------------------------------------
  // An export keeps its rows from being pruned, and goes by itself after kExportKept.
  static constexpr std::chrono::hours kExportKept{7 * 24};
  // The id. Ready at once, unless the disk fails; then after the next flush(). Errors: parameter_invalid (from is not before to).
  base::Result<std::string> request_export(const std::string& org, base::TimePoint from, base::TimePoint to,
                                           const catalog::Origin& by, std::int64_t user);
  [[nodiscard]] base::Result<std::vector<AuditExport>> list_exports(std::string_view org) const;
  // Errors: object_unknown (there is none in this organisation), busy (not ready yet).
  [[nodiscard]] base::Result<std::unique_ptr<AuditLines>> open_export(std::string_view org, std::string_view id) const;
  // False when there was none.
  base::Result<bool> delete_export(std::string_view org, std::string_view id);

 private:
  // What is counted together.
  using CounterKey = std::tuple<catalog::AuditKind, std::string, std::int64_t, std::string, std::string, std::string>;
  struct Counter {
    catalog::AuditEvent event;  // the first
    base::TimePoint since;
    std::int64_t count = 0;  // not yet written
  };
  struct Pending {
    std::vector<catalog::AuditEvent> events;
    std::map<CounterKey, Counter> counters;
    std::int64_t lost = 0;
  };
  enum class Until : std::uint8_t { minute_over, all };

  base::Result<void> write(Until until);
  base::Result<void> write_events(Until until);
  std::vector<catalog::AuditEvent> take(Until until);
  void give_back(std::vector<catalog::AuditEvent> events);
  base::Result<void> save_head();

  AuditOptions options_;
  catalog::AuditLog& log_;
  catalog::AccountCatalog& accounts_;
  base::FileSystem& fs_;
  const base::Clock& clock_;
  base::Synced<Pending> pending_;
  base::Synced<std::optional<catalog::AuditHead>> saved_;
  std::atomic<bool> stopping_{false};
};

// {"seq","at","kind","outcome","principal","key","address","request_id","org","subject","detail":{…},"hash"}
base::OrderedJson document_of(const catalog::AuditRow& row);
base::OrderedJson document_of(const catalog::AuditHead& head);

}  // namespace berth::service
