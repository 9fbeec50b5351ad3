// Browser sessions through the whole API: the cookie opens one route, from one origin, until it is over.
#include <gtest/gtest.h>

#include <algorithm>

#include "berth/api/routes.h"
#include "unit/api/accounts_fixture.h"

namespace berth::api {
namespace {

using base::Json;
using base::OrderedJson;
using http::Method;

constexpr auto kPath = "/api/v1/session";
constexpr auto kOrigin = "http://reg.example.com";

class BrowserSession : public AccountsTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(accounts.create_org("acme", ""));
    for (const auto* email : {"ann@x", "bob@x"}) user(email);
    ASSERT_TRUE(accounts.grant("ann@x", {"acme", ""}, "REGISTRY_USER"));
  }

  Reply sign_in(const std::string& email, const std::string& password, http::Fields more = {{"Origin", kOrigin}}) {
    more.add("Content-Type", "application/json");
    return ask(Method::post, kPath, "", OrderedJson{{"email", email}, {"password", password}}.dump(), more);
  }
  // "berth_session=…", as a browser sends it back.
  std::string cookie(const std::string& email = "ann@x") {
    const auto reply = sign_in(email, "a long password");
    EXPECT_EQ(reply.status, 201) << reply.body;
    const auto field = reply.field("Set-Cookie");
    return field.substr(0, field.find(';'));
  }
  Reply with(Method method, const std::string& cookie, http::Fields more = {}) {
    more.add("Cookie", cookie);
    return ask(method, kPath, "", "", more);
  }
  Reply sign_out(const std::string& cookie) { return with(Method::delete_, cookie, {{"Origin", kOrigin}}); }
  std::string bearer_of(const std::string& cookie) {
    const auto reply = with(Method::get, cookie);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return bearer(Json::parse(reply.body).value("token", ""));
  }
  auth::ConfirmedPassword confirmed() {
    return policy->confirm_password({"ann@x", std::string("a long password")}, {"192.0.2.1"}).value();
  }
  int status(const std::string& authorization) { return ask(Method::get, "/api/v1/me", authorization).status; }
};

TEST_F(BrowserSession, ACookieIsTradedForABearer) {
  const auto reply = sign_in("ANN@x", "a long password");
  ASSERT_EQ(reply.status, 201) << reply.body;
  EXPECT_EQ(reply.field("Cache-Control"), "no-store");
  const auto set = reply.field("Set-Cookie");
  const auto secret = set.substr(14, 43);
  EXPECT_EQ(set, "berth_session=" + secret + "; Path=/api/v1/session; Max-Age=604800; HttpOnly; SameSite=Strict");
  EXPECT_EQ(reply.body.find(secret), std::string::npos);
  const auto traded = with(Method::get, "theme=dark; berth_session=" + secret + "; lang=ko");
  ASSERT_EQ(traded.status, 200) << traded.body;
  EXPECT_EQ(traded.field("Cache-Control"), "no-store");
  const auto json = Json::parse(traded.body);
  EXPECT_EQ(json["expires_in"], 900);
  const auto me = ask(Method::get, "/api/v1/me", bearer(json["token"].get<std::string>()));
  ASSERT_EQ(me.status, 200) << me.body;
  EXPECT_EQ(Json::parse(me.body)["session"], json["id"]);
  EXPECT_EQ(Json::parse(me.body)["user"]["email"], "ann@x");
  EXPECT_EQ(ask(Method::get, "/v2/acme/app/manifests/v1", bearer(json["token"].get<std::string>())).status, 404)
      << "everything that its user may";
}

TEST_F(BrowserSession, IsSecureUnderHttps) {
  auto with_https = services();
  with_https.links.public_url = "https://reg.example.com:443";
  application = make_application(with_https);
  EXPECT_EQ(sign_in("ann@x", "a long password").status, 403) << "http is another origin";
  const auto reply = sign_in("ann@x", "a long password", {{"Origin", "https://reg.example.com"}});
  ASSERT_EQ(reply.status, 201) << reply.body;
  EXPECT_TRUE(reply.field("Set-Cookie").ends_with("; HttpOnly; SameSite=Strict; Secure")) << reply.field("Set-Cookie");
}

TEST_F(BrowserSession, OnlyPagesOfTheRegistryAreHeard) {
  const auto mine = cookie();
  for (const auto* origin : {"http://evil.example", "null", "https://reg.example.com", "http://reg.example.com.evil.example",
                             "http://reg.example.com:8080", "http://sub.reg.example.com", ""}) {
    EXPECT_EQ(sign_in("ann@x", "a long password", {{"Origin", origin}}).status, 403) << origin;
    EXPECT_EQ(with(Method::get, mine, {{"Origin", origin}}).status, 403) << origin;
    EXPECT_EQ(with(Method::delete_, mine, {{"Origin", origin}}).status, 403) << origin;
  }
  EXPECT_EQ(sign_in("ann@x", "a long password", http::Fields{}).status, 403)
      << "every browser says where a page that posts is from";
  EXPECT_EQ(with(Method::delete_, mine).status, 403);
  EXPECT_EQ(with(Method::get, mine, {{"Sec-Fetch-Site", "cross-site"}}).status, 403);
  EXPECT_EQ(with(Method::get, mine, {{"Sec-Fetch-Site", "same-site"}}).status, 403);
  EXPECT_EQ(with(Method::get, mine, {{"Sec-Fetch-Site", "same-origin"}}).status, 200);
  const auto form = ask(Method::post, kPath, "", "email=ann%40x&password=a+long+password",
                        {{"Origin", kOrigin}, {"Content-Type", "application/x-www-form-urlencoded"}});
  EXPECT_EQ(form.status, 400) << form.body;
}

// No other route takes the cookie: with it everybody is who he is without it.
TEST_F(BrowserSession, TheCookieIsNoCredentialElsewhere) {
  const auto mine = cookie();
  int asked = 0;
  for (const auto& face : faces()) {
    for (const auto& route : face.routes) {
      if (route.path == kPath) continue;
      std::string target(route.path);
      for (const auto& [part, value] :
           {std::pair{"{name}", "acme/app"}, std::pair{"{id}", "1"}, std::pair{"{org}", "acme"}, std::pair{"{reference}", "v1"},
            std::pair{"{upload}", "00000000000000000000000000000000"}}) {
        if (const auto at = target.find(part); at != std::string::npos) target.replace(at, std::string(part).size(), value);
      }
      for (const auto method : route.methods) {
        if (route.access.kind() == Access::Kind::everyone) continue;
        const auto without = ask(method, target, "");
        const auto reply = ask(method, target, "", "", {{"Cookie", mine}, {"Origin", kOrigin}});
        EXPECT_EQ(reply.status, without.status) << route.name;
        EXPECT_EQ(reply.body, without.body) << route.name;
        EXPECT_TRUE(reply.status == 401 || reply.status == 400 || reply.status == 404) << route.name << ' ' << reply.status;
        ++asked;
      }
    }
  }
  EXPECT_GT(asked, 30);
  const auto secret = mine.substr(mine.find('=') + 1);
  for (const auto& as : {bearer(secret), basic("ann@x", secret), basic("$oauthtoken", secret), "ApiKey " + secret}) {
    EXPECT_EQ(ask(Method::get, "/v2/", as).status, 401);
    EXPECT_EQ(ask(Method::get, "/token?service=ngc", as).status, 401);
  }
}

TEST_F(BrowserSession, SigningOutEndsTheCookieAndItsBearersAtOnce) {
  const auto mine = cookie();
  const auto other = cookie();
  const auto token = bearer_of(mine);
  const auto others_token = bearer_of(other);
  EXPECT_EQ(status(token), 200);
  const auto out = sign_out(mine);
  EXPECT_EQ(out.status, 204);
  EXPECT_EQ(out.field("Set-Cookie"), "berth_session=; Path=/api/v1/session; Max-Age=0; HttpOnly; SameSite=Strict");
  EXPECT_EQ(with(Method::get, mine).status, 401) << "a replay";
  EXPECT_EQ(status(token), 401) << "the bearer as well";
  EXPECT_EQ(status(others_token), 200);
  EXPECT_EQ(with(Method::get, other).status, 200);
  EXPECT_EQ(sign_out(mine).status, 204) << "once more is no error";
  ASSERT_TRUE(audit.flush());
  const auto page = catalog->audit().list({.principal = "user:1000000"}).value();
  EXPECT_EQ(std::count_if(page.rows.begin(), page.rows.end(),
                          [](const auto& row) { return row.kind == catalog::audit_kind_name(catalog::AuditKind::sign_out); }),
            1);
}

TEST_F(BrowserSession, ANewPasswordAndADisabledUserEndAllSessions) {
  const auto first = cookie();
  const auto token = bearer_of(first);
  ASSERT_EQ(tell(Method::post, "/api/v1/me/password", "",
                 {{"email", "ann@x"}, {"password", "a long password"}, {"new_password", "another password"}})
                .status,
            204);
  EXPECT_EQ(with(Method::get, first).status, 401);
  EXPECT_EQ(status(token), 401);
  const auto bobs = cookie("bob@x");
  const auto bobs_token = bearer_of(bobs);
  ASSERT_TRUE(accounts.set_standing("bob@x", catalog::Standing::disabled));
  EXPECT_EQ(with(Method::get, bobs).status, 401);
  EXPECT_EQ(status(bobs_token), 401);
  ASSERT_TRUE(accounts.set_standing("bob@x", catalog::Standing::active));
  EXPECT_EQ(with(Method::get, bobs).status, 401) << "and it does not come back with him";
  EXPECT_EQ(status(bobs_token), 401);
}

TEST_F(BrowserSession, EndsWhenItIsIdleAndInAnyCase) {
  const auto idle = cookie();
  const auto used = cookie();
  for (int hour = 0; hour < 7 * 24; ++hour) {
    EXPECT_EQ(with(Method::get, used).status, 200) << hour;
    clock.advance(std::chrono::hours(1));
    if (hour == 12) {
      EXPECT_EQ(with(Method::get, idle).status, 401);
    }
  }
  EXPECT_EQ(with(Method::get, used).status, 401) << "a week is a week";
  ASSERT_TRUE(sessions.tick());
  EXPECT_TRUE(catalog->sessions().list_sessions(1'000'000, 0, 10).value().empty());
}

TEST_F(BrowserSession, ABearerLivesAsLongAsItsSessionAndNoLonger) {
  service::Sessions brief(catalog->sessions(), {std::chrono::seconds(2000), std::chrono::seconds(2000)}, clock);
  const auto begun = brief.begin(confirmed(), "192.0.2.1", "").value();
  clock.advance(std::chrono::seconds(1500));
  const auto reply = with(Method::get, "berth_session=" + begun.secret);
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_LE(Json::parse(reply.body)["expires_in"].get<int>(), 900);
  const auto token = bearer(Json::parse(reply.body)["token"].get<std::string>());
  EXPECT_EQ(status(token), 200);
  clock.advance(std::chrono::seconds(901));
  EXPECT_EQ(status(token), 401);
}

// What was kept in memory of a session is not taken for its end once it was used again.
TEST_F(BrowserSession, UseMovesTheEndOnForItsBearersToo) {
  const auto mine = cookie();
  EXPECT_EQ(status(bearer_of(mine)), 200);
  clock.advance(std::chrono::hours(11));
  const auto token = bearer_of(mine);
  clock.advance(std::chrono::minutes(59));
  const auto late = bearer_of(mine);
  EXPECT_EQ(status(token), 401);
  clock.advance(std::chrono::minutes(10));
  EXPECT_EQ(status(late), 200);
}

TEST_F(BrowserSession, AWrongPasswordIsSlowedDownAndAFirstOneMustBeChanged) {
  const auto first = accounts.set_password("bob@x", std::nullopt).value();
  const auto refused = sign_in("bob@x", first);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(Json::parse(refused.body)["code"], "password_must_change");
  EXPECT_EQ(refused.field("Set-Cookie"), "");
  ASSERT_EQ(tell(Method::post, "/api/v1/me/password", "",
                 {{"email", "bob@x"}, {"password", first}, {"new_password", "chosen by a person"}})
                .status,
            204);
  EXPECT_EQ(sign_in("bob@x", "chosen by a person").status, 201);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(sign_in("ann@x", "a wrong password").status, 401);
  EXPECT_EQ(sign_in("ann@x", "a long password").status, 429);
  EXPECT_EQ(sign_in("nobody@x", "a wrong password").status, 401);
  EXPECT_EQ(sign_in("ann@x", key("ann@x")).status, 429) << "a key is no password here";
  clock.advance(std::chrono::seconds(61));
  EXPECT_EQ(sign_in("ann@x", key("ann@x")).status, 401);
}

TEST_F(BrowserSession, SigningInAnewEndsWhatWasBefore) {
  const auto mine = cookie();
  const auto again = sign_in("ann@x", "a long password", {{"Origin", kOrigin}, {"Cookie", mine}});
  ASSERT_EQ(again.status, 201);
  EXPECT_EQ(with(Method::get, mine).status, 401);
  const auto set = again.field("Set-Cookie");
  const auto fresh = set.substr(0, set.find(';'));
  EXPECT_NE(fresh, mine);
  EXPECT_EQ(with(Method::get, fresh).status, 200);
  EXPECT_EQ(with(Method::get, fresh + "; " + mine).status, 401) << "two are none: somebody else wrote one of them";
}

TEST_F(BrowserSession, ListsAndEndsOnesOwnAlone) {
  const auto first = cookie();
  const auto second = cookie();
  const auto bobs = cookie("bob@x");
  const auto token = bearer_of(first);
  const auto listed = ask(Method::get, "/api/v1/me/sessions", token);
  ASSERT_EQ(listed.status, 200) << listed.body;
  const auto list = Json::parse(listed.body)["sessions"];
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["current"], true);
  EXPECT_EQ(list[1]["current"], false);
  EXPECT_EQ(list[0]["address"], "192.0.2.1");
  EXPECT_EQ(listed.body.find(first.substr(14)), std::string::npos);
  const auto of = [](const Json& session) { return "/api/v1/me/sessions/" + std::to_string(session["id"].get<int>()); };
  EXPECT_EQ(ask(Method::delete_, of(list[1]), bearer_of(bobs)).status, 404) << "somebody else's";
  EXPECT_EQ(with(Method::get, second).status, 200);
  EXPECT_EQ(ask(Method::delete_, of(list[1]), token).status, 204);
  EXPECT_EQ(with(Method::get, second).status, 401);
  EXPECT_EQ(ask(Method::delete_, of(list[1]), token).status, 404);
  EXPECT_EQ(ask(Method::get, "/api/v1/me/sessions", bearer(key("ann@x"))).status, 403) << "not with a key";
  EXPECT_EQ(ask(Method::get, "/token?service=ngc", token).status, 401) << "a bearer is no way to another one";
}

// Between the check of a password and the row of its session the password may be changed, or its user disabled.
TEST_F(BrowserSession, NoneBeginsWithAPasswordThatIsOver) {
  const auto before = confirmed();
  clock.advance(std::chrono::seconds(1));
  ASSERT_TRUE(accounts.set_password("ann@x", "another password"));
  EXPECT_EQ(sessions.begin(before, "192.0.2.1", "").error().code(), base::ErrorCode::unauthorized);
  const auto after = policy->confirm_password({"ann@x", std::string("another password")}, {"192.0.2.1"}).value();
  EXPECT_TRUE(sessions.begin(after, "192.0.2.1", ""));
  ASSERT_TRUE(accounts.set_standing("ann@x", catalog::Standing::disabled));
  EXPECT_EQ(sessions.begin(after, "192.0.2.1", "").error().code(), base::ErrorCode::unauthorized);
}

TEST_F(BrowserSession, AUserHasAHundredAtMost) {
  const auto ann = confirmed();
  const auto oldest = sessions.begin(ann, "192.0.2.1", "agent\r\nX: y").value();
  for (std::size_t i = 0; i < service::Sessions::kMost; ++i) ASSERT_TRUE(sessions.begin(ann, "192.0.2.1", ""));
  EXPECT_EQ(with(Method::get, "berth_session=" + oldest.secret).status, 401);
  EXPECT_EQ(sessions.list(ann.principal.user, 0, 1000).value().size(), service::Sessions::kMost);
}

}  // namespace
}  // namespace berth::api
