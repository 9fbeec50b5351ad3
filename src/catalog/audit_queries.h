// Statements of the audit log and its exports (queries.h has the rules).
#pragma once

#include <array>

#include "catalog/query_names.h"

namespace berth::catalog {

inline constexpr auto kAuditQueries = std::to_array<QueryRow>({
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
    {Query::find_export_of_rows, "find_export_of_rows", Dialect::common, Cost::page,
     "SELECT 1 FROM audit_exports WHERE id > $1 AND (state = 0 OR (first_seq <= $2 AND last_seq >= $3)) LIMIT 1"},
    {Query::find_old_export, "find_old_export", Dialect::common, Cost::page,
     "SELECT 1 FROM audit_exports WHERE id > $1 AND requested_at < $2 LIMIT 1"},
    {Query::delete_old_exports, "delete_old_exports", Dialect::common, Cost::page,
     "DELETE FROM audit_exports WHERE id > $1 AND requested_at < $2"},
});

}  // namespace berth::catalog
