// Statements of repositories, blobs, manifests and tags (queries.h has the rules).
#pragma once

#include <array>

#include "catalog/query_names.h"

namespace berth::catalog {

inline constexpr auto kContentQueries = std::to_array<QueryRow>({
    {Query::find_repository, "find_repository", Dialect::common, Cost::lookup, "SELECT id FROM repositories WHERE name = $1"},
    {Query::insert_repository, "insert_repository", Dialect::common, Cost::lookup,
     "INSERT INTO repositories (name, created_at) VALUES ($1, $2) RETURNING id"},
    {Query::list_repositories, "list_repositories", Dialect::common, Cost::page,
     "SELECT name FROM repositories WHERE name > $1 AND name < '~' ORDER BY name LIMIT $2"},
    {Query::list_names, "list_names", Dialect::common, Cost::page,
     "SELECT name FROM repositories WHERE name >= $1 AND name < $2 ORDER BY name LIMIT $3"},
    {Query::list_names_of_one_part, "list_names_of_one_part", Dialect::common, Cost::page,
     "SELECT name FROM repositories WHERE name NOT LIKE '%/%' AND name >= $1 AND name < $2 ORDER BY name LIMIT $3"},
    {Query::list_shared_names, "list_shared_names", Dialect::common, Cost::page,
     "SELECT name FROM repositories WHERE visibility = 1 AND name >= $1 AND name < $2 ORDER BY name LIMIT $3"},
    {Query::list_shared_names_of_one_part, "list_shared_names_of_one_part", Dialect::common, Cost::page,
     "SELECT name FROM repositories WHERE visibility = 1 AND name NOT LIKE '%/%' AND name >= $1 AND name < $2 ORDER BY name "
     "LIMIT $3"},
    {Query::list_open_names, "list_open_names", Dialect::common, Cost::page,
     "SELECT name FROM repositories WHERE visibility >= 3 AND name >= $1 AND name < $2 ORDER BY name LIMIT $3"},
    {Query::list_names_of_team, "list_names_of_team", Dialect::common, Cost::page,
     "SELECT r.name FROM repository_shares s JOIN repositories r ON r.id = s.repository_id "
     "WHERE s.team_id = $1 AND r.name >= $2 AND r.name < $3 AND r.visibility = 2"},

    {Query::find_blob_row, "find_blob_row", Dialect::common, Cost::lookup,
     "SELECT size, leased_until FROM blobs WHERE digest = $1"},
    {Query::insert_blob, "insert_blob", Dialect::common, Cost::lookup,
     "INSERT INTO blobs (digest, size, created_at, leased_until) VALUES ($1, $2, $3, $4)"},
    {Query::set_lease, "set_lease", Dialect::common, Cost::lookup, "UPDATE blobs SET leased_until = $1 WHERE digest = $2"},
    {Query::find_repository_blob, "find_repository_blob", Dialect::common, Cost::lookup,
     "SELECT b.size, b.leased_until FROM repository_blobs l JOIN blobs b ON b.digest = l.digest "
     "WHERE l.repository_id = $1 AND l.digest = $2"},
    {Query::find_blob_anywhere, "find_blob_anywhere", Dialect::common, Cost::lookup,
     "SELECT b.size, b.leased_until FROM blobs b "
     "WHERE b.digest = $1 AND EXISTS (SELECT 1 FROM repository_blobs l WHERE l.digest = $1)"},
    {Query::find_blob_size, "find_blob_size", Dialect::common, Cost::lookup,
     "SELECT b.size FROM repositories r JOIN repository_blobs l ON l.repository_id = r.id JOIN blobs b ON b.digest = l.digest "
     "WHERE r.name = $1 AND l.digest = $2"},
    {Query::link_blob, "link_blob", Dialect::common, Cost::lookup,
     "INSERT INTO repository_blobs (repository_id, digest, linked_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"},
    {Query::unlink_blob, "unlink_blob", Dialect::common, Cost::lookup,
     "DELETE FROM repository_blobs WHERE repository_id = $1 AND digest = $2"},
    {Query::list_blob_holders, "list_blob_holders", Dialect::common, Cost::page,
     "SELECT r.name FROM repository_blobs l JOIN repositories r ON r.id = l.repository_id "
     "WHERE l.digest = $1 AND r.name < '~' ORDER BY l.repository_id LIMIT $2"},
    {Query::is_blob_referenced, "is_blob_referenced", Dialect::common, Cost::lookup,
     "SELECT 1 FROM manifest_references WHERE digest = $1 AND repository_id = $2 AND role IN (0, 3) LIMIT 1"},

    {Query::find_manifest_row, "find_manifest_row", Dialect::common, Cost::lookup,
     "SELECT id, media_type FROM manifests WHERE repository_id = $1 AND digest = $2"},
    {Query::insert_manifest, "insert_manifest", Dialect::common, Cost::lookup,
     "INSERT INTO manifests (repository_id, digest, media_type, size, shape, artifact_type, config_media_type, subject_digest, "
     "annotations, pushed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id"},
    {Query::replace_manifest, "replace_manifest", Dialect::common, Cost::lookup,
     "UPDATE manifests SET media_type = $1, shape = $2, artifact_type = $3, config_media_type = $4, subject_digest = $5, "
     "annotations = $6, pushed_at = $7 WHERE id = $8"},
    {Query::touch_manifest, "touch_manifest", Dialect::common, Cost::lookup, "UPDATE manifests SET pushed_at = $1 WHERE id = $2"},
    {Query::delete_manifest, "delete_manifest", Dialect::common, Cost::lookup, "DELETE FROM manifests WHERE id = $1"},
    {Query::insert_manifest_bytes, "insert_manifest_bytes", Dialect::common, Cost::lookup,
     "INSERT INTO manifest_bytes (manifest_id, bytes, crc32) VALUES ($1, $2, $3)"},
    {Query::delete_manifest_bytes, "delete_manifest_bytes", Dialect::common, Cost::lookup,
     "DELETE FROM manifest_bytes WHERE manifest_id = $1"},
    {Query::has_manifest_bytes, "has_manifest_bytes", Dialect::common, Cost::lookup,
     "SELECT 1 FROM manifest_bytes WHERE manifest_id = $1 AND bytes = $2 AND crc32 = $3"},
    {Query::replace_manifest_bytes, "replace_manifest_bytes", Dialect::common, Cost::lookup,
     "INSERT INTO manifest_bytes (manifest_id, bytes, crc32) VALUES ($1, $2, $3) "
     "ON CONFLICT (manifest_id) DO UPDATE SET bytes = excluded.bytes, crc32 = excluded.crc32"},
    {Query::insert_reference, "insert_reference", Dialect::common, Cost::lookup,
     "INSERT INTO manifest_references (manifest_id, digest, role, repository_id, size, media_type) VALUES ($1, $2, $3, $4, $5, "
     "$6)"},
    {Query::delete_references, "delete_references", Dialect::common, Cost::page,
     "DELETE FROM manifest_references WHERE manifest_id = $1"},
    {Query::find_manifest_by_tag, "find_manifest_by_tag", Dialect::common, Cost::lookup,
     "SELECT m.digest, m.media_type, b.bytes, b.crc32 FROM repositories r JOIN tags t ON t.repository_id = r.id "
     "JOIN manifests m ON m.id = t.manifest_id JOIN manifest_bytes b ON b.manifest_id = m.id WHERE r.name = $1 AND t.name = $2"},
    {Query::find_manifest_by_digest, "find_manifest_by_digest", Dialect::common, Cost::lookup,
     "SELECT m.digest, m.media_type, b.bytes, b.crc32 FROM repositories r JOIN manifests m ON m.repository_id = r.id "
     "JOIN manifest_bytes b ON b.manifest_id = m.id WHERE r.name = $1 AND m.digest = $2"},
    {Query::find_info_by_tag, "find_info_by_tag", Dialect::common, Cost::lookup,
     "SELECT m.digest, m.media_type, m.size FROM repositories r JOIN tags t ON t.repository_id = r.id "
     "JOIN manifests m ON m.id = t.manifest_id WHERE r.name = $1 AND t.name = $2"},
    {Query::find_info_by_digest, "find_info_by_digest", Dialect::common, Cost::lookup,
     "SELECT m.digest, m.media_type, m.size FROM repositories r JOIN manifests m ON m.repository_id = r.id "
     "WHERE r.name = $1 AND m.digest = $2"},
    {Query::list_referrers, "list_referrers", Dialect::common, Cost::page,
     "SELECT digest, media_type, size, artifact_type, annotations FROM manifests "
     "WHERE repository_id = (SELECT id FROM repositories WHERE name = $1) AND subject_digest = $2 AND digest > $3 "
     "ORDER BY digest LIMIT $4"},
    {Query::list_referrers_of_type, "list_referrers_of_type", Dialect::common, Cost::page,
     "SELECT digest, media_type, size, artifact_type, annotations FROM manifests "
     "WHERE repository_id = (SELECT id FROM repositories WHERE name = $1) AND subject_digest = $2 AND digest > $3 "
     "AND artifact_type = $4 ORDER BY digest LIMIT $5"},

    {Query::find_tag_target, "find_tag_target", Dialect::common, Cost::lookup,
     "SELECT t.manifest_id, m.digest FROM tags t JOIN manifests m ON m.id = t.manifest_id "
     "WHERE t.repository_id = $1 AND t.name = $2"},
    {Query::set_tag, "set_tag", Dialect::common, Cost::lookup,
     "INSERT INTO tags (repository_id, name, manifest_id, updated_at) VALUES ($1, $2, $3, $4) "
     "ON CONFLICT (repository_id, name) DO UPDATE SET manifest_id = excluded.manifest_id, updated_at = excluded.updated_at"},
    {Query::delete_tag, "delete_tag", Dialect::common, Cost::lookup, "DELETE FROM tags WHERE repository_id = $1 AND name = $2"},
    {Query::is_manifest_tagged, "is_manifest_tagged", Dialect::common, Cost::lookup,
     "SELECT 1 FROM tags WHERE manifest_id = $1 LIMIT 1"},
    {Query::list_tags_of_manifest, "list_tags_of_manifest", Dialect::common, Cost::page,
     "SELECT name FROM tags WHERE manifest_id = $1 ORDER BY repository_id, name"},
    {Query::list_tags, "list_tags", Dialect::common, Cost::page,
     "SELECT name FROM tags WHERE repository_id = (SELECT id FROM repositories WHERE name = $1) AND name > $2 "
     "ORDER BY name LIMIT $3"},
});

}  // namespace berth::catalog
