// What /api/v1 promises of one's own account, of keys and of what repositories are open to. Here is also conflict of me.keys.create and
// me.keys.rotate.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "berth/auth/roles.h"
#include "unit/api/accounts_fixture.h"

namespace berth::api {
namespace {

using base::Json;
using base::OrderedJson;
using http::Method;

class OwnAccount : public AccountsTest {
 protected:
  void SetUp() override {
    for (const auto* org : {"acme", "zeta"}) ASSERT_TRUE(accounts.create_org(org, ""));
    ASSERT_TRUE(accounts.create_team("acme", "vision", ""));
    for (const auto* email : {"ann@x", "bob@x", "eve@x", "tim@x", "nil@x"}) user(email);
    ASSERT_TRUE(accounts.grant("ann@x", {"acme", ""}, "ORG_OWNER"));
    ASSERT_TRUE(accounts.grant("bob@x", {"acme", ""}, "REGISTRY_USER"));
    ASSERT_TRUE(accounts.grant("bob@x", {"zeta", ""}, "REGISTRY_READ"));
    ASSERT_TRUE(accounts.grant("eve@x", {"zeta", ""}, "ORG_OWNER"));
    ASSERT_TRUE(accounts.grant("tim@x", {"acme", "vision"}, "REGISTRY_USER"));
  }
  static std::string pw(const std::string& email) { return basic(email, "a long password"); }

  Json get(const std::string& target, const std::string& authorization, int status = 200) {
    const auto reply = ask(Method::get, target, authorization);
    EXPECT_EQ(reply.status, status) << reply.body;
    return Json::parse(reply.body, nullptr, false);
  }
  // The key, made; empty when it was refused.
  std::string make(const std::string& target, const std::string& authorization, const OrderedJson& wish) {
    const auto reply = tell(Method::post, target, authorization, wish);
    return reply.status == 201 ? Json::parse(reply.body)["key"].get<std::string>() : std::string();
  }
  std::string own(const std::string& authorization, OrderedJson wish) {
    if (wish.is_null()) wish = OrderedJson::object();
    wish["org"] = wish.value("org", "acme");
    return make("/api/v1/me/keys", authorization, wish);
  }
  std::int64_t id_of(const std::string& key) {
    return catalog->accounts().find_key_by_hash(auth::parse_key_text(key)->hash()).value()->id;
  }
  static std::string path(const std::string& keys, std::int64_t id, const std::string& more = {}) {
    return keys + '/' + std::to_string(id) + more;
  }
  std::string must_change(const std::string& email) { return accounts.set_password(email, std::nullopt).value(); }
};

TEST_F(OwnAccount, SaysWhoOneIsAndWhatOneMay) {
  const auto bob = get("/api/v1/me", pw("bob@x"));
  EXPECT_EQ(bob["user"]["email"], "bob@x");
  EXPECT_EQ(bob["user"]["administrator"], false);
  EXPECT_EQ(bob["registry_host"], "reg.example.com");
  EXPECT_EQ(bob["version"], BERTH_VERSION);
  EXPECT_EQ(bob["features"], Json::parse(R"({"scan":false,"oidc":false,"guest":true})"));
  EXPECT_TRUE(bob["key"].is_null());
  EXPECT_EQ(bob["actions"], Json::array());
  ASSERT_EQ(bob["orgs"].size(), 2U);
  EXPECT_EQ(bob["orgs"][0]["name"], "acme");
  EXPECT_EQ(bob["orgs"][0]["roles"], Json({"REGISTRY_USER"}));
  EXPECT_EQ(bob["orgs"][1]["name"], "zeta");
  const auto pushes = [](const Json& part) {
    return std::count(part["actions"].begin(), part["actions"].end(), "registry:push") == 1;
  };
  EXPECT_TRUE(pushes(bob["orgs"][0]));
  EXPECT_FALSE(pushes(bob["orgs"][1]));

  const auto tim = get("/api/v1/me", pw("tim@x"));
  EXPECT_EQ(tim["orgs"][0]["actions"], Json::array()) << "a role in a team gives nothing in the organisation";
  EXPECT_EQ(tim["orgs"][0]["teams"][0]["name"], "vision");
  EXPECT_TRUE(pushes(tim["orgs"][0]["teams"][0]));

  const auto by_key = get("/api/v1/me", bearer(key("bob@x", {"registry:pull"})));
  ASSERT_EQ(by_key["orgs"].size(), 1U) << "a key of acme knows nothing of zeta";
  EXPECT_EQ(by_key["orgs"][0]["actions"], Json({"registry:pull"}));
  EXPECT_EQ(by_key["key"]["actions"], Json({"registry:pull"}));

  const auto service = make("/api/v1/orgs/acme/keys", pw("ann@x"), {{"name", "ci"}});
  const auto itself = get("/api/v1/me", bearer(service));
  EXPECT_TRUE(itself["user"].is_null());
  EXPECT_EQ(itself["key"]["kind"], "service");
  EXPECT_EQ(itself["orgs"][0]["name"], "acme");
  EXPECT_EQ(itself["orgs"][0]["actions"], Json({"registry:list", "registry:pull"}));

  ASSERT_TRUE(accounts.set_rank("ann@x", catalog::Rank::platform_administrator));
  const auto root = get("/api/v1/me", pw("ann@x"));
  EXPECT_EQ(root["actions"], Json({"org:create", "system:read", "system:write", "system:gc"}));
  EXPECT_EQ(get("/api/v1/me", bearer(key("ann@x")))["actions"], Json::array()) << "its key holds in acme alone";
}

// `me` says for every principal what the decision says.
TEST_F(OwnAccount, SaysWhatTheDecisionSays) {
  ASSERT_TRUE(accounts.grant("ann@x", {"acme", "vision"}, "REGISTRY_READ"));
  ASSERT_TRUE(accounts.grant("tim@x", {"acme", "vision"}, "USER_ADMIN"));
  for (const auto& who : {pw("ann@x"), pw("bob@x"), pw("eve@x"), pw("tim@x"), pw("nil@x"),
                          bearer(key("ann@x", {"users:list", "registry:push"})), bearer(key("bob@x"))}) {
    const auto credential = [&]() -> auth::Credential {
      if (who.starts_with("Bearer ")) return auth::BearerCredential{who.substr(7)};
      const auto text = base::from_base64(who.substr(6)).value();
      return auth::BasicCredential{text.substr(0, text.find(':')), text.substr(text.find(':') + 1)};
    }();
    const auto principal = policy->authenticate(credential, {"192.0.2.1"}, auth::Expired::refused).value();
    const auto me = get("/api/v1/me", who);
    for (const std::string org : {"acme", "zeta"}) {
      const auto part = std::find_if(me["orgs"].begin(), me["orgs"].end(), [&](const Json& one) { return one["name"] == org; });
      for (std::size_t i = 0; i < auth::kActionCount; ++i) {
        const auto action = static_cast<auth::Action>(i);
        if (action == auth::Action::registry_list) continue;  // as a whole, asked for by everybody
        const std::string name(auth::action_name(action));
        const auto has = [&](const Json& where) {
          return std::count(where["actions"].begin(), where["actions"].end(), name) == 1;
        };
        const bool said = part != me["orgs"].end() && has(*part);
        EXPECT_EQ(said, policy->check(principal, action, {{}, org, {}}).has_value()) << who << ' ' << org << ' ' << name;
        if (org != "acme" || part == me["orgs"].end() || (*part)["teams"].empty()) continue;
        EXPECT_EQ(has((*part)["teams"][0]), policy->check(principal, action, {{}, org, "vision"}).has_value())
            << who << ' ' << name;
      }
    }
  }
}

TEST_F(OwnAccount, AKeyIsShownOnceAndListedWithoutItsSecret) {
  const auto reply = tell(
      Method::post, "/api/v1/me/keys", pw("bob@x"),
      {{"org", "acme"}, {"name", "laptop"}, {"expires_in", 60}, {"actions", {"registry:pull"}}, {"repositories", {"acme/app"}}});
  ASSERT_EQ(reply.status, 201) << reply.body;
  const auto made = Json::parse(reply.body);
  const auto text = made["key"].get<std::string>();
  EXPECT_EQ(auth::parse_key_text(made["nvapi"].get<std::string>())->secret, auth::parse_key_text(text)->secret);
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(text)).status, 200);
  ASSERT_TRUE(policy->tick());
  const auto listed = ask(Method::get, "/api/v1/me/keys", pw("bob@x"));
  EXPECT_EQ(listed.body.find(auth::parse_key_text(text)->secret), std::string::npos);
  EXPECT_EQ(listed.body.find(auth::parse_key_text(text)->hash()), std::string::npos);
  auto one = Json::parse(listed.body)["keys"][0];
  EXPECT_EQ(one["name"], "laptop");
  EXPECT_EQ(one["org"], "acme");
  EXPECT_EQ(one["repositories"], Json({"acme/app"}));
  EXPECT_EQ(one["state"], "live");
  EXPECT_FALSE(one["last_used"].is_null());
  clock.advance(std::chrono::seconds(61));
  one = get("/api/v1/me/keys", pw("bob@x"))["keys"][0];
  EXPECT_EQ(one["state"], "over") << "an expired key does not look like a live one";
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(text)).status, 401);
}

TEST_F(OwnAccount, PersonalKeysHoldWhereTheirMakerHasARole) {
  EXPECT_NE(own(pw("tim@x"), {}), "") << "a role in a team is one";
  const auto refused = tell(Method::post, "/api/v1/me/keys", pw("bob@x"), {{"org", "gone"}});
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(own(pw("eve@x"), {}), "");
  EXPECT_EQ(own(pw("nil@x"), {}), "");
  EXPECT_EQ(make("/api/v1/me/keys", pw("nil@x"), {{"kind", "legacy"}}), "") << "keys:personal comes with a role";
  const auto first = make("/api/v1/me/keys", pw("bob@x"), {{"kind", "legacy"}});
  const auto second = make("/api/v1/me/keys", pw("bob@x"), {{"kind", "legacy"}});
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(first)).status, 401) << "there is one legacy key";
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(second)).status, 200);
}

// 300 random ceilings of makers and wishes, against the rule said again.
TEST_F(OwnAccount, WhatAKeyMakesReachesNoFurtherThanItself) {
  std::mt19937 random(7);
  const std::vector<std::string> names = {"keys:personal", "registry:pull", "registry:push", "registry:list", "users:list"};
  const auto some = [&] {
    std::vector<std::string> picked;
    for (const auto& name : names) {
      if (random() % 2 == 0) picked.push_back(name);
    }
    return picked;
  };
  int made_some = 0;
  for (int round = 0; round < 300; ++round) {
    const auto ceiling = random() % 4 == 0 ? std::vector<std::string>{} : some();
    const bool few_places = random() % 5 == 0;
    const auto maker = key("ann@x", ceiling, few_places ? std::vector<std::string>{"acme/app"} : std::vector<std::string>{});
    const auto wished = random() % 3 == 0 ? std::vector<std::string>{} : some();
    const auto made = own(bearer(maker), {{"actions", wished}});
    const std::set<std::string> has(ceiling.begin(), ceiling.end());
    const bool may_at_all = !few_places && (ceiling.empty() || has.contains("keys:personal"));
    const bool within =
        ceiling.empty() || std::all_of(wished.begin(), wished.end(), [&](const auto& one) { return has.contains(one); });
    ASSERT_EQ(!made.empty(), may_at_all && within) << round;
    if (made.empty()) continue;
    ++made_some;
    const auto stored = catalog->accounts().find_key(id_of(made)).value()->actions;
    const std::set<std::string> got(stored.begin(), stored.end());
    EXPECT_EQ(got, wished.empty() ? has : std::set<std::string>(wished.begin(), wished.end())) << round;
  }
  EXPECT_GT(made_some, 30);
}

TEST_F(OwnAccount, AKeysKeysEndWithItAndHoldWhereItHolds) {
  const auto short_lived = key("bob@x", {}, {}, std::chrono::seconds(100));
  for (const auto& wish : {OrderedJson{{"expires_in", 5000}}, OrderedJson{{"name", "for ever"}}}) {
    const auto made = own(bearer(short_lived), wish);
    ASSERT_NE(made, "");
    EXPECT_EQ(catalog->accounts().find_key(id_of(made)).value()->expires, clock.now() + std::chrono::seconds(100));
  }
  EXPECT_EQ(own(bearer(short_lived), {{"org", "zeta"}}), "") << "its organisation alone";
  EXPECT_EQ(make("/api/v1/me/keys", bearer(short_lived), {{"kind", "legacy"}}), "");
  // Through a token of service=ngc the key is still the key.
  const auto token = Json::parse(ask(Method::get, "/token?service=ngc", bearer(short_lived)).body)["token"].get<std::string>();
  const auto made = own(bearer(token), {});
  ASSERT_NE(made, "");
  EXPECT_EQ(catalog->accounts().find_key(id_of(made)).value()->expires, clock.now() + std::chrono::seconds(100));
}

TEST_F(OwnAccount, RotatingIsNoWayUp) {
  const auto wide = id_of(key("bob@x"));
  const auto narrow = key("bob@x", {"keys:personal", "registry:pull"});
  const std::string keys = "/api/v1/me/keys";
  EXPECT_EQ(tell(Method::post, path(keys, wide, "/rotate"), bearer(narrow), OrderedJson::object()).status, 403);
  EXPECT_FALSE(catalog->accounts().find_key(wide).value()->expires) << "the refused one goes on as before";
  const auto itself = tell(Method::post, path(keys, id_of(narrow), "/rotate"), bearer(narrow), {{"overlap", 60}});
  ASSERT_EQ(itself.status, 201) << itself.body;
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(narrow)).status, 200);
  clock.advance(std::chrono::seconds(61));
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(narrow)).status, 401);
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(Json::parse(itself.body)["key"].get<std::string>())).status, 200);
  const auto ending = key("bob@x", {}, {}, std::chrono::seconds(100));
  const auto rotated = tell(Method::post, path(keys, wide, "/rotate"), bearer(ending), OrderedJson::object());
  ASSERT_EQ(rotated.status, 201) << rotated.body;
  EXPECT_EQ(catalog->accounts().find_key(Json::parse(rotated.body)["id"].get<std::int64_t>()).value()->expires,
            clock.now() + std::chrono::seconds(100));
}

// security.md B1.18: an id of somebody else's is an id of nobody's.
TEST_F(OwnAccount, IdsReachNoFurtherThanTheirHolder) {
  const auto anns = key("ann@x");
  const auto service = make("/api/v1/orgs/acme/keys", pw("ann@x"), {{"name", "ci"}});
  const auto bobs_in_zeta = own(pw("bob@x"), {{"org", "zeta"}});
  struct Try {
    std::string keys;
    std::string as;
    std::int64_t id;
  };
  const Try tries[] = {{"/api/v1/me/keys", pw("bob@x"), id_of(anns)},
                       {"/api/v1/me/keys", pw("ann@x"), id_of(service)},
                       {"/api/v1/me/keys", bearer(key("bob@x")), id_of(bobs_in_zeta)},
                       {"/api/v1/orgs/zeta/keys", pw("eve@x"), id_of(service)},
                       {"/api/v1/orgs/acme/keys", pw("ann@x"), id_of(anns)},
                       {"/api/v1/orgs/zeta/keys", pw("eve@x"), id_of(bobs_in_zeta)}};
  for (const auto& [keys, as, id] : tries) {
    for (const auto& [method, more] : {std::pair{Method::delete_, ""}, std::pair{Method::post, "/rotate"}}) {
      const auto to = [&, method = method, more = more](std::int64_t which) {
        auto reply = method == Method::post ? tell(method, path(keys, which, more), as, OrderedJson::object())
                                            : ask(method, path(keys, which), as);
        EXPECT_EQ(reply.status, 404) << keys << ' ' << which;
        const auto text = std::to_string(which);
        if (const auto at = reply.body.find(text); at != std::string::npos) reply.body.replace(at, text.size(), "*");
        return reply.body;
      };
      EXPECT_EQ(to(id), to(987654)) << keys;
    }
  }
  for (const auto& live : {anns, service, bobs_in_zeta}) EXPECT_EQ(ask(Method::get, "/v2/", bearer(live)).status, 200);
  const auto listed = get("/api/v1/orgs/acme/keys", pw("ann@x"))["keys"];
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0]["id"], id_of(service));
  const auto of_acme = get("/api/v1/me/keys", bearer(key("bob@x")))["keys"];
  EXPECT_TRUE(std::none_of(of_acme.begin(), of_acme.end(), [](const Json& one) { return one["org"] == "zeta"; }));
}

TEST_F(OwnAccount, AServiceKeyMakesServiceKeysWithinItself) {
  const auto keeper = make("/api/v1/orgs/acme/keys", pw("ann@x"), {{"actions", {"keys:service", "registry:pull"}}});
  ASSERT_NE(keeper, "");
  EXPECT_NE(make("/api/v1/orgs/acme/keys", bearer(keeper), {{"actions", {"registry:pull"}}}), "");
  EXPECT_EQ(make("/api/v1/orgs/acme/keys", bearer(keeper), {{"actions", {"registry:push"}}}), "");
  EXPECT_EQ(make("/api/v1/orgs/acme/keys", bearer(keeper), OrderedJson::object()), "") << "listing is not in its ceiling";
  EXPECT_EQ(make("/api/v1/orgs/zeta/keys", bearer(keeper), {{"actions", {"registry:pull"}}}), "");
  EXPECT_EQ(ask(Method::get, "/api/v1/me/keys", bearer(keeper)).status, 403);
}

TEST_F(OwnAccount, PagesOfKeysHoldEachOnce) {
  for (int i = 0; i < 5; ++i) key("bob@x");
  std::set<std::int64_t> seen;
  std::string target = "/api/v1/me/keys?n=2";
  int pages = 0;
  while (!target.empty() && ++pages < 9) {
    const auto reply = ask(Method::get, target, pw("bob@x"));
    const auto page = Json::parse(reply.body);
    for (const auto& one : page["keys"]) EXPECT_TRUE(seen.insert(one["id"].get<std::int64_t>()).second);
    const auto link = reply.field("Link");
    target = link.empty() ? "" : link.substr(1, link.find('>') - 1);
  }
  EXPECT_EQ(seen.size(), 5U);
  EXPECT_EQ(pages, 3);
}

TEST_F(OwnAccount, AFirstPasswordOpensNothingButItsOwnChange) {
  const auto first = must_change("bob@x");
  EXPECT_EQ(ask(Method::get, "/api/v1/me", basic("bob@x", first)).status, 401);
  EXPECT_EQ(ask(Method::get, "/token?service=ngc", basic("bob@x", first)).status, 401);
  const auto change = [&](const std::string& old, const std::string& fresh) {
    return tell(Method::post, "/api/v1/me/password", "", {{"email", "bob@x"}, {"password", old}, {"new_password", fresh}}).status;
  };
  EXPECT_EQ(change(first, first), 400);
  EXPECT_EQ(change("not the password", "chosen by a person"), 401);
  EXPECT_EQ(change(first, "chosen by a person"), 204);
  EXPECT_EQ(ask(Method::get, "/api/v1/me", basic("bob@x", "chosen by a person")).status, 200);
  EXPECT_EQ(change(first, "chosen by another"), 401);
}

TEST_F(OwnAccount, GuessingAPasswordByItsChangeIsSlowedDownToo) {
  const auto guess = [&](const std::string& email) {
    return tell(Method::post, "/api/v1/me/password", "",
                {{"email", email}, {"password", "a guess of mine"}, {"new_password", "chosen by a thief"}})
        .status;
  };
  for (int i = 0; i < 10; ++i) EXPECT_EQ(guess("bob@x"), 401);
  EXPECT_EQ(guess("bob@x"), 429);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(guess("nobody@x"), 401);
  EXPECT_EQ(guess("nobody@x"), 429) << "who is not there is slowed down alike";
  EXPECT_EQ(ask(Method::get, "/v2/", pw("ann@x")).status, 200);
}

TEST_F(OwnAccount, AChangedPasswordIsItsUsersDoingInTheAuditLog) {
  ASSERT_EQ(tell(Method::post, "/api/v1/me/password", "",
                 {{"email", "bob@x"}, {"password", "a long password"}, {"new_password", "chosen by a person"}})
                .status,
            204);
  const auto bob = "user:" + std::to_string(catalog->accounts().find_user_by_email("bob@x").value()->id);
  const auto page = catalog->audit().list({.principal = bob}).value();
  EXPECT_TRUE(std::any_of(page.rows.begin(), page.rows.end(), [&](const auto& row) {
    return row.kind == catalog::audit_kind_name(catalog::AuditKind::password_changed) && row.subject == bob;
  }));
}

TEST_F(OwnAccount, ADisabledUserChangesNothing) {
  ASSERT_TRUE(accounts.set_standing("bob@x", catalog::Standing::disabled));
  EXPECT_EQ(tell(Method::post, "/api/v1/me/password", "",
                 {{"email", "bob@x"}, {"password", "a long password"}, {"new_password", "chosen by a person"}})
                .status,
            401);
}

TEST_F(OwnAccount, OnesNameIsChangedInPersonAlone) {
  EXPECT_EQ(tell(Method::patch, "/api/v1/me", pw("bob@x"), {{"name", "Bob"}}).status, 200);
  EXPECT_EQ(get("/api/v1/me", pw("bob@x"))["user"]["name"], "Bob");
  EXPECT_EQ(tell(Method::patch, "/api/v1/me", bearer(key("bob@x")), {{"name", "B"}}).status, 403);
  EXPECT_EQ(tell(Method::patch, "/api/v1/me", pw("bob@x"), {{"name", "B"}, {"email", "ann@x"}}).status, 400);
  EXPECT_EQ(tell(Method::patch, "/api/v1/me", pw("bob@x"), {{"name", std::string("a\nb")}}).status, 400);
}

TEST_F(OwnAccount, KeysHaveALimitForEachUser) {
  service::Accounts limited(catalog->accounts(), passwords, clock, {"machine:tester"}, {"main", 2});
  auto with_limit = services();
  with_limit.accounts = &limited;
  application = make_application(with_limit);
  const auto first = own(pw("bob@x"), {{"name", "a"}});
  ASSERT_FALSE(first.empty());
  ASSERT_FALSE(own(pw("bob@x"), {{"name", "b"}}).empty());
  const auto refused = tell(Method::post, "/api/v1/me/keys", pw("bob@x"), {{"org", "acme"}});
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.body.find("2 live keys"), std::string::npos) << refused.body;
  EXPECT_FALSE(own(pw("ann@x"), {}).empty()) << "somebody else's do not count";
  EXPECT_EQ(tell(Method::post, path("/api/v1/me/keys", id_of(first), "/rotate"), pw("bob@x"), OrderedJson::object()).status, 201);
  EXPECT_EQ(tell(Method::post, path("/api/v1/me/keys", id_of(first), "/rotate"), pw("bob@x"), OrderedJson::object()).status, 409)
      << "the place of the old one was taken";
}

TEST_F(OwnAccount, VisibilityIsForWhoMayPublish) {
  push_blob(service::name("acme/app"), "x");
  const std::string url = "/api/v1/repositories/acme/app/-/visibility";
  EXPECT_EQ(get(url, pw("bob@x"))["visibility"], "private");
  EXPECT_EQ(tell(Method::put, url, pw("bob@x"), {{"visibility", "public"}}).status, 403);
  EXPECT_EQ(tell(Method::put, url, pw("ann@x"), {{"visibility", "teams"}, {"teams", {"vision"}}}).status, 200);
  EXPECT_EQ(get(url, pw("tim@x"))["teams"], Json({"vision"}));
  EXPECT_EQ(tell(Method::put, url, pw("ann@x"), {{"visibility", "public"}}).status, 200);
  EXPECT_EQ(get(url, "")["visibility"], "public");
  EXPECT_EQ(tell(Method::put, "/api/v1/repositories/acme/app/-/immutable-tags", pw("ann@x"), {{"patterns", {"v*"}}}).status, 200);
  EXPECT_EQ(catalog->accounts().list_immutable_tags(service::name("acme/app")).value(), std::vector<std::string>{"v*"});
}

TEST_F(OwnAccount, ANameOfOnePartIsSharedWithTeamsOfTheDefaultOrganisation) {
  ASSERT_TRUE(accounts.create_org("main", ""));
  ASSERT_TRUE(accounts.create_team("main", "kitchen", ""));
  ASSERT_TRUE(accounts.grant("tim@x", {"main", "kitchen"}, "REGISTRY_READ"));
  ASSERT_TRUE(accounts.grant("ann@x", {"main", ""}, "ORG_OWNER"));
  push_blob(service::name("plain"), "x");
  const std::string url = "/api/v1/repositories/plain/-/visibility";
  EXPECT_EQ(tell(Method::put, url, pw("ann@x"), {{"visibility", "teams"}, {"teams", {"vision"}}}).status, 404) << "of another";
  EXPECT_EQ(tell(Method::put, url, pw("ann@x"), {{"visibility", "teams"}, {"teams", {"kitchen"}}}).status, 200);
  EXPECT_EQ(get(url, pw("tim@x"))["teams"], Json({"kitchen"}));
  const auto told = catalog->audit().list({.subject = "repository:plain"}).value().rows.front();
  EXPECT_EQ(told.org, "main");
  EXPECT_EQ(told.detail, R"({"visibility":"teams","teams":"kitchen"})");
}

TEST_F(OwnAccount, ADenialSaysWhatIsNeededToThoseWhoMayKnow) {
  const auto need = [&](const std::string& target, const std::string& as) {
    const auto reply = tell(Method::put, target, as, {{"visibility", "public"}});
    EXPECT_EQ(reply.status, 403) << reply.body;
    return Json::parse(reply.body);
  };
  const auto bobs = need("/api/v1/repositories/acme/vision/app/-/visibility", pw("bob@x"));
  EXPECT_EQ(bobs["need"], Json({{"action", "registry:publish"}, {"scope", "acme/vision"}}));
  EXPECT_EQ(bobs["args"]["role"], "REGISTRY_ADMIN");
  EXPECT_FALSE(need("/api/v1/repositories/acme/app/-/visibility", pw("eve@x")).contains("need"));
  EXPECT_FALSE(need("/api/v1/repositories/gone/app/-/visibility", pw("bob@x")).contains("need"));
}

}  // namespace
}  // namespace berth::api
