// What rows say of users, keys and places, kept in memory for as long as it is true.
//
// Every entry carries the generation that was current before its rows were read; it counts only while that is still the newest. The
// catalog raises the number after a commit and before it acknowledges, so an entry can be stale for nobody who was told of the change.
// Bounded: a full table starts anew. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "berth/auth/decision.h"
#include "berth/base/synced.h"
#include "berth/catalog/catalog.h"
#include "berth/catalog/sessions.h"

namespace berth::auth {

struct UserRecord {
  catalog::User user;
  std::shared_ptr<const Rights> rights;
};
struct KeyRecord {
  catalog::Key key;
  std::shared_ptr<const Ceiling> ceiling;
};

class Directory {
 public:
  explicit Directory(catalog::Catalog& catalog) : catalog_(catalog), accounts_(catalog.accounts()) {}

  // nullptr when there is none.
  base::Result<std::shared_ptr<const UserRecord>> find_user(std::int64_t id);
  base::Result<std::shared_ptr<const KeyRecord>> find_key(std::int64_t id);
  base::Result<std::shared_ptr<const KeyRecord>> find_key_by_hash(const std::string& hash);
  base::Result<std::shared_ptr<const catalog::Session>> find_session(std::int64_t id);
  base::Result<catalog::Place> find_place(const catalog::PlaceName& name);
  [[nodiscard]] std::uint64_t generation() const { return accounts_.generation(); }

 private:
  // So many that 100,000 active users find themselves, with a key and ten roles each in 130 MB.
  static constexpr std::size_t kMost = 131'072;

  template <typename Key, typename Value>
  struct Table {
    using Entries = std::unordered_map<Key, Value>;
    std::uint64_t generation = 0;
    Entries entries;

    const Value* find(const Key& key, std::uint64_t now) const {
      if (generation != now) return nullptr;
      const auto found = entries.find(key);
      return found == entries.end() ? nullptr : &found->second;
    }
    // What is no longer true, to be let go when nobody waits for the table any more.
    [[nodiscard]] Entries put(const Key& key, Value value, std::uint64_t read_at) {
      Entries dropped;
      if (generation > read_at) return dropped;
      if (generation < read_at || entries.size() >= kMost) dropped.swap(entries);
      generation = read_at;
      entries.insert_or_assign(key, std::move(value));
      return dropped;
    }
  };
  // The entry, or what `read` gives, kept.
  template <typename Key, typename Value, typename F>
  static base::Result<Value> look(base::Synced<Table<Key, Value>>& table, const Key& key, std::uint64_t now, F&& read);

  catalog::Catalog& catalog_;
  catalog::AccountCatalog& accounts_;
  base::Synced<Table<std::int64_t, std::shared_ptr<const UserRecord>>> users_;
  base::Synced<Table<std::int64_t, std::shared_ptr<const KeyRecord>>> keys_;
  base::Synced<Table<std::string, std::shared_ptr<const KeyRecord>>> keys_by_hash_;
  base::Synced<Table<std::int64_t, std::shared_ptr<const catalog::Session>>> sessions_;
  base::Synced<Table<std::string, catalog::Place>> places_;
};

}  // namespace berth::auth
