#include "catalog/reads.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "berth/base/bytes.h"
#include "berth/base/hash.h"
#include "berth/base/json.h"

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

// A page asks for one row more than it shows, to know whether there is one. Nothing is reserved by what the caller asks for.
std::int64_t one_more(std::size_t limit) {
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max() - 1);
  return static_cast<std::int64_t>(std::min(limit, kMost)) + 1;
}

Result<NamePage> read_names(Rows rows, std::size_t limit) {
  NamePage page;
  while (true) {
    BERTH_TRY(const bool found, rows.next());
    if (!found) return page;
    if (page.names.size() == limit) {
      page.more = true;
      return page;
    }
    page.names.emplace_back(rows.text(0));
  }
}

// Digests in the database were parsed before they got there.
Result<oci::Digest> read_digest(std::string_view text) {
  auto digest = oci::Digest::parse(text);
  if (!digest) return fail(base::Error(ErrorCode::corrupt, "the catalog is damaged").in("digest column: " + std::string(text)));
  return digest;
}

Result<std::optional<oci::Digest>> read_optional_digest(const Rows& rows, int column) {
  if (rows.is_null(column)) return std::nullopt;
  BERTH_TRY(auto digest, read_digest(rows.text(column)));
  return digest;
}

Result<std::map<std::string, std::string>> read_annotations(std::string_view text) {
  std::map<std::string, std::string> annotations;
  if (text.empty()) return annotations;
  const auto damaged = [] { return fail(base::Error(ErrorCode::corrupt, "the catalog is damaged").in("annotations column")); };
  const auto json = base::parse_json(text);
  if (!json || !json->is_object()) return damaged();
  for (const auto& [key, value] : json->items()) {
    if (!value.is_string()) return damaged();
    annotations.emplace(key, value.get_ref<const std::string&>());
  }
  return annotations;
}

// The row of whichever of two statements fits the reference.
Result<Rows> query_reference(Connection& connection, Query by_tag, Query by_digest, std::string_view repository,
                             const oci::Reference& reference) {
  const Query query = std::holds_alternative<oci::Tag>(reference) ? by_tag : by_digest;
  return connection.query(query, {repository, oci::reference_text(reference)});
}

}  // namespace

Result<NamePage> list_repositories(Connection& connection, std::string_view after, std::size_t limit) {
  BERTH_TRY(auto rows, connection.query(Query::list_repositories, {after, one_more(limit)}));
  return read_names(std::move(rows), limit);
}

Result<NamePage> list_tags(Connection& connection, std::string_view repository, std::string_view after, std::size_t limit) {
  BERTH_TRY(auto rows, connection.query(Query::list_tags, {repository, after, one_more(limit)}));
  return read_names(std::move(rows), limit);
}

Result<std::vector<std::string>> list_blob_holders(Connection& connection, std::string_view digest, std::size_t limit) {
  BERTH_TRY(auto rows, connection.query(Query::list_blob_holders, {digest, one_more(limit)}));
  BERTH_TRY(auto page, read_names(std::move(rows), limit));
  return std::move(page.names);
}

Result<std::optional<StoredManifest>> find_manifest(Connection& connection, std::string_view repository,
                                                    const oci::Reference& reference) {
  BERTH_TRY(auto rows,
            query_reference(connection, Query::find_manifest_by_tag, Query::find_manifest_by_digest, repository, reference));
  BERTH_TRY(const bool found, rows.next());
  if (!found) return std::nullopt;
  BERTH_TRY(auto digest, read_digest(rows.text(0)));
  const std::string_view bytes = rows.text(2);
  if (static_cast<std::int64_t>(base::crc32(base::as_bytes(bytes))) != rows.integer(3)) {
    return fail(base::Error(ErrorCode::corrupt, "the stored manifest is damaged").in(digest.text()));
  }
  return StoredManifest{std::move(digest), std::string(rows.text(1)), std::string(bytes)};
}

Result<std::optional<ManifestInfo>> find_manifest_info(Connection& connection, std::string_view repository,
                                                       const oci::Reference& reference) {
  BERTH_TRY(auto rows, query_reference(connection, Query::find_info_by_tag, Query::find_info_by_digest, repository, reference));
  BERTH_TRY(const bool found, rows.next());
  if (!found) return std::nullopt;
  BERTH_TRY(auto digest, read_digest(rows.text(0)));
  return ManifestInfo{std::move(digest), std::string(rows.text(1)), static_cast<std::uint64_t>(rows.integer(2))};
}

Result<ReferrerPage> list_referrers(Connection& connection, std::string_view repository, std::string_view subject,
                                    std::string_view artifact_type, std::string_view after, std::size_t limit) {
  auto opened = artifact_type.empty() ? connection.query(Query::list_referrers, {repository, subject, after, one_more(limit)})
                                      : connection.query(Query::list_referrers_of_type,
                                                         {repository, subject, after, artifact_type, one_more(limit)});
  BERTH_TRY(auto rows, std::move(opened));
  ReferrerPage page;
  while (true) {
    BERTH_TRY(const bool found, rows.next());
    if (!found) return page;
    if (page.referrers.size() == limit) {
      page.more = true;
      return page;
    }
    BERTH_TRY(auto digest, read_digest(rows.text(0)));
    BERTH_TRY(auto annotations, read_annotations(rows.text(4)));
    page.referrers.push_back({std::move(digest), std::string(rows.text(1)), static_cast<std::uint64_t>(rows.integer(2)),
                              std::string(rows.text(3)), std::move(annotations)});
  }
}

Result<std::vector<TagHistoryEntry>> list_history(Connection& connection, std::string_view repository,
                                                  const std::optional<oci::Tag>& tag, std::int64_t before_id, std::size_t limit) {
  const std::int64_t before = before_id > 0 ? before_id : std::numeric_limits<std::int64_t>::max();
  const std::int64_t count = one_more(limit) - 1;
  auto opened = tag ? connection.query(Query::list_history_of_tag, {repository, before, std::string_view(tag->text()), count})
                    : connection.query(Query::list_history, {repository, before, count});
  BERTH_TRY(auto rows, std::move(opened));
  std::vector<TagHistoryEntry> entries;
  while (true) {
    BERTH_TRY(const bool found, rows.next());
    if (!found) return entries;
    BERTH_TRY(auto old_digest, read_optional_digest(rows, 3));
    BERTH_TRY(auto new_digest, read_optional_digest(rows, 4));
    entries.push_back({rows.integer(0), std::string(rows.text(1)), static_cast<TagAction>(rows.integer(2)), std::move(old_digest),
                       std::move(new_digest), base::from_unix_micros(rows.integer(5)), std::string(rows.text(6))});
  }
}

}  // namespace berth::catalog
