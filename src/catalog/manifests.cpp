#include "catalog/manifests.h"

#include <optional>
#include <unordered_set>
#include <utility>

#include "berth/base/bytes.h"
#include "berth/base/hash.h"
#include "berth/base/json.h"
#include "catalog/blobs.h"
#include "catalog/collect.h"
#include "catalog/tags.h"
#include "catalog/trash.h"

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

constexpr std::size_t kMaxMissingListed = 100;

// Annotations were valid UTF-8 when parsed; `replace` so that dump() has nothing to throw about even if they were not.
std::string to_json(const std::map<std::string, std::string>& annotations) {
  if (annotations.empty()) return {};
  return base::Json(annotations).dump(-1, ' ', false, base::Json::error_handler_t::replace);
}

// What the manifest names and the repository lacks.
class Missing {
 public:
  void add(const oci::Descriptor& descriptor) {
    if (count_++ < kMaxMissingListed) listed_.push_back(&descriptor);
  }
  [[nodiscard]] Result<void> result() const {
    if (count_ == 0) return {};
    const oci::Descriptor& first = *listed_.front();
    std::string message = "the repository lacks " + first.digest.text() + " (" + first.media_type + ")";
    if (count_ > 1) message += " and " + std::to_string(count_ - 1) + " more that the manifest names";
    base::Json detail = base::Json::array();
    for (const oci::Descriptor* descriptor : listed_) {
      detail.push_back({{"digest", descriptor->digest.text()}, {"mediaType", descriptor->media_type}});
    }
    return fail(base::Error(ErrorCode::manifest_blob_unknown, std::move(message))
                    .with_detail(detail.dump(-1, ' ', false, base::Json::error_handler_t::replace)));
  }

 private:
  std::size_t count_ = 0;
  std::vector<const oci::Descriptor*> listed_;
};

// Everything that must be in the repository is; and each blob gets its sign of life.
Result<void> check_references(Connection& connection, const Leases& leases, const PreparedManifest& manifest,
                              std::int64_t repository, std::int64_t now) {
  Missing missing;
  const bool children_must_exist = manifest.put.children == ManifestPut::Children::must_exist;
  for (const auto& [role, descriptor] : manifest.references) {
    const std::string_view digest = descriptor->digest.text();
    if (role == ReferenceRole::blob) {
      BERTH_TRY(const auto blob, find_repository_blob(connection, repository, digest));
      if (!blob) {
        if (children_must_exist) missing.add(*descriptor);
      } else {
        BERTH_CHECK_OK(renew_lease(connection, leases, repository, digest, blob->leased_until, now));
      }
    } else if (role == ReferenceRole::child && children_must_exist) {
      BERTH_TRY(const bool there, connection.exists(Query::find_manifest_row, {repository, digest}));
      if (!there) missing.add(*descriptor);
    }
  }
  return missing.result();
}

Result<void> write_references(Connection& connection, const PreparedManifest& manifest, std::int64_t repository,
                              std::int64_t id) {
  for (const auto& [role, descriptor] : manifest.references) {
    BERTH_TRY([[maybe_unused]] const auto added,
              connection.run(Query::insert_reference,
                             {id, std::string_view(descriptor->digest.text()), static_cast<std::int64_t>(role), repository,
                              static_cast<std::int64_t>(descriptor->size), std::string_view(descriptor->media_type)}));
  }
  return {};
}

struct Columns {
  explicit Columns(const PreparedManifest& manifest)
      : media_type(manifest.put.manifest.media_type),
        shape(static_cast<std::int64_t>(manifest.put.manifest.shape)),
        artifact_type(std::string_view(manifest.artifact_type)),
        config_media_type(std::string_view()),
        subject(std::monostate{}),
        annotations(std::string_view(manifest.annotations)) {
    if (const auto& config = manifest.put.manifest.config) config_media_type = std::string_view(config->media_type);
    if (const auto& s = manifest.put.manifest.subject) subject = std::string_view(s->digest.text());
  }
  Value media_type, shape, artifact_type, config_media_type, subject, annotations;
};

Result<std::int64_t> insert(Connection& connection, const PreparedManifest& manifest, std::int64_t repository, std::int64_t now) {
  const Columns columns(manifest);
  BERTH_TRY(const auto id,
            connection.find_integer(Query::insert_manifest,
                                    {repository, std::string_view(manifest.put.digest.text()), columns.media_type,
                                     static_cast<std::int64_t>(manifest.put.bytes.size()), columns.shape, columns.artifact_type,
                                     columns.config_media_type, columns.subject, columns.annotations, now}));
  if (!id) return fail(ErrorCode::internal, "the catalog failed");
  BERTH_TRY([[maybe_unused]] const auto added,
            connection.run(Query::insert_manifest_bytes, {*id, Bytes{manifest.put.bytes}, manifest.crc32}));
  BERTH_CHECK_OK(write_references(connection, manifest, repository, *id));
  return *id;
}

// The same bytes under another media type: allowed while no tag shows them, and then what was derived from the type is derived anew.
Result<void> replace(Connection& connection, const Leases& leases, const PreparedManifest& manifest, std::int64_t repository,
                     std::int64_t id, std::string_view stored_type, std::int64_t now) {
  BERTH_TRY(const bool tagged, connection.exists(Query::is_manifest_tagged, {id}));
  if (tagged) {
    return fail(ErrorCode::media_type_mismatch, "the manifest is stored and tagged as " + std::string(stored_type) + ", not as " +
                                                    manifest.put.manifest.media_type);
  }
  const Columns columns(manifest);
  BERTH_CHECK_OK(release_blobs(connection, leases, id, now));
  BERTH_TRY([[maybe_unused]] const auto changed,
            connection.run(Query::replace_manifest, {columns.media_type, columns.shape, columns.artifact_type,
                                                     columns.config_media_type, columns.subject, columns.annotations, now, id}));
  BERTH_TRY([[maybe_unused]] const auto removed, connection.run(Query::delete_references, {id}));
  return write_references(connection, manifest, repository, id);
}

struct ManifestRow {
  std::int64_t id;
  std::string media_type;
};

Result<std::optional<ManifestRow>> find_row(Connection& connection, std::int64_t repository, std::string_view digest) {
  BERTH_TRY(auto rows, connection.query(Query::find_manifest_row, {repository, digest}));
  BERTH_TRY(const bool found, rows.next());
  if (!found) return std::nullopt;
  return ManifestRow{rows.integer(0), std::string(rows.text(1))};
}

// The bytes that were stored may be damaged; the same digest brings the same bytes, and so heals them and what was derived from them.
Result<void> heal_if_damaged(Connection& connection, const PreparedManifest& manifest, std::int64_t repository, std::int64_t id) {
  const Bytes bytes{manifest.put.bytes};
  BERTH_TRY(const bool whole, connection.exists(Query::has_manifest_bytes, {id, bytes, manifest.crc32}));
  if (whole) return {};
  BERTH_TRY([[maybe_unused]] const auto healed, connection.run(Query::replace_manifest_bytes, {id, bytes, manifest.crc32}));
  BERTH_TRY([[maybe_unused]] const auto removed, connection.run(Query::delete_references, {id}));
  return write_references(connection, manifest, repository, id);
}

Result<std::int64_t> store(Connection& connection, const Leases& leases, const PreparedManifest& manifest,
                           std::int64_t repository, std::int64_t now) {
  BERTH_TRY(const auto row, find_row(connection, repository, manifest.put.digest.text()));
  if (!row) return insert(connection, manifest, repository, now);
  if (row->media_type == manifest.put.manifest.media_type) {
    BERTH_TRY([[maybe_unused]] const auto touched, connection.run(Query::touch_manifest, {now, row->id}));
    BERTH_CHECK_OK(heal_if_damaged(connection, manifest, repository, row->id));
  } else {
    BERTH_CHECK_OK(replace(connection, leases, manifest, repository, row->id, row->media_type, now));
  }
  return row->id;
}

// All conditions before the first change, so that a tag given twice is not refused for what its own first half did.
Result<void> check_conditions(Connection& connection, const ManifestPut& put, std::int64_t repository) {
  if (put.condition.kind == TagCondition::Kind::none) return {};
  for (const oci::Tag& tag : put.tags) {
    BERTH_TRY(const auto target, find_tag_target(connection, repository, tag.text()));
    BERTH_CHECK_OK(check_condition(put.condition, tag.text(), target));
  }
  return {};
}

}  // namespace

PreparedManifest::PreparedManifest(const ManifestPut& manifest_put)
    : put(manifest_put),
      artifact_type(put.manifest.referrer_artifact_type()),
      annotations(to_json(put.manifest.annotations)),
      crc32(static_cast<std::int64_t>(base::crc32(base::as_bytes(put.bytes)))) {
  const oci::Manifest& manifest = put.manifest;
  references.reserve(manifest.layers.size() + manifest.manifests.size() + 2);
  std::unordered_set<std::string_view> seen[4];
  const auto add = [&](ReferenceRole role, const oci::Descriptor& descriptor) {
    if (seen[static_cast<std::size_t>(role)].insert(descriptor.digest.text()).second) references.push_back({role, &descriptor});
  };
  if (manifest.config) add(ReferenceRole::blob, *manifest.config);
  for (const oci::Descriptor& layer : manifest.layers) {
    add(layer.non_distributable ? ReferenceRole::foreign_blob : ReferenceRole::blob, layer);
  }
  for (const oci::Descriptor& child : manifest.manifests) add(ReferenceRole::child, child);
  if (manifest.subject) add(ReferenceRole::subject, *manifest.subject);
}

Result<void> put_manifest(Connection& connection, const Leases& leases, const PreparedManifest& manifest, const Act& act) {
  const std::int64_t now = act.now;
  const ManifestPut& put = manifest.put;
  BERTH_TRY(const std::int64_t repository, ensure_repository(connection, put.repository.text(), act));
  BERTH_CHECK_OK(check_references(connection, leases, manifest, repository, now));
  BERTH_CHECK_OK(check_conditions(connection, put, repository));
  BERTH_TRY(const std::int64_t id, store(connection, leases, manifest, repository, now));
  const TagChange change{repository, put.repository.text(), act};
  for (const oci::Tag& tag : put.tags) {
    BERTH_CHECK_OK(set_tag(connection, change, tag.text(), id, put.digest.text()));
  }
  return {};
}

Result<void> delete_manifest(Connection& connection, const Leases& leases, std::string_view repository_name,
                             const oci::Digest& digest, const Act& act) {
  const auto unknown = [] { return fail(ErrorCode::manifest_unknown, "the repository has no such manifest"); };
  BERTH_TRY(const auto repository, find_repository(connection, repository_name));
  if (!repository) return unknown();
  BERTH_TRY(const auto row, find_row(connection, *repository, digest.text()));
  if (!row) return unknown();
  const TagChange change{*repository, repository_name, act};
  BERTH_CHECK_OK(keep_in_trash(connection, change, row->id, digest.text()));
  BERTH_CHECK_OK(release_blobs(connection, leases, row->id, act.now));
  BERTH_CHECK_OK(delete_tags_of(connection, change, row->id, digest.text()));
  for (const Query step : {Query::delete_references, Query::delete_manifest_bytes, Query::delete_manifest}) {
    BERTH_TRY([[maybe_unused]] const auto removed, connection.run(step, {row->id}));
  }
  return {};
}

}  // namespace berth::catalog
