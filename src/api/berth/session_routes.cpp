// Browser sessions: signing in and out at /api/v1/session, the one place that knows the cookie, and the list of one's own.
#include "api/accounts.h"
#include "api/answers.h"
#include "api/berth/body.h"
#include "api/berth/cookie.h"
#include "api/berth/face.h"

namespace berth::api {

namespace {

using base::ErrorCode;
using base::OrderedJson;
using http::Method;

constexpr std::size_t kMaxBody = 16UL * 1024;
constexpr std::string_view kPath = "/api/v1/session";

base::Result<service::Sessions*> sessions_of(const Services& services, const Call& call) {
  BERTH_TRY([[maybe_unused]] const auto accounts, accounts_of(services, call));
  return services.sessions;
}

void note_end(const Services& services, service::Origin by) {
  std::string subject = by.principal;
  services.audit.note(
      {.kind = service::AuditKind::sign_out, .by = std::move(by), .org = {}, .subject = std::move(subject), .detail = {}});
}

// What the request's cookie opens. A page that signs in anew has done with what it had before.
base::Result<void> end_old(const Services& services, const Call& call) {
  const auto old = find_session_cookie(call.request);
  if (!old) return {};
  BERTH_TRY(const auto ended, services.sessions->end(*old));
  if (ended) note_end(services, {service::user_subject(ended->user), 0, call.request.peer, call.request.id});
  return {};
}

base::Result<Answer> sign_in(const Services& services, Call& call) {
  BERTH_TRY(auto* sessions, sessions_of(services, call));
  const auto base = services.links.base(call.request);
  BERTH_CHECK_OK(check_origin(call.request, base));
  BERTH_TRY(const auto body, Body::parse(call, {"email", "password"}));
  BERTH_TRY(const auto email, body.text("email"));
  BERTH_TRY(const auto password, body.text("password"));
  BERTH_TRY(const auto confirmed,
            services.policy.confirm_password({email, base::Secret(password)}, {call.request.peer, call.request.id}));
  if (confirmed.state == auth::PasswordState::must_change) {
    return base::fail(ErrorCode::password_must_change, "the password must be changed first: POST /api/v1/me/password");
  }
  call.principal = confirmed.principal;
  BERTH_CHECK_OK(end_old(services, call));
  BERTH_TRY(const auto begun, sessions->begin(confirmed, call.request.peer, call.request.fields.find("User-Agent").value_or("")));
  auto response = json_answer(
      201, OrderedJson{
               {"id", begun.id}, {"ends", base::format_rfc3339(begun.ends)}, {"longest", base::format_rfc3339(begun.longest)}});
  response.fields.add("Location", services.links.prefixed("/api/v1/me/sessions/") + std::to_string(begun.id));
  response.fields.add("Cache-Control", "no-store");
  const auto life = begun.longest - call.request.received;
  response.fields.add("Set-Cookie", session_cookie(begun.secret, life, base, services.links.prefixed(kPath)));
  return response;
}

base::Result<Answer> get_bearer(const Services& services, Call& call) {
  BERTH_TRY(auto* sessions, sessions_of(services, call));
  BERTH_CHECK_OK(check_origin_if_given(call.request, services.links.base(call.request)));
  const auto secret = find_session_cookie(call.request);
  if (!secret) return base::fail(ErrorCode::unauthorized, "there is no session; sign in");
  BERTH_TRY(const auto session, sessions->use(*secret));
  auth::TokenRequest wanted;
  wanted.credential = auth::SessionCredential{base::Secret(*secret)};
  wanted.peer = call.request.peer;
  wanted.request = call.request.id;
  wanted.service = "ngc";
  BERTH_TRY(const auto issued, services.policy.issue(wanted));
  auto response = json_answer(200, OrderedJson{{"token", issued.token},
                                               {"token_type", "Bearer"},
                                               {"expires_in", issued.lifetime.count()},
                                               {"issued_at", base::format_rfc3339(issued.issued)},
                                               {"id", session.id},
                                               {"ends", base::format_rfc3339(session.ends)}});
  response.fields.add("Cache-Control", "no-store");
  return response;
}

base::Result<Answer> sign_out(const Services& services, Call& call) {
  BERTH_TRY([[maybe_unused]] auto* sessions, sessions_of(services, call));
  const auto base = services.links.base(call.request);
  BERTH_CHECK_OK(check_origin(call.request, base));
  BERTH_CHECK_OK(end_old(services, call));
  http::Response response;
  response.status = 204;
  response.fields.add("Set-Cookie", session_cookie({}, std::chrono::seconds(0), base, services.links.prefixed(kPath)));
  return response;
}

base::Result<Answer> list_sessions(const Services& services, Call& call) {
  BERTH_TRY(auto* sessions, sessions_of(services, call));
  BERTH_CHECK_OK(service::Accounts::check_in_person(call.principal));
  // All of them: a user has no more than Sessions::kMost.
  BERTH_TRY(const auto found, sessions->list(call.principal.user, 0, service::Sessions::kMost));
  auto list = OrderedJson::array();
  for (const auto& session : found) {
    list.push_back({{"id", session.id},
                    {"address", session.address},
                    {"agent", session.agent},
                    {"created", base::format_rfc3339(session.created)},
                    {"last_used", base::format_rfc3339(session.last_used)},
                    {"ends", base::format_rfc3339(session.ends)},
                    {"current", session.id == call.principal.session}});
  }
  return json_answer(200, OrderedJson{{"sessions", std::move(list)}});
}

base::Result<Answer> end_session(const Services& services, Call& call) {
  BERTH_TRY(auto* sessions, sessions_of(services, call));
  BERTH_CHECK_OK(service::Accounts::check_in_person(call.principal));
  BERTH_TRY(const auto id, call.id("a session"));
  BERTH_CHECK_OK(sessions->end_of(call.principal.user, id));
  note_end(services, call.origin());
  http::Response response;
  response.status = 204;
  return response;
}

}  // namespace

const std::vector<Route>& session_routes() {
  using enum ErrorCode;
  constexpr std::string_view kSpec = "CONTRACTS.md, Addresses";
  static const std::vector<Route> kRoutes = {
      {
          .name = "session.begin",
          .spec = kSpec,
          .methods = {Method::post},
          .path = kPath,
          .access = Access::everyone(),  // the password is the credential
          .body = BodyRule::buffered(kMaxBody, body_too_large),
          .parameters = {{"Origin", Parameter::Where::header, "origin", "This registry's own; any other is denied."}},
          .replies = {{201, "application/json", "Signed in; the cookie goes to this path alone.",
                       "Location, Set-Cookie, Cache-Control"}},
          .errors = {parameter_invalid, body_too_large, password_must_change, unsupported},
          .summary = "Sign in with a browser: {\"email\",\"password\"}",
          .handler = sign_in,
      },
      {
          .name = "session.bearer",
          .spec = kSpec,
          .methods = {Method::get},
          .path = kPath,
          .access = Access::everyone(),  // the cookie is the credential
          .body = BodyRule::none(),
          .parameters = {{"Origin", Parameter::Where::header, "origin", "If it comes, this registry's own."}},
          .replies = {{200, "application/json", "A bearer of 900 s for every other route; it ends with the session.",
                       "Cache-Control"}},
          .errors = {unsupported},
          .summary = "Trade the session's cookie for a bearer",
          .handler = get_bearer,
      },
      {
          .name = "session.end",
          .spec = kSpec,
          .methods = {Method::delete_},
          .path = kPath,
          .access = Access::everyone(),
          .body = BodyRule::none(),
          .parameters = {{"Origin", Parameter::Where::header, "origin", "This registry's own; any other is denied."}},
          .replies = {{204, "", "Signed out, and every bearer of the session with it.", "Set-Cookie"}},
          .errors = {unsupported},
          .summary = "Sign out",
          .handler = sign_out,
      },
      {
          .name = "me.sessions.list",
          .spec = kSpec,
          .methods = {Method::get},
          .path = "/api/v1/me/sessions",
          .access = Access::account(),
          .body = BodyRule::none(),
          .replies = {{200, "application/json", "Where one is signed in. Not with a key.", ""}},
          .errors = {unsupported},
          .summary = "One's own browser sessions",
          .handler = list_sessions,
      },
      {
          .name = "me.sessions.end",
          .spec = kSpec,
          .methods = {Method::delete_},
          .path = "/api/v1/me/sessions/{id}",
          .access = Access::account(),
          .body = BodyRule::none(),
          .replies = {{204, "", "It is over, and every bearer of it. Not with a key.", ""}},
          .errors = {object_unknown, unsupported},
          .summary = "End one of one's own sessions",
          .handler = end_session,
      },
  };
  return kRoutes;
}

}  // namespace berth::api
