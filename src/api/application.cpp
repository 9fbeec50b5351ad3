// The pipeline: match → limits → authenticate → authorize → decode → handle → encode → account. One function per station, in that order.
#include "berth/api/application.h"

#include <algorithm>
#include <exception>

#include "api/call.h"
#include "api/caller_limits.h"
#include "api/credentials.h"
#include "api/memory.h"
#include "api/router.h"
#include "berth/api/errors.h"
#include "berth/api/routes.h"
#include "berth/base/log.h"
#include "berth/base/metrics.h"
#include "berth/base/secret.h"

namespace berth::api {

using base::ErrorCode;
using base::metrics::Metric;

namespace {

// A failure that the operator must see; what clients do wrong is in the access log by its status.
void log_failure(const http::Request& request, const base::Error& error) {
  base::metrics::add(Metric::errors, 1, {base::error_code_name(error.code())});
  if (error_row(error.code()).status < 500 && error.context().empty()) return;
  const auto level = error_row(error.code()).status < 500 ? base::log::Level::debug : base::log::Level::error;
  base::log::write(level, "request failed",
                   {{"request_id", request.id},
                    {"code", base::error_code_name(error.code())},
                    {"message", error.message()},
                    {"context", error.context()}});
}

// Renders in the dialect of the path's face.
http::Response render(const http::Request& request, const base::Error& error) {
  log_failure(request, error);
  return face_of(request.path()).render(request, error);
}

// The one catch-all at the worker boundary: our code throws nothing, but memory can run out inside a library.
template <typename F>
http::Response guarded(const http::Request& request, F&& f) {
  try {
    base::Result<http::Response> response = f();
    if (response) return std::move(*response);
    return render(request, response.error());
  } catch (const std::exception& e) {
    return render(request, base::Error(ErrorCode::internal, "the registry failed; the log has the cause under the request id")
                               .in(std::string("exception: ") + e.what()));
  }
}

// A streamed body on its way to a handler's Intake.
class StreamedConsumer final : public http::BodyConsumer {
 public:
  StreamedConsumer(http::Request request, std::unique_ptr<Intake> intake, std::shared_ptr<void> held)
      : request_(std::move(request)), intake_(std::move(intake)), held_(std::move(held)) {}

  std::optional<http::Response> write(base::ByteView bytes) override {
    bool more = false;
    auto response = guarded(request_, [&]() -> base::Result<http::Response> {
      BERTH_CHECK_OK(intake_->take(bytes));
      more = true;
      return http::Response{};
    });
    if (more) return std::nullopt;
    return response;
  }
  http::Response finish() override {
    return guarded(request_, [&] { return intake_->finish(); });
  }
  void abandon() override { intake_->abandon(); }

 private:
  http::Request request_;
  std::unique_ptr<Intake> intake_;
  std::shared_ptr<void> held_;  // a transfer of its caller, until this is gone
};

// A file that is in hand as long as `held` is held.
std::shared_ptr<const base::File> held_with(std::shared_ptr<const base::File> file, std::shared_ptr<void> held) {
  const base::File* bare = file.get();
  return {std::make_shared<std::pair<std::shared_ptr<const base::File>, std::shared_ptr<void>>>(std::move(file), std::move(held)),
          bare};
}

// Whose share a request is taken from: guests are told apart by their address.
std::string_view share_of(const auth::Principal& principal, const http::Request& request) {
  return principal.kind == auth::Principal::Kind::guest ? std::string_view(request.peer) : std::string_view(principal.name);
}

// A small body, collected and then given to the handler whole.
class BufferedConsumer final : public http::BodyConsumer {
 public:
  BufferedConsumer(const Services& services, std::shared_ptr<const http::Request> request, Call call)
      : services_(services), request_(std::move(request)), call_(std::move(call)) {
    // Growing by doubling would hold a large manifest three times; the length was held against the limit before.
    if (request_->content_length) call_.body.reserve(*request_->content_length);
  }
  // It may have been a form with a password.
  ~BufferedConsumer() override { base::wipe(call_.body); }
  BufferedConsumer(const BufferedConsumer&) = delete;
  BufferedConsumer& operator=(const BufferedConsumer&) = delete;

  std::optional<http::Response> write(base::ByteView bytes) override {
    if (call_.body.size() + bytes.size() > call_.route.body.limit) return render(*request_, over_limit(call_.route));
    call_.body += base::as_text(bytes);
    return std::nullopt;
  }
  http::Response finish() override {
    return guarded(*request_, [&]() -> base::Result<http::Response> {
      BERTH_TRY(auto answer, call_.route.handler(services_, call_));
      return std::get<http::Response>(std::move(answer));
    });
  }
  void abandon() override {}

  static base::Error over_limit(const Route& route) {
    return {route.body.over,
            "the body is larger than " + std::to_string(route.body.limit) + " bytes, the limit of this resource"};
  }

 private:
  const Services& services_;
  std::shared_ptr<const http::Request> request_;  // what call_ refers to
  Call call_;
};

bool is_on(Surface surface, Place place) {
  if (surface == Surface::all) return true;
  return (surface == Surface::operations) == (place == Place::operations);
}

class Application final : public http::Handler {
 public:
  Application(Services services, RecallOptions recall, CallerLimitOptions limits, Surface surface)
      : services_(std::move(services)),
        // The operators' own listener is nobody else's, so nothing stands before its paths.
        prefix_(surface == Surface::operations ? std::string() : services_.links.prefix),
        router_(faces(), prefix_, [surface](const Route& route) { return is_on(surface, route.place); }),
        memory_(recall.bytes),
        memory_life_(recall.life),
        caller_limits_(limits) {}

  std::shared_ptr<const http::Response> recall(const http::Request& request) override;
  http::Outcome begin(const http::Request& request) override;

  http::Response render_error(const http::Request& request, const base::Error& error) override { return render(request, error); }

  void account(const http::Request& request, const http::Account& account) override;

 private:
  base::Result<http::Outcome> run(const http::Request& request);
  // match
  base::Result<Match> find_route(const http::Request& request, std::string& allow) const;
  // Why there is no route.
  [[nodiscard]] std::string nothing_at(std::string_view path) const;
  // limits
  static base::Result<void> check_body(const Route& route, const http::Request& request);
  // decode: the name first, as authorisation needs it
  static base::Result<std::optional<oci::RepositoryName>> decode_name(const Match& match);
  // authenticate: a credential that is not good makes a guest, so that what is open to everybody stays open
  struct Caller {
    auth::Principal principal;
    std::optional<base::Error> refused;  // why the credential was not taken
  };
  base::Result<Caller> identify(const Route& route, const http::Request& request) const;
  // authorize
  base::Result<void> authorize(const Access& access, const auth::Principal& principal, const auth::Scope& scope) const;
  // Whether Access::also_pull_if is granted. Errors: unauthorized: the token was not asked for with that repository, and another could be.
  base::Result<bool> also_granted(const Access& access, const auth::Principal& principal, const Query& query) const;
  // limits, of what changes something: after authorisation, so that it tells nothing to those who may not
  [[nodiscard]] base::Result<void> check_writable(const Access& access, http::Method method) const;
  // The answer to a request that was not allowed, with a challenge where credentials could help.
  http::Response refuse(const http::Request& request, const Match& match, const std::optional<oci::RepositoryName>& name,
                        const Query& query, const Caller& caller, const base::Error& error) const;

  // The audit log's line of somebody who is known and may not. What credentials could help with is a challenge, and no event.
  void note_refusal(const http::Request& request, const Match& match, const std::optional<oci::RepositoryName>& name,
                    const auth::Principal& principal) const;

  // account, of an answer that may be given again
  struct Asked {
    std::uint64_t generation = 0;  // before anything was read
    std::optional<base::TimePoint> credential_until;
    std::string principal;
  };
  void remember(const Call& call, const Asked& asked, http::Response& response);
  std::shared_ptr<service::PullEntry> pull_entry(const Call& call, const http::Response& response) const;

  Services services_;
  const std::string prefix_;
  Router router_;
  AnswerMemory memory_;
  const std::chrono::milliseconds memory_life_;
  CallerLimits caller_limits_;
};

std::shared_ptr<const http::Response> Application::recall(const http::Request& request) {
  thread_local Question question;
  if (!put_question(request, question)) return nullptr;
  auto known = memory_.find(question);
  if (!known || known->generation != services_.freshness.generation() || known->until <= request.received) return nullptr;
  // What is too much is counted here and said by begin().
  if (!caller_limits_.request_from(request.peer, request.received)) return nullptr;
  if (!caller_limits_.request_by(known->principal, request.received)) return nullptr;
  if (known->pull) known->pull->add(request.received);
  return {known, &known->response};
}

std::shared_ptr<service::PullEntry> Application::pull_entry(const Call& call, const http::Response& response) const {
  if (call.route.pull != Pull::of_manifest || call.request.method != http::Method::get) return nullptr;
  const auto digest = oci::Digest::parse(response.fields.find("Docker-Content-Digest").value_or(""));
  const auto reference = oci::parse_reference(call.path_value("reference"));
  if (!digest || !reference) return nullptr;
  return services_.manifest_pull.entry(call.repository(), *reference, *digest);
}

void Application::remember(const Call& call, const Asked& asked, http::Response& response) {
  const Route& route = call.route;
  const http::Request& request = call.request;
  if (route.recall == Recall::never || response.status != 200 || response.close) return;
  Question question;
  if (!put_question(request, question) || !hold_as_text(response, memory_.largest())) return;
  const base::TimePoint longest = request.received + memory_life_;
  const base::TimePoint until = std::min(longest, asked.credential_until.value_or(longest));
  memory_.keep(std::move(question), std::make_shared<const KnownAnswer>(KnownAnswer{
                                        response, asked.generation, until, pull_entry(call, response), asked.principal}));
}

bool has_encoded_slash(std::string_view path) {
  return path.find("%2f") != std::string_view::npos || path.find("%2F") != std::string_view::npos;
}

std::string Application::nothing_at(std::string_view path) const {
  if (!prefix_.empty() && router_.find_face(prefix_ + std::string(path)) != nullptr) {
    return "there is nothing at this path: it stands behind the public URL's prefix, " + prefix_;
  }
  return "there is nothing at this path; docs/api.md and " + prefix_ + "/openapi.json list every path";
}

base::Result<Match> Application::find_route(const http::Request& request, std::string& allow) const {
  const auto path = request.path();
  const bool encoded = path.find('%') != std::string_view::npos;
  if (encoded && face_of(path).name == "oci") {
    return base::fail(ErrorCode::name_invalid,
                      "paths under /v2/ are written plainly, without percent-encoding: no part of them needs it");
  }
  auto match = router_.find(request.method, path);
  if (match.route != nullptr) {
    if (encoded && match.route->encoded_slash == EncodedSlash::refused && has_encoded_slash(path)) {
      return base::fail(ErrorCode::uri_invalid, "no part of this path holds a '/': %2F is not accepted here");
    }
    return match;
  }
  if (!match.allow.empty()) {
    allow = match.allow;
    return base::fail(ErrorCode::method_not_allowed, request.method_text + " is not allowed here; allowed: " + match.allow);
  }
  return base::fail(ErrorCode::route_unknown, nothing_at(path));
}

base::Result<void> Application::check_body(const Route& route, const http::Request& request) {
  if (route.body.kind != BodyRule::Kind::buffered || !request.content_length) return {};
  if (*request.content_length <= route.body.limit) return {};
  return base::fail(BufferedConsumer::over_limit(route));
}

base::Result<std::optional<oci::RepositoryName>> Application::decode_name(const Match& match) {
  for (const auto& [parameter, value] : match.values) {
    if (parameter != "name") continue;
    BERTH_TRY(auto name, oci::RepositoryName::parse(value));
    return name;
  }
  return std::nullopt;
}

base::Result<Application::Caller> Application::identify(const Route& route, const http::Request& request) const {
  if (route.access.kind() == Access::Kind::everyone) return Caller{services_.policy.guest(), std::nullopt};
  auto principal = services_.policy.authenticate(credential_of(request), {request.peer, request.id}, route.access.expired());
  if (principal) return Caller{std::move(*principal), std::nullopt};
  if (principal.error().code() != ErrorCode::unauthorized) return base::fail(std::move(principal).error());
  return Caller{services_.policy.guest(), std::move(principal).error()};
}

void Application::note_refusal(const http::Request& request, const Match& match, const std::optional<oci::RepositoryName>& name,
                               const auth::Principal& principal) const {
  const Route& route = *match.route;
  service::AuditEvent event{.kind = service::AuditKind::access_refused,
                            .by = {principal.name, principal.key, request.peer, request.id},
                            .outcome = service::AuditOutcome::refused,
                            .org = {},
                            .subject = "registry",
                            .detail = {{service::AuditField::route, std::string(route.name)}}};
  const auto kind = route.access.kind();
  if (kind == Access::Kind::repository || kind == Access::Kind::organisation || kind == Access::Kind::registry) {
    event.detail.emplace_back(service::AuditField::action, std::string(auth::action_name(route.access.action())));
  }
  if (name) {
    event.org = name->org().empty() ? services_.audit.default_org() : std::string(name->org());
    event.subject = service::repository_subject(name->text());
  } else if (kind == Access::Kind::organisation || kind == Access::Kind::member) {
    event.org = value_of(match.values, "org");
    event.subject = service::org_subject(event.org);
  }
  services_.audit.count(std::move(event));
}

http::Response Application::refuse(const http::Request& request, const Match& match,
                                   const std::optional<oci::RepositoryName>& name, const Query& query, const Caller& caller,
                                   const base::Error& error) const {
  if (error.code() == ErrorCode::denied) note_refusal(request, match, name, caller.principal);
  if (error.code() != ErrorCode::unauthorized) return render(request, error);
  auto reason = ChallengeReason::none;
  if (caller.refused) {
    reason = ChallengeReason::invalid_token;
  } else if (caller.principal.scope != nullptr && caller.principal.kind != auth::Principal::Kind::guest) {
    reason = ChallengeReason::insufficient_scope;
  }
  auto response = render(request, caller.refused.value_or(error));
  response.fields.set("WWW-Authenticate", challenge_of(*match.route, name, query, services_.links.base(request), reason));
  return response;
}

// What the route's access is asked on: what its path names.
struct Named {
  std::string org;
  std::string team;
  [[nodiscard]] auth::Scope scope(const std::optional<oci::RepositoryName>& name) const {
    return {name ? std::string_view(name->text()) : std::string_view(), org, team};
  }
};

base::Result<Named> named_by(const Match& match) {
  Named named;
  BERTH_TRY(named.org, decode_part(value_of(match.values, "org")));
  BERTH_TRY(named.team, decode_part(value_of(match.values, "team")));
  return named;
}

base::Result<void> Application::authorize(const Access& access, const auth::Principal& principal,
                                          const auth::Scope& scope) const {
  switch (access.kind()) {
    case Access::Kind::everyone: return {};
    case Access::Kind::known:
    case Access::Kind::account:
      if (principal.kind == auth::Principal::Kind::guest)
        return base::fail(ErrorCode::unauthorized, "log in: this needs an account");
      if (access.kind() == Access::Kind::known || !principal.for_repositories_alone()) return {};
      return base::fail(ErrorCode::unauthorized, "the token was issued for repositories, not for the account");
    case Access::Kind::repository: return services_.policy.check(principal, access.action(), {scope.repository});
    case Access::Kind::organisation: return services_.policy.check(principal, access.action(), {{}, scope.org, scope.team});
    case Access::Kind::member: return services_.policy.check_member(principal, {{}, scope.org, scope.team});
    case Access::Kind::registry: return services_.policy.check(principal, access.action(), {});
  }
  return base::fail(ErrorCode::denied, "this route states no access");
}

base::Result<void> Application::check_writable(const Access& access, http::Method method) const {
  const bool on_content = access.kind() == Access::Kind::repository || access.kind() == Access::Kind::registry;
  const bool looks = method == http::Method::get || method == http::Method::head || auth::only_reads(access.action());
  if (!on_content || looks) return {};
  return services_.write_gate.check();
}

// What the token says of the other repository is the same whether or not that one is there: nothing is told by asking for a better token.
base::Result<bool> Application::also_granted(const Access& access, const auth::Principal& principal, const Query& query) const {
  if (access.also_parameter().empty()) return true;
  const auto repository = query.find(access.also_parameter());
  if (!repository || !*repository) return true;
  const auto name = oci::RepositoryName::parse(**repository);
  if (!name) return false;
  if (services_.policy.check(principal, auth::Action::registry_pull, {name->text()})) return true;
  if (principal.scope == nullptr || principal.scope->names(name->text())) return false;
  return base::fail(ErrorCode::unauthorized, "the token was not issued for repository " + name->text());
}

base::Result<http::Outcome> Application::run(const http::Request& request) {
  Asked asked{services_.freshness.generation(), std::nullopt, {}};
  std::string allow;
  auto match = find_route(request, allow);
  if (!match) {
    auto response = render(request, match.error());
    if (!allow.empty()) response.fields.add("Allow", allow);
    return http::Outcome(std::move(response));
  }
  const auto& route = *match->route;
  BERTH_CHECK_OK(check_body(route, request));
  const bool limited = route.access.kind() != Access::Kind::everyone;
  if (limited) BERTH_CHECK_OK(caller_limits_.request_from(request.peer, request.received));
  BERTH_TRY(auto name, decode_name(*match));
  BERTH_TRY(auto query, Query::parse(request.query()));
  BERTH_TRY(const auto named, named_by(*match));
  BERTH_TRY(auto caller, identify(route, request));
  if (auto allowed = authorize(route.access, caller.principal, named.scope(name)); !allowed) {
    return http::Outcome(refuse(request, *match, name, query, caller, allowed.error()));
  }
  asked.principal = share_of(caller.principal, request);
  if (limited) BERTH_CHECK_OK(caller_limits_.request_by(asked.principal, request.received));
  BERTH_CHECK_OK(check_writable(route.access, request.method));
  const auto also = also_granted(route.access, caller.principal, query);
  if (!also) return http::Outcome(refuse(request, *match, name, query, caller, also.error()));
  auto principal = std::move(caller.principal);
  asked.credential_until = principal.until;

  if (route.body.kind == BodyRule::Kind::buffered) {
    auto kept = std::make_shared<const http::Request>(request);
    // The path values point into the request's target: they are taken anew from the copy that outlives this call.
    auto again = router_.find(kept->method, kept->path());
    Call call{*kept, route, std::move(again.values), std::move(query), std::move(name), std::move(principal), *also, {}};
    return http::Outcome(std::make_unique<BufferedConsumer>(services_, std::move(kept), std::move(call)));
  }
  Call call{request, route, std::move(match->values), std::move(query), std::move(name), std::move(principal), *also, {}};
  BERTH_TRY(auto answer, route.handler(services_, call));
  if (auto* response = std::get_if<http::Response>(&answer)) {
    response->label = route.name;
    // What a bad credential gets as a guest is not kept: the next try must be seen by whoever counts them.
    if (!caller.refused) remember(call, asked, *response);
    if (auto* file = std::get_if<http::FileBody>(&response->body)) {
      BERTH_TRY(const auto held, caller_limits_.transfer(request.peer, asked.principal));
      if (held) file->file = held_with(std::move(file->file), held);
    }
    return http::Outcome(std::move(*response));
  }
  auto intake = std::get<std::unique_ptr<Intake>>(std::move(answer));
  auto held = caller_limits_.transfer(request.peer, asked.principal);
  if (!held) {
    intake->abandon();
    return base::fail(std::move(held).error());
  }
  return http::Outcome(std::make_unique<StreamedConsumer>(request, std::move(intake), std::move(*held)));
}

http::Outcome Application::begin(const http::Request& request) {
  std::optional<http::Outcome> outcome;
  auto failure = guarded(request, [&]() -> base::Result<http::Response> {
    BERTH_TRY(outcome, run(request));
    return http::Response{};
  });
  if (outcome) return std::move(*outcome);
  return failure;
}

void Application::account(const http::Request& request, const http::Account& account) {
  std::string_view route = account.label;
  if (route.empty()) {
    const auto match = router_.find(request.method, request.path());
    route = match.route != nullptr ? match.route->name : "none";
  }
  const double seconds = std::chrono::duration<double>(account.duration).count();
  base::metrics::add(Metric::http_requests, 1, {route, http::method_name(request.method), std::to_string(account.status)});
  base::metrics::observe(Metric::http_request_seconds, seconds, {route});
  base::metrics::add(Metric::http_request_bytes, static_cast<double>(account.request_bytes), {route});
  base::metrics::add(Metric::http_response_bytes, static_cast<double>(account.response_bytes), {route});
  if (!base::log::enabled(base::log::Level::info)) return;
  base::log::info("request", {{"request_id", request.id},
                              {"route", route},
                              {"method", request.method_text},
                              {"target", request.target},
                              {"protocol", http::protocol_name(request.protocol)},
                              {"status", account.status},
                              {"request_bytes", account.request_bytes},
                              {"response_bytes", account.response_bytes},
                              {"duration_us", account.duration.count()},
                              {"complete", account.complete},
                              {"peer", request.peer},
                              {"user_agent", request.fields.find("User-Agent").value_or("")}});
}

}  // namespace

std::unique_ptr<http::Handler> make_application(Services services, RecallOptions recall, CallerLimitOptions limits,
                                                Surface surface) {
  return std::make_unique<Application>(std::move(services), recall, limits, surface);
}

}  // namespace berth::api
