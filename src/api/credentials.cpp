#include "api/credentials.h"

#include <algorithm>

#include "berth/base/ascii.h"
#include "berth/base/sign.h"

namespace berth::api {

namespace {

auth::Credential basic_of(std::string_view encoded) {
  auto text = base::from_base64(encoded);
  const base::Secret decoded(text ? std::move(*text) : std::string());
  const auto colon = decoded.text().find(':');
  if (colon == std::string::npos) return auth::UnreadableCredential{};
  return auth::BasicCredential{std::string(decoded.text().substr(0, colon)), base::Secret(decoded.text().substr(colon + 1))};
}

// The words of a token's scope for what the route needs; pushing clients pull as well.
std::string_view scope_actions(auth::Action action) {
  switch (action) {
    case auth::Action::registry_push: return "pull,push";
    case auth::Action::registry_delete: return "delete";
    default: return "pull";
  }
}

std::string scope_of(const Route& route, const std::optional<oci::RepositoryName>& name, const Query& query) {
  if (route.access.kind() == Access::Kind::registry) return "registry:catalog:*";
  if (route.access.kind() != Access::Kind::repository || !name) return {};
  std::string scope = "repository:" + name->text() + ':' + std::string(scope_actions(route.access.action()));
  if (route.access.also_parameter().empty()) return scope;
  const auto also = query.find(route.access.also_parameter());
  if (!also || !*also) return scope;
  // Only a name may be repeated here: it goes into a header between quotes.
  if (const auto from = oci::RepositoryName::parse(**also)) scope += " repository:" + from->text() + ":pull";
  return scope;
}

}  // namespace

auth::Credential credential_of(const http::Request& request) {
  const auto fields = request.fields.find_all("Authorization");
  if (fields.empty()) return auth::NoCredential{};
  if (fields.size() > 1) return auth::UnreadableCredential{};
  const auto space = fields.front().find(' ');
  if (space == std::string_view::npos) return auth::UnreadableCredential{};
  const auto scheme = fields.front().substr(0, space);
  auto rest = fields.front().substr(space);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  if (base::equal_ignoring_case(scheme, "basic")) return basic_of(rest);
  if (base::equal_ignoring_case(scheme, "bearer") || base::equal_ignoring_case(scheme, "apikey"))
    return auth::BearerCredential{base::Secret(rest)};
  return auth::UnreadableCredential{};
}

std::string challenge_of(const Route& route, const std::optional<oci::RepositoryName>& name, const Query& query,
                         const std::string& base, ChallengeReason reason) {
  std::string text = "Bearer realm=\"" + base + "/token\",service=\"" + base.substr(base.find("://") + 3) + '"';
  if (const auto scope = scope_of(route, name, query); !scope.empty()) text += ",scope=\"" + scope + '"';
  if (reason == ChallengeReason::invalid_token) text += ",error=\"invalid_token\"";
  if (reason == ChallengeReason::insufficient_scope) text += ",error=\"insufficient_scope\"";
  return text;
}

}  // namespace berth::api
