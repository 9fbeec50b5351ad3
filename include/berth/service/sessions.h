// Browser sessions: begun by who knows a password, used by the secret in a cookie, ended by signing out, by their user, or by time.
//
// What it is not: the check of the password (auth::Policy::confirm_password), the cookie (the API's), or the bearer that a session is
// traded for (auth::Policy::issue with a SessionCredential). Threads: any worker; calls may block on disk. Errors of every call, beside
// those named: storage_full, io_error, busy.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/auth/access.h"
#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/catalog/sessions.h"

namespace berth::service {

using catalog::Session;

struct SessionOptions {
  std::chrono::seconds idle{12 * 3600};          // over when it was not used for so long
  std::chrono::seconds lifetime{7 * 24 * 3600};  // over in any case
};

struct BegunSession {
  std::int64_t id = 0;
  std::string secret;       // for the cookie; a hash alone stays
  base::TimePoint ends;     // unless it is used
  base::TimePoint longest;  // however much it is used
};

class Sessions {
 public:
  // A user's sessions at once; one more ends the oldest.
  static constexpr std::size_t kMost = 100;

  Sessions(catalog::SessionCatalog& rows, SessionOptions options, const base::Clock& clock)
      : rows_(rows), options_(options), clock_(clock) {}

  // For who has confirmed the password. Errors: unauthorized (it was changed meanwhile, or the user disabled), object_unknown.
  base::Result<BegunSession> begin(const auth::ConfirmedPassword& confirmed, std::string_view address, std::string_view agent);
  // Notes a use: the session goes on for `idle` from now, as far as its lifetime reaches. Errors: unauthorized (none, or over).
  base::Result<Session> use(std::string_view secret);
  // What it was; nullopt when there was none.
  base::Result<std::optional<Session>> end(std::string_view secret);
  // Those that are not over, after the one with the id `after`, 0: from the first.
  [[nodiscard]] base::Result<std::vector<Session>> list(std::int64_t user, std::int64_t after, std::size_t limit);
  // Errors: object_unknown, also for a session of somebody else.
  base::Result<void> end_of(std::int64_t user, std::int64_t id);
  // Regular work: takes away the rows of what is over.
  base::Result<void> tick();

 private:
  catalog::SessionCatalog& rows_;
  SessionOptions options_;
  const base::Clock& clock_;
};

}  // namespace berth::service
