// Statements of people, organisations, teams, roles, invitations, keys, sessions, and what repositories are open to (queries.h has the
// rules).
#pragma once

#include <array>

#include "catalog/query_names.h"

namespace berth::catalog {

inline constexpr auto kAccountQueries = std::to_array<QueryRow>({
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
     "INSERT INTO orgs (name, display_name, description, created_at) VALUES ($1, $2, $3, $4) RETURNING id"},
    {Query::find_org, "find_org", Dialect::common, Cost::lookup,
     "SELECT id, name, display_name, description FROM orgs WHERE name = $1"},
    {Query::find_org_by_id, "find_org_by_id", Dialect::common, Cost::lookup,
     "SELECT id, name, display_name, description FROM orgs WHERE id = $1"},
    {Query::change_org, "change_org", Dialect::common, Cost::lookup,
     "UPDATE orgs SET display_name = COALESCE($1, display_name), description = COALESCE($2, description) WHERE id = $3"},
    {Query::list_orgs, "list_orgs", Dialect::common, Cost::page,
     "SELECT id, name, display_name, description FROM orgs WHERE name > $1 ORDER BY name LIMIT $2"},
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
     "SELECT m.org_id, o.name, o.display_name, m.team_id, COALESCE(t.name, ''), COALESCE(t.description, ''), m.role, "
     "o.description FROM "
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
    {Query::count_live_keys, "count_live_keys", Dialect::common, Cost::page,
     "SELECT count(*) FROM api_keys WHERE user_id = $1 AND user_id IS NOT NULL AND kind = 0 AND revoked_at IS NULL AND "
     "(expires_at IS NULL OR expires_at > $2) AND id <> $3"},
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
     "SELECT id, visibility, NULL, NULL FROM repositories WHERE name = $1"},
    {Query::find_place, "find_place", Dialect::common, Cost::lookup,
     "SELECT r.id, r.visibility, o.id, t.id FROM orgs o LEFT JOIN repositories r ON r.name = $1 LEFT JOIN teams t ON t.org_id = "
     "o.id AND t.name = $2 WHERE o.name = $3"},
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
});

}  // namespace berth::catalog
