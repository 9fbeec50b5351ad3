// Everything that is not blob bytes, as rows: repositories, manifests (their bytes included), tags and their history, which blob
// belongs to which repository.
//
// `by`: on whose behalf; the change, its line in the history and the audit row that tells of it are one transaction.
//
// What this is: typed questions in, plain structs out; each writing call is one transaction that is durable when it returns
// (SQLite: WAL, synchronous=FULL; calls that arrive together share one commit). What it is not: bytes of blobs, HTTP, rights.
// Order: names, tags and digests bytewise. Paging: keyset ("after"), never offsets; every page costs its own length.
// Threads: any worker thread; writes are queued to one writer. Every call may block on disk.
// Tables and their meaning: schemas/sql/0001_*.sql.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/catalog/audit.h"
#include "berth/catalog/damage.h"
#include "berth/catalog/sight.h"
#include "berth/oci/digest.h"
#include "berth/oci/manifest.h"
#include "berth/oci/names.h"

namespace berth::catalog {

class AccountCatalog;
class Collection;  // collection.h
class History;     // history.h
class Retention;   // retention.h
class SessionCatalog;
class Usage;  // usage.h

// A manifest as it is served.
struct StoredManifest {
  oci::Digest digest;
  std::string media_type;
  std::string bytes;
};

// A manifest without its bytes, for HEAD.
struct ManifestInfo {
  oci::Digest digest;
  std::string media_type;
  std::uint64_t size = 0;
};

struct Referrer {
  oci::Digest digest;
  std::string media_type;
  std::uint64_t size = 0;
  std::string artifact_type;  // as Manifest::referrer_artifact_type()
  std::map<std::string, std::string> annotations;
};

// One page of names. `more`: there is at least one after the last.
struct NamePage {
  std::vector<std::string> names;
  bool more = false;
};
struct ReferrerPage {
  std::vector<Referrer> referrers;
  bool more = false;
};

// Condition on a tag's present state (RFC 9110 §13.1), checked in the transaction that writes.
struct TagCondition {
  enum class Kind : std::uint8_t { none, must_be_absent, must_exist, must_be_one_of, must_not_be_one_of };
  Kind kind = Kind::none;
  std::vector<oci::Digest> digests;
};

struct ManifestPut {
  oci::RepositoryName repository;
  oci::Digest digest;  // of `bytes`
  const oci::Manifest& manifest;
  std::string_view bytes;
  std::vector<oci::Tag> tags;  // to set to it, all or none
  TagCondition condition;      // on each of the tags
  // Whether what the manifest names (an index's children, an image's config and layers) must be in the repository.
  enum class Children : std::uint8_t { must_exist, may_be_missing } children = Children::must_exist;
  Origin by;
};

enum class TagAction : std::uint8_t { created, moved, deleted };
struct TagHistoryEntry {
  std::int64_t id = 0;  // rises with time
  std::string tag;
  TagAction action = TagAction::created;
  std::optional<oci::Digest> before;
  std::optional<oci::Digest> after;
  base::TimePoint at;
  std::string principal;
};

class Catalog {
 public:
  virtual ~Catalog() = default;

  // Raised before a writing call returns; an answer cached with an older number may be stale. Any thread, no I/O.
  [[nodiscard]] virtual std::uint64_t generation() const = 0;

  // --- repositories ------------------------------------------------------------------------------------------------
  [[nodiscard]] virtual base::Result<bool> has_repository(const oci::RepositoryName& name) = 0;
  // Names after `after` (exclusive, "" = from the start), at most `limit` ≥ 1. A repository appears with its first manifest or blob.
  // Spec: distribution-spec, _catalog (extension "_catalog" of the Docker registry API).
  [[nodiscard]] virtual base::Result<NamePage> list_repositories(std::string_view after, std::size_t limit) = 0;
  // The same of what is in sight alone; costs what it shows, however much else there is.
  [[nodiscard]] virtual base::Result<NamePage> list_repositories_in(const Sight& sight, std::string_view after,
                                                                    std::size_t limit) = 0;

  // --- blobs ---------------------------------------------------------------------------------------------------------
  // Records that `repository` holds the blob (making both rows when missing) and renews its lease. The bytes are durable already, and
  // good: a blob that was known to be damaged is healed.
  // Collection::protect_blob was called before they got their name. Errors: busy (they are being removed at this moment).
  // A first repository of a team that has no row yet makes that, where there are accounts: who may not make teams was refused before.
  virtual base::Result<void> link_blob(const oci::RepositoryName& repository, const oci::Digest& digest, std::uint64_t size,
                                       const Origin& by) = 0;
  // The size of a blob if `repository` holds it. Never looks in other repositories. Errors: corrupt when it is known to be damaged.
  [[nodiscard]] virtual base::Result<std::optional<std::uint64_t>> find_blob(const oci::RepositoryName& repository,
                                                                             const oci::Digest& digest) = 0;
  // Links a blob that `from` holds into `to`; nullopt when `from` does not hold it. `from` nullopt = any repository that holds it
  // (the caller has checked that the principal may pull there). Returns its size.
  virtual base::Result<std::optional<std::uint64_t>> mount_blob(const oci::RepositoryName& to,
                                                                const std::optional<oci::RepositoryName>& from,
                                                                const oci::Digest& digest, const Origin& by) = 0;
  // Repositories that hold the blob, at most `limit`; for the anonymous mount's access check.
  [[nodiscard]] virtual base::Result<std::vector<std::string>> list_blob_holders(const oci::Digest& digest,
                                                                                 std::size_t limit) = 0;
  // Errors: blob_unknown, blob_referenced (a manifest of this repository names it).
  virtual base::Result<void> unlink_blob(const oci::RepositoryName& repository, const oci::Digest& digest, const Origin& by) = 0;

  // --- manifests -----------------------------------------------------------------------------------------------------
  // Stores a manifest and sets its tags in one transaction; storing the same digest again is no error. The stored media type of
  // a digest does not change while it has tags (a re-push with another type that parses is refused: media_type_mismatch).
  // Errors: manifest_blob_unknown (detail lists the missing descriptors), precondition_failed (message names the tag and its digest),
  // tag_immutable (a tag points elsewhere and may not move).
  virtual base::Result<void> put_manifest(const ManifestPut& put) = 0;
  [[nodiscard]] virtual base::Result<std::optional<StoredManifest>> find_manifest(const oci::RepositoryName& repository,
                                                                                  const oci::Reference& reference) = 0;
  [[nodiscard]] virtual base::Result<std::optional<ManifestInfo>> find_manifest_info(const oci::RepositoryName& repository,
                                                                                     const oci::Reference& reference) = 0;
  // Deletes the manifest and every tag on it; History::restore brings them back. Errors: manifest_unknown.
  virtual base::Result<void> delete_manifest(const oci::RepositoryName& repository, const oci::Digest& digest,
                                             const Origin& by) = 0;
  // Manifests whose subject is `subject`, after `after` (a digest's text, exclusive), at most `limit`; only of `artifact_type` unless empty.
  [[nodiscard]] virtual base::Result<ReferrerPage> list_referrers(const oci::RepositoryName& repository,
                                                                  const oci::Digest& subject, std::string_view artifact_type,
                                                                  std::string_view after, std::size_t limit) = 0;

  // --- tags ----------------------------------------------------------------------------------------------------------
  [[nodiscard]] virtual base::Result<NamePage> list_tags(const oci::RepositoryName& repository, std::string_view after,
                                                         std::size_t limit) = 0;
  // Errors: tag_unknown, precondition_failed.
  virtual base::Result<void> delete_tag(const oci::RepositoryName& repository, const oci::Tag& tag, const TagCondition& condition,
                                        const Origin& by) = 0;
  // Newest first, entries with id < `before_id` (0 = from the newest), at most `limit`; of one tag, or of all when nullopt.
  [[nodiscard]] virtual base::Result<std::vector<TagHistoryEntry>> list_tag_history(const oci::RepositoryName& repository,
                                                                                    const std::optional<oci::Tag>& tag,
                                                                                    std::int64_t before_id,
                                                                                    std::size_t limit) = 0;

  // What is known to be damaged; as long as the catalog.
  [[nodiscard]] virtual Damage& damage() = 0;

  // Why nothing can be written at present: the disk failed a sync and has not yet taken everything anew, or the database is damaged.
  // No I/O, any thread. Errors: io_error, corrupt.
  [[nodiscard]] virtual base::Result<void> check_writable() const = 0;

  // Users, organisations, teams, keys: the same file, and as long as this lives.
  [[nodiscard]] virtual AccountCatalog& accounts() = 0;
  [[nodiscard]] virtual SessionCatalog& sessions() = 0;
  // --- other questions over the same rows, each an interface of its own that lives as long as the catalog -------------------
  [[nodiscard]] virtual Collection& collection() = 0;
  [[nodiscard]] virtual History& history() = 0;
  [[nodiscard]] virtual Usage& usage() = 0;
  [[nodiscard]] virtual Retention& retention() = 0;
  [[nodiscard]] virtual AuditLog& audit() = 0;

  // A cheap read that proves the database answers; for /readyz. Errors: io_error, corrupt.
  [[nodiscard]] virtual base::Result<void> ping() = 0;
};

}  // namespace berth::catalog
