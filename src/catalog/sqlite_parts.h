// Collection, History, Usage and Retention over the connections of one SqliteCatalog, which makes them and outlives them.
#pragma once

#include "berth/base/clock.h"
#include "berth/catalog/collection.h"
#include "berth/catalog/history.h"
#include "berth/catalog/retention.h"
#include "berth/catalog/usage.h"
#include "catalog/audit_chain.h"
#include "catalog/leases.h"
#include "catalog/readers.h"
#include "catalog/writer.h"

namespace berth::catalog {

// What the parts share with the catalog.
struct SqliteConnections {
  Readers& readers;
  Writer& writer;
  const Leases& leases;
  const AuditChain& audit;
  const base::Clock& clock;
  [[nodiscard]] std::int64_t now() const { return base::to_unix_micros(clock.now()); }
  [[nodiscard]] Act act(const Origin& by) const { return {by, audit, now()}; }
};

class SqliteCollection final : public Collection {
 public:
  explicit SqliteCollection(SqliteConnections connections) : connections_(connections) {}

  base::Result<Marked> mark(const KeepRules& rules, std::size_t limit) override;
  base::Result<Forecast> forecast(const KeepRules& rules, std::size_t examples) override;
  base::Result<Waiting> count_waiting() override;
  base::Result<std::vector<BlobFile>> begin_removal(base::TimePoint deleted_before, std::size_t limit) override;
  base::Result<void> end_removal(std::span<const BlobFile> removed) override;
  base::Result<std::uint64_t> bury_unknown(std::span<const BlobFile> files) override;
  base::Result<bool> needs_sweep() override;
  base::Result<void> end_sweep() override;
  base::Result<void> protect_blob(const oci::Digest& digest) override;
  base::Result<std::optional<std::uint64_t>> find_and_renew_blob(const oci::RepositoryName& repository,
                                                                 const oci::Digest& digest) override;

 private:
  SqliteConnections connections_;
};

class SqliteHistory final : public History {
 public:
  explicit SqliteHistory(SqliteConnections connections) : connections_(connections) {}

  base::Result<EventPage> list_events(const oci::RepositoryName& repository, std::int64_t before_id, std::size_t limit) override;
  base::Result<Restored> restore(const oci::RepositoryName& repository, std::int64_t id, const Origin& by) override;
  base::Result<std::int64_t> delete_repository(const oci::RepositoryName& repository, const Origin& by) override;

 private:
  SqliteConnections connections_;
};

class SqliteUsage final : public Usage {
 public:
  explicit SqliteUsage(SqliteConnections connections) : connections_(connections) {}

  base::Result<void> record(std::span<const PullCount> pulls) override;
  base::Result<std::optional<PullStatistics>> find_pulls(const oci::RepositoryName& repository, const oci::Reference& reference,
                                                         std::int64_t since_day) override;

 private:
  SqliteConnections connections_;
};

class SqliteRetention final : public Retention {
 public:
  explicit SqliteRetention(SqliteConnections connections) : connections_(connections) {}

  base::Result<bool> has_rules() override;
  base::Result<std::optional<std::string>> find_rule(std::string_view scope) override;
  base::Result<void> put_rule(std::string_view scope, std::string_view rule, const Origin& by) override;
  base::Result<bool> delete_rule(std::string_view scope, const Origin& by) override;
  base::Result<std::vector<TagUse>> list_tag_uses(const oci::RepositoryName& repository) override;

 private:
  SqliteConnections connections_;
};

// Runs f(connection) → Result<T> in a write transaction, durable when this returns. f may run once only.
template <typename F>
auto written(Writer& writer, F&& f, Writer::Effect effect = Writer::Effect::answers) -> decltype(f(std::declval<Connection&>())) {
  decltype(f(std::declval<Connection&>())) outcome = base::fail(base::ErrorCode::internal, "the catalog failed");
  const base::Result<void> done = writer.run(
      [&](Connection& connection) -> base::Result<void> {
        outcome = f(connection);
        if (!outcome) return base::fail(outcome.error());
        return {};
      },
      effect);
  // The commit may fail after f succeeded.
  if (!done) return base::fail(done.error());
  return outcome;
}

}  // namespace berth::catalog
