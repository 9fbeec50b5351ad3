#include "catalog/damage.h"

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

Result<std::vector<BlobRecord>> list_blob_records(Connection& connection, std::string_view after, std::size_t limit) {
  BERTH_TRY(auto rows, connection.query(Query::list_blob_records, {after, static_cast<std::int64_t>(limit)}));
  std::vector<BlobRecord> records;
  while (true) {
    BERTH_TRY(const bool found, rows.next());
    if (!found) return records;
    records.push_back({std::string(rows.text(0)), static_cast<std::uint64_t>(rows.integer(1)), !rows.is_null(2)});
  }
}

Result<std::vector<std::string>> check_structure(Connection& connection) {
  std::vector<std::string> found;
  // Grave damage ends the check itself: that is a finding, and not a failure to look.
  const auto look = [&](const char* pragma) -> Result<void> {
    auto lines = connection.pragma_lines(pragma);
    if (!lines && lines.error().code() != ErrorCode::corrupt) return fail(std::move(lines).error());
    if (!lines) {
      found.push_back(lines.error().context());
      return {};
    }
    for (std::string& line : *lines) {
      if (line != "ok") found.push_back(std::move(line));
    }
    return {};
  };
  BERTH_CHECK_OK(look("PRAGMA integrity_check"));
  BERTH_CHECK_OK(look("PRAGMA foreign_key_check"));
  return found;
}

Result<std::vector<std::string>> SqliteDamage::check_structure() {
  return readers_.with([&](Connection& c) {
    c.heed(&stop_);
    checking_.with([&](Connection*& checking) { checking = &c; });
    auto found = catalog::check_structure(c);
    checking_.with([](Connection*& checking) { checking = nullptr; });
    c.heed(nullptr);
    return found;
  });
}

// The flag ends what runs in SQLite's virtual machine, also if it has yet to begin; the interrupt ends the walk through the trees, which
// for a catalog of 2 GB takes five seconds and asks for no flag.
void SqliteDamage::stop_checking() {
  stop_ = true;
  checking_.with([](Connection* checking) {
    if (checking != nullptr) checking->interrupt();
  });
}

Result<bool> SqliteDamage::record(const oci::Digest& digest, std::string_view reason) {
  bool known = false;
  const std::string_view text = digest.text();
  const auto done = writer_.run([&](Connection& c) -> Result<void> {
    BERTH_TRY(known, c.exists(Query::find_blob_row, {text}));
    if (!known) return {};
    BERTH_TRY([[maybe_unused]] const auto added, c.run(Query::record_damage, {text, base::to_unix_micros(clock_.now()), reason}));
    return {};
  });
  if (!done) return fail(done.error());
  return known;
}

Result<void> SqliteDamage::clear(const oci::Digest& digest) {
  return writer_.run([&](Connection& c) -> Result<void> {
    BERTH_TRY([[maybe_unused]] const auto cleared, c.run(Query::clear_damage, {std::string_view(digest.text())}));
    return {};
  });
}

Result<bool> SqliteDamage::contains(const oci::Digest& digest) {
  return readers_.with([&](Connection& c) { return c.exists(Query::find_damage, {std::string_view(digest.text())}); });
}

Result<std::uint64_t> SqliteDamage::count() {
  return readers_.with([&](Connection& c) -> Result<std::uint64_t> {
    BERTH_TRY(const auto count, c.find_integer(Query::count_damage, {std::string_view()}));
    return static_cast<std::uint64_t>(count.value_or(0));
  });
}

Result<std::vector<DamagedBlob>> SqliteDamage::list(std::string_view after, std::size_t limit) {
  return readers_.with([&](Connection& c) -> Result<std::vector<DamagedBlob>> {
    BERTH_TRY(auto rows, c.query(Query::list_damage, {after, static_cast<std::int64_t>(limit)}));
    std::vector<DamagedBlob> damaged;
    while (true) {
      BERTH_TRY(const bool found, rows.next());
      if (!found) return damaged;
      damaged.push_back({std::string(rows.text(0)), base::from_unix_micros(rows.integer(1)), std::string(rows.text(2))});
    }
  });
}

Result<std::vector<BlobRecord>> SqliteDamage::list_blobs(std::string_view after, std::size_t limit) {
  return readers_.with([&](Connection& c) { return list_blob_records(c, after, limit); });
}

Result<ScrubProgress> SqliteDamage::get_scrub_progress() {
  return readers_.with([&](Connection& c) -> Result<ScrubProgress> {
    BERTH_TRY(auto rows, c.query(Query::find_scrub, {}));
    BERTH_TRY(const bool found, rows.next());
    if (!found) return fail(base::Error(ErrorCode::corrupt, "the catalog is damaged").in("the scrub's row is missing"));
    return ScrubProgress{std::string(rows.text(0)), base::from_unix_micros(rows.integer(1)),
                         base::from_unix_micros(rows.integer(2))};
  });
}

Result<void> SqliteDamage::set_scrub_progress(const ScrubProgress& progress) {
  return writer_.run(
      [&](Connection& c) -> Result<void> {
        BERTH_TRY([[maybe_unused]] const auto changed,
                  c.run(Query::set_scrub, {std::string_view(progress.position), base::to_unix_micros(progress.started_at),
                                           base::to_unix_micros(progress.finished_at)}));
        return {};
      },
      Writer::Effect::bookkeeping);
}

}  // namespace berth::catalog
