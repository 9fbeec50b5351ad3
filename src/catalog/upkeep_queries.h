// Statements of collection, undo, counts of pulls, retention, history, damage and scrub (queries.h has the rules).
#pragma once

#include <array>

#include "catalog/query_names.h"

namespace berth::catalog {

// What keeps the manifest m whose review is q. Two statements say it, and only the preprocessor joins their texts. The tag stands by
// itself: it is asked without m's row, which for most manifests is then never read.
#define BERTH_KEPT_BY_TAG "EXISTS (SELECT 1 FROM tags t WHERE t.manifest_id = q.manifest_id)"
#define BERTH_KEPT_BY_MANIFEST                                                                                                   \
  "(EXISTS (SELECT 1 FROM manifest_references p WHERE p.digest = m.digest AND p.repository_id = m.repository_id AND p.role = "   \
  "1) "                                                                                                                          \
  "OR EXISTS (SELECT 1 FROM trash_references p WHERE p.digest = m.digest AND p.role = 1 AND p.repository_id = m.repository_id) " \
  "OR (m.subject_digest IS NOT NULL AND (EXISTS (SELECT 1 FROM manifests s "                                                     \
  "WHERE s.repository_id = m.repository_id AND s.digest = m.subject_digest) "                                                    \
  "OR EXISTS (SELECT 1 FROM trash_manifests s WHERE s.repository_id = m.repository_id AND s.digest = m.subject_digest))))"

inline constexpr auto kUpkeepQueries = std::to_array<QueryRow>({
    {Query::review_links, "review_links", Dialect::common, Cost::page,
     "SELECT q.digest, q.repository_id, b.size, b.leased_until, "
     "CASE WHEN EXISTS (SELECT 1 FROM manifest_references r "
     "WHERE r.digest = q.digest AND r.repository_id = q.repository_id AND r.role IN (0, 3)) THEN 1 ELSE 0 END, "
     "CASE WHEN EXISTS (SELECT 1 FROM trash_references t WHERE t.digest = q.digest AND t.role IN (0, 3)) THEN 1 ELSE 0 END, "
     "CASE WHEN EXISTS (SELECT 1 FROM repository_blobs l WHERE l.digest = q.digest) THEN 1 ELSE 0 END, "
     "CASE WHEN EXISTS (SELECT 1 FROM repository_blobs l WHERE l.digest = q.digest AND l.repository_id <> q.repository_id "
     "AND (l.repository_id < q.repository_id OR EXISTS (SELECT 1 FROM manifest_references r "
     "WHERE r.digest = l.digest AND r.repository_id = l.repository_id AND r.role IN (0, 3)))) THEN 1 ELSE 0 END "
     "FROM link_reviews q LEFT JOIN blobs b ON b.digest = q.digest "
     "WHERE q.due_at <= $1 ORDER BY q.due_at, q.digest, q.repository_id LIMIT $2"},
    {Query::set_link_review, "set_link_review", Dialect::common, Cost::lookup,
     "UPDATE link_reviews SET due_at = $1 WHERE digest = $2 AND repository_id = $3"},
    {Query::delete_link_review, "delete_link_review", Dialect::common, Cost::lookup,
     "DELETE FROM link_reviews WHERE digest = $1 AND repository_id = $2"},
    {Query::review_manifests, "review_manifests", Dialect::common, Cost::page,
     "SELECT q.manifest_id, q.since, m.repository_id, m.digest, m.size, m.pushed_at, "
     "CASE WHEN " BERTH_KEPT_BY_TAG " OR " BERTH_KEPT_BY_MANIFEST " THEN 1 ELSE 0 END, "
     "CASE WHEN EXISTS (SELECT 1 FROM deleted_repositories d WHERE d.repository_id = m.repository_id) THEN 1 ELSE 0 END, "
     "(SELECT u.last_at FROM pulls u WHERE u.repository_id = m.repository_id AND u.subject = m.digest AND u.day = -1), r.name "
     "FROM manifest_reviews q JOIN manifests m ON m.id = q.manifest_id JOIN repositories r ON r.id = m.repository_id "
     "WHERE q.since <= $1 ORDER BY q.since, q.manifest_id LIMIT $2"},
    {Query::review_unkept_manifests, "review_unkept_manifests", Dialect::common, Cost::page,
     "SELECT q.manifest_id, q.since, m.repository_id, m.digest, m.size, m.pushed_at, "
     "0, "
     "CASE WHEN EXISTS (SELECT 1 FROM deleted_repositories d WHERE d.repository_id = m.repository_id) THEN 1 ELSE 0 END, "
     "(SELECT u.last_at FROM pulls u WHERE u.repository_id = m.repository_id AND u.subject = m.digest AND u.day = -1), r.name "
     "FROM manifest_reviews q JOIN manifests m ON m.id = q.manifest_id JOIN repositories r ON r.id = m.repository_id "
     "WHERE q.since <= $1 AND NOT " BERTH_KEPT_BY_TAG " AND NOT " BERTH_KEPT_BY_MANIFEST
     " ORDER BY q.since, q.manifest_id LIMIT $2"},
    {Query::count_manifest_reviews, "count_manifest_reviews", Dialect::common, Cost::page,
     "SELECT count(*) FROM manifest_reviews WHERE since <= $1"},
    {Query::set_manifest_review, "set_manifest_review", Dialect::common, Cost::lookup,
     "UPDATE manifest_reviews SET since = $1 WHERE manifest_id = $2"},
    {Query::delete_manifest_review, "delete_manifest_review", Dialect::common, Cost::lookup,
     "DELETE FROM manifest_reviews WHERE manifest_id = $1"},
    {Query::find_blob_of_repository, "find_blob_of_repository", Dialect::common, Cost::lookup,
     "SELECT b.size, b.leased_until, r.id, CASE WHEN EXISTS (SELECT 1 FROM manifest_references m "
     "WHERE m.digest = b.digest AND m.repository_id = r.id AND m.role IN (0, 3)) THEN 1 ELSE 0 END "
     "FROM repositories r JOIN repository_blobs l ON l.repository_id = r.id JOIN blobs b ON b.digest = l.digest "
     "WHERE r.name = $1 AND l.digest = $2"},
    {Query::is_blob_held, "is_blob_held", Dialect::common, Cost::lookup,
     "SELECT 1 FROM repository_blobs WHERE digest = $1 LIMIT 1"},
    {Query::is_blob_in_trash, "is_blob_in_trash", Dialect::common, Cost::lookup,
     "SELECT 1 FROM trash_references WHERE digest = $1 AND role IN (0, 3) LIMIT 1"},
    {Query::is_blob_referenced_anywhere, "is_blob_referenced_anywhere", Dialect::common, Cost::lookup,
     "SELECT 1 FROM manifest_references WHERE digest = $1 AND role IN (0, 3) LIMIT 1"},
    {Query::list_blobs_of_manifest, "list_blobs_of_manifest", Dialect::common, Cost::page,
     "SELECT digest FROM manifest_references WHERE manifest_id = $1 AND role IN (0, 3)"},
    {Query::delete_tags_of_manifest, "delete_tags_of_manifest", Dialect::common, Cost::page,
     "DELETE FROM tags WHERE manifest_id = $1"},
    {Query::delete_pulls_of_manifest, "delete_pulls_of_manifest", Dialect::common, Cost::page,
     "DELETE FROM pulls WHERE repository_id = (SELECT repository_id FROM manifests WHERE id = $1) "
     "AND subject = (SELECT digest FROM manifests WHERE id = $1)"},
    {Query::raise_lease, "raise_lease", Dialect::common, Cost::lookup,
     "UPDATE blobs SET leased_until = $1 WHERE digest = $2 AND leased_until < $1"},
    {Query::delete_blob, "delete_blob", Dialect::common, Cost::lookup, "DELETE FROM blobs WHERE digest = $1"},
    {Query::insert_tombstone, "insert_tombstone", Dialect::common, Cost::lookup,
     "INSERT INTO blob_tombstones (digest, size, deleted_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"},
    {Query::find_tombstone, "find_tombstone", Dialect::common, Cost::lookup,
     "SELECT size, state FROM blob_tombstones WHERE digest = $1"},
    {Query::list_tombstones, "list_tombstones", Dialect::common, Cost::page,
     "SELECT digest, size FROM blob_tombstones WHERE deleted_at <= $1 ORDER BY deleted_at, digest LIMIT $2"},
    {Query::list_marked_tombstones, "list_marked_tombstones", Dialect::common, Cost::page,
     "SELECT digest, size FROM blob_tombstones WHERE state = 1 AND digest > $1 ORDER BY digest LIMIT $2"},
    {Query::mark_removal, "mark_removal", Dialect::common, Cost::lookup,
     "UPDATE blob_tombstones SET state = 1 WHERE digest = $1"},
    {Query::postpone_removal, "postpone_removal", Dialect::common, Cost::lookup,
     "UPDATE blob_tombstones SET deleted_at = $1 WHERE digest = $2 AND state = 0 AND deleted_at < $1"},
    {Query::delete_tombstone, "delete_tombstone", Dialect::common, Cost::lookup, "DELETE FROM blob_tombstones WHERE digest = $1"},
    {Query::sum_tombstones, "sum_tombstones", Dialect::common, Cost::page,
     "SELECT count(*), CAST(coalesce(sum(size), 0) AS BIGINT) FROM blob_tombstones WHERE deleted_at >= $1"},

    {Query::insert_event, "insert_event", Dialect::common, Cost::lookup,
     "INSERT INTO tag_history (repository_id, tag, action, before_digest, after_digest, at, principal) "
     "VALUES ($1, '', $2, $3, $4, $5, $6) RETURNING id"},
    {Query::find_event, "find_event", Dialect::common, Cost::lookup,
     "SELECT repository_id, tag, action, before_digest, after_digest, at, principal FROM tag_history WHERE id = $1"},
    {Query::list_events, "list_events", Dialect::common, Cost::page,
     "SELECT id, tag, action, before_digest, after_digest, at, principal FROM tag_history "
     "WHERE repository_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"},
    {Query::list_oldest_events, "list_oldest_events", Dialect::common, Cost::page,
     "SELECT id, at FROM tag_history WHERE id > $1 ORDER BY id LIMIT $2"},
    {Query::delete_event, "delete_event", Dialect::common, Cost::lookup, "DELETE FROM tag_history WHERE id = $1"},
    {Query::trash_manifest, "trash_manifest", Dialect::common, Cost::lookup,
     "INSERT INTO trash_manifests (id, repository_id, digest, media_type, size, shape, artifact_type, config_media_type, "
     "subject_digest, annotations, pushed_at, bytes, crc32, deleted_at) "
     "SELECT CAST($1 AS BIGINT), m.repository_id, m.digest, m.media_type, m.size, m.shape, m.artifact_type, m.config_media_type, "
     "m.subject_digest, m.annotations, m.pushed_at, b.bytes, b.crc32, CAST($2 AS BIGINT) "
     "FROM manifests m JOIN manifest_bytes b ON b.manifest_id = m.id WHERE m.id = $3"},
    {Query::trash_references, "trash_references", Dialect::common, Cost::page,
     "INSERT INTO trash_references (trash_id, digest, role, repository_id, size, media_type) "
     "SELECT CAST($1 AS BIGINT), digest, role, repository_id, size, media_type FROM manifest_references WHERE manifest_id = $2"},
    {Query::trash_tags, "trash_tags", Dialect::common, Cost::page,
     "INSERT INTO trash_tags (trash_id, tag) SELECT CAST($1 AS BIGINT), name FROM tags WHERE manifest_id = $2"},
    {Query::find_trash, "find_trash", Dialect::common, Cost::lookup,
     "SELECT digest, bytes, crc32 FROM trash_manifests WHERE id = $1"},
    {Query::find_newest_trash, "find_newest_trash", Dialect::common, Cost::lookup,
     "SELECT id FROM trash_manifests WHERE repository_id = $1 AND digest = $2 ORDER BY id DESC LIMIT 1"},
    {Query::list_expired_trash, "list_expired_trash", Dialect::common, Cost::page,
     "SELECT id FROM trash_manifests WHERE deleted_at <= $1 ORDER BY deleted_at, id LIMIT $2"},
    {Query::list_trash_tags, "list_trash_tags", Dialect::common, Cost::page,
     "SELECT tag FROM trash_tags WHERE trash_id = $1 ORDER BY tag"},
    {Query::list_trash_references, "list_trash_references", Dialect::common, Cost::page,
     "SELECT digest, role FROM trash_references WHERE trash_id = $1"},
    {Query::delete_trash_tags, "delete_trash_tags", Dialect::common, Cost::page, "DELETE FROM trash_tags WHERE trash_id = $1"},
    {Query::delete_trash_references, "delete_trash_references", Dialect::common, Cost::page,
     "DELETE FROM trash_references WHERE trash_id = $1"},
    {Query::delete_trash_manifest, "delete_trash_manifest", Dialect::common, Cost::lookup,
     "DELETE FROM trash_manifests WHERE id = $1"},
    {Query::untrash_manifest, "untrash_manifest", Dialect::common, Cost::lookup,
     "INSERT INTO manifests (repository_id, digest, media_type, size, shape, artifact_type, config_media_type, subject_digest, "
     "annotations, pushed_at) SELECT repository_id, digest, media_type, size, shape, artifact_type, config_media_type, "
     "subject_digest, annotations, CAST($1 AS BIGINT) FROM trash_manifests WHERE id = $2 RETURNING id"},
    {Query::untrash_bytes, "untrash_bytes", Dialect::common, Cost::lookup,
     "INSERT INTO manifest_bytes (manifest_id, bytes, crc32) SELECT CAST($1 AS BIGINT), bytes, crc32 FROM trash_manifests "
     "WHERE id = $2"},
    {Query::untrash_references, "untrash_references", Dialect::common, Cost::page,
     "INSERT INTO manifest_references (manifest_id, digest, role, repository_id, size, media_type) "
     "SELECT CAST($1 AS BIGINT), digest, role, repository_id, size, media_type FROM trash_references WHERE trash_id = $2"},
    {Query::rename_repository, "rename_repository", Dialect::common, Cost::lookup,
     "UPDATE repositories SET name = $1 WHERE id = $2"},
    {Query::insert_deleted_repository, "insert_deleted_repository", Dialect::common, Cost::lookup,
     "INSERT INTO deleted_repositories (repository_id, name, history_id, deleted_at, principal) VALUES ($1, $2, $3, $4, $5)"},
    {Query::find_deleted_repository, "find_deleted_repository", Dialect::common, Cost::lookup,
     "SELECT name, history_id FROM deleted_repositories WHERE repository_id = $1"},
    {Query::list_deleted_repositories, "list_deleted_repositories", Dialect::common, Cost::page,
     "SELECT history_id, deleted_at, principal FROM deleted_repositories WHERE name = $1 AND history_id < $2 "
     "ORDER BY history_id DESC LIMIT $3"},
    {Query::list_expired_repositories, "list_expired_repositories", Dialect::common, Cost::page,
     "SELECT repository_id, deleted_at FROM deleted_repositories WHERE deleted_at <= $1 ORDER BY deleted_at, repository_id LIMIT "
     "$2"},
    {Query::delete_deleted_repository, "delete_deleted_repository", Dialect::common, Cost::lookup,
     "DELETE FROM deleted_repositories WHERE repository_id = $1"},
    {Query::list_manifests_of_repository, "list_manifests_of_repository", Dialect::common, Cost::page,
     "SELECT id FROM manifests WHERE repository_id = $1 LIMIT $2"},
    {Query::list_links_of_repository, "list_links_of_repository", Dialect::common, Cost::page,
     "SELECT digest FROM repository_blobs WHERE repository_id = $1 LIMIT $2"},

    {Query::add_pulls, "add_pulls", Dialect::common, Cost::lookup,
     "INSERT INTO pulls (repository_id, subject, day, count, last_at) VALUES ($1, $2, $3, $4, $5) "
     "ON CONFLICT (repository_id, subject, day) DO UPDATE SET count = pulls.count + excluded.count, "
     "last_at = CASE WHEN excluded.last_at > pulls.last_at THEN excluded.last_at ELSE pulls.last_at END"},
    {Query::find_pulls, "find_pulls", Dialect::common, Cost::lookup,
     "SELECT count, last_at FROM pulls WHERE repository_id = $1 AND subject = $2 AND day = $3"},
    {Query::list_old_pulls, "list_old_pulls", Dialect::common, Cost::page,
     "SELECT repository_id, subject, day FROM pulls WHERE day >= 0 AND day < $1 ORDER BY day, repository_id, subject LIMIT $2"},
    {Query::delete_pull_day, "delete_pull_day", Dialect::common, Cost::lookup,
     "DELETE FROM pulls WHERE repository_id = $1 AND subject = $2 AND day = $3"},
    {Query::delete_pulls_of_gone, "delete_pulls_of_gone", Dialect::common, Cost::lookup,
     "DELETE FROM pulls WHERE repository_id = $1 AND subject = $2 AND day = -1 "
     "AND NOT EXISTS (SELECT 1 FROM pulls d WHERE d.repository_id = $1 AND d.subject = $2 AND d.day >= 0) "
     "AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.repository_id = $1 AND t.name = $2) "
     "AND NOT EXISTS (SELECT 1 FROM manifests m WHERE m.repository_id = $1 AND m.digest = $2)"},
    {Query::list_pull_days, "list_pull_days", Dialect::common, Cost::page,
     "SELECT day, count FROM pulls WHERE repository_id = $1 AND subject = $2 AND day >= $3 ORDER BY day"},

    {Query::has_rules, "has_rules", Dialect::common, Cost::lookup, "SELECT 1 FROM retention_rules WHERE scope > $1 LIMIT 1"},
    {Query::find_rule, "find_rule", Dialect::common, Cost::lookup, "SELECT rule FROM retention_rules WHERE scope = $1"},
    {Query::put_rule, "put_rule", Dialect::common, Cost::lookup,
     "INSERT INTO retention_rules (scope, rule, updated_at, principal) VALUES ($1, $2, $3, $4) "
     "ON CONFLICT (scope) DO UPDATE SET rule = excluded.rule, updated_at = excluded.updated_at, principal = excluded.principal"},
    {Query::delete_rule, "delete_rule", Dialect::common, Cost::lookup, "DELETE FROM retention_rules WHERE scope = $1"},
    {Query::list_tag_uses, "list_tag_uses", Dialect::common, Cost::page,
     "SELECT t.name, m.digest, t.updated_at, "
     "(SELECT u.last_at FROM pulls u WHERE u.repository_id = t.repository_id AND u.subject = t.name AND u.day = -1) "
     "FROM tags t JOIN manifests m ON m.id = t.manifest_id "
     "WHERE t.repository_id = (SELECT id FROM repositories WHERE name = $1) ORDER BY t.name"},

    {Query::insert_history, "insert_history", Dialect::common, Cost::lookup,
     "INSERT INTO tag_history (repository_id, tag, action, before_digest, after_digest, at, principal) "
     "VALUES ($1, $2, $3, $4, $5, $6, $7)"},
    {Query::list_history, "list_history", Dialect::common, Cost::page,
     "SELECT id, tag, action, before_digest, after_digest, at, principal FROM tag_history "
     "WHERE repository_id = (SELECT id FROM repositories WHERE name = $1) AND id < $2 AND action <= 2 "
     "ORDER BY id DESC LIMIT $3"},
    {Query::list_history_of_tag, "list_history_of_tag", Dialect::common, Cost::page,
     "SELECT id, tag, action, before_digest, after_digest, at, principal FROM tag_history "
     "WHERE repository_id = (SELECT id FROM repositories WHERE name = $1) AND id < $2 AND tag = $3 ORDER BY id DESC LIMIT $4"},

    {Query::record_damage, "record_damage", Dialect::common, Cost::lookup,
     "INSERT INTO damaged_blobs (digest, found_at, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"},
    {Query::clear_damage, "clear_damage", Dialect::common, Cost::lookup, "DELETE FROM damaged_blobs WHERE digest = $1"},
    {Query::find_damage, "find_damage", Dialect::common, Cost::lookup, "SELECT found_at FROM damaged_blobs WHERE digest = $1"},
    {Query::count_damage, "count_damage", Dialect::common, Cost::page, "SELECT count(*) FROM damaged_blobs WHERE digest > $1"},
    {Query::list_damage, "list_damage", Dialect::common, Cost::page,
     "SELECT digest, found_at, reason FROM damaged_blobs WHERE digest > $1 ORDER BY digest LIMIT $2"},
    {Query::find_scrub, "find_scrub", Dialect::common, Cost::lookup,
     "SELECT position, started_at, finished_at FROM scrub_state WHERE id = 1"},
    {Query::set_scrub, "set_scrub", Dialect::common, Cost::lookup,
     "UPDATE scrub_state SET position = $1, started_at = $2, finished_at = $3 WHERE id = 1"},
});

#undef BERTH_KEPT_BY_TAG
#undef BERTH_KEPT_BY_MANIFEST

}  // namespace berth::catalog
