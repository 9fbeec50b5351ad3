#include "berth/catalog/sqlite_catalog.h"

#include <atomic>
#include <utility>

#include "berth/base/fs.h"
#include "berth/base/log.h"
#include "catalog/accounts.h"
#include "catalog/audit.h"
#include "catalog/audit_chain.h"
#include "catalog/blobs.h"
#include "catalog/damage.h"
#include "catalog/leases.h"
#include "catalog/manifests.h"
#include "catalog/migrate.h"
#include "catalog/readers.h"
#include "catalog/reads.h"
#include "catalog/sessions.h"
#include "catalog/sight.h"
#include "catalog/sqlite_parts.h"
#include "catalog/tags.h"
#include "catalog/writer.h"

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

class SqliteCatalog final : public Catalog {
 public:
  SqliteCatalog(const SqliteCatalogOptions& options, std::unique_ptr<Connection> connection, Leases leases,
                const base::Clock& clock)
      : clock_(clock),
        leases_(leases),
        chain_(options.audit_key, options.default_org),
        readers_(options.path, options.vfs),
        writer_(std::move(connection), generation_),
        damage_(readers_, writer_, clock) {}

  // The note is the last write, so that a run that could not finish its work does not pass for an orderly one.
  ~SqliteCatalog() override {
    const auto noted = writer_.run([](Connection& connection) -> Result<void> {
      BERTH_TRY([[maybe_unused]] const auto changed, connection.run(Query::set_clean_shutdown));
      return {};
    });
    if (!noted) base::log::warning("the catalog could not note its end", {{"context", noted.error().context()}});
  }

  std::uint64_t generation() const override { return generation_.load(); }

  Result<bool> has_repository(const oci::RepositoryName& name) override {
    return readers_.with([&](Connection& c) { return c.exists(Query::find_repository, {std::string_view(name.text())}); });
  }

  Result<NamePage> list_repositories(std::string_view after, std::size_t limit) override {
    return readers_.with([&](Connection& c) { return catalog::list_repositories(c, after, limit); });
  }

  Result<NamePage> list_repositories_in(const Sight& sight, std::string_view after, std::size_t limit) override {
    return readers_.with([&](Connection& c) -> Result<NamePage> {
      BERTH_TRY(auto transaction, Transaction::begin(c, Connection::Access::read));
      BERTH_TRY(auto page, catalog::list_repositories_in(c, sight, after, limit));
      BERTH_CHECK_OK(transaction.commit());
      return page;
    });
  }

  Result<void> link_blob(const oci::RepositoryName& repository, const oci::Digest& digest, std::uint64_t size,
                         const Origin& by) override {
    return writer_.run([&](Connection& c) -> Result<void> {
      const Act act = this->act(by);
      BERTH_TRY(const auto id, ensure_repository(c, repository.text(), act));
      BERTH_CHECK_OK(catalog::link_blob(c, leases_, id, digest.text(), size, act.now));
      // Its bytes have just come in, whole: whatever was wrong with the old ones is over.
      BERTH_TRY([[maybe_unused]] const auto healed, c.run(Query::clear_damage, {std::string_view(digest.text())}));
      return {};
    });
  }

  Result<std::optional<std::uint64_t>> find_blob(const oci::RepositoryName& repository, const oci::Digest& digest) override {
    return readers_.with([&](Connection& c) -> Result<std::optional<std::uint64_t>> {
      BERTH_TRY(const auto size,
                c.find_integer(Query::find_blob_size, {std::string_view(repository.text()), std::string_view(digest.text())}));
      if (!size) return std::nullopt;
      BERTH_CHECK_OK(check_undamaged(c, digest.text()));
      return static_cast<std::uint64_t>(*size);
    });
  }

  Result<std::optional<std::uint64_t>> mount_blob(const oci::RepositoryName& to, const std::optional<oci::RepositoryName>& from,
                                                  const oci::Digest& digest, const Origin& by) override {
    std::optional<std::uint64_t> size;
    const auto done = writer_.run([&](Connection& c) -> Result<void> {
      const Act act = this->act(by);
      BERTH_TRY(const auto source, find_source(c, from, digest));
      // A damaged blob is not there for a mount: the client uploads, and that heals it.
      if (!source || !check_undamaged(c, digest.text())) return {};
      BERTH_TRY(const auto id, ensure_repository(c, to.text(), act));
      BERTH_CHECK_OK(catalog::link_blob(c, leases_, id, digest.text(), source->size, act.now));
      size = source->size;
      return {};
    });
    if (!done) return fail(done.error());
    return size;
  }

  Result<std::vector<std::string>> list_blob_holders(const oci::Digest& digest, std::size_t limit) override {
    return readers_.with([&](Connection& c) { return catalog::list_blob_holders(c, digest.text(), limit); });
  }

  Result<void> unlink_blob(const oci::RepositoryName& repository, const oci::Digest& digest, const Origin& by) override {
    return writer_.run([&](Connection& c) { return catalog::unlink_blob(c, repository.text(), digest, act(by)); });
  }

  Result<void> put_manifest(const ManifestPut& put) override {
    const PreparedManifest prepared(put);
    return writer_.run([&](Connection& c) { return catalog::put_manifest(c, leases_, prepared, act(put.by)); });
  }

  Result<std::optional<StoredManifest>> find_manifest(const oci::RepositoryName& repository,
                                                      const oci::Reference& reference) override {
    return readers_.with([&](Connection& c) { return catalog::find_manifest(c, repository.text(), reference); });
  }

  Result<std::optional<ManifestInfo>> find_manifest_info(const oci::RepositoryName& repository,
                                                         const oci::Reference& reference) override {
    return readers_.with([&](Connection& c) { return catalog::find_manifest_info(c, repository.text(), reference); });
  }

  Result<void> delete_manifest(const oci::RepositoryName& repository, const oci::Digest& digest, const Origin& by) override {
    return writer_.run([&](Connection& c) { return catalog::delete_manifest(c, leases_, repository.text(), digest, act(by)); });
  }

  Result<ReferrerPage> list_referrers(const oci::RepositoryName& repository, const oci::Digest& subject,
                                      std::string_view artifact_type, std::string_view after, std::size_t limit) override {
    return readers_.with([&](Connection& c) {
      return catalog::list_referrers(c, repository.text(), subject.text(), artifact_type, after, limit);
    });
  }

  Result<NamePage> list_tags(const oci::RepositoryName& repository, std::string_view after, std::size_t limit) override {
    return readers_.with([&](Connection& c) { return catalog::list_tags(c, repository.text(), after, limit); });
  }

  Result<void> delete_tag(const oci::RepositoryName& repository, const oci::Tag& tag, const TagCondition& condition,
                          const Origin& by) override {
    return writer_.run([&](Connection& c) -> Result<void> {
      BERTH_TRY(const auto id, find_repository(c, repository.text()));
      if (!id) return fail(ErrorCode::tag_unknown, "the repository has no tag " + tag.text());
      const Act act = this->act(by);
      return catalog::delete_tag(c, TagChange{*id, repository.text(), act}, tag.text(), condition);
    });
  }

  Result<std::vector<TagHistoryEntry>> list_tag_history(const oci::RepositoryName& repository, const std::optional<oci::Tag>& tag,
                                                        std::int64_t before_id, std::size_t limit) override {
    return readers_.with([&](Connection& c) { return list_history(c, repository.text(), tag, before_id, limit); });
  }

  Damage& damage() override { return damage_; }

  Result<void> check_writable() const override { return writer_.health(); }
  Collection& collection() override { return collection_; }
  History& history() override { return history_; }
  Usage& usage() override { return usage_; }
  Retention& retention() override { return retention_; }
  AuditLog& audit() override { return audit_; }

  AccountCatalog& accounts() override { return accounts_; }
  SessionCatalog& sessions() override { return sessions_; }

  Result<void> ping() override {
    BERTH_CHECK_OK(writer_.health());
    return readers_.with([&](Connection& c) -> Result<void> {
      BERTH_TRY(const bool there, c.exists(Query::find_state, {}));
      if (!there) return fail(ErrorCode::corrupt, "the catalog lacks its state row");
      return {};
    });
  }

 private:
  static Result<std::optional<BlobRow>> find_source(Connection& connection, const std::optional<oci::RepositoryName>& from,
                                                    const oci::Digest& digest) {
    if (!from) return find_blob_anywhere(connection, digest.text());
    BERTH_TRY(const auto id, find_repository(connection, from->text()));
    if (!id) return std::nullopt;
    return find_repository_blob(connection, *id, digest.text());
  }

  [[nodiscard]] std::int64_t now() const { return base::to_unix_micros(clock_.now()); }
  [[nodiscard]] Act act(const Origin& by) const { return {by, chain_, now()}; }

  const base::Clock& clock_;
  Leases leases_;
  AuditChain chain_;
  std::atomic<std::uint64_t> generation_{1};
  // In this order: the writer goes first, and the readers' connections stand idle while it empties the log.
  Readers readers_;
  Writer writer_;
  SqliteDamage damage_;
  SqliteAccounts accounts_{readers_, writer_, chain_, clock_};
  SqliteSessions sessions_{{readers_, writer_, leases_, chain_, clock_}, accounts_.generation_counter()};
  SqliteAudit audit_{readers_, writer_, chain_, clock_};
  SqliteCollection collection_{{readers_, writer_, leases_, chain_, clock_}};
  SqliteHistory history_{{readers_, writer_, leases_, chain_, clock_}};
  SqliteUsage usage_{{readers_, writer_, leases_, chain_, clock_}};
  SqliteRetention retention_{{readers_, writer_, leases_, chain_, clock_}};
};

// Made by us and not by SQLite, for its mode 0600; the log and its index take over the file's mode.
Result<void> make_file(const std::string& path) {
  BERTH_TRY(const auto file, base::real_file_system().open(path, base::OpenMode::create));
  if (file == nullptr) return fail(ErrorCode::io_error, "the catalog's file could not be made");
  return {};
}

}  // namespace

Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const SqliteCatalogOptions& options, const base::Clock& clock) {
  BERTH_CHECK_OK(make_file(options.path));
  BERTH_TRY(auto connection, Connection::open(options.path, options.vfs, Connection::Access::write));
  BERTH_CHECK_OK(migrate(*connection, options.path, embedded_migrations()));
  // What a crashed run left in the log may be in the kernel's cache and not on the disk, if that run's sync failed. Moving it into the
  // database file writes and syncs it anew; only then may something be acknowledged that builds on it. Bounded by the log's size.
  BERTH_CHECK_OK(connection->checkpoint(Connection::Checkpoint::truncate));
  BERTH_CHECK_OK(base::real_file_system().sync_directory(directory_of(options.path)));
  BERTH_TRY(const auto leases, Leases::start(*connection, options.lease, clock.now()));
  return std::make_unique<SqliteCatalog>(options, std::move(connection), leases, clock);
}

}  // namespace berth::catalog
