// What accounts promise of logins, tokens, uploads and mounts, through the whole API.
#include <gtest/gtest.h>

#include "unit/api/accounts_fixture.h"

namespace berth::api {
namespace {

using http::Method;

class AccountsFlow : public AccountsTest {
 protected:
  void SetUp() override {
    for (const auto* org : {"acme", "zeta"}) ASSERT_TRUE(accounts.create_org(org, ""));
    for (const auto* email : {"ann@x", "bob@x", "eve@x"}) user(email);
    ASSERT_TRUE(accounts.grant("ann@x", {"acme", ""}, "REGISTRY_USER"));
    ASSERT_TRUE(accounts.grant("bob@x", {"acme", ""}, "REGISTRY_USER"));
    ASSERT_TRUE(accounts.grant("eve@x", {"zeta", ""}, "ORG_OWNER"));
  }
  static std::string pw(const std::string& email) { return basic(email, "a long password"); }
  std::string begin_upload(const std::string& repository, const std::string& authorization) {
    const auto reply = ask(Method::post, "/v2/" + repository + "/blobs/uploads/", authorization);
    if (reply.status != 202 && reply.status != 0) ADD_FAILURE() << reply.status << reply.body;
    return reply.field("Location");
  }
  std::string push_upload(const std::string& repository, const std::string& authorization) {
    // POST streams; an empty body ends it at once.
    http::Request request;
    request.method = Method::post;
    request.method_text = "POST";
    request.target = "/v2/" + repository + "/blobs/uploads/";
    request.fields.add("Authorization", authorization);
    auto outcome = application->begin(request);
    auto* response = std::get_if<http::Response>(&outcome);
    EXPECT_NE(response, nullptr);
    if (response == nullptr) return {};
    EXPECT_EQ(response->status, 202);
    return std::string(response->fields.find("Location").value_or(""));
  }
  int finish(const std::string& location, const std::string& authorization, const std::string& content) {
    return ask(Method::put, location + "?digest=" + service::sha256(content).text(), authorization, content).status;
  }
};

TEST_F(AccountsFlow, LoginIsByPasswordOrKeyAndAWrongOneIsNone) {
  EXPECT_EQ(ask(Method::get, "/token?service=reg&account=ann", pw("ann@x")).status, 200);
  EXPECT_EQ(ask(Method::get, "/token?service=reg", pw("ANN@X")).status, 200) << "emails have no case";
  EXPECT_EQ(ask(Method::get, "/token", basic("$oauthtoken", key("ann@x"))).status, 200);
  EXPECT_EQ(ask(Method::get, "/token", basic("whoever", key("ann@x"))).status, 200);
  EXPECT_EQ(ask(Method::get, "/token?service=ngc", "ApiKey " + key("ann@x")).status, 200);
  EXPECT_EQ(ask(Method::get, "/token", basic("ann@x", "wrong password")).status, 401);
  EXPECT_EQ(ask(Method::get, "/token", "").status, 401) << "a guest logs in to nothing";
  EXPECT_EQ(ask(Method::get, "/v2/", basic("ann@x", "wrong password")).status, 401);
}

TEST_F(AccountsFlow, NgcTokensOutliveItsClientsHaste) {
  for (const auto* query : {"?service=ngc&", "?service=ngc&scope=group/ngc:acme&scope=group/ngc:acme/t1",
                            "?service=ngc&group/ngc:acme", "?scope=group/ngc"}) {
    for (const auto* path : {"/token", "/proxy_auth"}) {
      const auto reply = ask(Method::get, std::string(path) + query, pw("ann@x"));
      ASSERT_EQ(reply.status, 200) << path << query;
      EXPECT_EQ(base::Json::parse(reply.body)["expires_in"], 900) << path << query;
    }
  }
  EXPECT_EQ(base::Json::parse(ask(Method::get, "/token?service=reg", pw("ann@x")).body)["expires_in"], 300);
}

TEST_F(AccountsFlow, OAuthFormsGiveTokensAndRefreshThem) {
  const auto first = ask(Method::post, "/token", "",
                         "grant_type=password&username=ann%40x&password=a+long+password&access_type=offline&service=reg&scope="
                         "repository:acme/app:pull,push");
  ASSERT_EQ(first.status, 200) << first.body;
  const auto json = base::Json::parse(first.body);
  EXPECT_EQ(json["scope"], "repository:acme/app:pull,push");
  const auto refresh = json["refresh_token"].get<std::string>();
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(refresh)).status, 401) << "a refresh token opens nothing but /token";
  const auto form = "grant_type=refresh_token&service=reg&scope=repository:acme/app:pull&refresh_token=" + refresh;
  const auto second = ask(Method::post, "/token", "", form);
  ASSERT_EQ(second.status, 200) << second.body;
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(base::Json::parse(second.body)["access_token"].get<std::string>())).status, 200);
  clock.advance(std::chrono::seconds(5));
  ASSERT_TRUE(accounts.set_password("ann@x", "another password"));
  EXPECT_EQ(ask(Method::post, "/token", "", form).status, 401) << "a new password ends what the old one gave";
  EXPECT_EQ(ask(Method::post, "/token", "", "grant_type=client_credentials").status, 400);
  EXPECT_EQ(ask(Method::post, "/token", "", "grant_type=password&username=ann%40x&password=x").status, 401);
}

TEST_F(AccountsFlow, ATokenIsNoWayToAnotherOne) {
  const auto narrow = bearer(token_for(pw("ann@x"), "repository:acme/app:pull"));
  const auto broad =
      bearer(base::Json::parse(ask(Method::get, "/token?service=ngc", pw("ann@x")).body)["token"].get<std::string>());
  for (const auto& token : {narrow, broad}) {
    for (const auto* query : {"", "?service=ngc", "?scope=group/ngc:acme", "?offline_token=true&scope=repository:acme/app:pull",
                              "?scope=repository:acme/app:pull,push", "?scope=registry:catalog:*"}) {
      EXPECT_EQ(ask(Method::get, std::string("/token") + query, token).status, 401) << query;
    }
    EXPECT_EQ(ask(Method::post, "/token", token, "access_type=offline&scope=repository:acme/app:pull").status, 401);
  }
  push_blob(service::name("acme/pub"), "x");
  ASSERT_TRUE(accounts.set_visibility("acme/pub", "public", {}));
  EXPECT_EQ(ask(Method::get, "/token?scope=repository:acme/pub:pull", narrow).status, 200) << "a guest's, as for everybody";
}

TEST_F(AccountsFlow, ABadCredentialGetsAGuestsTokenForPublicPullsAlone) {
  push_blob(service::name("acme/pub"), "x");
  push_blob(service::name("acme/app"), "x");
  ASSERT_TRUE(accounts.set_visibility("acme/pub", "public", {}));
  const auto bad = basic("ann@x", "wrong password");
  EXPECT_EQ(ask(Method::get, "/token?scope=repository:acme/pub:pull", bad).status, 200);
  EXPECT_EQ(ask(Method::get, "/token?scope=repository:acme/pub:pull,push", bad).status, 401);
  EXPECT_EQ(ask(Method::get, "/token?scope=repository:acme/pub:pull&scope=repository:acme/app:pull", bad).status, 401);
  EXPECT_EQ(ask(Method::get, "/token?scope=repository:acme/app:pull", bad).status, 401);
  EXPECT_EQ(ask(Method::get, "/token?scope=repository:acme/app:pull", "").status, 200)
      << "a guest without a credential gets a token for what a guest may";
  EXPECT_EQ(ask(Method::get, "/v2/acme/pub/blobs/" + service::sha256("x").text(), bad).status, 200);
}

TEST_F(AccountsFlow, GuessingIsSlowedDown) {
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(ask(Method::get, "/v2/", basic("ann@x", "guess number " + std::to_string(i))).status, 401);
  const auto slowed = ask(Method::get, "/v2/", basic("ann@x", "guess number 10"));
  EXPECT_EQ(slowed.status, 429) << "too_many_requests";
  EXPECT_FALSE(slowed.field("Retry-After").empty());
  EXPECT_EQ(ask(Method::get, "/v2/", basic("ann@x", key("ann@x"))).status, 200) << "a key still works";
  clock.advance(std::chrono::seconds(61));
  EXPECT_EQ(ask(Method::get, "/v2/", pw("ann@x")).status, 200);
}

TEST_F(AccountsFlow, RevocationHoldsFromTheNextRequestOn) {
  const auto made =
      accounts.create_key({.email = "ann@x", .org = "acme", .name = "", .lifetime = {}, .actions = {}, .repositories = {}})
          .value();
  const auto token = token_for(basic("x", made.key), "repository:acme/app:pull,push");
  const auto url = "/v2/acme/app/manifests/latest";
  EXPECT_EQ(ask(Method::get, url, bearer(token)).status, 404);
  ASSERT_TRUE(accounts.take("ann@x", {"acme", ""}, "REGISTRY_USER"));
  EXPECT_EQ(ask(Method::get, url, bearer(token)).status, 403);
  ASSERT_TRUE(accounts.grant("ann@x", {"acme", ""}, "REGISTRY_USER"));
  EXPECT_EQ(ask(Method::get, url, bearer(token)).status, 404);
  ASSERT_TRUE(accounts.revoke_key(made.id));
  EXPECT_EQ(ask(Method::get, url, bearer(token)).status, 401) << "a token lives no longer than its key";
  EXPECT_EQ(ask(Method::get, "/v2/", pw("ann@x")).status, 200);
  ASSERT_TRUE(accounts.set_standing("ann@x", catalog::Standing::disabled));
  EXPECT_EQ(ask(Method::get, "/v2/", pw("ann@x")).status, 401);
}

// B3.15.
TEST_F(AccountsFlow, AnUploadIsItsOwners) {
  const auto location = push_upload("acme/app", pw("ann@x"));
  EXPECT_EQ(ask(Method::get, location, pw("bob@x")).status, 404);
  EXPECT_EQ(finish(location, pw("bob@x"), "stolen"), 404);
  EXPECT_EQ(ask(Method::delete_, location, pw("bob@x")).status, 404);
  const auto id = location.substr(location.rfind('/'));
  EXPECT_EQ(ask(Method::get, "/v2/acme/other/blobs/uploads" + id, pw("ann@x")).status, 404);
  EXPECT_EQ(ask(Method::get, location, pw("eve@x")).status, 403);
  EXPECT_EQ(ask(Method::get, location, "").status, 401);
  ASSERT_TRUE(accounts.take("ann@x", {"acme", ""}, "REGISTRY_USER"));
  EXPECT_EQ(finish(location, pw("ann@x"), "mine"), 403);
  ASSERT_TRUE(accounts.grant("ann@x", {"acme", ""}, "REGISTRY_USER"));
  EXPECT_EQ(finish(location, pw("ann@x"), "mine"), 201) << "unharmed by all that";
}

TEST_F(AccountsFlow, AnUploadOutlivesItsToken) {
  const auto token = bearer(token_for(pw("ann@x"), "repository:acme/app:pull,push"));
  const auto location = push_upload("acme/app", token);
  const auto second = push_upload("acme/app", token);
  clock.advance(std::chrono::seconds(301));
  EXPECT_EQ(ask(Method::post, "/v2/acme/app/blobs/uploads/", token).status, 401) << "nothing new begins with it";
  EXPECT_EQ(ask(Method::get, "/v2/acme/app/manifests/latest", token).status, 401);
  EXPECT_EQ(ask(Method::get, location, token).status, 204);
  EXPECT_EQ(finish(location, token, "slow"), 201);
  ASSERT_TRUE(accounts.take("ann@x", {"acme", ""}, "REGISTRY_USER"));
  EXPECT_EQ(finish(second, token, "slower"), 403) << "still the same principal, no longer allowed";
}

// The memory of answers holds the decision as well, and lets go of it when the credential runs out or the rights change.
TEST_F(AccountsFlow, AnAnswerFromMemoryEndsWithItsCredential) {
  const auto blob = "/v2/acme/app/blobs/" + push_blob(service::name("acme/app"), "bytes").text();
  const auto soon_over = bearer(key("ann@x", {}, {}, std::chrono::seconds(30)));
  const auto lasting = bearer(key("ann@x"));
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(ask(Method::get, blob, soon_over).status, 200);
    EXPECT_EQ(ask(Method::get, blob, lasting).status, 200);
    EXPECT_EQ(ask(Method::get, blob, "").status, 401);
  }
  clock.advance(std::chrono::seconds(31));
  EXPECT_EQ(ask(Method::get, blob, soon_over).status, 401);
  EXPECT_EQ(ask(Method::get, blob, lasting).status, 200);
  ASSERT_TRUE(accounts.take("ann@x", {"acme", ""}, "REGISTRY_USER"));
  EXPECT_NE(ask(Method::get, blob, lasting).status, 200);
}

// B3.14.
TEST_F(AccountsFlow, AMountShowsNothingOfWhatMayNotBePulled) {
  const auto secret = push_blob(service::name("zeta/secret"), "secret layer");
  const auto own = push_blob(service::name("acme/own"), "own layer");
  const auto url = [](const oci::Digest& digest, const std::string& from) {
    return "/v2/acme/app/blobs/uploads/?mount=" + digest.text() + (from.empty() ? "" : "&from=" + from);
  };
  const auto unknown = service::sha256("never pushed");
  EXPECT_EQ(ask(Method::post, url(own, "acme/own"), pw("ann@x")).status, 201);
  EXPECT_EQ(ask(Method::post, url(own, ""), pw("ann@x")).status, 201);
  for (const auto* from : {"zeta/secret", "zeta/none", "gone/none", ""}) {
    EXPECT_EQ(ask(Method::post, url(secret, from), pw("ann@x")).status, 202) << from;
    EXPECT_EQ(ask(Method::post, url(unknown, from), pw("ann@x")).status, 202) << from;
  }
  EXPECT_EQ(ask(Method::head, "/v2/acme/app/blobs/" + secret.text(), pw("ann@x")).status, 404);
  EXPECT_EQ(ask(Method::get, "/v2/acme/app/blobs/" + secret.text(), pw("ann@x")).status, 404);
  const auto manifest = image("own layer", "secret layer");
  const auto put = ask(Method::put, "/v2/acme/app/manifests/v1", pw("ann@x"), manifest);
  EXPECT_EQ(put.status, 404) << put.body << ": a manifest links nothing that the repository does not hold";
  EXPECT_EQ(ask(Method::post, url(secret, "zeta/secret"), pw("eve@x")).status, 403);
}

// A client that asked for a token for the target alone is told to ask for both; what it then may not pull is an upload.
TEST_F(AccountsFlow, AMountAsksForATokenThatNamesBothRepositories) {
  push_blob(service::name("zeta/secret"), "secret layer");
  const auto own = push_blob(service::name("acme/own"), "own layer");
  const auto url = [&](const std::string& from) { return "/v2/acme/app/blobs/uploads/?mount=" + own.text() + "&from=" + from; };
  const auto narrow = bearer(token_for(pw("ann@x"), "repository:acme/app:pull,push"));
  for (const auto* from : {"acme/own", "zeta/secret", "zeta/none", "gone/none"}) {
    const auto reply = ask(Method::post, url(from), narrow);
    EXPECT_EQ(reply.status, 401) << from;
    EXPECT_NE(reply.field("WWW-Authenticate")
                  .find(std::string("pull,push repository:") + from + ":pull\",error=\"insufficient_scope\""),
              std::string::npos)
        << reply.field("WWW-Authenticate");
    const auto both =
        bearer(token_for(pw("ann@x"), std::string("repository:acme/app:pull,push&scope=repository:") + from + ":pull"));
    EXPECT_EQ(ask(Method::post, url(from), both).status, std::string(from) == "acme/own" ? 201 : 202) << from;
  }
}

TEST_F(AccountsFlow, PushesMakeTeamsOnlyForWhoManagesThem) {
  const auto url = "/v2/acme/vision/app/blobs/uploads/";
  const auto refused = ask(Method::post, url, pw("ann@x"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.body.find("vision"), std::string::npos);
  ASSERT_TRUE(accounts.grant("ann@x", {"acme", ""}, "USER_ADMIN"));
  EXPECT_EQ(ask(Method::post, url, pw("ann@x")).status, 202);
  EXPECT_EQ(ask(Method::post, "/v2/gone/app/blobs/uploads/", pw("ann@x")).status, 403);
}

// oci.manifest.put, oci.manifest.delete, repository.delete: tag_immutable.
TEST_F(AccountsFlow, AnImmutableTagIsRefusedInOcisWords) {
  push_blob(service::name("acme/app"), "config");
  push_blob(service::name("acme/app"), "one");
  push_blob(service::name("acme/app"), "two");
  ASSERT_TRUE(push_manifest(service::name("acme/app"), "v1", image("config", "one")));
  ASSERT_TRUE(accounts.set_immutable_tags("acme/app", {"v*"}));
  const auto reply = ask(Method::put, "/v2/acme/app/manifests/v1", pw("ann@x"), image("config", "two"));
  EXPECT_EQ(reply.status, 409) << reply.body;
  EXPECT_EQ(ask(Method::put, "/v2/acme/app/manifests/w1", pw("ann@x"), image("config", "two")).status, 201);
  EXPECT_EQ(ask(Method::put, "/v2/acme/app/manifests/v1", pw("ann@x"), image("config", "one")).status, 201);
  ASSERT_TRUE(accounts.grant("ann@x", {"acme", ""}, "REGISTRY_ADMIN"));
  EXPECT_EQ(ask(Method::delete_, "/v2/acme/app/manifests/v1", pw("ann@x")).status, 409)
      << "what can be deleted can be pushed anew";
  EXPECT_EQ(ask(Method::delete_, "/v2/acme/app/manifests/" + service::sha256(image("config", "one")).text(), pw("ann@x")).status,
            409);
  EXPECT_EQ(ask(Method::delete_, "/v2/acme/app/manifests/w1", pw("ann@x")).status, 202);
  EXPECT_EQ(ask(Method::delete_, "/api/v1/repositories/acme/app", pw("ann@x")).status, 409);
  ASSERT_TRUE(accounts.set_immutable_tags("acme/app", {}));
  EXPECT_EQ(ask(Method::delete_, "/api/v1/repositories/acme/app", pw("ann@x")).status, 202);
}

TEST_F(AccountsFlow, NamesOfOnePartBelongToTheDefaultOrg) {
  ASSERT_TRUE(accounts.create_org("main", ""));
  EXPECT_EQ(ask(Method::post, "/v2/alone/blobs/uploads/", pw("ann@x")).status, 403);
  ASSERT_TRUE(accounts.grant("ann@x", {"main", ""}, "REGISTRY_USER"));
  EXPECT_EQ(ask(Method::post, "/v2/alone/blobs/uploads/", pw("ann@x")).status, 202);
}

TEST_F(AccountsFlow, TheChallengeAsksForWhatTheRequestNeeds) {
  const auto challenge = [&](Method method, const std::string& target) {
    return ask(method, target, "").field("WWW-Authenticate");
  };
  const std::string start = R"(Bearer realm="http://reg.example.com/token",service="reg.example.com")";
  EXPECT_EQ(challenge(Method::get, "/v2/"), start);
  EXPECT_EQ(challenge(Method::get, "/v2/acme/app/manifests/v1"), start + R"(,scope="repository:acme/app:pull")");
  EXPECT_EQ(challenge(Method::post, "/v2/acme/app/blobs/uploads/?mount=sha256:x&from=zeta/b"),
            start + R"(,scope="repository:acme/app:pull,push repository:zeta/b:pull")");
  EXPECT_EQ(challenge(Method::post, "/v2/acme/app/blobs/uploads/?from=%22evil"),
            start + R"(,scope="repository:acme/app:pull,push")");
  EXPECT_EQ(challenge(Method::delete_, "/v2/acme/app/manifests/v1"), start + R"(,scope="repository:acme/app:delete")");
  EXPECT_EQ(challenge(Method::get, "/v2/_catalog"), start + R"(,scope="registry:catalog:*")");
  EXPECT_EQ(ask(Method::get, "/v2/acme/app/manifests/v1", bearer("junk")).field("WWW-Authenticate"),
            start + R"(,scope="repository:acme/app:pull",error="invalid_token")");
}

TEST_F(AccountsFlow, AFirstPasswordMustBeChanged) {
  const auto first = accounts.prepare_first("main").value();
  ASSERT_TRUE(accounts.store_first(first));
  EXPECT_EQ(ask(Method::get, "/v2/", basic(first.email, first.password)).status, 401);
  EXPECT_EQ(ask(Method::get, "/v2/", basic("$oauthtoken", first.key.berth_spelling())).status, 200);
  ASSERT_TRUE(accounts.store_first(accounts.prepare_first("main").value())) << "a start that was cut off is done again";
  ASSERT_TRUE(accounts.set_password(first.email, "chosen by a person"));
  EXPECT_EQ(ask(Method::get, "/v2/", basic(first.email, "chosen by a person")).status, 200);
  EXPECT_EQ(ask(Method::post, "/v2/main/app/blobs/uploads/", basic(first.email, "chosen by a person")).status, 202);
}

TEST_F(AccountsFlow, KeysCanBeRotatedWithAnOverlap) {
  const auto old =
      accounts.create_key({.email = "ann@x", .org = "acme", .name = "ci", .lifetime = {}, .actions = {}, .repositories = {}})
          .value();
  const auto fresh = accounts.rotate_key(old.id, std::chrono::seconds(60)).value();
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(old.key)).status, 200);
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(fresh.key)).status, 200);
  clock.advance(std::chrono::seconds(61));
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(old.key)).status, 401);
  EXPECT_EQ(ask(Method::get, "/v2/", bearer(fresh.key)).status, 200);
  ASSERT_TRUE(policy->tick());
  EXPECT_TRUE(catalog->accounts().find_key(fresh.id).value()->last_used);
}

TEST_F(AccountsFlow, TheKeysOfTokensArePublic) {
  const auto keys = base::Json::parse(ask(Method::get, "/.well-known/jwks.json", "").body)["keys"];
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0]["crv"], "Ed25519");
  EXPECT_FALSE(keys[0].contains("d"));
}

}  // namespace
}  // namespace berth::api
