// The list of repositories, which is read by what is in sight, against its slow definition: of all repositories those that the decision
// lets through, one by one.
#include <gtest/gtest.h>

#include <random>

#include "unit/api/accounts_fixture.h"

namespace berth::api {
namespace {

using base::Json;
using http::Method;
using Names = std::vector<std::string>;

constexpr const char* kOrgs[] = {"main", "acme", "acme-2", "zeta"};
constexpr const char* kTeams[] = {"vision", "speech"};
constexpr const char* kRoles[] = {"REGISTRY_READ", "REGISTRY_USER", "REGISTRY_ADMIN", "USER_ADMIN"};
constexpr const char* kVisibilities[] = {"private", "org", "teams", "listed", "public"};

class CatalogList : public AccountsTest {
 protected:
  void SetUp() override {
    for (const auto* org : kOrgs) {
      ASSERT_TRUE(accounts.create_org(org, ""));
      for (const auto* team : kTeams) ASSERT_TRUE(accounts.create_team(org, team, ""));
    }
  }

  int dice(int sides) { return static_cast<int>(random_() % static_cast<unsigned>(sides)); }
  template <typename T, std::size_t N>
  T one_of(T (&items)[N]) {
    return items[dice(N)];
  }

  void make_repositories() {
    for (int i = 0; i < 60; ++i) {
      const std::string last = "r" + std::to_string(dice(40));
      const std::string org = one_of(kOrgs);
      const int form = dice(4);
      const std::string text = form == 0 ? last : form == 1 ? org + '/' + one_of(kTeams) + '/' + last : org + '/' + last;
      ASSERT_TRUE(catalog->link_blob(service::name(text), service::sha256("b"), 1, {"tester"}));
      const std::string visibility = one_of(kVisibilities);
      // The teams of a name of one part are the default organisation's.
      const bool teams = visibility == "teams";
      if (teams && form == 0) continue;
      ASSERT_TRUE(accounts.set_visibility(text, visibility, teams ? Names{one_of(kTeams)} : Names{}));
    }
  }

  std::string make_person(int number) {
    const auto email = "p" + std::to_string(number) + "@x";
    user(email);
    for (int i = dice(4); i > 0; --i) {
      EXPECT_TRUE(accounts.grant(email, {one_of(kOrgs), dice(2) == 0 ? "" : one_of(kTeams)}, one_of(kRoles)));
    }
    const bool administrator = dice(10) == 0;
    EXPECT_TRUE(!administrator || accounts.set_rank(email, catalog::Rank::platform_administrator));
    return email;
  }

  // A credential of the person: the password, a key of some kind, or a token.
  std::string credential_of(const std::string& email) {
    const int form = dice(5);
    if (form == 0) return basic(email, "a long password");
    service::KeyWish wish{.kind = form == 1 ? catalog::KeyKind::legacy : catalog::KeyKind::personal, .email = email};
    if (form != 1) wish.org = one_of(kOrgs);
    if (form == 3) wish.repositories = {std::string(one_of(kOrgs)) + "/*", "r1*", "*/vision/r2*", "acme/r3"};
    if (form == 4) wish.actions = dice(3) == 0 ? Names{"registry:pull"} : Names{"registry:list", "registry:pull"};
    if (form == 4) {
      wish.kind = catalog::KeyKind::service;
      wish.email.clear();
    }
    const auto key = accounts.create_key(wish).value().key;
    if (dice(3) != 0) return bearer(key);
    constexpr const char* kScopes[] = {"registry:catalog:*", "repository:acme/r3:pull", "group/ngc:acme"};
    return bearer(token_for(basic("$oauthtoken", key), one_of(kScopes)));
  }

  // nullopt: the list itself is refused.
  std::optional<Names> slow(const std::string& authorization) {
    const auto principal =
        policy->authenticate(auth::BearerCredential{authorization.substr(7)}, {"192.0.2.1", "x"}, auth::Expired::refused).value();
    if (!policy->check(principal, auth::Action::registry_list, {})) return std::nullopt;
    Names names;
    const auto all = catalog->list_repositories("", 10'000).value();
    for (const auto& name : all.names) {
      if (policy->check(principal, auth::Action::registry_list, {name})) names.push_back(name);
    }
    return names;
  }

  std::optional<Names> fast(const std::string& authorization, std::size_t page) {
    Names names;
    std::string target = "/v2/_catalog?n=" + std::to_string(page);
    while (!target.empty()) {
      const auto reply = ask(Method::get, target, authorization);
      if (reply.status != 200) return std::nullopt;
      const auto part = Json::parse(reply.body)["repositories"].get<Names>();
      names.insert(names.end(), part.begin(), part.end());
      const auto link = reply.field("Link");
      target = link.empty() ? "" : link.substr(1, link.find('>') - 1);
    }
    return names;
  }

 private:
  std::mt19937 random_{20261130};
};

TEST_F(CatalogList, IsWhatTheDecisionLetsThrough) {
  int people = 0;
  int listed = 0;
  for (int world = 0; world < 4; ++world) {
    make_repositories();
    for (int i = 0; i < 15; ++i) {
      auto authorization = credential_of(make_person(people++));
      // The slow way takes bearers alone.
      if (!authorization.starts_with("Bearer ")) authorization = bearer(token_for(authorization, "group/ngc:main"));
      const auto wanted = slow(authorization);
      if (wanted) listed += static_cast<int>(wanted->size());
      for (const std::size_t page : {1, 7, 1000}) {
        ASSERT_EQ(fast(authorization, page), wanted) << "person " << people << ", pages of " << page;
      }
    }
  }
  EXPECT_GT(listed, 200);
}

TEST_F(CatalogList, ATokenForItListsWhatItsOwnerMayList) {
  user("ann@x");
  ASSERT_TRUE(accounts.grant("ann@x", {"acme", ""}, "REGISTRY_READ"));
  for (const auto* name : {"acme/app", "zeta/app"})
    ASSERT_TRUE(catalog->link_blob(service::name(name), service::sha256("b"), 1, {"tester"}));
  const auto token = token_for(basic("ann@x", "a long password"), "registry:catalog:*");
  EXPECT_EQ(fast(bearer(token), 10), Names{"acme/app"});
  EXPECT_EQ(ask(Method::get, "/v2/acme/app/manifests/latest", bearer(token)).status, 401) << "it is for the list alone";
}

}  // namespace
}  // namespace berth::api
