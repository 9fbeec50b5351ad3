// Keys: one's own, and the service keys of an organisation. The same four things are done with both.
#include "api/accounts.h"
#include "api/answers.h"
#include "api/berth/account_documents.h"
#include "api/berth/body.h"
#include "api/berth/face.h"

namespace berth::api {

namespace {

using base::ErrorCode;
using base::OrderedJson;
using http::Method;
using service::KeyHolder;

constexpr std::size_t kMaxBody = 64UL * 1024;
constexpr std::uint64_t kLongestLife = 10UL * 366 * 24 * 3600;
constexpr std::uint64_t kLongestOverlap = 90UL * 24 * 3600;
constexpr std::chrono::hours kUsualOverlap{24};

// Whose keys the path speaks of, as far as who asks may handle them. Errors: unsupported, denied, object_unknown.
base::Result<KeyHolder> holder_of(const Services& services, const Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  if (const auto org = call.path_value("org"); !org.empty()) return accounts.holder_of(org);
  BERTH_CHECK_OK(service::Accounts::check_own_keys(call.principal));
  // A key of one organisation knows nothing of the keys of another.
  return KeyHolder{call.principal.user, call.principal.ceiling == nullptr ? 0 : call.principal.ceiling->org};
}

std::string place_of(const Services& services, const Call& call) {
  const auto org = call.path_value("org");
  return services.links.prefixed(org.empty() ? "/api/v1/me/keys" : "/api/v1/orgs/" + std::string(org) + "/keys");
}

base::Result<Answer> list_keys(const Services& services, Call& call) {
  BERTH_TRY(const auto holder, holder_of(services, call));
  BERTH_TRY(const auto paging, parse_paging(call.query));
  std::int64_t after = 0;
  if (!paging.after.empty()) {
    BERTH_TRY(after, parse_id(paging.after, ErrorCode::parameter_invalid, "a key"));
  }
  BERTH_TRY(auto keys, services.accounts->page_of_keys(holder, after, paging.limit + 1));
  const bool more = keys.size() > paging.limit;
  if (more) keys.pop_back();
  auto list = OrderedJson::array();
  for (const auto& key : keys) list.push_back(document_of(key, call.request.received));
  auto response = json_answer(200, OrderedJson{{"keys", std::move(list)}});
  if (more && !keys.empty()) {
    response.fields.add("Link", '<' + place_of(services, call) + "?last=" + std::to_string(keys.back().id) +
                                    "&n=" + std::to_string(paging.limit) + ">; rel=\"next\"");
  }
  return response;
}

http::Response made_answer(const Services& services, const Call& call, const service::MadeKey& made) {
  auto response = json_answer(201, document_of(made));
  response.fields.add("Location", place_of(services, call) + '/' + std::to_string(made.id));
  response.fields.add("Cache-Control", "no-store");
  return response;
}

base::Result<service::KeyWish> wish_of(const Body& body) {
  service::KeyWish wish;
  BERTH_TRY(const auto name, body.find_text("name"));
  wish.name = name.value_or("");
  BERTH_TRY(const auto lifetime, body.find_number("expires_in", kLongestLife));
  if (lifetime) wish.lifetime = std::chrono::seconds(*lifetime);
  BERTH_TRY(wish.actions, body.texts("actions"));
  BERTH_TRY(wish.repositories, body.texts("repositories"));
  return wish;
}

// Where a personal key holds, its maker has some role: each has keys:personal. Errors: parameter_invalid, denied, unauthorized.
base::Result<void> set_place(const Services& services, const Call& call, const Body& body, service::KeyWish& wish) {
  BERTH_TRY(const auto kind, body.find_text("kind"));
  BERTH_TRY(auto org, body.find_text("org"));
  if (kind == "legacy") {
    wish.kind = service::KeyKind::legacy;
    if (!org) return {};
    return base::fail(ErrorCode::parameter_invalid, "a legacy key holds in every organisation; it names none");
  }
  if (kind && *kind != "personal") return base::fail(ErrorCode::parameter_invalid, "kind must be personal or legacy");
  if (!org) return base::fail(ErrorCode::parameter_invalid, "org must be given: the organisation in which the key holds");
  BERTH_CHECK_OK(services.policy.check_member(call.principal, {{}, *org, {}}));
  wish.org = std::move(*org);
  return {};
}

base::Result<Answer> create_own_key(const Services& services, Call& call) {
  BERTH_TRY([[maybe_unused]] const auto holder, holder_of(services, call));
  BERTH_TRY(const auto body, Body::parse(call, {"kind", "org", "name", "expires_in", "actions", "repositories"}));
  BERTH_TRY(auto wish, wish_of(body));
  BERTH_CHECK_OK(set_place(services, call, body, wish));
  BERTH_TRY(const auto made, services.accounts->by(call.origin()).create_key_by(call.principal, std::move(wish)));
  return made_answer(services, call, made);
}

base::Result<Answer> create_service_key(const Services& services, Call& call) {
  BERTH_TRY([[maybe_unused]] const auto holder, holder_of(services, call));
  BERTH_TRY(const auto body, Body::parse(call, {"name", "expires_in", "actions", "repositories"}));
  BERTH_TRY(auto wish, wish_of(body));
  wish.kind = service::KeyKind::service;
  wish.org = std::string(call.path_value("org"));
  BERTH_TRY(const auto made, services.accounts->by(call.origin()).create_key_by(call.principal, std::move(wish)));
  return made_answer(services, call, made);
}

base::Result<Answer> revoke_key(const Services& services, Call& call) {
  BERTH_TRY(const auto holder, holder_of(services, call));
  BERTH_TRY(const auto id, call.id("a key"));
  BERTH_CHECK_OK(services.accounts->by(call.origin()).revoke_key_of(holder, id));
  http::Response response;
  response.status = 204;
  return response;
}

base::Result<Answer> rotate_key(const Services& services, Call& call) {
  BERTH_TRY(const auto holder, holder_of(services, call));
  BERTH_TRY(const auto id, call.id("a key"));
  BERTH_TRY(const auto body, Body::parse(call, {"overlap"}));
  BERTH_TRY(const auto seconds, body.find_number("overlap", kLongestOverlap));
  const auto overlap = seconds ? std::chrono::seconds(*seconds) : std::chrono::seconds(kUsualOverlap);
  BERTH_TRY(const auto made, services.accounts->by(call.origin()).rotate_key_by(call.principal, holder, id, overlap));
  return made_answer(services, call, made);
}

struct Words {
  std::string_view list, create, revoke, rotate;  // names of the routes
  std::string_view keys, key, rotation;           // paths
  std::string_view list_summary, create_summary;
  std::vector<base::ErrorCode> making;  // what making one more can come to, beside the usual
};

std::vector<Route> rows_of(const Words& words, Access access, RouteHandler create) {
  using enum ErrorCode;
  constexpr std::string_view kSpec = "CONTRACTS.md, Tokens and keys";
  constexpr std::string_view kJson = "application/json";
  constexpr std::string_view kShownOnce = "The key in both spellings; it is shown this once.";
  const auto with = [&](std::vector<ErrorCode> errors) {
    errors.insert(errors.end(), words.making.begin(), words.making.end());
    return errors;
  };
  return {
      {
          .name = words.list,
          .spec = kSpec,
          .methods = {Method::get},
          .path = words.keys,
          .access = access,
          .body = BodyRule::none(),
          .parameters = {{"n", Parameter::Where::query, "whole number", "Keys at most."},
                         {"last", Parameter::Where::query, "key id", "Keys after this one."}},
          .replies = {{200, kJson, "Keys without their secrets, the oldest first, also those that are over.", "Link"}},
          .errors = {pagination_invalid, parameter_invalid, unsupported},
          .summary = words.list_summary,
          .handler = list_keys,
      },
      {
          .name = words.create,
          .spec = kSpec,
          .methods = {Method::post},
          .path = words.keys,
          .access = access,
          .body = BodyRule::buffered(kMaxBody, body_too_large),
          .replies = {{201, kJson, kShownOnce, "Location, Cache-Control"}},
          .errors = with({parameter_invalid, body_too_large, unsupported}),
          .summary = words.create_summary,
          .handler = create,
      },
      {
          .name = words.revoke,
          .spec = kSpec,
          .methods = {Method::delete_},
          .path = words.key,
          .access = access,
          .body = BodyRule::none(),
          .replies = {{204, "", "The key is over, and every token that it gave.", ""}},
          .errors = {object_unknown, unsupported},
          .summary = "End a key at once",
          .handler = revoke_key,
      },
      {
          .name = words.rotate,
          .spec = kSpec,
          .methods = {Method::post},
          .path = words.rotation,
          .access = access,
          .body = BodyRule::buffered(kMaxBody, body_too_large),
          .replies = {{201, kJson, kShownOnce, "Location, Cache-Control"}},
          .errors = with({parameter_invalid, object_unknown, body_too_large, unsupported}),
          .summary =
              "Make a key like an old one, which goes on for a while: {\"overlap\"} in seconds, 24 hours when it is missing",
          .handler = rotate_key,
      },
  };
}

}  // namespace

const std::vector<Route>& key_routes() {
  static const std::vector<Route> kRoutes = [] {
    auto rows =
        rows_of({"me.keys.list",
                 "me.keys.create",
                 "me.keys.revoke",
                 "me.keys.rotate",
                 "/api/v1/me/keys",
                 "/api/v1/me/keys/{id}",
                 "/api/v1/me/keys/{id}/rotate",
                 "One's own keys",
                 "Make a key of one's own: {\"kind\":\"personal\",\"org\",\"name\",\"expires_in\",\"actions\",\"repositories\"}, "
                 "or kind legacy without org",
                 {ErrorCode::conflict}},
                Access::account(), create_own_key);
    auto service_rows =
        rows_of({"org.keys.list",
                 "org.keys.create",
                 "org.keys.revoke",
                 "org.keys.rotate",
                 "/api/v1/orgs/{org}/keys",
                 "/api/v1/orgs/{org}/keys/{id}",
                 "/api/v1/orgs/{org}/keys/{id}/rotate",
                 "An organisation's service keys",
                 "Make a service key: {\"name\",\"expires_in\",\"actions\",\"repositories\"}; without actions it lists and pulls",
                 {}},
                Access::organisation(auth::Action::keys_service), create_service_key);
    rows.insert(rows.end(), service_rows.begin(), service_rows.end());
    return rows;
  }();
  return kRoutes;
}

}  // namespace berth::api
