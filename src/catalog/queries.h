// Every statement of the catalog, by name. There is no other SQL text than this list, the migrations and the pragmas of sqlite.cpp.
//
// `common` statements run unchanged on SQLite ≥ 3.40 and PostgreSQL ≥ 14. Parameters are $1, $2, … and first appear in that order,
// because SQLite numbers them by first appearance (a test checks it). List statements are index ranges: a test reads their plans.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

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

inline constexpr auto kQueries = std::to_array<QueryRow>({
    {Query::begin_read, "begin_read", Dialect::sqlite, Cost::control, "BEGIN"},
    {Query::begin_write, "begin_write", Dialect::sqlite, Cost::control, "BEGIN IMMEDIATE"},
    {Query::commit, "commit", Dialect::common, Cost::control, "COMMIT"},
    {Query::rollback, "rollback", Dialect::common, Cost::control, "ROLLBACK"},
    {Query::savepoint, "savepoint", Dialect::common, Cost::control, "SAVEPOINT one_call"},
    {Query::release_savepoint, "release_savepoint", Dialect::common, Cost::control, "RELEASE SAVEPOINT one_call"},
    {Query::rollback_to_savepoint, "rollback_to_savepoint", Dialect::common, Cost::control, "ROLLBACK TO SAVEPOINT one_call"},

    {Query::find_state, "find_state", Dialect::common, Cost::lookup,
     "SELECT clean_shutdown, lease_length, lease_extension, lease_extended_up_to FROM catalog_state WHERE id = 1"},
    {Query::set_state, "set_state", Dialect::common, Cost::lookup,
     "UPDATE catalog_state SET clean_shutdown = 0, lease_length = $1, lease_extension = $2, lease_extended_up_to = $3 WHERE id = "
     "1"},
    {Query::set_clean_shutdown, "set_clean_shutdown", Dialect::common, Cost::lookup,
     "UPDATE catalog_state SET clean_shutdown = 1 WHERE id = 1"},
    {Query::find_unswept, "find_unswept", Dialect::common, Cost::lookup,
     "SELECT 1 FROM catalog_state WHERE id = 1 AND files_swept = 0"},
    {Query::set_swept, "set_swept", Dialect::common, Cost::lookup, "UPDATE catalog_state SET files_swept = $1 WHERE id = 1"},

    {Query::insert_user, "insert_user", Dialect::common, Cost::lookup,
     "INSERT INTO users (email, name, standing, rank, created_at) VALUES ($1, $2, 0, $3, $4) RETURNING id"},
    {Query::find_user, "find_user", Dialect::common, Cost::lookup,
     "SELECT id, email, name, standing, rank, created_at FROM users WHERE id = $1"},
    {Query::find_user_by_email, "find_user_by_email", Dialect::common, Cost::lookup,
     "SELECT id, email, name, standing, rank, created_at FROM users WHERE email = $1"},
    {Query::list_users, "list_users", Dialect::common, Cost::page,
     "SELECT id, email, name, standing, rank, created_at FROM users WHERE id > $1 ORDER BY id LIMIT $2"},
    {Query::find_administrator, "find_administrator", Dialect::common, Cost::lookup,
     "SELECT id FROM users WHERE rank = 1 AND rank <> 0 AND standing = 0 ORDER BY id LIMIT 1"},
    {Query::set_user_standing, "set_user_standing", Dialect::common, Cost::lookup,
     "UPDATE users SET standing = $1 WHERE id = $2"},
    {Query::set_user_rank, "set_user_rank", Dialect::common, Cost::lookup, "UPDATE users SET rank = $1 WHERE id = $2"},
    {Query::set_user_name, "set_user_name", Dialect::common, Cost::lookup, "UPDATE users SET name = $1 WHERE id = $2"},
    {Query::set_password, "set_password", Dialect::common, Cost::lookup,
     "INSERT INTO user_passwords (user_id, hash, state, changed_at) VALUES ($1, $2, $3, $4) ON CONFLICT (user_id) DO "
     "UPDATE SET hash = excluded.hash, state = excluded.state, changed_at = excluded.changed_at"},
    {Query::find_password, "find_password", Dialect::common, Cost::lookup,
     "SELECT hash, state, changed_at FROM user_passwords WHERE user_id = $1"},

    {Query::insert_org, "insert_org", Dialect::common, Cost::lookup,
     "INSERT INTO orgs (name, display_name, created_at) VALUES ($1, $2, $3) RETURNING id"},
    {Query::find_org, "find_org", Dialect::common, Cost::lookup, "SELECT id, name, display_name FROM orgs WHERE name = $1"},
    {Query::find_org_by_id, "find_org_by_id", Dialect::common, Cost::lookup,
     "SELECT id, name, display_name FROM orgs WHERE id = $1"},
    {Query::set_org_name, "set_org_name", Dialect::common, Cost::lookup, "UPDATE orgs SET display_name = $1 WHERE id = $2"},
    {Query::list_orgs, "list_orgs", Dialect::common, Cost::page,
     "SELECT id, name, display_name FROM orgs WHERE name > $1 ORDER BY name LIMIT $2"},
    {Query::insert_team, "insert_team", Dialect::common, Cost::lookup,
     "INSERT INTO teams (org_id, name, description, created_at) VALUES ($1, $2, $3, $4) RETURNING id"},
    {Query::ensure_team, "ensure_team", Dialect::common, Cost::lookup,
     "INSERT INTO teams (org_id, name, description, created_at) SELECT id, $1, '', CAST($2 AS BIGINT) FROM orgs "
     "WHERE name = $3 ON CONFLICT DO NOTHING"},
    {Query::find_team, "find_team", Dialect::common, Cost::lookup,
     "SELECT id, name, description FROM teams WHERE org_id = $1 AND name = $2"},
    {Query::find_team_by_id, "find_team_by_id", Dialect::common, Cost::lookup,
     "SELECT name FROM teams WHERE org_id = $1 AND id = $2"},
    {Query::list_teams, "list_teams", Dialect::common, Cost::page,
     "SELECT id, name, description FROM teams WHERE org_id = $1 AND name > $2 ORDER BY name LIMIT $3"},
    {Query::set_team_description, "set_team_description", Dialect::common, Cost::lookup,
     "UPDATE teams SET description = $1 WHERE org_id = $2 AND id = $3"},
    {Query::delete_team_members, "delete_team_members", Dialect::common, Cost::page,
     "DELETE FROM memberships WHERE team_id = $1 AND team_id <> 0"},
    {Query::delete_team_shares, "delete_team_shares", Dialect::common, Cost::page,
     "DELETE FROM repository_shares WHERE team_id = $1"},
    {Query::delete_team, "delete_team", Dialect::common, Cost::lookup, "DELETE FROM teams WHERE org_id = $1 AND id = $2"},
    {Query::delete_team_invitations, "delete_team_invitations", Dialect::common, Cost::page,
     "DELETE FROM invitations WHERE team_id = $1 AND team_id <> 0"},

    {Query::insert_grant, "insert_grant", Dialect::common, Cost::lookup,
     "INSERT INTO memberships (user_id, org_id, team_id, role, granted_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO "
     "NOTHING"},
    {Query::delete_grant, "delete_grant", Dialect::common, Cost::lookup,
     "DELETE FROM memberships WHERE user_id = $1 AND org_id = $2 AND team_id = $3 AND role = $4"},
    {Query::list_grants, "list_grants", Dialect::common, Cost::page,
     "SELECT org_id, team_id, role FROM memberships WHERE user_id = $1 ORDER BY org_id, team_id, role"},
    {Query::list_memberships, "list_memberships", Dialect::common, Cost::page,
     "SELECT m.org_id, m.team_id, m.role, o.name, o.display_name, COALESCE(t.name, '') FROM memberships m JOIN orgs o ON "
     "o.id = m.org_id LEFT JOIN teams t ON t.id = m.team_id WHERE m.user_id = $1 ORDER BY m.org_id, m.team_id, m.role"},
    {Query::list_members, "list_members", Dialect::common, Cost::page,
     "SELECT m.user_id, u.email, COALESCE(t.name, ''), m.role FROM memberships m JOIN users u ON u.id = m.user_id LEFT "
     "JOIN teams t ON t.id = m.team_id WHERE m.org_id = $1 AND m.user_id > $2 ORDER BY m.user_id, m.team_id, m.role LIMIT "
     "$3"},

    {Query::list_ids_of_org, "list_ids_of_org", Dialect::common, Cost::page,
     "SELECT DISTINCT user_id FROM memberships WHERE org_id = $1 ORDER BY user_id"},
    {Query::list_ids_of_team, "list_ids_of_team", Dialect::common, Cost::page,
     "SELECT DISTINCT user_id FROM memberships WHERE team_id = $1 AND team_id <> 0 ORDER BY user_id"},
    {Query::list_places, "list_places", Dialect::common, Cost::page,
     "SELECT m.org_id, o.name, o.display_name, m.team_id, COALESCE(t.name, ''), COALESCE(t.description, ''), m.role FROM "
     "memberships m JOIN orgs o ON o.id = m.org_id LEFT JOIN teams t ON t.id = m.team_id WHERE m.user_id = $1 ORDER BY "
     "m.org_id, m.team_id, m.role"},
    {Query::list_owners, "list_owners", Dialect::common, Cost::page,
     "SELECT m.user_id FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.org_id = $1 AND m.team_id = 0 AND m.role = 5 "
     "AND u.standing = 0 ORDER BY m.user_id"},

    {Query::insert_invitation, "insert_invitation", Dialect::common, Cost::lookup,
     "INSERT INTO invitations (org_id, team_id, email, name, roles, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, "
     "$5, $6, $7, $8) RETURNING id"},
    {Query::list_invitations_of_org, "list_invitations_of_org", Dialect::common, Cost::page,
     "SELECT i.id, o.id, o.name, o.display_name, i.team_id, COALESCE(t.name, ''), COALESCE(t.description, ''), i.email, i.name, "
     "i.roles, i.created_at, i.expires_at FROM invitations i JOIN orgs o ON o.id = i.org_id LEFT JOIN teams t ON t.id = "
     "i.team_id "
     "WHERE i.org_id = $1 ORDER BY i.team_id, i.email"},
    {Query::list_invitations_of_team, "list_invitations_of_team", Dialect::common, Cost::page,
     "SELECT i.id, o.id, o.name, o.display_name, i.team_id, COALESCE(t.name, ''), COALESCE(t.description, ''), i.email, i.name, "
     "i.roles, i.created_at, i.expires_at FROM invitations i JOIN orgs o ON o.id = i.org_id LEFT JOIN teams t ON t.id = "
     "i.team_id "
     "WHERE i.org_id = $1 AND i.team_id = $2 ORDER BY i.email"},
    {Query::list_invitations_of_token, "list_invitations_of_token", Dialect::common, Cost::page,
     "SELECT i.id, o.id, o.name, o.display_name, i.team_id, COALESCE(t.name, ''), COALESCE(t.description, ''), i.email, i.name, "
     "i.roles, i.created_at, i.expires_at FROM invitations i JOIN orgs o ON o.id = i.org_id LEFT JOIN teams t ON t.id = "
     "i.team_id "
     "WHERE i.token_hash = $1 ORDER BY i.id"},
    {Query::find_invitation, "find_invitation", Dialect::common, Cost::lookup,
     "SELECT i.id, o.id, o.name, o.display_name, i.team_id, COALESCE(t.name, ''), COALESCE(t.description, ''), i.email, i.name, "
     "i.roles, i.created_at, i.expires_at FROM invitations i JOIN orgs o ON o.id = i.org_id LEFT JOIN teams t ON t.id = "
     "i.team_id "
     "WHERE i.id = $1"},
    {Query::find_invitation_of, "find_invitation_of", Dialect::common, Cost::lookup,
     "SELECT id FROM invitations WHERE org_id = $1 AND team_id = $2 AND email = $3"},
    {Query::set_invitation_roles, "set_invitation_roles", Dialect::common, Cost::lookup,
     "UPDATE invitations SET roles = $1 WHERE id = $2"},
    {Query::renew_invitation, "renew_invitation", Dialect::common, Cost::lookup,
     "UPDATE invitations SET roles = $1, token_hash = $2, expires_at = $3 WHERE id = $4"},
    {Query::delete_invitation, "delete_invitation", Dialect::common, Cost::lookup, "DELETE FROM invitations WHERE id = $1"},
    {Query::delete_invitations_of_token, "delete_invitations_of_token", Dialect::common, Cost::page,
     "DELETE FROM invitations WHERE token_hash = $1"},
    {Query::delete_old_invitations, "delete_old_invitations", Dialect::common, Cost::page,
     "DELETE FROM invitations WHERE expires_at < $1"},

    {Query::insert_key, "insert_key", Dialect::common, Cost::lookup,
     "INSERT INTO api_keys (kind, user_id, org_id, name, hash, actions, repositories, created_at, expires_at) VALUES ($1, "
     "$2, $3, $4, $5, $6, $7, $8, $9) RETURNING id"},
    {Query::find_key, "find_key", Dialect::common, Cost::lookup,
     "SELECT k.id, k.kind, k.user_id, k.org_id, k.name, k.actions, k.repositories, k.created_at, k.expires_at, k.revoked_at, "
     "k.last_used_at, COALESCE(o.name, '') FROM api_keys k LEFT JOIN orgs o ON o.id = k.org_id WHERE k.id = $1"},
    {Query::find_key_by_hash, "find_key_by_hash", Dialect::common, Cost::lookup,
     "SELECT k.id, k.kind, k.user_id, k.org_id, k.name, k.actions, k.repositories, k.created_at, k.expires_at, k.revoked_at, "
     "k.last_used_at, COALESCE(o.name, '') FROM api_keys k LEFT JOIN orgs o ON o.id = k.org_id WHERE k.hash = $1"},
    {Query::list_keys_of_user, "list_keys_of_user", Dialect::common, Cost::page,
     "SELECT k.id, k.kind, k.user_id, k.org_id, k.name, k.actions, k.repositories, k.created_at, k.expires_at, k.revoked_at, "
     "k.last_used_at, COALESCE(o.name, '') FROM api_keys k LEFT JOIN orgs o ON o.id = k.org_id WHERE k.user_id = $1 AND "
     "k.user_id IS "
     "NOT NULL AND k.id > $2 AND CAST($3 AS BIGINT) IN (0, k.org_id) ORDER BY k.id LIMIT $4"},
    {Query::list_keys_of_org, "list_keys_of_org", Dialect::common, Cost::page,
     "SELECT k.id, k.kind, k.user_id, k.org_id, k.name, k.actions, k.repositories, k.created_at, k.expires_at, k.revoked_at, "
     "k.last_used_at, COALESCE(o.name, '') FROM api_keys k LEFT JOIN orgs o ON o.id = k.org_id WHERE k.org_id = $1 AND k.user_id "
     "IS "
     "NULL AND k.id > $2 ORDER BY k.id LIMIT $3"},
    {Query::revoke_key, "revoke_key", Dialect::common, Cost::lookup,
     "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $1) WHERE id = $2"},
    {Query::revoke_legacy_keys, "revoke_legacy_keys", Dialect::common, Cost::page,
     "UPDATE api_keys SET revoked_at = $1 WHERE user_id = $2 AND user_id IS NOT NULL AND kind = 2 AND revoked_at IS NULL"},
    {Query::set_key_expiry, "set_key_expiry", Dialect::common, Cost::lookup,
     "UPDATE api_keys SET expires_at = CASE WHEN expires_at < $1 THEN expires_at ELSE $1 END WHERE id = $2"},
    {Query::touch_key, "touch_key", Dialect::common, Cost::lookup, "UPDATE api_keys SET last_used_at = $1 WHERE id = $2"},

    {Query::insert_session, "insert_session", Dialect::common, Cost::lookup,
     "INSERT INTO sessions (user_id, hash, address, agent, created_at, last_used_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6, "
     "$7) RETURNING id"},
    {Query::find_session, "find_session", Dialect::common, Cost::lookup,
     "SELECT id, user_id, address, agent, created_at, last_used_at, ends_at FROM sessions WHERE id = $1"},
    {Query::find_session_by_hash, "find_session_by_hash", Dialect::common, Cost::lookup,
     "SELECT id, user_id, address, agent, created_at, last_used_at, ends_at FROM sessions WHERE hash = $1"},
    {Query::list_sessions, "list_sessions", Dialect::common, Cost::page,
     "SELECT id, user_id, address, agent, created_at, last_used_at, ends_at FROM sessions WHERE user_id = $1 AND id > $2 "
     "ORDER BY id LIMIT $3"},
    {Query::use_session, "use_session", Dialect::common, Cost::lookup,
     "UPDATE sessions SET last_used_at = $1, ends_at = $2 WHERE id = $3"},
    {Query::delete_session, "delete_session", Dialect::common, Cost::lookup,
     "DELETE FROM sessions WHERE user_id = $1 AND id = $2"},
    {Query::delete_oldest_sessions, "delete_oldest_sessions", Dialect::common, Cost::page,
     "DELETE FROM sessions WHERE user_id = $1 AND id <= (SELECT id FROM sessions WHERE user_id = $1 ORDER BY id DESC LIMIT 1 "
     "OFFSET $2)"},
    {Query::delete_sessions_of_user, "delete_sessions_of_user", Dialect::common, Cost::page,
     "DELETE FROM sessions WHERE user_id = $1"},
    {Query::delete_ended_sessions, "delete_ended_sessions", Dialect::common, Cost::page,
     "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE ends_at <= $1 ORDER BY ends_at LIMIT $2)"},

    {Query::find_repository_access, "find_repository_access", Dialect::common, Cost::lookup,
     "SELECT id, visibility FROM repositories WHERE name = $1"},
    {Query::list_shares, "list_shares", Dialect::common, Cost::page,
     "SELECT team_id FROM repository_shares WHERE repository_id = $1 ORDER BY team_id"},
    {Query::find_visibility, "find_visibility", Dialect::common, Cost::lookup,
     "SELECT visibility FROM repositories WHERE id = $1"},
    {Query::list_share_names, "list_share_names", Dialect::common, Cost::page,
     "SELECT t.name FROM repository_shares s JOIN teams t ON t.id = s.team_id WHERE s.repository_id = $1 ORDER BY "
     "s.team_id"},
    {Query::set_visibility, "set_visibility", Dialect::common, Cost::lookup,
     "UPDATE repositories SET visibility = $1 WHERE id = $2"},
    {Query::delete_shares, "delete_shares", Dialect::common, Cost::page,
     "DELETE FROM repository_shares WHERE repository_id = $1"},
    {Query::insert_share, "insert_share", Dialect::common, Cost::lookup,
     "INSERT INTO repository_shares (repository_id, team_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"},
    {Query::set_immutable_tags, "set_immutable_tags", Dialect::common, Cost::lookup,
     "UPDATE repositories SET immutable_tags = $1 WHERE id = $2"},
    {Query::find_immutable_tags, "find_immutable_tags", Dialect::common, Cost::lookup,
     "SELECT immutable_tags FROM repositories WHERE id = $1"},
    {Query::find_open_data, "find_open_data", Dialect::common, Cost::lookup, "SELECT open_data FROM accounts_state WHERE id = 1"},
    {Query::set_open_data, "set_open_data", Dialect::common, Cost::lookup,
     "UPDATE accounts_state SET open_data = $1 WHERE id = 1"},

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

    {Query::insert_audit, "insert_audit", Dialect::common, Cost::lookup,
     "INSERT INTO audit_events (seq, at, kind, outcome, principal, key_id, address, request, org, subject, detail, hash) "
     "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"},
    {Query::find_last_audit, "find_last_audit", Dialect::common, Cost::lookup,
     "SELECT seq, at, hash FROM audit_events WHERE seq > $1 ORDER BY seq DESC LIMIT 1"},
    {Query::find_last_segment, "find_last_segment", Dialect::common, Cost::lookup,
     "SELECT last_seq, last_at, after_hash FROM audit_segments WHERE id > $1 ORDER BY id DESC LIMIT 1"},
    {Query::find_next_audit, "find_next_audit", Dialect::common, Cost::lookup,
     "SELECT seq FROM audit_events WHERE seq > $1 ORDER BY seq LIMIT 1"},
    {Query::find_audit_time, "find_audit_time", Dialect::common, Cost::lookup, "SELECT at FROM audit_events WHERE seq = $1"},
    {Query::find_audit_hash, "find_audit_hash", Dialect::common, Cost::lookup, "SELECT hash FROM audit_events WHERE seq = $1"},
    {Query::list_audit, "list_audit", Dialect::common, Cost::page,
     "SELECT seq, at, kind, outcome, principal, key_id, address, request, org, subject, detail, hash FROM audit_events "
     "WHERE seq > $1 AND seq < $2 ORDER BY seq DESC LIMIT $3"},
    {Query::list_audit_on, "list_audit_on", Dialect::common, Cost::page,
     "SELECT seq, at, kind, outcome, principal, key_id, address, request, org, subject, detail, hash FROM audit_events "
     "WHERE seq > $1 AND seq < $2 ORDER BY seq LIMIT $3"},
    {Query::list_audit_of_org, "list_audit_of_org", Dialect::common, Cost::page,
     "SELECT seq, at, kind, outcome, principal, key_id, address, request, org, subject, detail, hash FROM audit_events "
     "WHERE org = $1 AND seq > $2 AND seq < $3 ORDER BY seq DESC LIMIT $4"},
    {Query::list_audit_of_org_on, "list_audit_of_org_on", Dialect::common, Cost::page,
     "SELECT seq, at, kind, outcome, principal, key_id, address, request, org, subject, detail, hash FROM audit_events "
     "WHERE org = $1 AND seq > $2 AND seq < $3 ORDER BY seq LIMIT $4"},
    {Query::list_audit_of_principal, "list_audit_of_principal", Dialect::common, Cost::page,
     "SELECT seq, at, kind, outcome, principal, key_id, address, request, org, subject, detail, hash FROM audit_events "
     "WHERE principal = $1 AND seq > $2 AND seq < $3 ORDER BY seq DESC LIMIT $4"},
    {Query::list_audit_of_principal_on, "list_audit_of_principal_on", Dialect::common, Cost::page,
     "SELECT seq, at, kind, outcome, principal, key_id, address, request, org, subject, detail, hash FROM audit_events "
     "WHERE principal = $1 AND seq > $2 AND seq < $3 ORDER BY seq LIMIT $4"},
    {Query::list_audit_of_subject, "list_audit_of_subject", Dialect::common, Cost::page,
     "SELECT seq, at, kind, outcome, principal, key_id, address, request, org, subject, detail, hash FROM audit_events "
     "WHERE subject = $1 AND seq > $2 AND seq < $3 ORDER BY seq DESC LIMIT $4"},
    {Query::list_audit_of_subject_on, "list_audit_of_subject_on", Dialect::common, Cost::page,
     "SELECT seq, at, kind, outcome, principal, key_id, address, request, org, subject, detail, hash FROM audit_events "
     "WHERE subject = $1 AND seq > $2 AND seq < $3 ORDER BY seq LIMIT $4"},
    {Query::delete_audit, "delete_audit", Dialect::common, Cost::page, "DELETE FROM audit_events WHERE seq >= $1 AND seq <= $2"},
    {Query::put_segment, "put_segment", Dialect::common, Cost::lookup,
     "INSERT INTO audit_segments (id, first_seq, last_seq, first_at, last_at, before_hash, after_hash, state, seal) VALUES ($1, "
     "$2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET state = excluded.state, seal = excluded.seal"},
    {Query::find_newest_segment, "find_newest_segment", Dialect::common, Cost::lookup,
     "SELECT id, first_seq, last_seq, first_at, last_at, before_hash, after_hash, state, seal FROM audit_segments "
     "WHERE id > $1 ORDER BY id DESC LIMIT 1"},
    {Query::find_oldest_segment, "find_oldest_segment", Dialect::common, Cost::lookup,
     "SELECT id, first_seq, last_seq, first_at, last_at, before_hash, after_hash, state, seal FROM audit_segments "
     "WHERE id > $1 AND state = 0 AND last_at < $2 ORDER BY id LIMIT 1"},
    {Query::list_segments, "list_segments", Dialect::common, Cost::page,
     "SELECT id, first_seq, last_seq, first_at, last_at, before_hash, after_hash, state, seal FROM audit_segments "
     "WHERE id > $1 ORDER BY id"},
    {Query::insert_export, "insert_export", Dialect::common, Cost::lookup,
     "INSERT INTO audit_exports (id, org, from_at, to_at, requested_at, user_id, state, first_seq, last_seq) "
     "VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0)"},
    {Query::list_waiting_exports, "list_waiting_exports", Dialect::common, Cost::page,
     "SELECT id, org, from_at, to_at, requested_at, user_id, state, first_seq, last_seq FROM audit_exports "
     "WHERE id > $1 AND state = 0 ORDER BY id LIMIT 100"},
    {Query::finish_export, "finish_export", Dialect::common, Cost::lookup,
     "UPDATE audit_exports SET state = 1, first_seq = $1, last_seq = $2 WHERE id = $3"},
    {Query::list_exports, "list_exports", Dialect::common, Cost::page,
     "SELECT id, org, from_at, to_at, requested_at, user_id, state, first_seq, last_seq FROM audit_exports "
     "WHERE org = $1 ORDER BY requested_at DESC, id DESC LIMIT $2"},
    {Query::find_export, "find_export", Dialect::common, Cost::lookup,
     "SELECT id, org, from_at, to_at, requested_at, user_id, state, first_seq, last_seq FROM audit_exports "
     "WHERE org = $1 AND id = $2"},
    {Query::delete_export, "delete_export", Dialect::common, Cost::lookup,
     "DELETE FROM audit_exports WHERE org = $1 AND id = $2"},

    {Query::list_blob_records, "list_blob_records", Dialect::common, Cost::page,
     "SELECT b.digest, b.size, d.found_at FROM blobs b LEFT JOIN damaged_blobs d ON d.digest = b.digest "
     "WHERE b.digest > $1 ORDER BY b.digest LIMIT $2"},
    {Query::list_manifest_records, "list_manifest_records", Dialect::common, Cost::page,
     "SELECT m.id, m.repository_id, r.name, m.digest, m.media_type, m.size, b.bytes, b.crc32 FROM manifests m "
     "LEFT JOIN repositories r ON r.id = m.repository_id LEFT JOIN manifest_bytes b ON b.manifest_id = m.id "
     "WHERE m.id > $1 ORDER BY m.id LIMIT $2"},
    {Query::list_reference_records, "list_reference_records", Dialect::common, Cost::page,
     "SELECT digest, role FROM manifest_references WHERE manifest_id = $1 ORDER BY digest, role"},
});

#undef BERTH_KEPT_BY_TAG
#undef BERTH_KEPT_BY_MANIFEST

inline constexpr std::size_t kQueryCount = kQueries.size();

constexpr bool queries_are_in_order() {
  for (std::size_t i = 0; i < kQueryCount; ++i) {
    if (static_cast<std::size_t>(kQueries[i].query) != i) return false;
  }
  return true;
}
static_assert(queries_are_in_order(), "kQueries is indexed by Query");

constexpr const QueryRow& query_row(Query query) { return kQueries[static_cast<std::size_t>(query)]; }

}  // namespace berth::catalog
