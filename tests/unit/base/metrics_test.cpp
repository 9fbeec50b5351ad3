#include "berth/base/metrics.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace berth::base::metrics {
namespace {

bool exposes(const std::string& line) { return ("\n" + expose()).find("\n" + line + "\n") != std::string::npos; }

TEST(Metrics, OneRowForEachMetricInTheirOrder) {
  ASSERT_EQ(rows().size(), static_cast<std::size_t>(Metric::log_lines) + 1);
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < rows().size(); ++i) {
    const Row& row = rows()[i];
    EXPECT_EQ(static_cast<std::size_t>(row.metric), i);
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(row.name.starts_with("berth_")) << row.name;
    EXPECT_EQ(row.kind == Kind::counter, row.name.ends_with("_total")) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_NE(row.name.find(row.unit), std::string_view::npos) << row.name << " must name its unit";
  }
}

TEST(Metrics, EveryMetricWithoutLabelsIsThereFromTheStart) {
  EXPECT_NE(expose().find("\nberth_store_uploads_expired_total "), std::string::npos);
  EXPECT_NE(expose().find("# TYPE berth_catalog_commit_seconds histogram"), std::string::npos);
}

TEST(Metrics, CountersCountPerLabelSet) {
  add(Metric::errors, 1, {"first"});
  add(Metric::errors, 2, {"first"});
  add(Metric::errors, 1, {"second"});
  EXPECT_TRUE(exposes("berth_errors_total{code=\"first\"} 3"));
  EXPECT_TRUE(exposes("berth_errors_total{code=\"second\"} 1"));
  add(Metric::http_requests, 1, {"a", "GET", "200"});
  EXPECT_NE(expose().find("method=\"GET\""), std::string::npos);
}

TEST(Metrics, LabelValuesAreEscaped) {
  add(Metric::http_rejected, 1, {"a\"b\\c\nd"});
  EXPECT_TRUE(exposes(R"(berth_http_rejected_total{reason="a\"b\\c\nd"} 1)"));
}

TEST(Metrics, GaugesGoUpAndDown) {
  set(Metric::store_free_bytes, 10);
  add(Metric::store_free_bytes, -3);
  EXPECT_TRUE(exposes("berth_store_free_bytes 7"));
  set(Metric::health, 1, {"disk"});
  set(Metric::health, 0, {"disk"});
  EXPECT_TRUE(exposes("berth_health{check=\"disk\"} 0"));
}

TEST(Metrics, HistogramsHaveBucketsThatFitTheirUnit) {
  observe(Metric::store_sync_seconds, 0.0004);
  observe(Metric::store_sync_seconds, 0.3);
  observe(Metric::store_sync_seconds, 100);
  EXPECT_TRUE(exposes("berth_store_sync_seconds_bucket{le=\"0.0005\"} 1"));
  EXPECT_TRUE(exposes("berth_store_sync_seconds_bucket{le=\"60\"} 2"));
  EXPECT_TRUE(exposes("berth_store_sync_seconds_bucket{le=\"+Inf\"} 3"));
  observe(Metric::catalog_group_size, 3);
  EXPECT_TRUE(exposes("berth_catalog_group_size_bucket{le=\"4\"} 1"));
}

TEST(Metrics, TheWrongKindOrLabelsDoNoHarm) {
  observe(Metric::errors, 1, {"kind"});
  set(Metric::errors, 5, {"kind"});
  EXPECT_TRUE(exposes("berth_errors_total{code=\"kind\"} 0"));
  add(Metric::errors, -1, {"kind"});
  EXPECT_TRUE(exposes("berth_errors_total{code=\"kind\"} 0"));
  add(Metric::store_blob_commits);
  EXPECT_TRUE(exposes("berth_store_blob_commits_total{outcome=\"\"} 1"));
}

TEST(Metrics, NothingIsLostBetweenThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 5000; ++i) add(Metric::catalog_transactions, 1, {"shared"});
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(exposes("berth_catalog_transactions_total{outcome=\"shared\"} 20000"));
}

}  // namespace
}  // namespace berth::base::metrics
