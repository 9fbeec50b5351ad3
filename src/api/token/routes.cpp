#include "api/answers.h"
#include "api/credentials.h"
#include "api/token/face.h"

namespace berth::api {

namespace {

using enum base::ErrorCode;
using http::Method;
using Where = Parameter::Where;

constexpr std::size_t kLongestForm = 64 * 1024;
constexpr std::string_view kJson = "application/json";

// Go's clients write query strings like forms, so both are read as such.
std::string first_of(const Query& query, std::string_view name) {
  const auto values = query.find_all(name);
  return values.empty() ? std::string() : values.front();
}

// Some clients of NGC forget "scope=" before "group/ngc:…".
std::vector<std::string> scopes_of(const Query& query) {
  auto scopes = query.find_all("scope");
  for (const auto& [name, value] : query.all()) {
    if (name.starts_with("group/ngc")) scopes.push_back(name);
  }
  return scopes;
}

http::Response token_answer(const auth::IssuedToken& issued) {
  base::OrderedJson body = {{"token", issued.token},
                            {"access_token", issued.token},
                            {"token_type", "Bearer"},
                            {"expires_in", issued.lifetime.count()},
                            {"issued_at", base::format_rfc3339(issued.issued)}};
  if (!issued.scope.empty()) body["scope"] = issued.scope;
  if (!issued.refresh_token.empty()) body["refresh_token"] = issued.refresh_token;
  auto response = json_answer(200, body);
  response.fields.add("Cache-Control", "no-store");
  return response;
}

// Something that a query or form asks for by one name with one value.
struct Wish {
  std::string_view name;
  std::string_view value;
};

// What a query and a form say alike. `offline`: how a refresh token is asked for, which they do not.
auth::TokenRequest wanted_by(const http::Request& request, const Query& query, const Wish& offline) {
  auth::TokenRequest wanted;
  wanted.credential = credential_of(request);
  wanted.peer = request.peer;
  wanted.request = request.id;
  wanted.service = first_of(query, "service");
  wanted.scopes = scopes_of(query);
  if (first_of(query, offline.name) == offline.value) wanted.offline = auth::TokenRequest::Offline::yes;
  return wanted;
}

base::Result<Answer> get_token(const Services& services, Call& call) {
  BERTH_TRY(const auto query, Query::parse_form(call.request.query()));
  BERTH_TRY(const auto issued, services.policy.issue(wanted_by(call.request, query, {"offline_token", "true"})));
  return token_answer(issued);
}

base::Result<Answer> post_token(const Services& services, Call& call) {
  BERTH_TRY(const auto form, Query::parse_form(call.body));
  auto wanted = wanted_by(call.request, form, {"access_type", "offline"});
  const auto grant = first_of(form, "grant_type");
  if (grant == "password") {
    wanted.credential = auth::BasicCredential{first_of(form, "username"), first_of(form, "password")};
  } else if (grant == "refresh_token") {
    wanted.refresh_token = first_of(form, "refresh_token");
    if (wanted.refresh_token.text().empty())
      return base::fail(parameter_invalid, "grant_type refresh_token needs the refresh_token");
  } else if (!grant.empty()) {
    return base::fail(parameter_invalid, "grant_type must be password or refresh_token");
  }
  BERTH_TRY(const auto issued, services.policy.issue(wanted));
  return token_answer(issued);
}

base::Result<Answer> get_keys(const Services& services, Call&) {
  http::Response response;
  response.fields.add("Content-Type", "application/json");
  response.body = services.policy.public_keys();
  return response;
}

// A 401 says how to log in (RFC 9110 §11.6.1). Here that is Basic: it is what tokens are asked for with.
http::Response render(const http::Request&, const base::Error& error) {
  auto response = error_list_answer(error);
  if (error.code() == unauthorized) response.fields.add("WWW-Authenticate", "Basic realm=\"berth\"");
  return response;
}

const Parameter kService{"service", Where::query, "text",
                         "Whom the token is for; `ngc` for one that is good for everything its owner may."};
const Parameter kScope{
    "scope", Where::query, "repository:<name>:<actions>, repeatable",
    "What the token is for: pull, push, delete or * on a repository; registry:catalog:*; group/ngc:<org>[/<team>]."};
const Parameter kOffline{"offline_token", Where::query, "true", "Answer with a refresh token as well."};

Route token_route(std::string_view name, Method method, std::string_view path) {
  const bool post = method == Method::post;
  return {
      .name = name,
      .spec = post ? "RFC 6749 §4.3, §6; distribution token specification" : "distribution token specification",
      .methods = {method},
      .path = path,
      .access = Access::everyone(),
      .body = post ? BodyRule::buffered(kLongestForm, body_too_large) : BodyRule::none(),
      .parameters = post ? std::vector<Parameter>{} : std::vector<Parameter>{kService, kScope, kOffline},
      .replies = {{200, kJson, "The token, for what was asked for and is allowed.", "Cache-Control"}},
      .errors = post ? std::vector<base::ErrorCode>{parameter_invalid, body_too_large, unsupported}
                     : std::vector<base::ErrorCode>{unsupported},
      .summary = post ? "Get a token by an OAuth 2 form (password, refresh_token)" : "Get a token by Basic, a key, or as a guest",
      .handler = post ? post_token : get_token,
  };
}

const std::vector<Route>& token_routes() {
  static const std::vector<Route> kRoutes = {
      token_route("token.get", Method::get, "/token"),
      token_route("token.post", Method::post, "/token"),
      token_route("token.proxy_auth.get", Method::get, "/proxy_auth"),
      token_route("token.proxy_auth.post", Method::post, "/proxy_auth"),
      {
          .name = "token.keys",
          .spec = "RFC 7517 §5",
          .methods = {Method::get, Method::head},
          .path = "/.well-known/jwks.json",
          .access = Access::everyone(),
          .body = BodyRule::none(),
          .replies = {{200, kJson, "The public keys of tokens.", ""}},
          .summary = "The keys that tokens are signed with",
          .handler = get_keys,
      },
  };
  return kRoutes;
}

}  // namespace

Face token_face() { return {"token", token_routes(), render}; }

bool is_token_path(std::string_view path) {
  return path == "/token" || path == "/proxy_auth" || path == "/.well-known/jwks.json";
}

}  // namespace berth::api
