#include "app/admin_upkeep.h"

#include <limits>

#include "app/collector_options.h"
#include "berth/api/upkeep_documents.h"
#include "berth/base/bytes.h"
#include "berth/base/fs.h"
#include "berth/catalog/catalog.h"
#include "berth/service/audit.h"
#include "berth/service/collector.h"
#include "berth/service/undo.h"
#include "berth/service/write_gate.h"
#include "berth/store/local_blob_store.h"

namespace berth::app {

using base::ErrorCode;
using base::OrderedJson;
using base::Result;

namespace {

constexpr std::uint64_t kEvents = 20;

void add(service::CollectorRound& sum, const service::CollectorRound& part) {
  sum.marked += part.marked;
  sum.removed_blobs += part.removed_blobs;
  sum.removed_bytes += part.removed_bytes;
  sum.discarded += part.discarded;
  sum.end = part.end;
}

Result<service::CollectorRound> collect_all(service::Collector& collector) {
  BERTH_CHECK_OK(collector.sweep_if_needed());
  service::CollectorRound sum;
  do {
    BERTH_TRY(const auto round, collector.run_round());
    add(sum, round);
  } while (sum.end != service::CollectorRound::End::done);
  return sum;
}

// A daemon that serves read-only is so for everybody.
Result<void> check_writable(const AdminPlace& place) {
  if (place.gate == nullptr) return {};
  return place.gate->check();
}

void note_run(const AdminPlace& place) {
  place.audit.note({.kind = catalog::AuditKind::gc_run, .by = place.by, .org = {}, .subject = "registry", .detail = {}});
}

// A daemon's own collector, for one round: its job goes on with the rest.
Result<OrderedJson> collect_beside(service::Collector& collector, const AdminPlace& place, const AdminArguments& arguments) {
  if (arguments.has("dry-run")) {
    BERTH_TRY(const auto forecast, collector.forecast());
    return api::document_of(forecast);
  }
  BERTH_CHECK_OK(check_writable(place));
  note_run(place);
  BERTH_TRY(const auto round, collector.run_round());
  return api::document_of(round);
}

}  // namespace

Result<OrderedJson> collect(AdminPlace& place, const AdminArguments& arguments) {
  if (place.collector != nullptr) return collect_beside(*place.collector, place, arguments);
  BERTH_TRY(const auto store, store::open_local_blob_store({.directory = place.settings.text(Setting::data)},
                                                           base::real_file_system(), place.clock));
  auto options = collector_options(place.settings);
  options.rate = std::numeric_limits<std::uint64_t>::max();  // there is nobody to be spared
  service::Collector collector(options, *store, place.catalog, place.clock);
  if (arguments.has("dry-run")) {
    BERTH_TRY(const auto forecast, collector.forecast());
    return api::document_of(forecast);
  }
  note_run(place);
  BERTH_TRY(const auto done, collect_all(collector));
  return api::document_of(done);
}

Result<OrderedJson> show_history(AdminPlace& place, const AdminArguments& arguments) {
  BERTH_TRY(const auto name, oci::RepositoryName::parse(arguments.text("repository")));
  const auto limit = arguments.has("limit") ? base::parse_decimal(arguments.text("limit")) : kEvents;
  if (!limit || *limit == 0) return base::fail(ErrorCode::usage, "--limit is a whole number from 1");
  const service::Undo undo(place.catalog.history(), place.catalog.usage());
  BERTH_TRY(const auto page, undo.list(name, 0, *limit));
  auto events = OrderedJson::array();
  for (const auto& event : page.events) events.push_back(api::document_of(event));
  return events;
}

Result<OrderedJson> restore_event(AdminPlace& place, const AdminArguments& arguments) {
  BERTH_TRY(const auto name, oci::RepositoryName::parse(arguments.text("repository")));
  const auto id = base::parse_decimal(arguments.text("id"));
  if (!id || *id == 0 || *id > INT64_MAX) return base::fail(ErrorCode::usage, "an event's id is a number; the history shows it");
  BERTH_CHECK_OK(check_writable(place));
  service::Undo undo(place.catalog.history(), place.catalog.usage());
  BERTH_TRY(const auto restored, undo.restore(name, static_cast<std::int64_t>(*id), place.by));
  return api::document_of(name, restored);
}

}  // namespace berth::app
