// Invitations from end to end: who may send them, what a link opens, and that it opens nothing twice and nothing more.
// 200 and conflict of invitation.accept (POST), invitation.get (GET); ngc.invitation.delete and ngc.team.invitation.delete (DELETE),
// ngc.invitation.resend and ngc.team.invitation.resend (GET): here, as text cases cannot follow a link.
#include <gmock/gmock.h>

#include "berth/service/members.h"
#include "unit/api/accounts_fixture.h"

namespace berth::api {
namespace {

using base::Json;
using http::Method;
using ::testing::HasSubstr;

class InvitationsTest : public AccountsTest {
 protected:
  void SetUp() override {
    for (const auto* org : {"acme", "zeta"}) ASSERT_TRUE(accounts.create_org(org, ""));
    ASSERT_TRUE(accounts.create_team("acme", "vision", ""));
    member("owner", "ORG_OWNER", {"acme", ""});
    member("people", "USER_ADMIN", {"acme", ""});
    member("lead", "USER_ADMIN", {"acme", "vision"});
    member("reader", "REGISTRY_READ", {"acme", ""});
    member("foreign", "ORG_OWNER", {"zeta", ""});
  }
  void member(const std::string& name, const std::string& role, const service::RolePlace& place) {
    user(name + "@x");
    ASSERT_TRUE(accounts.grant(name + "@x", place, role));
  }
  Reply as(const std::string& name, Method method, const std::string& target, const std::string& body = {}) {
    return ask(method, target, basic(name + "@x", "a long password"), body);
  }
  static Json json(const Reply& reply) {
    EXPECT_EQ(reply.status, 200) << reply.body;
    return Json::parse(reply.body, nullptr, false);
  }
  // Path and query of the link that the inviter was given.
  static std::string link_of(const Reply& reply) {
    const auto link = json(reply).value("invitationLink", "");
    EXPECT_THAT(link, HasSubstr("http://reg.example.com/api/v1/invitation?token="));
    return link.substr(std::min(link.size(), link.find("/api")));
  }
  Reply accept(const std::string& link, const std::string& authorization = {},
               const std::string& body = R"({"name":"New","password":"a long password"})") {
    return ask(Method::post, link, authorization, body, {{"Content-Type", "application/json"}});
  }
  Reply invite(const std::string& who, const std::string& email, const std::string& roles = R"([{"name":"REGISTRY_READ"}])") {
    return as(who, Method::post, "/v3/orgs/acme/invitations", R"({"email":")" + email + R"(","roles":)" + roles + "}");
  }
  std::int64_t first_id() { return json(as("owner", Method::get, "/v2/org/acme/users/invitations"))["invitations"][0]["id"]; }
};

TEST_F(InvitationsTest, ALinkMakesAnAccountOnce) {
  const auto link =
      link_of(as("people", Method::post, "/v2/org/acme/users", R"({"email":"New@x","name":"N","roleTypes":["REGISTRY_USER"]})"));
  const auto shown = json(ask(Method::get, link, ""));
  EXPECT_EQ(shown["email"], "new@x");
  EXPECT_EQ(shown["places"][0]["roles"][0], "REGISTRY_USER");
  EXPECT_EQ(accept(link, {}, R"({"name":"New","password":"short"})").status, 400);
  EXPECT_EQ(accept(link, {}, R"({"password":"a long password","rank":1})").status, 400);
  const auto taken = json(accept(link));
  EXPECT_GE(taken["user"].get<std::int64_t>(), 1'000'000);
  EXPECT_EQ(accept(link).status, 404) << "a link is good once";
  EXPECT_EQ(ask(Method::get, link, "").status, 404);
  const auto me = json(as("new", Method::get, "/v2/users/me"));
  EXPECT_EQ(me["user"]["name"], "New");
  EXPECT_EQ(me["user"]["roles"][0]["orgRoles"][0], "REGISTRY_USER");
  EXPECT_EQ(json(as("owner", Method::get, "/v2/org/acme/users/invitations"))["paginationInfo"]["totalResults"], 0);
}

TEST_F(InvitationsTest, AnAccountThatIsThereIsOpenedByItsOwnPasswordAlone) {
  const auto link = link_of(invite("people", "foreign@x"));
  EXPECT_EQ(accept(link).status, 409) << "the link alone opens no account that is there";
  EXPECT_EQ(accept(link, basic("reader@x", "a long password"), " ").status, 409) << "nor does somebody else's";
  EXPECT_EQ(accept(link, basic("foreign@x", "not the password"), " ").status, 401);
  EXPECT_EQ(ask(Method::post, link, bearer(key("foreign@x")), " ").status, 403) << "a key does not act for its owner here";
  json(ask(Method::post, link, basic("foreign@x", "a long password"), " "));
  EXPECT_EQ(json(as("foreign", Method::get, "/v2/users/me"))["user"]["roles"].size(), 2U);
}

TEST_F(InvitationsTest, KnownAndUnknownPeopleLookAlikeToWhoInvites) {
  auto known = json(invite("people", "foreign@x"));
  auto unknown = json(invite("people", "nobody@x"));
  for (auto* reply : {&known, &unknown}) {
    EXPECT_FALSE((*reply)["user"].contains("id"));
    EXPECT_EQ((*reply)["invitations"][0]["isProcessed"], false);
  }
  EXPECT_EQ(known["user"].size(), unknown["user"].size());
  EXPECT_EQ(invite("people", "reader@x").status, 409) << "who is in the organisation needs none";
  EXPECT_EQ(invite("people", "nobody@x").status, 409) << "there is one already";
}

TEST_F(InvitationsTest, NobodyGetsALinkToMoreThanHeMayGive) {
  const std::string owners = R"([{"name":"ORG_OWNER"}])";
  EXPECT_EQ(invite("people", "a@x", owners).status, 403);
  EXPECT_EQ(invite("lead", "a@x").status, 403);
  EXPECT_EQ(invite("reader", "a@x").status, 403);
  EXPECT_EQ(invite("foreign", "a@x").status, 403);
  EXPECT_EQ(invite("lead", "a@x", R"([{"name":"REGISTRY_READ","resourceGroups":["vision"]},{"name":"REGISTRY_READ"}])").status,
            403);
  json(invite("owner", "boss@x", owners));
  const auto id = std::to_string(first_id());
  for (const auto& [method, target] :
       {std::pair{Method::get, "/v2/org/acme/users/invitations/" + id + "/resend-invitation-email"},
        std::pair{Method::delete_, "/v2/org/acme/users/invitations/" + id},
        std::pair{Method::patch, std::string("/v3/orgs/acme/users/boss%40x/add-role?roles=REGISTRY_READ")},
        std::pair{Method::delete_, std::string("/v3/orgs/acme/users/boss%40x/remove-role?roles=ORG_OWNER")}}) {
    EXPECT_EQ(as("people", method, target).status, 403) << target;
  }
  EXPECT_EQ(as("people", Method::delete_, "/v3/orgs/acme/invitations", R"({"email":"boss@x"})").status, 403);
  // The first link dies with a role that is added: whoever has it got it for less.
  const auto first = link_of(invite("people", "late@x"));
  const auto second = link_of(as("owner", Method::patch, "/v3/orgs/acme/users/bGF0ZUB4/add-role?roles=ORG_OWNER"));
  EXPECT_EQ(accept(first).status, 404);
  json(accept(second));
  EXPECT_EQ(json(as("late", Method::get, "/v2/users/me"))["ncaRole"], "OWNER");
}

TEST_F(InvitationsTest, ATeamsAdministratorHasTheTeamsInvitations) {
  const auto link = link_of(invite("lead", "eye@x", R"([{"name":"REGISTRY_READ","resourceGroups":["vision"]}])"));
  json(invite("people", "other@x"));
  const auto seen = json(as("lead", Method::get, "/v3/orgs/acme/teams/vision/pending-invitations?page-size=100&page-number=0"));
  ASSERT_EQ(seen["invitations"].size(), 1U);
  EXPECT_EQ(seen["invitations"][0]["userEmail"], "eye@x");
  EXPECT_EQ(seen["invitations"][0]["teamName"], "vision");
  EXPECT_EQ(as("lead", Method::get, "/v3/orgs/acme/pending-invitations").status, 403);
  EXPECT_EQ(json(as("people", Method::get, "/v3/orgs/acme/pending-invitations"))["invitations"].size(), 2U);
  const auto id = std::to_string(seen["invitations"][0]["id"].get<std::int64_t>());
  const auto again =
      link_of(as("lead", Method::get, "/v2/org/acme/team/vision/users/invitations/" + id + "/resend-invitation-email"));
  EXPECT_EQ(accept(link).status, 404) << "sent again, the old link is dead";
  EXPECT_EQ(as("lead", Method::delete_, "/v2/org/acme/team/vision/users/invitations/999").status, 404);
  EXPECT_EQ(as("foreign", Method::get, "/v2/org/zeta/users/invitations/" + id + "/resend-invitation-email").status, 404)
      << "not theirs";
  json(as("lead", Method::delete_, "/v2/org/acme/team/vision/users/invitations/" + id));
  EXPECT_EQ(accept(again).status, 404);
  const auto other = std::to_string(first_id());
  json(as("people", Method::get, "/v2/org/acme/users/invitations/" + other + "/resend-invitation-email"));
  json(as("people", Method::delete_, "/v2/org/acme/users/invitations/" + other));
}

TEST_F(InvitationsTest, OneLinkForSeveralPlacesAndTimeRunsOut) {
  const auto link = link_of(as("owner", Method::post, "/v3/orgs/acme/invitations",
                               R"({"email":"both@x","message":"hello","invitationExpirationIn":60,)"
                               R"("roles":[{"name":"REGISTRY_READ"},{"name":"USER_ADMIN","resourceGroups":["vision"]}]})"));
  clock.advance(std::chrono::minutes(59));
  json(ask(Method::get, link, ""));
  clock.advance(std::chrono::minutes(2));
  EXPECT_EQ(accept(link).status, 404);
  EXPECT_EQ(json(as("owner", Method::get, "/v3/orgs/acme/pending-invitations"))["invitations"].size(), 2U)
      << "and can be sent again";
  json(as("owner", Method::delete_, "/v3/orgs/acme/invitations", R"({"email":"both@x"})"));
  json(as("owner", Method::post, "/v3/orgs/acme/users/nca-invitations",
          R"({"email":"both@x","inviteAs":"ADMIN","invitationExpirationIn":3})"));
  const auto renewed = link_of(as("owner", Method::patch, "/v2/org/acme/users/both%40x/update-role?roles=REGISTRY_READ"));
  json(accept(renewed));
  EXPECT_EQ(json(as("both", Method::get, "/v2/users/me"))["user"]["roles"][0]["orgRoles"], Json::parse(R"(["REGISTRY_READ"])"));
}

TEST_F(InvitationsTest, TheLastRoleTakenWithdrawsIt) {
  const auto link = link_of(invite("people", "a@x", R"([{"name":"REGISTRY_READ"},{"name":"REGISTRY_USER"}])"));
  json(as("people", Method::delete_, "/v3/orgs/acme/users/a%40x/remove-role?roles=REGISTRY_USER"));
  EXPECT_EQ(json(ask(Method::get, link, ""))["places"][0]["roles"].size(), 1U) << "less is in it, so the link stays";
  json(as("people", Method::delete_, "/v3/orgs/acme/users/a%40x/remove-role?roles=REGISTRY_READ"));
  EXPECT_EQ(ask(Method::get, link, "").status, 404);
  const auto gone = link_of(invite("lead", "b@x", R"([{"name":"REGISTRY_READ","resourceGroups":["vision"]}])"));
  json(as("owner", Method::delete_, "/v2/org/acme/teams/vision"));
  EXPECT_EQ(accept(gone).status, 404) << "with its team";
}

}  // namespace
}  // namespace berth::api
