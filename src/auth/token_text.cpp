#include "auth/token_text.h"

#include "berth/base/hash.h"
#include "berth/base/json.h"
#include "berth/base/sign.h"
#include "berth/catalog/subjects.h"

namespace berth::auth {

using base::ErrorCode;

namespace {

constexpr std::size_t kLongest = 16 * 1024;
// Other clocks may be a little off; ours wrote the token, but perhaps before a correction.
constexpr std::chrono::seconds kSkew{30};
constexpr std::chrono::hours kLongestLife{24 * 90};

constexpr std::string_view use_name(Claims::Use use) {
  switch (use) {
    case Claims::Use::access: return "access";
    case Claims::Use::broad: return "broad";
    case Claims::Use::refresh: return "refresh";
  }
  return "access";
}

std::int64_t seconds_of(base::TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

struct OciAction {
  std::string_view word;
  Action action;
};
constexpr OciAction kOciActions[] = {
    {"pull", Action::registry_pull}, {"push", Action::registry_push}, {"delete", Action::registry_delete}};

base::OrderedJson access_of(const TokenScope& scope) {
  auto access = base::OrderedJson::array();
  for (const auto& item : scope.items) {
    auto actions = base::OrderedJson::array();
    for (const auto& [word, action] : kOciActions) {
      if (item.actions.has(action)) actions.push_back(word);
    }
    access.push_back({{"type", "repository"}, {"name", item.repository}, {"actions", std::move(actions)}});
  }
  if (scope.catalog) access.push_back({{"type", "registry"}, {"name", "catalog"}, {"actions", {"*"}}});
  return access;
}

std::string subject_of(const Claims& claims) { return catalog::actor_name(claims.user, claims.key); }

auto refuse(std::string_view why) { return base::fail(base::Error(ErrorCode::unauthorized, "the token is not valid").in(why)); }

std::optional<std::int64_t> find_number(const base::Json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_number_integer()) return std::nullopt;
  if (member->is_number_unsigned() && member->get<std::uint64_t>() > 1ULL << 53) return std::nullopt;
  return member->get<std::int64_t>();
}

std::optional<std::string> find_text(const base::Json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

// Exactly what we write: three members. Anything else could move the choice of the key or the rules to whoever wrote the token.
base::Result<std::string> read_header(std::string_view encoded) {
  const auto text = base::from_base64url(encoded);
  if (!text) return refuse("header: encoding");
  const auto json = base::parse_json(*text, {.max_depth = 4, .max_values = 32});
  if (!json || !json->is_object() || json->size() != 3) return refuse("header: members");
  if (find_text(*json, "alg") != "EdDSA" || find_text(*json, "typ") != "JWT") return refuse("header: algorithm");
  auto kid = find_text(*json, "kid");
  if (!kid) return refuse("header: kid");
  return std::move(*kid);
}

std::optional<TokenScope> read_access(const base::Json& json) {
  const auto list = json.find("access");
  if (list == json.end() || !list->is_array()) return std::nullopt;
  TokenScope scope;
  for (const auto& entry : *list) {
    if (!entry.is_object()) return std::nullopt;
    const auto type = find_text(entry, "type");
    auto name = find_text(entry, "name");
    const auto actions = entry.find("actions");
    if (!type || !name || actions == entry.end() || !actions->is_array()) return std::nullopt;
    if (*type == "registry") {
      scope.catalog = *name == "catalog";
      continue;
    }
    TokenScope::Item item{std::move(*name), {}};
    for (const auto& action : *actions) {
      for (const auto& [word, value] : kOciActions) {
        if (action == std::string(word)) item.actions.add(value);
      }
    }
    scope.items.push_back(std::move(item));
  }
  return scope;
}

std::optional<Claims::Use> read_use(const base::Json& json) {
  const auto text = find_text(json, "use");
  for (const auto use : {Claims::Use::access, Claims::Use::broad, Claims::Use::refresh}) {
    if (text == use_name(use)) return use;
  }
  return std::nullopt;
}

base::Result<ReadToken> read_claims(const std::string& text, const TokenNames& names, base::TimePoint now) {
  const auto json = base::parse_json(text);
  if (!json || !json->is_object()) return refuse("claims: not an object, or a member twice");
  if (find_text(*json, "iss") != names.issuer) return refuse("claims: iss");
  if (find_text(*json, "aud") != names.audience) return refuse("claims: aud");
  const auto iat = find_number(*json, "iat");
  const auto nbf = find_number(*json, "nbf");
  const auto exp = find_number(*json, "exp");
  const auto user = find_number(*json, "uid");
  const auto key = find_number(*json, "key");
  if (!iat || !nbf || !exp || !user || !key) return refuse("claims: a number is missing");
  if (*iat < 0 || *nbf < 0 || *exp < *iat || *user < 0 || *key < 0) return refuse("claims: a number cannot be");
  const auto use = read_use(*json);
  auto scope = read_access(*json);
  if (!use || !scope) return refuse("claims: use or access");

  const auto present = seconds_of(now);
  if (*iat > present + kSkew.count() || *nbf > present + kSkew.count()) return refuse("claims: from the future");
  if (*exp - *iat > std::chrono::seconds(kLongestLife).count()) return refuse("claims: a life that we never give");
  ReadToken token;
  token.claims = {*use,
                  *user,
                  *key,
                  std::move(*scope),
                  base::TimePoint(std::chrono::seconds(*iat)),
                  base::TimePoint(std::chrono::seconds(*exp)),
                  0};
  if (json->contains("sid")) {
    const auto session = find_number(*json, "sid");
    if (!session || *session < 1) return refuse("claims: sid");
    token.claims.session = *session;
  }
  if (find_text(*json, "sub") != subject_of(token.claims)) return refuse("claims: sub");
  if (token.claims.use == Claims::Use::broad) token.claims.scope.breadth = TokenScope::Breadth::everything;
  if (*exp <= present) token.freshness = Principal::Freshness::expired;
  return token;
}

}  // namespace

// base64url(header) "." base64url(claims) "." base64url(signature)
//
//   header  {"alg":"EdDSA","typ":"JWT","kid":"<32 hex>"}
//   claims  iss, aud   the registry's name, both the same
//           sub        "user:<id>", "service:<key id>" or "guest"
//           uid, key   the numbers behind sub and the key it came from; 0: none
//           iat, nbf, exp   seconds; jti 32 hex digits
//           sid        the browser session that it ends with; missing: none
//           use        "access" | "broad" | "refresh"
//           access     [{"type":"repository","name":"acme/app","actions":["pull","push"]},
//                       {"type":"registry","name":"catalog","actions":["*"]}]      (distribution's token specification)
std::string write_token(const Claims& claims, const TokenNames& names, const KeyRing::Entry& key) {
  const base::OrderedJson header = {{"alg", "EdDSA"}, {"typ", "JWT"}, {"kid", key.kid}};
  const auto issued = seconds_of(claims.issued);
  base::OrderedJson body = {{"iss", names.issuer},
                            {"aud", names.audience},
                            {"sub", subject_of(claims)},
                            {"uid", claims.user},
                            {"key", claims.key},
                            {"iat", issued},
                            {"nbf", issued},
                            {"exp", seconds_of(claims.expires)},
                            {"jti", base::random_id()},
                            {"use", use_name(claims.use)},
                            {"access", access_of(claims.scope)}};
  if (claims.session != 0) body["sid"] = claims.session;
  std::string text = base::to_base64url(header.dump()) + '.' + base::to_base64url(body.dump());
  text += '.' + base::to_base64url(key.key.sign(text));
  return text;
}

base::Result<ReadToken> read_token(std::string_view text, const TokenNames& names, const KeyRing& ring, base::TimePoint now) {
  if (text.size() > kLongest) return refuse("longer than a token of ours can be");
  const auto first = text.find('.');
  const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos) return refuse("not three parts");
  BERTH_TRY(const auto kid, read_header(text.substr(0, first)));
  const auto key = ring.find(kid);
  const auto signature = base::from_base64url(text.substr(second + 1));
  if (key == nullptr || !signature || !key->key.verify(text.substr(0, second), *signature)) return refuse("signature");
  const auto claims = base::from_base64url(text.substr(first + 1, second - first - 1));
  if (!claims) return refuse("claims: encoding");
  return read_claims(*claims, names, now);
}

}  // namespace berth::auth
