// B3.13: every route × every principal × every kind of place, against what was written down by hand who may what.
//
// The second opinion is text, not code: for each principal and repository the letters of what it may, l list, p pull, w push, d delete.
// Routes come from the table; one that has no row in kAsks fails the test.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "berth/api/routes.h"
#include "unit/api/accounts_fixture.h"

namespace berth::api {
namespace {

struct Who {
  std::string name;
  std::string authorization;
  bool known = true;                       // false: a guest, or a credential that is not good
  std::map<std::string, std::string> may;  // repository → letters
  std::string scope;                       // of a token: what it was asked for; "": no token
};

class AccessMatrix : public AccountsTest {
 protected:
  void SetUp() override {
    for (const auto* org : {"acme", "zeta"}) ASSERT_TRUE(accounts.create_org(org, ""));
    ASSERT_TRUE(accounts.create_team("acme", "vision", ""));
    for (const auto* repository : {"acme/app", "acme/pub", "acme/seen", "acme/shared", "acme/vision/app", "zeta/app"}) {
      push_blob(service::name(repository), repository);
    }
    ASSERT_TRUE(accounts.set_visibility("acme/pub", "public", {}));
    ASSERT_TRUE(accounts.set_visibility("acme/seen", "listed", {}));
    ASSERT_TRUE(accounts.set_visibility("acme/shared", "teams", {"vision"}));
    const std::pair<const char*, const char*> roles[] = {{"reader", "REGISTRY_READ"},
                                                         {"pusher", "REGISTRY_USER"},
                                                         {"admin", "REGISTRY_ADMIN"},
                                                         {"people", "USER_ADMIN"},
                                                         {"owner", "ORG_OWNER"}};
    for (const auto& [email, role] : roles) member(email, role, {"acme", ""});
    member("team-reader", "REGISTRY_READ", {"acme", "vision"});
    member("team-pusher", "REGISTRY_USER", {"acme", "vision"});
    member("team-admin", "REGISTRY_ADMIN", {"acme", "vision"});
    member("foreign", "ORG_OWNER", {"zeta", ""});
    user("nobody@x");
    user("root@x");
    ASSERT_TRUE(accounts.set_rank("root@x", catalog::Rank::platform_administrator));
    add_people();
    add_keys();
    add_tokens();
  }

  void member(const std::string& name, const std::string& role, const service::RolePlace& place) {
    user(name + "@x");
    ASSERT_TRUE(accounts.grant(name + "@x", place, role));
  }
  static std::string pw(const std::string& name) { return basic(name + "@x", "a long password"); }

  // What everybody may, whoever it is.
  static std::map<std::string, std::string> open() { return {{"acme/pub", "lp"}, {"acme/seen", "l"}}; }
  static std::map<std::string, std::string> with(std::map<std::string, std::string> more) {
    for (const auto& [name, letters] : open()) more.emplace(name, letters);
    return more;
  }

  void add(Who who) { people.push_back(std::move(who)); }

  void add_people() {
    add({"anonymous", "", false, open(), ""});
    add({"reader", pw("reader"), true,
         with({{"acme/app", "lp"},
               {"acme/none", "lp"},
               {"acme/seen", "lp"},
               {"acme/shared", "lp"},
               {"acme/vision/app", "lp"},
               {"acme/ghost/app", "lp"}}),
         ""});
    add({"pusher", pw("pusher"), true,
         with({{"acme/app", "lpw"},
               {"acme/none", "lpw"},
               {"acme/pub", "lpw"},
               {"acme/seen", "lpw"},
               {"acme/shared", "lpw"},
               {"acme/vision/app", "lpw"},
               {"acme/ghost/app", "lp"}}),
         ""});
    add({"admin", pw("admin"), true,
         with({{"acme/app", "lpwd"},
               {"acme/none", "lpwd"},
               {"acme/pub", "lpwd"},
               {"acme/seen", "lpwd"},
               {"acme/shared", "lpwd"},
               {"acme/vision/app", "lpwd"},
               {"acme/ghost/app", "lpd"}}),
         ""});
    add({"people", pw("people"), true, open(), ""});
    add({"owner", pw("owner"), true,
         with({{"acme/app", "lpwd"},
               {"acme/none", "lpwd"},
               {"acme/pub", "lpwd"},
               {"acme/seen", "lpwd"},
               {"acme/shared", "lpwd"},
               {"acme/vision/app", "lpwd"},
               {"acme/ghost/app", "lpwd"}}),
         ""});
    add({"team-reader", pw("team-reader"), true, with({{"acme/vision/app", "lp"}, {"acme/shared", "lp"}, {"acme/seen", "lp"}}),
         ""});
    add({"team-pusher", pw("team-pusher"), true, with({{"acme/vision/app", "lpw"}, {"acme/shared", "lp"}, {"acme/seen", "lp"}}),
         ""});
    add({"team-admin", pw("team-admin"), true, with({{"acme/vision/app", "lpwd"}, {"acme/shared", "lp"}, {"acme/seen", "lp"}}),
         ""});
    add({"foreign", pw("foreign"), true, with({{"zeta/app", "lpwd"}}), ""});
    add({"nobody", pw("nobody"), true, open(), ""});
    add({"root", pw("root"), true,
         with({{"acme/app", "lpwd"},
               {"acme/none", "lpwd"},
               {"acme/pub", "lpwd"},
               {"acme/seen", "lpwd"},
               {"acme/shared", "lpwd"},
               {"acme/vision/app", "lpwd"},
               {"acme/ghost/app", "lpwd"},
               {"zeta/app", "lpwd"},
               {"gone/app", "lpd"}}),
         ""});
    guessers.push_back({"wrong password", basic("owner@x", "not this password"), false, open(), ""});
    guessers.push_back({"unknown user", basic("who@x", "a long password"), false, open(), ""});
    user("disabled@x");
    ASSERT_TRUE(accounts.grant("disabled@x", {"acme", ""}, "ORG_OWNER"));
    ASSERT_TRUE(accounts.set_standing("disabled@x", catalog::Standing::disabled));
    guessers.push_back({"disabled", pw("disabled"), false, open(), ""});
    for (const auto* odd : {"Basic", "Basic !!!", "Digest x", "Bearer", "Bearer a.b.c", "Bearer "})
      add({odd, odd, false, open(), ""});
  }

  void add_keys() {
    const auto all = std::map<std::string, std::string>{
        {"acme/app", "lpwd"},    {"acme/none", "lpwd"},       {"acme/pub", "lpwd"},      {"acme/seen", "lpwd"},
        {"acme/shared", "lpwd"}, {"acme/vision/app", "lpwd"}, {"acme/ghost/app", "lpwd"}};
    const auto owner_key = key("owner@x");
    add({"owner's key, Bearer", bearer(owner_key), true, with(all), ""});
    add({"owner's key, Basic", basic("$oauthtoken", owner_key), true, with(all), ""});
    add({"owner's key, nvapi", bearer(auth::parse_key_text(owner_key)->nvapi_spelling()), true, with(all), ""});
    add({"key for pulls of acme/app", bearer(key("owner@x", {"registry:pull"}, {"acme/app"})), true, with({{"acme/app", "p"}}),
         ""});
    add({"root's key in acme", bearer(key("root@x")), true, with(all), ""});
    add({"foreigner's key in acme", bearer(key("foreign@x")), true, open(), ""});
    const auto service = accounts
                             .create_key({.kind = catalog::KeyKind::service,
                                          .email = "",
                                          .org = "acme",
                                          .name = "ci",
                                          .lifetime = {},
                                          .actions = {"registry:pull", "registry:push"},
                                          .repositories = {"acme/vision/*"}})
                             .value();
    add({"service key", bearer(service.key), true, with({{"acme/vision/app", "pw"}}), ""});
    const auto revoked =
        accounts.create_key({.email = "owner@x", .org = "acme", .name = "", .lifetime = {}, .actions = {}, .repositories = {}})
            .value();
    EXPECT_EQ(ask(http::Method::get, "/v2/", bearer(revoked.key)).status, 200);
    ASSERT_TRUE(accounts.revoke_key(revoked.id));
    add({"revoked key", bearer(revoked.key), false, open(), ""});
    const auto short_lived = key("owner@x", {}, {}, std::chrono::seconds(5));
    const auto old_token = token_for(pw("owner"), "repository:acme/app:pull,push,delete");
    clock.advance(std::chrono::seconds(400));
    add({"expired key", bearer(short_lived), false, open(), ""});
    add({"expired token", bearer(old_token), false, open(), ""});
    auto slipped = owner_key;
    slipped[20] = slipped[20] == 'x' ? 'y' : 'x';
    add({"key with a slip", bearer(slipped), false, open(), ""});
  }

  void add_tokens() {
    add({"token for acme/app", bearer(token_for(pw("owner"), "repository:acme/app:pull,push,delete")), true,
         with({{"acme/app", "pwd"}}), "acme/app"});
    add({"token for another repository", bearer(token_for(pw("owner"), "repository:acme/vision/app:*")), true,
         with({{"acme/vision/app", "pwd"}}), "acme/vision/app"});
    add({"reader's token asked for all", bearer(token_for(pw("reader"), "repository:acme/app:pull,push,delete")), true,
         with({{"acme/app", "p"}}), "acme/app"});
    add({"guest's token", bearer(token_for("", "repository:acme/app:pull,push")), false, open(), ""});
    add({"ngc token",
         bearer(base::Json::parse(ask(http::Method::get, "/token?service=ngc&", pw("team-pusher")).body)["token"]
                    .get<std::string>()),
         true, with({{"acme/vision/app", "lpw"}, {"acme/shared", "lp"}, {"acme/seen", "lp"}}), ""});
  }

  // What `who` may on a route that asks for `asks`: a token whose time is over still is itself where the route lets it.
  const Who& model(const Who& who, std::string_view asks) const {
    if (who.name != "expired token" || asks.find('x') == std::string_view::npos) return who;
    return *std::find_if(people.begin(), people.end(), [](const Who& other) { return other.name == "token for acme/app"; });
  }

  std::vector<Who> people;
  std::vector<Who> guessers;  // whom a brake stops soon, so they ask little
};

const std::string kRepositories[] = {"acme/app",        "acme/none",      "acme/pub", "acme/seen", "acme/shared",
                                     "acme/vision/app", "acme/ghost/app", "zeta/app", "gone/app"};

// What each route asks for, said here a second time and not read from its row. Letters as above, and:
//   e  everybody          k  a known principal          c  the list of repositories: a known principal whose key and token let it through
//   o  policy of a repository: who may delete there, but not by a token of the registry   s  the platform administrator's, in person
//   t  asks for credentials by itself (the token service's own tests)
//   a  one's own account: a known principal, but not by a token of the registry; keys of one's own: not by a key without keys:personal;
//      sessions: not by a key
//   K  the service keys of an organisation, and its audit log: the same roles have both
//   x  behind another letter: also with a token whose time is over
//   A  a known principal, not by a token for repositories; what its key lets through of its user's own matters is NGC's face's test
// and on an organisation or team, by the table of kOrganisations:
//   m  any role there   u  list its users   i  invite, remove, give roles, handle teams   g  edit the organisation
const std::map<std::string_view, std::string_view> kAsks = {
    {"oci.base", "k"},
    {"oci.base.bare", "k"},
    {"oci.catalog.list", "c"},
    {"oci.blob.get", "p"},
    {"oci.blob.delete", "d"},
    {"oci.upload.post", "w"},
    {"oci.upload.post.bare", "w"},
    {"oci.upload.patch", "wx"},
    {"oci.upload.put", "wx"},
    {"oci.upload.get", "wx"},
    {"oci.upload.delete", "wx"},
    {"oci.manifest.get", "p"},
    {"oci.manifest.put", "w"},
    {"oci.manifest.delete", "d"},
    {"oci.tags.list", "p"},
    {"oci.referrers.list", "p"},
    {"token.get", "t"},
    {"token.post", "t"},
    {"token.proxy_auth.get", "t"},
    {"token.proxy_auth.post", "t"},
    {"token.keys", "e"},
    {"system.gc", "s"},
    {"system.retention.get", "s"},
    {"system.retention.put", "s"},
    {"repository.delete", "d"},
    {"repository.history", "w"},
    {"repository.restore", "w"},
    {"repository.pulls", "p"},
    {"repository.retention.get", "p"},
    {"repository.retention.put", "o"},
    {"repository.retention.run", "o"},
    {"repository.visibility.get", "p"},
    {"repository.visibility.put", "o"},
    {"repository.immutable.get", "p"},
    {"repository.immutable.put", "o"},
    {"me.get", "a"},
    {"me.sessions.list", "a"},
    {"me.sessions.end", "a"},
    {"session.begin", "t"},
    {"session.bearer", "t"},
    {"session.end", "t"},
    {"me.edit", "a"},
    {"me.password", "t"},
    {"me.keys.list", "a"},
    {"me.keys.create", "a"},
    {"me.keys.revoke", "a"},
    {"me.keys.rotate", "a"},
    {"system.audit.list", "s"},
    {"system.audit.export", "s"},
    {"org.audit.list", "K"},
    {"org.audit.export", "K"},
    {"org.keys.list", "K"},
    {"org.keys.create", "K"},
    {"org.keys.revoke", "K"},
    {"org.keys.rotate", "K"},
    {"ngc.audit.list", "K"},
    {"ngc.audit.post", "K"},
    {"ngc.audit.get", "K"},
    {"ngc.audit.delete", "K"},
    {"ngc.invitations.list", "i"},
    {"ngc.team.invitations.list", "i"},
    {"ngc.v3.invitations.list", "i"},
    {"ngc.v3.team.invitations.list", "i"},
    {"ngc.invitation.delete", "i"},
    {"ngc.team.invitation.delete", "i"},
    {"ngc.invitation.resend", "i"},
    {"ngc.team.invitation.resend", "i"},
    {"ngc.v3.invitations.post", "m"},  // and users:invite on each place that the body names: ngc_invitations_test.cpp
    {"ngc.v3.nca_invitations.post", "m"},
    {"ngc.v3.invitations.delete", "m"},
    {"invitation.get", "t"},
    {"invitation.accept", "t"},
    {"ngc.me.get", "A"},
    {"ngc.me.patch", "A"},
    {"ngc.me.key", "A"},
    {"ngc.caller", "t"},
    {"ngc.roles", "e"},
    {"ngc.keys", "e"},
    {"ngc.orgs.list", "A"},
    {"ngc.org.get", "m"},
    {"ngc.org.patch", "g"},
    {"ngc.org.post", "s"},
    {"ngc.admin.org.post", "s"},
    {"ngc.teams.list", "m"},
    {"ngc.teams.post", "i"},
    {"ngc.team.get", "m"},
    {"ngc.team.patch", "i"},
    {"ngc.team.delete", "i"},
    {"ngc.users.list", "u"},
    {"ngc.team.users.list", "u"},
    {"ngc.v3.users.list", "u"},
    {"ngc.v3.team.users.list", "u"},
    {"ngc.users.post", "i"},
    {"ngc.team.users.post", "i"},
    {"ngc.v3.users.post", "i"},
    {"ngc.v3.team.users.post", "i"},
    {"ngc.user.get", "u"},
    {"ngc.team.user.get", "u"},
    {"ngc.v3.user.get", "u"},
    {"ngc.v3.team.user.get", "u"},
    {"ngc.user.delete", "i"},
    {"ngc.team.user.delete", "i"},
    {"ngc.v3.user.delete", "i"},
    {"ngc.v3.team.user.delete", "i"},
    {"ngc.user.add_role", "i"},
    {"ngc.team.user.add_role", "i"},
    {"ngc.v3.user.add_role", "i"},
    {"ngc.v3.team.user.add_role", "i"},
    {"ngc.user.update_role", "i"},
    {"ngc.team.user.update_role", "i"},
    {"ngc.v3.user.update_role", "i"},
    {"ngc.v3.team.user.update_role", "i"},
    {"ngc.user.remove_role", "i"},
    {"ngc.team.user.remove_role", "i"},
    {"ngc.v3.user.remove_role", "i"},
    {"ngc.v3.team.user.remove_role", "i"},
    {"ops.health", "e"},
    {"ops.ready", "e"},
    {"ops.metrics", "e"},
    {"ops.openapi", "e"},
};

// Who may handle the service keys of which organisations.
const std::map<std::string_view, std::set<std::string_view>> kKeepers = {
    {"admin", {"acme"}},
    {"owner", {"acme"}},
    {"foreign", {"zeta"}},
    {"root", {"acme", "zeta", "gone"}},
    {"owner's key, Bearer", {"acme"}},
    {"owner's key, Basic", {"acme"}},
    {"owner's key, nvapi", {"acme"}},
    {"root's key in acme", {"acme"}},
};

// Who may what in an organisation or a team of it, said by hand as well; who is not here may nothing. acme/ghost and gone are not there.
const std::map<std::string_view, std::map<std::string, std::string>> kOrganisations = {
    {"reader", {{"acme", "m"}, {"acme/vision", "m"}, {"acme/ghost", "m"}}},
    {"pusher", {{"acme", "m"}, {"acme/vision", "m"}, {"acme/ghost", "m"}}},
    {"admin", {{"acme", "mu"}, {"acme/vision", "mu"}, {"acme/ghost", "mu"}}},
    {"people", {{"acme", "mui"}, {"acme/vision", "mui"}, {"acme/ghost", "mui"}}},
    {"owner", {{"acme", "muig"}, {"acme/vision", "muig"}, {"acme/ghost", "muig"}}},
    {"team-reader", {{"acme", "m"}, {"acme/vision", "mu"}}},
    {"team-pusher", {{"acme", "m"}, {"acme/vision", "mu"}}},
    {"team-admin", {{"acme", "m"}, {"acme/vision", "mu"}}},
    {"foreign", {{"zeta", "muig"}, {"zeta/vision", "muig"}}},
    {"root",
     {{"acme", "muig"},
      {"acme/vision", "muig"},
      {"acme/ghost", "muig"},
      {"zeta", "muig"},
      {"zeta/vision", "muig"},
      {"gone", "muig"},
      {"gone/vision", "muig"}}},
    {"owner's key, Bearer", {{"acme", "muig"}, {"acme/vision", "muig"}, {"acme/ghost", "muig"}}},
    {"owner's key, Basic", {{"acme", "muig"}, {"acme/vision", "muig"}, {"acme/ghost", "muig"}}},
    {"owner's key, nvapi", {{"acme", "muig"}, {"acme/vision", "muig"}, {"acme/ghost", "muig"}}},
    {"key for pulls of acme/app", {{"acme", "m"}, {"acme/vision", "m"}, {"acme/ghost", "m"}}},
    {"root's key in acme", {{"acme", "muig"}, {"acme/vision", "muig"}, {"acme/ghost", "muig"}}},
    {"service key", {{"acme", "m"}, {"acme/vision", "m"}, {"acme/ghost", "m"}}},
    {"ngc token", {{"acme", "m"}, {"acme/vision", "mu"}}},
};

bool may_in(const Who& who, const std::string& place, char letter) {
  const auto row = kOrganisations.find(who.name);
  if (row == kOrganisations.end()) return false;
  const auto letters = row->second.find(place);
  return letters != row->second.end() && letters->second.find(letter) != std::string::npos;
}

std::string_view asks(const Route& route) {
  const auto found = kAsks.find(route.name);
  return found == kAsks.end() ? std::string_view() : found->second;
}

std::string target_of(const Route& route, const std::string& repository) {
  std::string target(route.path);
  const auto put = [&](std::string_view parameter, const std::string& value) {
    if (const auto at = target.find(parameter); at != std::string::npos) target.replace(at, parameter.size(), value);
  };
  put("{name}", repository);
  put("{digest}", "sha256:" + std::string(64, 'a'));
  put("{reference}", "latest");
  put("{upload}", std::string(32, 'a'));
  put("{id}", route.path.starts_with("/api/v1/repositories/") ? "1" : "999999");
  put("{user}", "999");
  return target;
}

// Calls `ask` for every route and method; a route that stands in no row of this file fails.
void for_each_method(const std::function<void(const Route&, std::string_view asks, http::Method)>& visit) {
  for (const auto& face : faces()) {
    for (const auto& route : face.routes) {
      const auto wanted = asks(route);
      EXPECT_FALSE(wanted.empty()) << route.name << " has no row in kAsks: say who may use it";
      for (const auto method : route.methods) {
        if (!wanted.empty()) visit(route, wanted, method);
      }
    }
  }
}

// A refusal in the form that is due to who asked.
void expect_refused(const Reply& reply, const Who& who, const std::string& repository, const std::string& what) {
  if (!who.known) {
    EXPECT_EQ(reply.status, 401) << what;
    EXPECT_NE(reply.field("WWW-Authenticate").find("scope=\"repository:" + repository + ":"), std::string::npos) << what;
  } else if (!who.scope.empty() && reply.status == 401) {
    // The token does not reach; whether its owner would, is another row's matter.
    EXPECT_NE(reply.field("WWW-Authenticate").find("error=\"insufficient_scope\""), std::string::npos) << what;
  } else {
    EXPECT_EQ(reply.status, 403) << what;
  }
}

TEST_F(AccessMatrix, EveryRouteOnRepositoriesForEverybody) {
  int asked = 0;
  for_each_method([&](const Route& route, std::string_view wanted, http::Method method) {
    if (std::string_view("lpwdo").find(wanted.front()) == std::string_view::npos) return;
    const bool of_policy = wanted.front() == 'o';
    const char letter = of_policy ? 'd' : wanted.front();
    for (const auto& person : people) {
      const Who& who = model(person, wanted);
      for (const auto& repository : kRepositories) {
        const auto reply = ask(method, target_of(route, repository), person.authorization);
        const auto found = who.may.find(repository);
        const bool reaches = !of_policy || who.scope.empty();
        const bool allowed = reaches && found != who.may.end() && found->second.find(letter) != std::string::npos;
        if (route.name == "repository.delete" && reply.status == 202) {
          ASSERT_EQ(ask(http::Method::post, reply.field("Location"), pw("root")).status, 200) << "what was deleted comes back";
        }
        const std::string what = std::string(route.name) + ' ' + std::string(http::method_name(method)) + " on " + repository +
                                 " as " + person.name + ": " + std::to_string(reply.status) + ' ' + reply.body;
        ++asked;
        if (allowed) {
          EXPECT_TRUE(reply.status != 401 && reply.status != 403 && reply.status < 500) << what;
        } else {
          expect_refused(reply, who, repository, what);
        }
      }
    }
  });
  std::printf("%d requests, %zu principals\n", asked, people.size());
}

TEST_F(AccessMatrix, RoutesThatAskOnlyWhoYouAre) {
  for_each_method([&](const Route& route, std::string_view wanted, http::Method method) {
    for (const auto& who : people) {
      const auto what = std::string(route.name) + " as " + who.name;
      if (wanted == "e") {
        EXPECT_EQ(ask(method, std::string(route.path), who.authorization).status, 200) << what;
      } else if (wanted == "k") {
        const auto reply = ask(method, std::string(route.path), who.authorization);
        EXPECT_EQ(reply.status, who.known ? 200 : 401) << what;
        if (who.known) continue;
        EXPECT_EQ(
            reply.field("WWW-Authenticate").find("Bearer realm=\"http://reg.example.com/token\",service=\"reg.example.com\""), 0U)
            << what;
      }
    }
  });
}

TEST_F(AccessMatrix, TheSystemIsThePlatformAdministrators) {
  for_each_method([&](const Route& route, std::string_view wanted, http::Method method) {
    if (wanted != "s") return;
    for (const auto& who : people) {
      const auto status = ask(method, std::string(route.path), who.authorization).status;
      const auto what = std::string(route.name) + " as " + who.name + ": " + std::to_string(status);
      if (who.name == "root") {
        EXPECT_TRUE(status < 500 && status != 401 && status != 403) << what;
      } else if (who.known && who.scope.empty()) {
        EXPECT_EQ(status, 403) << what;
      } else {
        EXPECT_TRUE(status == 401 || status == 403) << what;
      }
    }
  });
}

TEST_F(AccessMatrix, OnesOwnAccountIsForEverybodyWhoIsKnown) {
  for_each_method([&](const Route& route, std::string_view wanted, http::Method method) {
    if (wanted != "a") return;
    for (const auto& who : people) {
      const auto reply = ask(method, target_of(route, {}), who.authorization);
      const auto what = std::string(route.name) + " as " + who.name + ": " + std::to_string(reply.status) + ' ' + reply.body;
      const bool narrow_key = who.name == "service key" || who.name == "key for pulls of acme/app";
      const bool by_key = narrow_key || who.name.find("key") != std::string::npos;
      const bool refused = route.path.find("/sessions") != std::string_view::npos
                               ? by_key
                               : narrow_key && route.path.find("/keys") != std::string_view::npos;
      if (!who.known || !who.scope.empty()) {
        EXPECT_EQ(reply.status, 401) << what;
        const bool token = who.known;
        EXPECT_EQ(reply.field("WWW-Authenticate").find("insufficient_scope") != std::string::npos, token) << what;
      } else if (refused && reply.status != 0) {
        EXPECT_EQ(reply.status, 403) << what;
      } else {
        EXPECT_TRUE(reply.status != 401 && reply.status != 403 && reply.status < 500) << what;
      }
    }
  });
}

TEST_F(AccessMatrix, ServiceKeysAreForWhoKeepsThem) {
  for_each_method([&](const Route& route, std::string_view wanted, http::Method method) {
    if (wanted != "K") return;
    for (const auto& who : people) {
      for (const auto* org : {"acme", "zeta", "gone"}) {
        std::string target = target_of(route, {});
        target.replace(target.find("{org}"), 5, org);
        const auto reply = ask(method, target, who.authorization);
        const auto what = target + " as " + who.name + ": " + std::to_string(reply.status) + ' ' + reply.body;
        const auto keeper = kKeepers.find(who.name);
        if (keeper != kKeepers.end() && keeper->second.contains(org)) {
          EXPECT_TRUE(reply.status != 401 && reply.status != 403 && reply.status < 500) << what;
        } else if (!who.known) {
          EXPECT_EQ(reply.status, 401) << what;
        } else {
          EXPECT_TRUE(reply.status == 403 || (reply.status == 401 && !who.scope.empty())) << what;
        }
      }
    }
  });
}

// What a refusal shows of an organisation that one has no part in is what it shows of one that is not there.
TEST_F(AccessMatrix, AForeignOrganisationLooksLikeAMissingOne) {
  for_each_method([&](const Route& route, std::string_view wanted, http::Method method) {
    if (wanted != "K") return;
    for (const auto& who : people) {
      if (who.name == "foreign" || who.name == "root") continue;
      const auto of = [&](const std::string& org) {
        std::string target = target_of(route, {});
        target.replace(target.find("{org}"), 5, org);
        auto reply = ask(method, target, who.authorization);
        for (std::size_t at; (at = reply.body.find(org)) != std::string::npos;) reply.body.replace(at, org.size(), "*");
        EXPECT_EQ(reply.body.find("\"need\":"), std::string::npos) << reply.body;
        return std::to_string(reply.status) + reply.body + reply.field("WWW-Authenticate");
      };
      EXPECT_EQ(of("zeta"), of("gone")) << route.name << " as " << who.name;
    }
  });
}

TEST_F(AccessMatrix, EveryRouteOnOrganisationsForEverybody) {
  int asked = 0;
  for_each_method([&](const Route& route, std::string_view wanted, http::Method method) {
    if (std::string_view("muig").find(wanted.front()) == std::string_view::npos) return;
    const bool of_team = route.path.find("{team}") != std::string_view::npos;
    for (const auto& who : people) {
      for (const std::string place : {"acme/vision", "acme/ghost", "zeta/vision", "gone/vision"}) {
        const auto org = place.substr(0, place.find('/'));
        std::string target = target_of(route, "");
        target.replace(target.find("{org}"), 5, org);
        if (of_team) target.replace(target.find("{team}"), 6, place.substr(place.find('/') + 1));
        const bool allowed = may_in(who, of_team ? place : org, wanted.front());
        // The team stays for the next who asks; that it can be deleted is tests/unit/api/ngc_test.cpp's.
        if (allowed && route.name == "ngc.team.delete") continue;
        const auto reply = ask(method, target, who.authorization);
        ++asked;
        const auto what =
            std::string(route.name) + ' ' + target + " as " + who.name + ": " + std::to_string(reply.status) + reply.body;
        if (allowed) {
          EXPECT_TRUE(reply.status != 401 && reply.status != 403 && reply.status < 500) << what;
        } else if (!who.known) {
          EXPECT_EQ(reply.status, 401) << what;
        } else if (!who.scope.empty() && reply.status == 401) {
          EXPECT_NE(reply.field("WWW-Authenticate").find("error=\"insufficient_scope\""), std::string::npos) << what;
        } else {
          EXPECT_EQ(reply.status, 403) << what;
        }
      }
    }
  });
  std::printf("%d requests\n", asked);
}

TEST_F(AccessMatrix, AnAccountIsNotReachedByATokenForRepositories) {
  for_each_method([&](const Route& route, std::string_view wanted, http::Method method) {
    if (wanted != "A") return;
    for (const auto& who : people) {
      const auto reply = ask(method, std::string(route.path), who.authorization);
      const auto what = std::string(route.name) + " as " + who.name + ": " + std::to_string(reply.status) + reply.body;
      const bool allowed = who.known && who.scope.empty();
      EXPECT_EQ(reply.status == 401, !allowed) << what;
      EXPECT_LT(reply.status, 500) << what;
    }
  });
}

// Whoever has no part in an organisation cannot tell it from one that is not there.
TEST_F(AccessMatrix, ForeignAndMissingOrganisationsAnswerAlike) {
  for_each_method([&](const Route& route, std::string_view wanted, http::Method method) {
    if (std::string_view("muig").find(wanted.front()) == std::string_view::npos) return;
    const auto asked_of = [&](const Who& who, const std::string& org) {
      std::string target = target_of(route, "");
      target.replace(target.find("{org}"), 5, org);
      if (const auto at = target.find("{team}"); at != std::string::npos) target.replace(at, 6, "vision");
      const auto reply = ask(method, target, who.authorization);
      std::string text = std::to_string(reply.status) + reply.body + reply.field("WWW-Authenticate");
      for (std::size_t at; (at = text.find(org)) != std::string::npos;) text.replace(at, org.size(), "*");
      return text;
    };
    for (const auto& who : people) {
      if (who.name == "foreign" || who.name == "root") continue;
      EXPECT_EQ(asked_of(who, "zeta"), asked_of(who, "gone")) << route.name << " as " << who.name;
    }
  });
}

TEST_F(AccessMatrix, GuessersAreGuests) {
  for (const auto& who : guessers) {
    EXPECT_EQ(ask(http::Method::get, "/v2/", who.authorization).status, 401) << who.name;
    EXPECT_EQ(ask(http::Method::get, "/v2/acme/app/manifests/latest", who.authorization).status, 401) << who.name;
    EXPECT_EQ(ask(http::Method::get, "/v2/acme/pub/manifests/latest", who.authorization).status, 404) << who.name;
    EXPECT_EQ(ask(http::Method::post, "/v2/acme/pub/blobs/uploads/", who.authorization).status, 401) << who.name;
  }
}

TEST_F(AccessMatrix, TheListOfRepositoriesHoldsWhatOneMayList) {
  for (const auto& who : people) {
    const auto reply = ask(http::Method::get, "/v2/_catalog", who.authorization);
    if (!who.known || !who.scope.empty()) {
      EXPECT_EQ(reply.status, 401) << who.name;
      continue;
    }
    if (who.name.find("for pulls") != std::string::npos || who.name == "service key") {
      EXPECT_EQ(reply.status, 403) << who.name << ": its key does not let registry:list through";
      continue;
    }
    ASSERT_EQ(reply.status, 200) << who.name << reply.body;
    std::vector<std::string> wanted;
    for (const auto* repository : {"acme/app", "acme/pub", "acme/seen", "acme/shared", "acme/vision/app", "zeta/app"}) {
      const auto found = who.may.find(repository);
      if (found != who.may.end() && found->second.find('l') != std::string::npos) wanted.emplace_back(repository);
    }
    EXPECT_EQ(base::Json::parse(reply.body)["repositories"].get<std::vector<std::string>>(), wanted) << who.name;
  }
}

// For who may not list there, what is private and what is missing are the same, to the byte.
TEST_F(AccessMatrix, PrivateAndMissingAnswerAlike) {
  const auto masked = [](Reply reply, const std::string& repository) {
    std::string text = std::to_string(reply.status) + reply.body;
    for (const auto& [name, value] : reply.fields.all()) text += '\n' + name + ": " + value;
    for (std::size_t at; (at = text.find(repository)) != std::string::npos;) text.replace(at, repository.size(), "*");
    for (std::size_t at; (at = text.find(repository.substr(0, 4) + " ")) != std::string::npos;) text.replace(at, 4, "*");
    return text;
  };
  for (const auto& who : people) {
    for (const auto& route : faces()[0].routes) {
      if (asks(route).find_first_of("lpwd") == std::string_view::npos) continue;
      for (const auto method : route.methods) {
        const auto private_one = who.may.find("zeta/app");
        if (private_one != who.may.end()) continue;
        EXPECT_EQ(masked(ask(method, target_of(route, "zeta/app"), who.authorization), "zeta/app"),
                  masked(ask(method, target_of(route, "zeta/nil"), who.authorization), "zeta/nil"))
            << route.name << " as " << who.name;
        if (who.may.contains("gone/app")) continue;
        EXPECT_EQ(masked(ask(method, target_of(route, "zeta/app"), who.authorization), "zeta/app"),
                  masked(ask(method, target_of(route, "gone/app"), who.authorization), "gone/app"))
            << route.name << " as " << who.name << ": an organisation that is not there";
      }
    }
  }
}

}  // namespace
}  // namespace berth::api
