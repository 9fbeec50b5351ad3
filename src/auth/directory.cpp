#include "auth/directory.h"

namespace berth::auth {

namespace {

// A name that this version does not know (a newer one wrote it) allows nothing.
ActionSet actions_of(const catalog::Key& key) {
  if (key.actions.empty()) return ActionSet::all();
  ActionSet actions;
  for (const auto& name : key.actions) {
    if (const auto action = find_action(name)) actions.add(*action);
  }
  return actions;
}

std::shared_ptr<const KeyRecord> record_of(std::optional<catalog::Key> key) {
  if (!key) return nullptr;
  auto ceiling = std::make_shared<const Ceiling>(Ceiling{key->org, actions_of(*key), key->repositories});
  return std::make_shared<const KeyRecord>(KeyRecord{std::move(*key), std::move(ceiling)});
}

}  // namespace

template <typename Key, typename Value, typename F>
base::Result<Value> Directory::look(base::Synced<Table<Key, Value>>& table, const Key& key, std::uint64_t now, F&& read) {
  auto kept = table.with([&](const Table<Key, Value>& t) -> std::optional<Value> {
    const auto* value = t.find(key, now);
    if (value == nullptr) return std::nullopt;
    return *value;
  });
  if (kept) return std::move(*kept);
  BERTH_TRY(Value value, read());
  const auto dropped = table.with([&](Table<Key, Value>& t) { return t.put(key, value, now); });
  return value;
}

base::Result<std::shared_ptr<const UserRecord>> Directory::find_user(std::int64_t id) {
  return look(users_, id, accounts_.generation(), [&]() -> base::Result<std::shared_ptr<const UserRecord>> {
    BERTH_TRY(auto user, accounts_.find_user(id));
    if (!user) return nullptr;
    BERTH_TRY(auto grants, accounts_.list_grants(id));
    auto rights = std::make_shared<const Rights>(Rights{user->rank, std::move(grants)});
    return std::make_shared<const UserRecord>(UserRecord{std::move(*user), std::move(rights)});
  });
}

base::Result<std::shared_ptr<const KeyRecord>> Directory::find_key(std::int64_t id) {
  return look(keys_, id, accounts_.generation(), [&]() -> base::Result<std::shared_ptr<const KeyRecord>> {
    BERTH_TRY(auto key, accounts_.find_key(id));
    return record_of(std::move(key));
  });
}

base::Result<std::shared_ptr<const KeyRecord>> Directory::find_key_by_hash(const std::string& hash) {
  return look(keys_by_hash_, hash, accounts_.generation(), [&]() -> base::Result<std::shared_ptr<const KeyRecord>> {
    BERTH_TRY(auto key, accounts_.find_key_by_hash(hash));
    return record_of(std::move(key));
  });
}

// Uses move a session's end on without raising the number: what is kept may say an earlier end than the row, and never a later one.
base::Result<std::shared_ptr<const catalog::Session>> Directory::find_session(std::int64_t id) {
  return look(sessions_, id, accounts_.generation(), [&]() -> base::Result<std::shared_ptr<const catalog::Session>> {
    BERTH_TRY(auto session, catalog_.sessions().find_session(id));
    if (!session) return nullptr;
    return std::make_shared<const catalog::Session>(std::move(*session));
  });
}

// A place changes with accounts and with pushes and deletions; each change of accounts is a change of the catalog too.
base::Result<catalog::Place> Directory::find_place(const catalog::PlaceName& name) {
  // No name of a repository begins with a slash, so organisations and teams stand beside them.
  const auto key =
      name.repository.empty() ? '/' + std::string(name.org) + '/' + std::string(name.team) : std::string(name.repository);
  return look(places_, key, catalog_.generation(), [&] { return accounts_.find_place(name); });
}

}  // namespace berth::auth
