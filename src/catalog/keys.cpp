// Keys: what they hold, and when they end.
#include "catalog/accounts.h"

#include "berth/catalog/subjects.h"
#include "catalog/account_rows.h"

namespace berth::catalog {

using base::fail;
using base::Result;

namespace {

Value owner(std::int64_t id) {
  if (id == 0) return std::monostate{};
  return id;
}

Result<void> check_most(Connection& connection, const NewKey& key, std::int64_t now) {
  if (key.most == 0 || key.kind != KeyKind::personal) return {};
  BERTH_TRY(const auto live, connection.find_integer(Query::count_live_keys, {key.user, now, key.instead_of}));
  if (live.value_or(0) < key.most) return {};
  return fail(base::ErrorCode::conflict,
              "there are " + text_of(*live) + " live keys already, as many as one user may have; end one first");
}

Result<AuditEvent> key_event(Connection& connection, AuditKind kind, std::int64_t id, const Origin& by) {
  AuditEvent event{.kind = kind, .by = by, .org = {}, .subject = key_subject(id), .detail = {}};
  BERTH_TRY(const auto key, first_row(connection, Query::find_key, {id}, key_of));
  if (!key) return event;
  if (key->user != 0) event.detail.emplace_back(AuditField::owner, user_subject(key->user));
  if (key->org == 0) return event;
  BERTH_TRY(auto org, get_org(connection, key->org));
  event.org = std::move(org.name);
  return event;
}

}  // namespace

Result<std::int64_t> SqliteAccounts::create_key(const NewKey& key, const Origin& by) {
  const std::string actions = join(key.actions);
  const std::string repositories = join(key.repositories);
  return change_to<std::int64_t>([&](Connection& c) -> Result<std::int64_t> {
    const auto at = now();
    if (key.user != 0) {
      BERTH_TRY(const bool there, c.exists(Query::find_user, {key.user}));
      if (!there) return fail(unknown("user " + text_of(key.user)).error());
    }
    BERTH_CHECK_OK(check_most(c, key, at));
    std::string org;
    if (key.org != 0) {
      BERTH_TRY(const auto home, get_org(c, key.org));
      org = home.name;
    }
    if (key.kind == KeyKind::legacy) {
      BERTH_TRY([[maybe_unused]] const auto revoked, c.run(Query::revoke_legacy_keys, {at, key.user}));
    }
    BERTH_TRY(const auto id, insert(c, Query::insert_key,
                                    {static_cast<std::int64_t>(key.kind), owner(key.user), owner(key.org),
                                     std::string_view(key.name), std::string_view(key.hash), std::string_view(actions),
                                     std::string_view(repositories), at, time_or_null(key.expires)}));
    AuditDetail detail = {{AuditField::kind, std::string(key_kind_name(key.kind))}};
    if (key.user != 0) detail.emplace_back(AuditField::owner, user_subject(key.user));
    if (!actions.empty()) detail.emplace_back(AuditField::actions, actions);
    if (!repositories.empty()) detail.emplace_back(AuditField::repositories, repositories);
    if (key.expires) detail.emplace_back(AuditField::expires, base::format_rfc3339(*key.expires));
    BERTH_CHECK_OK(audit(
        c, {.kind = AuditKind::key_created, .by = by, .org = org, .subject = key_subject(id), .detail = std::move(detail)}));
    return id;
  });
}

Result<std::optional<Key>> SqliteAccounts::find_key(std::int64_t id) {
  return readers_.with([&](Connection& c) { return first_row(c, Query::find_key, {id}, key_of); });
}

Result<std::optional<Key>> SqliteAccounts::find_key_by_hash(std::string_view hash) {
  return readers_.with([&](Connection& c) { return first_row(c, Query::find_key_by_hash, {hash}, key_of); });
}

Result<std::vector<Key>> SqliteAccounts::list_keys(const KeyHolder& holder, std::int64_t after, std::size_t limit) {
  const auto most = static_cast<std::int64_t>(limit);
  return readers_.with([&](Connection& c) {
    if (holder.user != 0) return all_rows(c, Query::list_keys_of_user, {holder.user, after, holder.org, most}, key_of);
    return all_rows(c, Query::list_keys_of_org, {holder.org, after, most}, key_of);
  });
}

Result<void> SqliteAccounts::revoke_key(std::int64_t id, const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    BERTH_CHECK_OK(must_change(c, Query::revoke_key, {now(), id}, "key " + text_of(id)));
    BERTH_TRY(const auto event, key_event(c, AuditKind::key_revoked, id, by));
    return audit(c, event);
  });
}

Result<void> SqliteAccounts::set_key_expiry(std::int64_t id, base::TimePoint expires, const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    const auto end = base::to_unix_micros(expires);
    BERTH_CHECK_OK(must_change(c, Query::set_key_expiry, {end, id}, "key " + text_of(id)));
    BERTH_TRY(auto event, key_event(c, AuditKind::key_expiry_set, id, by));
    event.detail.emplace_back(AuditField::expires, base::format_rfc3339(expires));
    return audit(c, event);
  });
}

Result<void> SqliteAccounts::touch_keys(const std::vector<std::pair<std::int64_t, base::TimePoint>>& uses) {
  if (uses.empty()) return {};
  return writer_.run(
      [&](Connection& c) -> Result<void> {
        for (const auto& [id, at] : uses) {
          BERTH_TRY([[maybe_unused]] const auto touched, c.run(Query::touch_key, {base::to_unix_micros(at), id}));
        }
        return {};
      },
      Writer::Effect::bookkeeping);
}

}  // namespace berth::catalog
