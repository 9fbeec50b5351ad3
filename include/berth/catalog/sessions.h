// Browser sessions as rows: the same file, writer thread and group commit as catalog.h.
//
// What this is: typed questions in, plain structs out. What it is not: a cookie or its secret; a SHA-256 alone comes here, and no listing
// selects it. A session ends by itself with its time, and its user's change of password or standing takes it in the same transaction
// (accounts.h). Ids are never used twice. Threads: any worker thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/base/clock.h"
#include "berth/base/error.h"

namespace berth::catalog {

struct Session {
  std::int64_t id = 0;
  std::int64_t user = 0;
  std::string address;  // of the client that began it
  std::string agent;    // what that called itself
  base::TimePoint created;
  base::TimePoint last_used;
  base::TimePoint ends;  // over from then on
};

struct NewSession {
  std::int64_t user = 0;
  std::string hash;  // SHA-256 of the secret, hex
  std::string address;
  std::string agent;
  base::TimePoint ends;
  base::TimePoint password_changed{};  // of the password that was confirmed; epoch: there is none
};

// Errors of every call: those of Catalog (storage_full, io_error, corrupt, busy). What ends a session raises AccountCatalog::generation().
class SessionCatalog {
 public:
  virtual ~SessionCatalog() = default;

  // Of the user's sessions the newest `most` stay, this one among them. Errors: object_unknown (the user); unauthorized (not active any
  // more, or the password is another one since it was confirmed: no session outlives what ended the others).
  virtual base::Result<std::int64_t> create_session(const NewSession& session, std::size_t most) = 0;
  // Also one whose time is over and whose row is still there.
  [[nodiscard]] virtual base::Result<std::optional<Session>> find_session(std::int64_t id) = 0;
  [[nodiscard]] virtual base::Result<std::optional<Session>> find_session_by_hash(std::string_view hash) = 0;
  // By id, after `after` (0 = from the first), at most `limit`.
  [[nodiscard]] virtual base::Result<std::vector<Session>> list_sessions(std::int64_t user, std::int64_t after,
                                                                         std::size_t limit) = 0;
  // Notes a use, now, and when the session ends by it. Does not raise the generation: nothing that was true becomes false.
  virtual base::Result<void> use_session(std::int64_t id, base::TimePoint ends) = 0;
  // Errors: object_unknown, also for a session of another user.
  virtual base::Result<void> end_session(std::int64_t user, std::int64_t id) = 0;
  // Takes away at most `limit` sessions whose time is over; how many those were.
  virtual base::Result<std::int64_t> remove_ended_sessions(std::size_t limit) = 0;
};

}  // namespace berth::catalog
