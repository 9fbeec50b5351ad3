// The SessionCatalog over the catalog's own connections.
#pragma once

#include <atomic>

#include "berth/catalog/sessions.h"
#include "catalog/sqlite_parts.h"

namespace berth::catalog {

class SqliteSessions final : public SessionCatalog {
 public:
  // `generation`: that of accounts.
  SqliteSessions(SqliteConnections connections, std::atomic<std::uint64_t>& generation)
      : connections_(connections), generation_(generation) {}

  base::Result<std::int64_t> create_session(const NewSession& session, std::size_t most) override;
  base::Result<std::optional<Session>> find_session(std::int64_t id) override;
  base::Result<std::optional<Session>> find_session_by_hash(std::string_view hash) override;
  base::Result<std::vector<Session>> list_sessions(std::int64_t user, std::int64_t after, std::size_t limit) override;
  base::Result<void> use_session(std::int64_t id, base::TimePoint ends) override;
  base::Result<void> end_session(std::int64_t user, std::int64_t id) override;
  base::Result<std::int64_t> remove_ended_sessions(std::size_t limit) override;

 private:
  SqliteConnections connections_;
  std::atomic<std::uint64_t>& generation_;
};

}  // namespace berth::catalog
