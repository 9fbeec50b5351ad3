// NGC's face over real rows: who may give and take which roles, that nothing of another organisation is ever found, and shapes.
#include <gmock/gmock.h>

#include <regex>

#include "berth/base/metrics.h"
#include "berth/service/members.h"
#include "unit/api/accounts_fixture.h"

namespace berth::api {
namespace {

using base::Json;
using http::Method;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NgcTest : public AccountsTest {
 protected:
  void SetUp() override {
    for (const auto* org : {"acme", "zeta"}) ASSERT_TRUE(accounts.create_org(org, ""));
    for (const auto* team : {"vision", "audio"}) ASSERT_TRUE(accounts.create_team("acme", team, ""));
    member("owner", "ORG_OWNER", {"acme", ""});
    member("people", "USER_ADMIN", {"acme", ""});
    member("reader", "REGISTRY_READ", {"acme", ""});
    member("lead", "USER_ADMIN", {"acme", "vision"});
    member("eye", "REGISTRY_READ", {"acme", "vision"});
    member("ear", "REGISTRY_USER", {"acme", "audio"});
    member("foreign", "ORG_OWNER", {"zeta", ""});
    user("root@x");
    ASSERT_TRUE(accounts.set_rank("root@x", catalog::Rank::platform_administrator));
  }

  void member(const std::string& name, const std::string& role, const service::RolePlace& place) {
    user(name + "@x");
    ASSERT_TRUE(accounts.grant(name + "@x", place, role));
  }
  Reply as(const std::string& name, Method method, const std::string& target, const std::string& body = {}) {
    return ask(method, target, basic(name + "@x", "a long password"), body);
  }
  std::int64_t id(const std::string& name) { return accounts.members().find_account({0, name + "@x"}).value()->id; }
  std::string id_text(const std::string& name) { return std::to_string(id(name)); }
  static Json json(const Reply& reply) {
    EXPECT_EQ(reply.status, 200) << reply.body;
    return Json::parse(reply.body, nullptr, false);
  }
  static std::string status_code(const Reply& reply) {
    return Json::parse(reply.body)["requestStatus"]["statusCode"].get<std::string>();
  }
  std::vector<std::string> org_roles(const std::string& name) {
    const auto user = json(as("root", Method::get, "/v2/org/acme/users/" + id_text(name)))["user"];
    for (const auto& place : user["roles"]) {
      if (!place.contains("team")) return place["orgRoles"].get<std::vector<std::string>>();
    }
    return {};
  }
};

// --- who may give and take what ------------------------------------------------------------------------------------------------------

TEST_F(NgcTest, OwnersAreMadeAndUnmadeByOwnersAlone) {
  const std::string owner = "/v3/orgs/acme/users/" + id_text("owner");
  const std::string reader = "/v3/orgs/acme/users/" + id_text("reader");
  for (const auto& [method, target] :
       {std::pair{Method::patch, reader + "/add-role?roles=ORG_OWNER"},
        std::pair{Method::patch, reader + "/update-role?roles=ORG_OWNER"},
        std::pair{Method::patch, "/v2/org/acme/users/" + id_text("people") + "/add-role?roles=ORG_OWNER"},
        std::pair{Method::patch, owner + "/update-role?roles=REGISTRY_READ"},
        std::pair{Method::delete_, owner + "/remove-role?roles=ORG_OWNER"}, std::pair{Method::delete_, owner}}) {
    const auto reply = as("people", method, target);
    EXPECT_EQ(reply.status, 403) << target << reply.body;
    EXPECT_NE(reply.body.find("ORG_OWNER"), std::string::npos) << reply.body;
  }
  EXPECT_EQ(as("people", Method::post, "/v2/org/acme/users", R"({"email":"foreign@x","roleTypes":["ORG_OWNER"]})").status, 403);
  EXPECT_THAT(org_roles("owner"), ElementsAre("ORG_OWNER"));
  EXPECT_THAT(org_roles("reader"), ElementsAre("REGISTRY_READ"));
  // A user's administrator may give what is his to give, to himself as well.
  json(as("people", Method::patch, reader + "/add-role?roles=REGISTRY_ADMIN&roles=USER_ADMIN"));
  EXPECT_THAT(org_roles("reader"), ElementsAre("REGISTRY_READ", "REGISTRY_ADMIN", "USER_ADMIN"));
  json(as("owner", Method::patch, reader + "/update-role?roles=ORG_OWNER"));
  EXPECT_THAT(org_roles("reader"), ElementsAre("ORG_OWNER"));
}

TEST_F(NgcTest, TheLastOwnerStays) {
  const std::string owner = "/v2/org/acme/users/" + id_text("owner");
  for (const auto* who : {"owner", "root"}) {
    for (const auto& [method, target] :
         {std::pair{Method::delete_, owner}, std::pair{Method::delete_, owner + "/remove-role?roles=ORG_OWNER"},
          std::pair{Method::patch, owner + "/update-role?roles=REGISTRY_READ"}}) {
      const auto reply = as(who, method, target);
      EXPECT_EQ(reply.status, 409) << reply.body;
      EXPECT_EQ(status_code(reply), "CONFLICT");
    }
  }
  EXPECT_THAT(org_roles("owner"), ElementsAre("ORG_OWNER")) << "nothing was done by halves";
  // One who may not come in is no owner to rely on.
  json(as("root", Method::patch, "/v2/org/acme/users/" + id_text("reader") + "/add-role?roles=ORG_OWNER"));
  ASSERT_TRUE(accounts.set_standing("reader@x", catalog::Standing::disabled));
  EXPECT_EQ(as("owner", Method::delete_, owner).status, 409);
  ASSERT_TRUE(accounts.set_standing("reader@x", catalog::Standing::active));
  EXPECT_EQ(as("owner", Method::delete_, owner).status, 200);
}

TEST_F(NgcTest, ATeamsAdministratorHasTheTeamAlone) {
  const std::string of_team = "/v3/orgs/acme/teams/vision/users/";
  EXPECT_EQ(as("lead", Method::patch, "/v3/orgs/acme/users/" + id_text("eye") + "/add-role?roles=REGISTRY_USER").status, 403);
  EXPECT_EQ(as("lead", Method::patch, "/v3/orgs/acme/teams/audio/users/" + id_text("ear") + "/add-role?roles=USER_ADMIN").status,
            403);
  EXPECT_EQ(as("lead", Method::post, "/v2/org/acme/teams", R"({"name":"more"})").status, 403);
  EXPECT_EQ(as("lead", Method::patch, of_team + "eye%40x/add-role?roles=ORG_OWNER").status, 400);
  // Somebody of the organisation who is not in the team yet: the email must be readable to whoever may add him.
  EXPECT_EQ(json(as("lead", Method::get, of_team + id_text("ear")))["user"]["email"], "ear@x");
  EXPECT_THAT(json(as("lead", Method::get, of_team + id_text("ear")))["user"]["roles"], IsEmpty())
      << "what he is elsewhere is not told";
  EXPECT_EQ(as("eye", Method::get, of_team + id_text("ear")).status, 404) << "a reader of the team sees the team";
  EXPECT_EQ(json(as("eye", Method::get, of_team + id_text("lead")))["user"]["email"], "lead@x");
  const auto added = json(as("lead", Method::patch, of_team + "ear%40x/add-role?roles=REGISTRY_USER"));
  EXPECT_THAT(added["user"]["roles"].size(), 1U);
  EXPECT_EQ(added["user"]["roles"][0]["team"]["name"], "vision");
  EXPECT_EQ(as("lead", Method::delete_, of_team + id_text("ear")).status, 200);
  EXPECT_EQ(json(as("owner", Method::get, "/v2/org/acme/users/" + id_text("ear")))["user"]["roles"].size(), 1U);
}

TEST_F(NgcTest, RemovingTheLastRoleRemovesTheUser) {
  const auto reader = id_text("reader");
  const auto last = json(as("people", Method::delete_, "/v3/orgs/acme/users/" + reader + "/remove-role?roles=REGISTRY_READ"));
  EXPECT_THAT(last["user"]["roles"], IsEmpty());
  EXPECT_EQ(as("people", Method::get, "/v2/org/acme/users/" + reader).status, 404);
  // From the organisation means from its teams as well.
  json(as("people", Method::delete_, "/v2/org/acme/users/" + id_text("eye")));
  EXPECT_EQ(as("eye", Method::get, "/v2/org/acme/teams").status, 403);
}

TEST_F(NgcTest, ATeamIsDeletedWithItsMemberships) {
  json(as("people", Method::delete_, "/v2/org/acme/teams/vision"));
  EXPECT_EQ(as("eye", Method::get, "/v2/org/acme/teams").status, 403);
  EXPECT_EQ(as("owner", Method::get, "/v2/org/acme/teams/vision").status, 404);
}

// --- nothing of another organisation ------------------------------------------------------------------------------------------------------

TEST_F(NgcTest, PeopleFromOutsideAreAsIfTheyWereNotThere) {
  const auto masked = [](Reply reply, const std::string& id) {
    for (std::size_t at; (at = reply.body.find(id)) != std::string::npos;) reply.body.replace(at, id.size(), "*");
    return std::to_string(reply.status) + reply.body;
  };
  const auto foreign = id_text("foreign");
  for (const auto* who : {"owner", "people"}) {
    for (const std::string base : {"/v2/org/acme/users/", "/v3/orgs/acme/users/", "/v3/orgs/acme/teams/vision/users/"}) {
      for (const auto& [method, tail] :
           {std::pair{Method::get, ""}, std::pair{Method::delete_, ""}, std::pair{Method::patch, "/add-role?roles=REGISTRY_READ"},
            std::pair{Method::patch, "/update-role?roles=REGISTRY_READ"},
            std::pair{Method::delete_, "/remove-role?roles=REGISTRY_READ"}}) {
        const auto there = as(who, method, base + foreign + tail);
        EXPECT_EQ(there.status, 404) << base << tail << there.body;
        EXPECT_EQ(masked(there, foreign), masked(as(who, method, base + "1999999" + tail), "1999999")) << base << tail;
      }
    }
  }
  EXPECT_THAT(json(as("foreign", Method::get, "/v2/users/me"))["user"]["roles"].size(), 1U) << "nothing was given";
  const auto filtered =
      json(as("owner", Method::get,
              "/v2/org/acme/users?q=%7B%22filters%22:%5B%7B%22field%22:%22email%22,%22value%22:%22foreign%40x%22%7D%5D%7D"));
  EXPECT_THAT(filtered["users"], IsEmpty());
  // Roles elsewhere are not this organisation's to read.
  ASSERT_TRUE(accounts.grant("reader@x", {"zeta", ""}, "REGISTRY_ADMIN"));
  const auto roles = json(as("owner", Method::get, "/v2/org/acme/users/" + id_text("reader")))["user"]["roles"];
  ASSERT_EQ(roles.size(), 1U);
  EXPECT_EQ(roles[0]["org"]["name"], "acme");
}

TEST_F(NgcTest, APlatformAdministratorAddsAccountsFromOutside) {
  const auto reply =
      json(as("root", Method::post, "/v2/org/acme/users", R"({"email":"foreign@x","name":"F","roleTypes":["REGISTRY_READ"]})"));
  EXPECT_EQ(reply["user"]["id"], id("foreign"));
  json(as("root", Method::delete_, "/v3/orgs/acme/users/" + id_text("foreign")));
  json(as("root", Method::post, "/v3/orgs/acme/users", R"({"email":"foreign@x","roleTypes":["REGISTRY_READ"]})"));
  EXPECT_EQ(as("root", Method::post, "/v3/orgs/acme/users", R"({"email":"foreign@x","roleTypes":["REGISTRY_READ"]})").status,
            409);
  const auto made = as("root", Method::post, "/v3/orgs", R"({"name":"fresh","orgOwner":{"email":"foreign@x"}})");
  EXPECT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(as("foreign", Method::get, "/v2/orgs/fresh").status, 200);
  EXPECT_EQ(as("owner", Method::post, "/v3/orgs", R"({"name":"mine"})").status, 403);
}

TEST_F(NgcTest, OnesOwnTeamsAreSeenAndOnesOwnOrganisations) {
  const auto names = [](const Json& list) {
    std::vector<std::string> all;
    for (const auto& item : list) all.push_back(item["name"].get<std::string>());
    return all;
  };
  EXPECT_THAT(names(json(as("reader", Method::get, "/v2/org/acme/teams"))["teams"]), ElementsAre("audio", "vision"));
  EXPECT_THAT(names(json(as("eye", Method::get, "/v2/org/acme/teams"))["teams"]), ElementsAre("vision"));
  EXPECT_THAT(names(json(as("eye", Method::get, "/v2/orgs"))["organizations"]), ElementsAre("acme"));
  EXPECT_THAT(names(json(as("root", Method::get, "/v2/orgs"))["organizations"]), ElementsAre("acme", "zeta"));
  EXPECT_FALSE(json(as("reader", Method::get, "/v2/orgs/acme"))["organizations"].contains("orgOwners"))
      << "emails are for who may list users";
  EXPECT_EQ(json(as("people", Method::get, "/v2/orgs/acme"))["organizations"]["orgOwners"][0]["email"], "owner@x");
}

// --- keys ------------------------------------------------------------------------------------------------------------------------------------

TEST_F(NgcTest, AKeyKnowsItsOrganisationAlone) {
  ASSERT_TRUE(accounts.grant("reader@x", {"zeta", ""}, "REGISTRY_READ"));
  const auto acme = key("reader@x");
  const auto info =
      json(ask(Method::post, "/v3/keys/get-caller-info", "", "credentials=" + auth::parse_key_text(acme)->nvapi_spelling()));
  EXPECT_EQ(info["orgName"], "acme");
  EXPECT_EQ(info["type"], "PERSONAL_KEY");
  EXPECT_EQ(info["userId"], id("reader"));
  // The roles, and the teams that the client lets its user choose among.
  ASSERT_EQ(info["user"]["roles"].size(), 3U);
  for (const auto& role : info["user"]["roles"]) EXPECT_EQ(role["org"]["name"], "acme");
  EXPECT_EQ(json(ask(Method::get, "/v2/orgs", bearer(acme)))["organizations"].size(), 1U);
  EXPECT_EQ(json(ask(Method::get, "/v2/users/me", bearer(acme)))["userRoles"].size(), 1U);
  EXPECT_EQ(json(as("reader", Method::get, "/v2/users/me"))["userRoles"].size(), 2U);
  ASSERT_TRUE(accounts.set_standing("reader@x", catalog::Standing::disabled));
  EXPECT_EQ(ask(Method::post, "/v3/keys/get-caller-info", "", "credentials=" + acme).status, 401);
  EXPECT_EQ(ask(Method::post, "/v3/keys/get-caller-info", "", "credentials=a+long+password").status, 401);
}

TEST_F(NgcTest, AServiceKeyIsNoUser) {
  const auto made = accounts
                        .create_key({.kind = catalog::KeyKind::service,
                                     .email = "",
                                     .org = "acme",
                                     .name = "ci",
                                     .lifetime = {},
                                     .actions = {},
                                     .repositories = {}})
                        .value();
  const auto info = json(ask(Method::post, "/v3/keys/get-caller-info", "", "credentials=" + made.key));
  EXPECT_EQ(info["orgName"], "acme");
  EXPECT_EQ(info["type"], "SERVICE_KEY");
  EXPECT_FALSE(info.contains("user"));
  EXPECT_EQ(ask(Method::get, "/v2/users/me", bearer(made.key)).status, 403);
  EXPECT_EQ(ask(Method::post, "/v2/users/me/api-key", bearer(made.key)).status, 403);
}

TEST_F(NgcTest, NoKeyMakesOneThatReachesFurther) {
  EXPECT_EQ(ask(Method::post, "/v2/users/me/api-key", bearer(key("reader@x"))).status, 403);
  EXPECT_EQ(ask(Method::patch, "/v2/users/me", bearer(key("reader@x", {"registry:pull"})), R"({"name":"x"})").status, 403);
  EXPECT_EQ(json(ask(Method::patch, "/v2/users/me", bearer(key("reader@x")), R"({"name":"Reader"})"))["user"]["name"], "Reader");
  const auto first = json(as("reader", Method::post, "/v2/users/me/api-key"))["key"].get<std::string>();
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(first)).status, 200);
  const auto second = json(ask(Method::post, "/v2/users/me/api-key", bearer(first)))["key"].get<std::string>();
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(first)).status, 401) << "one legacy key a user";
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(second)).status, 200);
}

// --- shapes ------------------------------------------------------------------------------------------------------------------------------

TEST_F(NgcTest, PeopleComeInPagesById) {
  std::vector<std::int64_t> ids;
  for (int page = 0; page < 3; ++page) {
    const auto reply = json(as("people", Method::get, "/v2/org/acme/users?page-size=3&page-number=" + std::to_string(page)));
    EXPECT_EQ(reply["paginationInfo"],
              Json::parse(R"({"index":)" + std::to_string(page) + R"(,"size":3,"totalPages":2,"totalResults":6})"));
    for (const auto& user : reply["users"]) ids.push_back(user["id"].get<std::int64_t>());
  }
  EXPECT_EQ(ids.size(), 6U);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_GE(ids.front(), 1'000'000) << "smaller numbers are places in a list of invitations to NGC's client";
  const auto outside = json(as("people", Method::get, "/v2/org/acme/users?exclude-from-team=vision"));
  EXPECT_EQ(outside["users"].size(), 4U);
}

TEST_F(NgcTest, PeopleComeInTheOrderThatIsAskedFor) {
  ASSERT_TRUE(accounts.rename_user(id("reader"), "Zoe"));
  ASSERT_TRUE(accounts.rename_user(id("eye"), "Ada"));
  const auto emails = [&](const std::string& field, const std::string& value) {
    const auto q = R"({"filters":[],"orderBy":[{"field":")" + field + R"(","value":")" + value + R"("}]})";
    std::string escaped;
    for (const char c : q) escaped += c == '"' ? "%22" : c == '{' ? "%7B" : c == '}' ? "%7D" : std::string(1, c);
    std::vector<std::string> all;
    for (int page = 0; page < 2; ++page) {
      const auto reply =
          as("people", Method::get, "/v2/org/acme/users?page-size=4&page-number=" + std::to_string(page) + "&q=" + escaped);
      if (reply.status != 200) return std::vector<std::string>{std::to_string(reply.status)};
      const auto body = Json::parse(reply.body);
      for (const auto& user : body["users"]) all.push_back(user["email"].get<std::string>());
    }
    return all;
  };
  EXPECT_THAT(emails("email", "ASC"), ElementsAre("ear@x", "eye@x", "lead@x", "owner@x", "people@x", "reader@x"));
  EXPECT_THAT(emails("email", "DESC"), ElementsAre("reader@x", "people@x", "owner@x", "lead@x", "eye@x", "ear@x"));
  // The others have no name, and stand in the order of their ids.
  EXPECT_THAT(emails("name", "ASC"), ElementsAre("owner@x", "people@x", "lead@x", "ear@x", "eye@x", "reader@x"));
  EXPECT_THAT(emails("name", "DESC"), ElementsAre("reader@x", "eye@x", "owner@x", "people@x", "lead@x", "ear@x"));
  EXPECT_THAT(emails("name", "UP"), ElementsAre("400"));
  EXPECT_THAT(emails("age", "ASC"), ElementsAre("400"));
}

TEST_F(NgcTest, AnOrganisationSaysWhatItIs) {
  const auto before = json(as("reader", Method::get, "/v2/orgs/acme"))["organizations"];
  EXPECT_EQ(before["description"], "");
  const auto changed =
      json(as("owner", Method::patch, "/v2/orgs/acme", R"({"description":"makes\neverything"})"))["organizations"];
  EXPECT_EQ(changed["description"], "makes\neverything");
  EXPECT_EQ(changed["displayName"], before["displayName"]);
  EXPECT_EQ(json(as("owner", Method::patch, "/v2/orgs/acme", R"({"displayName":"Acme"})"))["organizations"]["description"],
            "makes\neverything");
  EXPECT_EQ(json(as("reader", Method::get, "/v2/users/me"))["user"]["roles"][0]["org"]["description"], "makes\neverything");
  EXPECT_EQ(as("people", Method::patch, "/v2/orgs/acme", R"({"description":"x"})").status, 403);
}

TEST_F(NgcTest, TypesAreAsTheClientReadsThem) {
  const auto user = json(as("people", Method::get, "/v2/org/acme/users/" + id_text("eye")))["user"];
  EXPECT_TRUE(user["id"].is_number_integer());
  EXPECT_TRUE(user["starfleetId"].is_string());
  EXPECT_TRUE(std::regex_match(user["createdDate"].get<std::string>(), std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
  EXPECT_TRUE(user["roles"][0]["team"]["id"].is_number_integer());
  EXPECT_THAT(user["roles"][0]["teamRoles"].get<std::vector<std::string>>(), ElementsAre("REGISTRY_READ"));
  const auto missing = as("people", Method::get, "/v2/org/acme/users/1999999");
  EXPECT_EQ(status_code(missing), "NOT_FOUND");
  EXPECT_EQ(Json::parse(missing.body)["requestStatus"]["requestId"], std::string(32, '0'));
}

TEST_F(NgcTest, WhatNoRouteKnowsIsIgnoredAndCounted) {
  const auto counted = [] {
    const std::string page = base::metrics::expose();
    std::smatch match;
    return std::regex_search(page, match, std::regex("unknown_fields_total\\{route=\"ngc.me.patch\"\\} ([0-9]+)"))
               ? std::stoi(match[1])
               : 0;
  };
  const int before = counted();
  const auto reply = json(as("reader", Method::patch, "/v2/users/me",
                             R"({"name":"R","id":1,"email":"root@x","rank":1,"roles":["ORG_OWNER"],"userMetadata":{"a":1}})"));
  EXPECT_EQ(reply["user"]["email"], "reader@x");
  EXPECT_THAT(org_roles("reader"), ElementsAre("REGISTRY_READ"));
  EXPECT_EQ(as("reader", Method::get, "/v2/org/zeta/users").status, 403);
  EXPECT_EQ(counted() - before, 5);
}

}  // namespace
}  // namespace berth::api
