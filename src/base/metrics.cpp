#include "berth/base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <string>
#include <variant>

#include "berth/base/text_map.h"

namespace berth::base::metrics {

namespace {

// One metric = one row, in the order of the enum. Never destroyed: threads may count until the very end.
const std::vector<Row>& table() {
  static const auto& kRows = *new std::vector<Row>{
      {Metric::build_info, "berth_build_info", Kind::gauge, "", "1, with the version of the daemon as a label", {"version"}},
      {Metric::http_requests, "berth_http_requests_total", Kind::counter, "", "Requests answered", {"route", "method", "status"}},
      {Metric::http_request_seconds,
       "berth_http_request_seconds",
       Kind::histogram,
       "seconds",
       "Time from the end of the request's headers to the last byte of the answer",
       {"route"}},
      {Metric::http_request_bytes,
       "berth_http_request_bytes_total",
       Kind::counter,
       "bytes",
       "Bytes of request bodies taken",
       {"route"}},
      {Metric::http_response_bytes,
       "berth_http_response_bytes_total",
       Kind::counter,
       "bytes",
       "Bytes of response bodies sent",
       {"route"}},
      {Metric::http_connections, "berth_http_connections", Kind::gauge, "", "Connections open now", {}},
      {Metric::http_connections_refused,
       "berth_http_connections_refused_total",
       Kind::counter,
       "",
       "Connections closed at once",
       {"reason"}},
      {Metric::http_rejected,
       "berth_http_rejected_total",
       Kind::counter,
       "",
       "Requests refused before they reached a route",
       {"reason"}},
      {Metric::tls_handshakes,
       "berth_tls_handshakes_total",
       Kind::counter,
       "",
       "TLS handshakes, by how they ended: full, resumed, failed, timeout",
       {"outcome"}},
      {Metric::http2_ended,
       "berth_http2_connections_ended_total",
       Kind::counter,
       "",
       "HTTP/2 connections that Berth ended because of what their peer sent",
       {"reason"}},
      {Metric::workers_queued, "berth_workers_queued", Kind::gauge, "", "Jobs that wait for a worker thread", {}},
      {Metric::workers_busy, "berth_workers_busy", Kind::gauge, "", "Worker threads that run a job", {}},
      {Metric::store_blob_commits,
       "berth_store_blob_commits_total",
       Kind::counter,
       "",
       "Uploads closed, by how they ended",
       {"outcome"}},
      {Metric::store_sync_seconds,
       "berth_store_sync_seconds",
       Kind::histogram,
       "seconds",
       "Time of one sync of a blob file or directory",
       {}},
      {Metric::store_free_bytes,
       "berth_store_free_bytes",
       Kind::gauge,
       "bytes",
       "Space left on the file system of the store",
       {}},
      {Metric::store_uploads_expired,
       "berth_store_uploads_expired_total",
       Kind::counter,
       "",
       "Uploads dropped because nobody went on with them",
       {}},
      {Metric::catalog_commit_seconds,
       "berth_catalog_commit_seconds",
       Kind::histogram,
       "seconds",
       "Time of one commit of the catalog",
       {}},
      {Metric::catalog_transactions,
       "berth_catalog_transactions_total",
       Kind::counter,
       "",
       "Write transactions, by how they ended",
       {"outcome"}},
      {Metric::catalog_group_size,
       "berth_catalog_group_size",
       Kind::histogram,
       "",
       "Writes that one commit made durable together",
       {}},
      {Metric::scrub_blobs,
       "berth_scrub_blobs_total",
       Kind::counter,
       "",
       "Blobs that the scrub has read, by what it found",
       {"outcome"}},
      {Metric::scrub_bytes, "berth_scrub_bytes_total", Kind::counter, "bytes", "Bytes that the scrub has read", {}},
      {Metric::damaged_blobs, "berth_damaged_blobs", Kind::gauge, "", "Blobs known to be damaged and not pushed again since", {}},
      {Metric::read_only, "berth_read_only", Kind::gauge, "", "1 while pushes and deletes are refused, 0 otherwise", {}},
      {Metric::gc_rounds, "berth_gc_rounds_total", Kind::counter, "", "Rounds of garbage collection", {}},
      {Metric::gc_round_seconds, "berth_gc_round_seconds", Kind::histogram, "seconds", "Time of one round of collection", {}},
      {Metric::gc_removed,
       "berth_gc_removed_total",
       Kind::counter,
       "",
       "What collection removed: untagged manifests, and blobs whose bytes went",
       {"kind"}},
      {Metric::gc_removed_bytes,
       "berth_gc_removed_bytes_total",
       Kind::counter,
       "bytes",
       "Bytes of blobs that collection removed",
       {}},
      {Metric::gc_backlog,
       "berth_gc_backlog",
       Kind::gauge,
       "",
       "1 while collection has more to do than one round may, else 0",
       {}},
      {Metric::gc_waiting_blobs,
       "berth_gc_waiting_blobs",
       Kind::gauge,
       "",
       "Collected blobs whose bytes wait for the end of their grace",
       {}},
      {Metric::gc_waiting_bytes, "berth_gc_waiting_bytes", Kind::gauge, "bytes", "Their bytes", {}},
      {Metric::health, "berth_health", Kind::gauge, "", "1 while the check passes, 0 while it fails", {"check"}},
      {Metric::letters,
       "berth_letters_total",
       Kind::counter,
       "",
       "Letters given to the mail server: sent, tried (not taken, to be tried again), failed (given up)",
       {"outcome"}},
      {Metric::unknown_fields,
       "berth_unknown_fields_total",
       Kind::counter,
       "",
       "Members of JSON bodies that the route does not know and ignored",
       {"route"}},
      {Metric::errors, "berth_errors_total", Kind::counter, "", "Errors answered, by their code", {"code"}},
      {Metric::log_lines, "berth_log_lines_total", Kind::counter, "", "Log lines written", {"level"}},
  };
  return kRows;
}

constexpr std::size_t kCount = static_cast<std::size_t>(Metric::log_lines) + 1;

using Family = std::variant<prometheus::Family<prometheus::Counter>*, prometheus::Family<prometheus::Gauge>*,
                            prometheus::Family<prometheus::Histogram>*>;
// std::monostate: not looked up yet.
using Series = std::variant<std::monostate, prometheus::Counter*, prometheus::Gauge*, prometheus::Histogram*>;

prometheus::Histogram::BucketBoundaries buckets(const Row& row) {
  if (row.unit == "seconds") {
    return {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  }
  return {1, 2, 4, 8, 16, 32, 64, 128, 256};
}

// Every family exists from the start, and every metric without labels shows its 0. Series are never removed, so that pointers to
// them stay good for the life of the process.
class Store {
 public:
  Store() {
    for (const Row& row : table()) {
      families_.push_back(make_family(row));
      if (row.labels.empty()) find_or_add(row.metric, {});
    }
  }

  Series find_or_add(Metric metric, Labels values) {
    const auto index = static_cast<std::size_t>(metric);
    const Row& row = table()[index];
    prometheus::Labels labels;
    const auto* value = values.begin();
    for (const std::string_view name : row.labels) {
      labels.emplace(std::string(name), value != values.end() ? std::string(*value++) : std::string());
    }
    if (auto* const* counters = std::get_if<0>(&families_[index])) return &(*counters)->Add(labels);
    if (auto* const* gauges = std::get_if<1>(&families_[index])) return &(*gauges)->Add(labels);
    return &std::get<2>(families_[index])->Add(labels, buckets(row));
  }

  std::string expose() { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

 private:
  Family make_family(const Row& row) {
    const std::string name(row.name);
    const std::string help(row.help);
    switch (row.kind) {
      case Kind::counter: return &prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
      case Kind::gauge: return &prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
      case Kind::histogram: break;
    }
    return &prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
  }

  prometheus::Registry registry_;
  std::vector<Family> families_;
};

Store& store() {
  static auto* const instance = new Store;  // never destroyed: threads may count until the very end
  return *instance;
}

// Each thread remembers the series that it has used: the second time nothing is locked and nothing allocated.
Series find_series(Metric metric, Labels labels) {
  using Seen = TextMap<Series>;
  thread_local std::array<Series, kCount> plain;
  thread_local std::array<Seen, kCount> seen;
  thread_local std::string key;

  const auto index = static_cast<std::size_t>(metric);
  if (labels.size() == 0) {
    if (plain[index].index() == 0) plain[index] = store().find_or_add(metric, labels);
    return plain[index];
  }
  key.clear();
  for (const std::string_view value : labels) key.append(value).push_back('\0');
  const auto found = seen[index].find(std::string_view(key));
  if (found != seen[index].end()) return found->second;
  return seen[index].emplace(key, store().find_or_add(metric, labels)).first->second;
}

}  // namespace

std::span<const Row> rows() { return table(); }

void add(Metric metric, double amount, Labels labels) {
  const Series series = find_series(metric, labels);
  if (auto* const* counter = std::get_if<prometheus::Counter*>(&series)) (*counter)->Increment(amount);
  if (auto* const* gauge = std::get_if<prometheus::Gauge*>(&series)) (*gauge)->Increment(amount);
}

void set(Metric metric, double value, Labels labels) {
  const Series series = find_series(metric, labels);
  if (auto* const* gauge = std::get_if<prometheus::Gauge*>(&series)) (*gauge)->Set(value);
}

void observe(Metric metric, double value, Labels labels) {
  const Series series = find_series(metric, labels);
  if (auto* const* histogram = std::get_if<prometheus::Histogram*>(&series)) (*histogram)->Observe(value);
}

std::string expose() { return store().expose(); }

}  // namespace berth::base::metrics
