// A public URL with a path prefix, through the whole API: what stands behind it, what stays at the root, and that every link knows it.
#include <gtest/gtest.h>

#include "berth/api/documents.h"
#include "unit/api/accounts_fixture.h"

namespace berth::api {
namespace {

using base::Json;
using base::OrderedJson;
using http::Method;

constexpr auto kOrigin = "https://example.com";

class PathPrefix : public AccountsTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(accounts.create_org("acme", ""));
    user("ann@x");
    ASSERT_TRUE(accounts.grant("ann@x", {"acme", ""}, "ORG_OWNER"));
    auto all = services();
    all.links = {kOrigin, {}, "/reg"};
    application = make_application(all);
  }
  Reply get(const std::string& target, const std::string& authorization = {}) { return ask(Method::get, target, authorization); }

  // A bearer for everything that ann may.
  std::string ann() {
    const auto reply = get("/token?service=ngc", basic("ann@x", "a long password"));
    EXPECT_EQ(reply.status, 200) << reply.body;
    return bearer(Json::parse(reply.body).value("token", ""));
  }
};

TEST_F(PathPrefix, WhatClientsLookForAtTheRootStaysThere) {
  EXPECT_EQ(get("/.well-known/jwks.json").status, 200);
  for (const auto* target : {"/v2/", "/v2/users/me", "/v3/orgs"}) {
    EXPECT_NE(get(target, ann()).status, 404) << target;
    EXPECT_EQ(get(std::string("/reg") + target, ann()).status, 404) << target;
  }
  EXPECT_EQ(get("/v2/acme/app/tags/list").field("WWW-Authenticate"),
            "Bearer realm=\"https://example.com/token\",service=\"example.com\",scope=\"repository:acme/app:pull\"");
}

TEST_F(PathPrefix, TheRestStandsBehindItAlone) {
  for (const auto* path : {"/healthz", "/readyz", "/metrics", "/openapi.json", "/api/v1/me", "/api/v1/me/keys"}) {
    EXPECT_EQ(get(std::string("/reg") + path, ann()).status, 200) << path;
    const auto bare = get(path, ann());
    EXPECT_EQ(bare.status, 404) << path;
    EXPECT_NE(bare.body.find("prefix, /reg"), std::string::npos) << bare.body;
  }
  EXPECT_EQ(get("/nothing").body.find("prefix, /reg"), std::string::npos);
  EXPECT_EQ(ask(Method::post, "/reg/healthz", "").field("Allow"), "GET, HEAD");
}

TEST_F(PathPrefix, OperatorsOnTheirOwnListenerFindThingsAtTheRoot) {
  auto all = services();
  all.links = {kOrigin, {}, "/reg"};
  application = make_application(all, {}, {}, Surface::operations);
  for (const auto* path : {"/healthz", "/readyz", "/metrics"}) {
    EXPECT_EQ(get(path).status, 200) << path;
    EXPECT_EQ(get(std::string("/reg") + path).status, 404) << path;
  }
}

TEST_F(PathPrefix, TheSessionsCookieGoesToItsPathBehindThePrefix) {
  const OrderedJson who{{"email", "ann@x"}, {"password", "a long password"}};
  const auto reply =
      ask(Method::post, "/reg/api/v1/session", "", who.dump(), {{"Origin", kOrigin}, {"Content-Type", "application/json"}});
  ASSERT_EQ(reply.status, 201) << reply.body;
  EXPECT_NE(reply.field("Set-Cookie").find("; Path=/reg/api/v1/session; "), std::string::npos) << reply.field("Set-Cookie");
  EXPECT_EQ(reply.field("Location"), "/reg/api/v1/me/sessions/" + Json::parse(reply.body)["id"].dump());
  EXPECT_EQ(ask(Method::delete_, reply.field("Location"), ann()).status, 204);
  const auto out = ask(Method::delete_, "/reg/api/v1/session", "", "", {{"Origin", kOrigin}});
  EXPECT_NE(out.field("Set-Cookie").find("; Path=/reg/api/v1/session; "), std::string::npos) << out.field("Set-Cookie");
}

TEST_F(PathPrefix, PlacesAndNextPagesAreBehindIt) {
  const auto made = tell(Method::post, "/reg/api/v1/orgs/acme/keys", ann(), {{"name", "one"}});
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_TRUE(made.field("Location").starts_with("/reg/api/v1/orgs/acme/keys/")) << made.field("Location");
  ASSERT_EQ(tell(Method::post, "/reg/api/v1/orgs/acme/keys", ann(), {{"name", "two"}}).status, 201);
  EXPECT_TRUE(get("/reg/api/v1/orgs/acme/keys?n=1", ann()).field("Link").starts_with("</reg/api/v1/orgs/acme/keys?last="));
  ASSERT_TRUE(audit.flush());
  EXPECT_TRUE(get("/reg/api/v1/orgs/acme/audit?n=1", ann()).field("Link").starts_with("</reg/api/v1/orgs/acme/audit?"));
}

TEST_F(PathPrefix, AnInvitationLeadsBehindIt) {
  const auto sent = tell(Method::post, "/v2/org/acme/users", ann(), {{"email", "new@x"}, {"roleTypes", {"REGISTRY_READ"}}});
  ASSERT_EQ(sent.status, 200) << sent.body;
  const auto link = Json::parse(sent.body).value("invitationLink", "");
  ASSERT_TRUE(link.starts_with("https://example.com/reg/api/v1/invitation?token=")) << sent.body;
  EXPECT_EQ(get(link.substr(std::string_view(kOrigin).size())).status, 200);
}

TEST_F(PathPrefix, TheDocumentSaysWherePathsStand) {
  const auto paths = Json::parse(get("/reg/openapi.json").body)["paths"];
  for (const auto* path : {"/reg/api/v1/me", "/reg/healthz", "/v2/{name}/tags/list", "/token", "/v2/users/me"})
    EXPECT_TRUE(paths.contains(path)) << path;
  EXPECT_FALSE(paths.contains("/api/v1/me"));
  EXPECT_EQ(paths, Json::parse(openapi_json("/reg"))["paths"]);
}

}  // namespace
}  // namespace berth::api
