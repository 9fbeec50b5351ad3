// Every metric is one row in src/base/metrics.cpp; docs/metrics.md is generated from the rows. A new metric = one value and one row.
//
// Counters and gauges are lock-free once a label set has been seen. Any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace berth::base::metrics {

enum class Metric : std::uint8_t {
  build_info,                // {version}
  http_requests,             // {route, method, status}
  http_request_seconds,      // {route}
  http_request_bytes,        // {route}
  http_response_bytes,       // {route}
  http_connections,          // open now
  http_connections_refused,  // {reason}
  http_rejected,             // {reason}: requests that never reached a route
  tls_handshakes,            // {outcome}
  http2_ended,               // {reason}: connections that Berth ended for what their peer did
  workers_queued,
  workers_busy,
  store_blob_commits,  // {outcome}
  store_sync_seconds,
  store_free_bytes,
  store_uploads_expired,
  catalog_commit_seconds,
  catalog_transactions,  // {outcome}
  catalog_group_size,
  scrub_blobs,  // {outcome}
  scrub_bytes,
  damaged_blobs,
  read_only,  // 1 while pushes and deletes are refused
  gc_rounds,
  gc_round_seconds,
  gc_removed,  // {kind}: manifest, blob
  gc_removed_bytes,
  gc_backlog,  // 1 when the last round left work for the next
  gc_waiting_blobs,
  gc_waiting_bytes,
  health,          // {check}: 1 good, 0 bad
  letters,         // {outcome}: sent, tried, failed
  unknown_fields,  // {route}: members of bodies that no route knows
  errors,          // {code}
  log_lines,       // {level}
};

enum class Kind : std::uint8_t { counter, gauge, histogram };

struct Row {
  Metric metric;
  std::string_view name;  // "berth_http_requests_total"
  Kind kind;
  std::string_view unit;  // "bytes", "seconds", "" for a plain number
  std::string_view help;
  std::vector<std::string_view> labels;  // names, in the order of the values given to add/set/observe
};

std::span<const Row> rows();

using Labels = std::initializer_list<std::string_view>;  // values, in the row's order
void add(Metric metric, double amount = 1, Labels labels = {});
void set(Metric metric, double value, Labels labels = {});
void observe(Metric metric, double value, Labels labels = {});

// The Prometheus text format 0.0.4 of everything.
std::string expose();

}  // namespace berth::base::metrics
