#include "berth/service/sessions.h"

#include <algorithm>

#include "berth/auth/passwords.h"
#include "berth/base/hash.h"
#include "berth/base/sign.h"

namespace berth::service {

using base::ErrorCode;
using base::Result;

namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kLongestAgent = 200;
// A use is written down when the last one is so old: a page that asks every second writes once a minute.
constexpr std::chrono::seconds kNoteEvery{60};
constexpr std::size_t kStep = 1000;

// One line of plain text, whatever the client sent.
std::string plain(std::string_view agent) {
  std::string text(agent.substr(0, kLongestAgent));
  for (char& c : text) c = c < ' ' || c == 0x7f ? '?' : c;
  return text;
}

}  // namespace

Result<BegunSession> Sessions::begin(const auth::ConfirmedPassword& confirmed, std::string_view address, std::string_view agent) {
  const auto now = clock_.now();
  BegunSession begun;
  begun.secret = base::to_base64url(base::random_bytes(kSecretBytes));
  begun.longest = now + options_.lifetime;
  begun.ends = now + std::min(options_.idle, options_.lifetime);
  BERTH_TRY(begun.id, rows_.create_session({.user = confirmed.principal.user,
                                            .hash = auth::session_hash(begun.secret),
                                            .address = std::string(address),
                                            .agent = plain(agent),
                                            .ends = begun.ends,
                                            .password_changed = confirmed.changed},
                                           kMost));
  return begun;
}

Result<Session> Sessions::use(std::string_view secret) {
  const auto now = clock_.now();
  BERTH_TRY(auto session, rows_.find_session_by_hash(auth::session_hash(secret)));
  if (!session || session->ends <= now) return base::fail(ErrorCode::unauthorized, "there is no session; sign in");
  if (session->last_used + kNoteEvery > now) return std::move(*session);
  session->last_used = now;
  session->ends = std::min(now + options_.idle, session->created + options_.lifetime);
  BERTH_CHECK_OK(rows_.use_session(session->id, session->ends));
  return std::move(*session);
}

Result<std::optional<Session>> Sessions::end(std::string_view secret) {
  BERTH_TRY(auto session, rows_.find_session_by_hash(auth::session_hash(secret)));
  if (!session) return std::nullopt;
  const auto ended = rows_.end_session(session->user, session->id);
  if (!ended && ended.error().code() != ErrorCode::object_unknown) return base::fail(ended.error());
  return session;
}

Result<std::vector<Session>> Sessions::list(std::int64_t user, std::int64_t after, std::size_t limit) {
  BERTH_TRY(auto sessions, rows_.list_sessions(user, after, limit));
  std::erase_if(sessions, [now = clock_.now()](const Session& session) { return session.ends <= now; });
  return sessions;
}

Result<void> Sessions::end_of(std::int64_t user, std::int64_t id) { return rows_.end_session(user, id); }

Result<void> Sessions::tick() {
  while (true) {
    BERTH_TRY(const auto removed, rows_.remove_ended_sessions(kStep));
    if (removed < static_cast<std::int64_t>(kStep)) return {};
  }
}

}  // namespace berth::service
