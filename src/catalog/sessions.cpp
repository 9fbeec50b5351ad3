#include "catalog/sessions.h"

#include "catalog/account_rows.h"

namespace berth::catalog {

using base::ErrorCode;
using base::Result;

namespace {

Session session_of(const Rows& rows) {
  return {rows.integer(0),
          rows.integer(1),
          std::string(rows.text(2)),
          std::string(rows.text(3)),
          base::from_unix_micros(rows.integer(4)),
          base::from_unix_micros(rows.integer(5)),
          base::from_unix_micros(rows.integer(6))};
}

Result<void> check_still_confirmed(Connection& c, const NewSession& session) {
  BERTH_TRY(const auto user, first_row(c, Query::find_user, {session.user}, user_of));
  if (!user) return base::fail(ErrorCode::object_unknown, "there is no user " + std::to_string(session.user));
  BERTH_TRY(const auto changed,
            first_row(c, Query::find_password, {session.user}, [](const Rows& rows) { return rows.integer(2); }));
  const bool same = base::from_unix_micros(changed.value_or(0)) == session.password_changed;
  if (same && user->standing == Standing::active) return {};
  return base::fail(ErrorCode::unauthorized, "the credentials are not valid");
}

}  // namespace

Result<std::int64_t> SqliteSessions::create_session(const NewSession& session, std::size_t most) {
  std::int64_t made = 0;
  std::int64_t removed = 0;
  const auto done = connections_.writer.run([&](Connection& c) -> Result<void> {
    BERTH_CHECK_OK(check_still_confirmed(c, session));
    const auto now = connections_.now();
    BERTH_TRY(const auto id, c.find_integer(Query::insert_session,
                                            {session.user, std::string_view(session.hash), std::string_view(session.address),
                                             std::string_view(session.agent), now, now, base::to_unix_micros(session.ends)}));
    made = id.value_or(0);
    BERTH_TRY(removed, c.run(Query::delete_oldest_sessions, {session.user, static_cast<std::int64_t>(most)}));
    return {};
  });
  if (removed != 0) generation_.fetch_add(1);
  if (!done) return base::fail(done.error());
  return made;
}

Result<std::optional<Session>> SqliteSessions::find_session(std::int64_t id) {
  return connections_.readers.with([&](Connection& c) { return first_row(c, Query::find_session, {id}, session_of); });
}

Result<std::optional<Session>> SqliteSessions::find_session_by_hash(std::string_view hash) {
  return connections_.readers.with([&](Connection& c) { return first_row(c, Query::find_session_by_hash, {hash}, session_of); });
}

Result<std::vector<Session>> SqliteSessions::list_sessions(std::int64_t user, std::int64_t after, std::size_t limit) {
  return connections_.readers.with([&](Connection& c) {
    return all_rows(c, Query::list_sessions, {user, after, static_cast<std::int64_t>(limit)}, session_of);
  });
}

Result<void> SqliteSessions::use_session(std::int64_t id, base::TimePoint ends) {
  return connections_.writer.run(
      [&](Connection& c) -> Result<void> {
        BERTH_TRY([[maybe_unused]] const auto used,
                  c.run(Query::use_session, {connections_.now(), base::to_unix_micros(ends), id}));
        return {};
      },
      Writer::Effect::bookkeeping);
}

Result<void> SqliteSessions::end_session(std::int64_t user, std::int64_t id) {
  const auto done = connections_.writer.run([&](Connection& c) -> Result<void> {
    BERTH_TRY(const auto ended, c.run(Query::delete_session, {user, id}));
    if (ended == 0) return base::fail(ErrorCode::object_unknown, "there is no session " + std::to_string(id) + " here");
    return {};
  });
  generation_.fetch_add(1);
  return done;
}

Result<std::int64_t> SqliteSessions::remove_ended_sessions(std::size_t limit) {
  std::int64_t removed = 0;
  BERTH_CHECK_OK(connections_.writer.run(
      [&](Connection& c) -> Result<void> {
        BERTH_TRY(removed, c.run(Query::delete_ended_sessions, {connections_.now(), static_cast<std::int64_t>(limit)}));
        return {};
      },
      Writer::Effect::bookkeeping));
  return removed;
}

}  // namespace berth::catalog
