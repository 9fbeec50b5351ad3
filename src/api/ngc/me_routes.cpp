// Who asks: users/me, the legacy key, get-caller-info; and what is the same for everybody: roles, public keys.
#include <algorithm>

#include "api/accounts.h"
#include "api/answers.h"
#include "api/ngc/answers.h"
#include "api/ngc/documents.h"
#include "api/ngc/face.h"
#include "berth/auth/key_text.h"

namespace berth::api {

namespace {

using base::ErrorCode;
using base::OrderedJson;
using base::Result;
using http::Method;
using service::Person;
using Where = Parameter::Where;

Result<std::int64_t> user_of(const auth::Principal& principal) {
  if (principal.user != 0) return principal.user;
  return base::fail(ErrorCode::denied, "a service key belongs to an organisation and is no user");
}

// What a key lets through of its owner is the most that it may change about him.
Result<void> check_unlimited(const auth::Principal& principal) {
  const auto* ceiling = principal.ceiling.get();
  if (ceiling == nullptr || (ceiling->actions == auth::ActionSet::all() && ceiling->repositories.empty())) return {};
  return base::fail(ErrorCode::denied, "the key is for some actions or repositories alone, and this is none of them");
}

// Roles in the organisation that the key belongs to, and in the one that is asked about.
void narrow(Person& person, const auth::Principal& principal, const std::optional<std::string>& org) {
  std::erase_if(person.roles, [&](const auto& role) {
    const bool key_reaches = principal.ceiling == nullptr || principal.ceiling->org == 0 || principal.ceiling->org == role.org.id;
    return !key_reaches || (org && !org->empty() && *org != role.org.name);
  });
}

Result<Answer> me_answer(const Call& call, const Person& person) {
  const std::span roles(person.roles);
  return ngc::answer(
      call, {{"user", ngc::document_of(person)}, {"userRoles", ngc::document_of(roles)}, {"ncaRole", ngc::nca_role(roles)}});
}

Result<Answer> get_me(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto id, user_of(call.principal));
  BERTH_TRY(const auto org, call.query.find("org-name"));
  BERTH_TRY(auto person, accounts.members().get_self(id));
  narrow(person, call.principal, org);
  return me_answer(call, person);
}

Result<Answer> patch_me(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto id, user_of(call.principal));
  BERTH_CHECK_OK(check_unlimited(call.principal));
  BERTH_TRY(auto fields, ngc::BodyFields::parse(call));
  BERTH_TRY(const auto name, fields.find_line("name"));
  const auto members = accounts.members();
  if (name) BERTH_CHECK_OK(members.rename_self(id, *name));
  BERTH_TRY(auto person, members.get_self(id));
  narrow(person, call.principal, std::nullopt);
  return me_answer(call, person);
}

// A legacy key reaches everything its user does, so whoever comes with less gets none.
Result<Answer> make_legacy_key(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto id, user_of(call.principal));
  BERTH_CHECK_OK(check_unlimited(call.principal));
  if (call.principal.ceiling != nullptr && call.principal.ceiling->org != 0) {
    return base::fail(ErrorCode::denied, "a key of one organisation makes no key for all of them; come with the password");
  }
  BERTH_TRY(const auto person, accounts.members().get_self(id));
  service::KeyWish wish;
  wish.kind = catalog::KeyKind::legacy;
  wish.email = person.user.email;
  wish.name = "legacy";
  BERTH_TRY(const auto made, accounts.create_key(wish));
  auto response = ngc::answer(call, {{"key", made.key}});
  response.fields.add("Cache-Control", "no-store");
  return response;
}

std::string_view type_of(catalog::KeyKind kind) {
  switch (kind) {
    case catalog::KeyKind::personal: return "PERSONAL_KEY";
    case catalog::KeyKind::service: return "SERVICE_KEY";
    case catalog::KeyKind::legacy: return "LEGACY_KEY";
  }
  return "UNKNOWN";
}

// The organisation that a key belongs to; of a key for all of them the first that its user is in.
Result<std::string> org_of_key(const service::Members& members, const auth::Principal& principal) {
  BERTH_TRY(const auto orgs, members.list_orgs(principal));
  return orgs.empty() ? std::string() : orgs.front().name;
}

// The client lets its user choose among the teams that stand here: those where a role of the whole organisation holds are added to
// those that he is in.
Result<void> add_teams(OrderedJson& roles, const service::Members& members, const auth::Principal& principal,
                       const std::string& org_name) {
  if (org_name.empty()) return {};
  BERTH_TRY(const auto org, members.get_org(org_name));
  BERTH_TRY(const auto teams, members.list_teams(principal, org_name));
  const auto is_listed = [&](std::int64_t team) {
    return std::any_of(roles.begin(), roles.end(),
                       [team](const auto& item) { return item.contains("team") && item["team"]["id"] == team; });
  };
  for (const auto& team : teams) {
    if (is_listed(team.id)) continue;
    roles.push_back({{"org", ngc::document_of(org)},
                     {"orgRoles", OrderedJson::array()},
                     {"team", ngc::document_of(team)},
                     {"teamRoles", OrderedJson::array()}});
  }
  return {};
}

// NGC's client asks this before every operation, without an Authorization field: no limit of the caller's is touched, and what it costs are
// a few short reads.
Result<Answer> get_caller_info(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto form, Query::parse_form(call.body));
  BERTH_TRY(const auto credentials, form.find("credentials"));
  const auto key = credentials ? auth::parse_key_text(*credentials) : std::nullopt;
  if (!key) return base::fail(ErrorCode::unauthorized, "the credentials are not valid: send a key as the form's credentials");
  BERTH_TRY(const auto principal, services.policy.authenticate(auth::BearerCredential{base::Secret(*credentials)},
                                                               {call.request.peer, call.request.id}, auth::Expired::refused));
  const auto members = accounts.members();
  BERTH_TRY(const auto org, org_of_key(members, principal));
  OrderedJson body = {{"orgName", org}, {"type", type_of(key->kind)}, {"products", {"artifact-catalog"}}};
  if (principal.user != 0) {
    BERTH_TRY(auto person, members.get_self(principal.user));
    narrow(person, principal, std::nullopt);
    body["userId"] = principal.user;
    body["user"] = ngc::document_of(person);
    BERTH_CHECK_OK(add_teams(body["user"]["roles"], members, principal, org));
  }
  return ngc::answer(call, std::move(body));
}

Result<Answer> get_roles(const Services&, Call& call) { return ngc::answer(call, {{"roles", ngc::roles_document()}}); }

Result<Answer> get_public_keys(const Services& services, Call&) {
  http::Response response;
  response.fields.add("Content-Type", "application/json");
  response.body = services.policy.public_keys();
  return response;
}

constexpr std::string_view kJson = "application/json";

}  // namespace

const std::vector<Route>& ngc_me_routes() {
  using enum ErrorCode;
  static const std::vector<Route> kRoutes = {
      {
          .name = "ngc.me.get",
          .spec = "facts/ngc.md 1.4; facts/ngc-wire.md 11",
          .methods = {Method::get},
          .path = "/v2/users/me",
          .access = Access::account(),
          .body = BodyRule::none(),
          .parameters = {{"org-name", Where::query, "organisation", "Only roles in this one."}},
          .replies = {{200, kJson, "The caller, with roles.", ""}},
          .errors = {unsupported, parameter_invalid},
          .summary = "Who am I",
          .handler = get_me,
      },
      {
          .name = "ngc.me.patch",
          .spec = "facts/ngc.md 1.4; facts/ngc-wire.md 11",
          .methods = {Method::patch},
          .path = "/v2/users/me",
          .access = Access::account(),
          .body = BodyRule::buffered(ngc::kMaxBody, body_too_large),
          .replies = {{200, kJson, "The caller, with the new name.", ""}},
          .errors = {unsupported, parameter_invalid, body_too_large},
          .summary = "Change one's own name",
          .handler = patch_me,
      },
      {
          .name = "ngc.me.key",
          .spec = "facts/ngc.md 1.2, 1.4",
          .methods = {Method::post},
          .path = "/v2/users/me/api-key",
          .access = Access::account(),
          .body = BodyRule::none(),
          .replies = {{200, kJson, "The new legacy key, shown this once; the one before ends at once.", "Cache-Control"}},
          .errors = {unsupported},
          .summary = "Make one's legacy key anew",
          .handler = make_legacy_key,
      },
      {
          .name = "ngc.caller",
          .spec = "facts/ngc.md 1.2; facts/ngc-wire.md 3",
          .methods = {Method::post},
          .path = "/v3/keys/get-caller-info",
          .access = Access::everyone(),
          .body = BodyRule::buffered(ngc::kMaxBody, body_too_large),
          .replies = {{200, kJson, "Whose key the form's `credentials` are, and in which organisation.", ""}},
          .errors = {unsupported, body_too_large},
          .summary = "Whose key is this",
          .handler = get_caller_info,
      },
      {
          .name = "ngc.roles",
          .spec = "facts/ngc.md 1.4, 5",
          .methods = {Method::get},
          .path = "/roles",
          .access = Access::everyone(),
          .body = BodyRule::none(),
          .replies = {{200, kJson, "Every role, and what it allows.", ""}},
          .summary = "List roles",
          .handler = get_roles,
      },
      {
          .name = "ngc.keys",
          .spec = "facts/ngc.md 1.4; RFC 7517 §5",
          .methods = {Method::get},
          .path = "/public-keys",
          .access = Access::everyone(),
          .body = BodyRule::none(),
          .replies = {{200, kJson, "The public keys of tokens, as /.well-known/jwks.json.", ""}},
          .summary = "The keys that tokens are signed with",
          .handler = get_public_keys,
      },
  };
  return kRoutes;
}

}  // namespace berth::api
