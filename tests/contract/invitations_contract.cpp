// Invitations as rows: who may come in by which link, until when, and what taking one up gives.
#include <gmock/gmock.h>

#include "berth/catalog/accounts.h"
#include "contract/catalog_contract.h"

namespace berth::test {
namespace {

using base::ErrorCode;
using catalog::Grant;
using catalog::NewInvitation;
using catalog::Role;
using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const catalog::Origin kBy{.principal = "user:1000009"};

class InvitationsContract : public CatalogContract {
 protected:
  InvitationsContract() : org_(accounts().create_org("acme", "Acme", "", kBy).value()), team_(make_team("vision")) {}

  [[nodiscard]] catalog::AccountCatalog& accounts() { return catalog().accounts(); }
  std::int64_t make_team(const std::string& name) { return accounts().create_team(org_, name, "", kBy).value(); }
  std::int64_t user(const std::string& email) {
    return accounts().create_user({.email = email, .name = "N", .password = {}}, kBy).value();
  }
  [[nodiscard]] base::TimePoint in(hours time) { return under_test().clock().now() + time; }
  [[nodiscard]] NewInvitation invitation(const std::string& email, const std::string& token_hash,
                                         std::vector<Role> roles = {Role::registry_read}, std::int64_t team = 0) {
    return {.org = org_,
            .team = team,
            .email = email,
            .name = "Somebody",
            .roles = std::move(roles),
            .token_hash = token_hash,
            .expires = in(hours(24))};
  }
  void invite(const std::vector<NewInvitation>& invitations) { ASSERT_TRUE(accounts().create_invitations(invitations, kBy)); }
  // Emails of those that are pending, in their order.
  std::vector<std::string> emails(std::int64_t team = 0) {
    std::vector<std::string> found;
    const auto all = accounts().list_invitations(org_, team).value();
    for (const auto& one : all) found.push_back(one.team.name + ':' + one.email);
    return found;
  }
  std::int64_t only_id() { return accounts().list_invitations(org_, 0).value().at(0).id; }
  base::Result<std::int64_t> accept(const std::string& token_hash, std::int64_t user = 0) {
    return accounts().accept_invitations(
        {.token_hash = token_hash, .user = user, .account = {.email = "ignored@example.com", .name = "New", .password = {}}},
        kBy);
  }
  // Kinds of the audit rows about invitations and what taking them up makes, without their subjects.
  std::vector<std::string> told(std::int64_t after) {
    std::vector<std::string> kinds;
    const auto page = catalog().audit().list({.order = catalog::AuditQuery::Order::oldest_first, .last = after}).value();
    for (const auto& row : page.rows) kinds.push_back(row.kind + ' ' + row.by.principal);
    return kinds;
  }

  const std::int64_t org_;
  const std::int64_t team_;
};

TEST_P(InvitationsContract, AreListedByPlaceAndByLinkAlsoAfterARestart) {
  invite({invitation("b@example.com", "h1", {Role::registry_user, Role::registry_read}), invitation("a@example.com", "h2"),
          invitation("a@example.com", "h2", {Role::registry_admin}, team_)});
  under_test().reopen();
  EXPECT_THAT(emails(), ElementsAre(":a@example.com", ":b@example.com", "vision:a@example.com"));
  EXPECT_THAT(emails(team_), ElementsAre("vision:a@example.com"));
  const auto of_link = accounts().list_invitations_by_token("h2").value();
  ASSERT_EQ(of_link.size(), 2U);
  EXPECT_THAT(accounts().list_invitations_by_token("h3").value(), IsEmpty());
  const auto one = accounts().list_invitations_by_token("h1").value().at(0);
  EXPECT_EQ(one.org.name, "acme");
  EXPECT_EQ(one.org.display_name, "Acme");
  EXPECT_EQ(one.team.id, 0);
  EXPECT_EQ(one.name, "Somebody");
  EXPECT_THAT(one.roles, ElementsAre(Role::registry_read, Role::registry_user));
  EXPECT_EQ(one.created, under_test().clock().now());
  EXPECT_EQ(one.expires, in(hours(24)));
}

TEST_P(InvitationsContract, ThereIsOneForAPlaceAndAnEmailAndAllOrNoneAreMade) {
  invite({invitation("a@example.com", "h1")});
  EXPECT_EQ(code_of(accounts().create_invitations({invitation("b@example.com", "h2"), invitation("a@example.com", "h2")}, kBy)),
            ErrorCode::already_exists);
  EXPECT_THAT(emails(), ElementsAre(":a@example.com"));
  auto elsewhere = invitation("b@example.com", "h2");
  elsewhere.org = 99;
  EXPECT_EQ(code_of(accounts().create_invitations({invitation("c@example.com", "h2"), elsewhere}, kBy)),
            ErrorCode::object_unknown);
  EXPECT_EQ(code_of(accounts().create_invitations({invitation("c@example.com", "h2", {Role::registry_read}, 99)}, kBy)),
            ErrorCode::object_unknown);
  const auto other = accounts().create_org("other", "", "", kBy).value();
  auto foreign = invitation("c@example.com", "h2", {Role::registry_read}, team_);
  foreign.org = other;
  EXPECT_EQ(code_of(accounts().create_invitations({foreign}, kBy)), ErrorCode::object_unknown)
      << "a team of another organisation";
  EXPECT_THAT(emails(), ElementsAre(":a@example.com"));
}

TEST_P(InvitationsContract, ANewLinkMakesTheOldOneUseless) {
  invite({invitation("a@example.com", "h1")});
  ASSERT_TRUE(
      accounts().change_invitation({.id = only_id(), .roles = {Role::registry_admin}, .token_hash = "", .expires = {}}, kBy));
  const auto same = accounts().list_invitations_by_token("h1").value().at(0);
  EXPECT_THAT(same.roles, ElementsAre(Role::registry_admin));
  EXPECT_EQ(same.expires, in(hours(24))) << "the link stays, and so does its end";
  ASSERT_TRUE(accounts().change_invitation(
      {.id = only_id(), .roles = {Role::registry_user}, .token_hash = "h2", .expires = in(hours(48))}, kBy));
  EXPECT_THAT(accounts().list_invitations_by_token("h1").value(), IsEmpty());
  EXPECT_EQ(code_of(accept("h1")), ErrorCode::object_unknown);
  EXPECT_EQ(accounts().list_invitations_by_token("h2").value().at(0).expires, in(hours(48)));
  EXPECT_EQ(code_of(accounts().change_invitation({.id = 99, .roles = {}, .token_hash = "h3", .expires = in(hours(1))}, kBy)),
            ErrorCode::object_unknown);
}

TEST_P(InvitationsContract, AWithdrawnOneIsGone) {
  invite({invitation("a@example.com", "h1")});
  const auto id = only_id();
  EXPECT_TRUE(accounts().delete_invitation(id, kBy).value());
  EXPECT_FALSE(accounts().delete_invitation(id, kBy).value());
  EXPECT_EQ(code_of(accept("h1")), ErrorCode::object_unknown);
  EXPECT_THAT(emails(), IsEmpty());
  invite({invitation("a@example.com", "h2")});
  EXPECT_NE(only_id(), id) << "ids are never used twice";
}

TEST_P(InvitationsContract, TakingUpMakesTheAccountAndGivesEveryRoleOfTheLinkOnce) {
  invite({invitation("new@example.com", "h1", {Role::registry_read, Role::user_admin}),
          invitation("new@example.com", "h1", {Role::registry_admin}, team_)});
  const auto generation = accounts().generation();
  const auto made = accept("h1").value();
  EXPECT_GT(accounts().generation(), generation);
  EXPECT_EQ(accounts().find_user(made).value()->email, "new@example.com") << "the invitation's, whatever the account says";
  EXPECT_EQ(accounts().find_user(made).value()->rank, catalog::Rank::user);
  EXPECT_THAT(accounts().list_grants(made).value(),
              ElementsAre(Grant{org_, 0, Role::registry_read}, Grant{org_, 0, Role::user_admin},
                          Grant{org_, team_, Role::registry_admin}));
  EXPECT_EQ(code_of(accept("h1")), ErrorCode::object_unknown) << "a link is good once";
  EXPECT_THAT(emails(), IsEmpty());
}

TEST_P(InvitationsContract, OnlyWhoWasInvitedTakesItUp) {
  const auto ann = user("ann@example.com");
  const auto bob = user("bob@example.com");
  invite({invitation("ann@example.com", "h1"), invitation("new@example.com", "h2")});
  EXPECT_EQ(code_of(accept("h1")), ErrorCode::conflict) << "there is an account: nobody makes it anew";
  EXPECT_EQ(code_of(accept("h1", bob)), ErrorCode::conflict);
  EXPECT_EQ(code_of(accept("h2", bob)), ErrorCode::conflict);
  EXPECT_EQ(code_of(accept("h2", 7)), ErrorCode::conflict);
  EXPECT_THAT(accounts().list_grants(bob).value(), IsEmpty());
  EXPECT_EQ(emails().size(), 2U) << "nothing was used up";
  EXPECT_EQ(accept("h1", ann).value(), ann);
  EXPECT_THAT(accounts().list_grants(ann).value(), ElementsAre(Grant{org_, 0, Role::registry_read}));
}

TEST_P(InvitationsContract, ALinkEndsAndIsClearedAwayMuchLater) {
  invite({invitation("a@example.com", "h1")});
  under_test().clock().advance(hours(24));
  EXPECT_EQ(code_of(accept("h1")), ErrorCode::object_unknown);
  EXPECT_FALSE(accounts().find_user_by_email("a@example.com").value());
  EXPECT_THAT(emails(), ElementsAre(":a@example.com")) << "it can be sent anew";
  ASSERT_TRUE(accounts().change_invitation(
      {.id = only_id(), .roles = {Role::registry_read}, .token_hash = "h2", .expires = in(hours(1))}, kBy));
  under_test().clock().advance(hours(24 * 31));
  invite({invitation("b@example.com", "h3")});
  EXPECT_THAT(emails(), ElementsAre(":b@example.com"));
}

TEST_P(InvitationsContract, ATeamTakesItsInvitationsWithIt) {
  invite({invitation("a@example.com", "h1", {Role::registry_read}, team_), invitation("b@example.com", "h2")});
  ASSERT_TRUE(accounts().delete_team(org_, team_, kBy));
  EXPECT_THAT(emails(), ElementsAre(":b@example.com"));
  EXPECT_EQ(code_of(accept("h1")), ErrorCode::object_unknown);
}

TEST_P(InvitationsContract, EveryStepTellsOfItselfAndNotOfTheLink) {
  const auto before = catalog().audit().get_head().value().count;
  invite({invitation("a@example.com", "link-hash-1"), invitation("b@example.com", "link-hash-2")});
  const auto all = accounts().list_invitations(org_, 0).value();
  ASSERT_TRUE(accounts().delete_invitation(all.at(0).id, kBy));
  ASSERT_TRUE(accounts().change_invitation(
      {.id = all.at(1).id, .roles = {Role::registry_read}, .token_hash = "link-hash-3", .expires = in(hours(1))}, kBy));
  const auto self = "user:" + std::to_string(accept("link-hash-3").value());
  EXPECT_THAT(told(before), ElementsAre("invitation.created user:1000009", "invitation.created user:1000009",
                                        "invitation.deleted user:1000009", "invitation.resent user:1000009",
                                        "user.created user:1000009", "role.granted " + self, "invitation.accepted " + self));
  const auto page = catalog().audit().list({.limit = 100}).value();
  for (const auto& row : page.rows) EXPECT_EQ(row.detail.find("link-hash"), std::string::npos) << row.detail;
}

INSTANTIATE_TEST_SUITE_P(All, InvitationsContract, ::testing::ValuesIn(all_catalogs()), catalog_kind_name);

}  // namespace
}  // namespace berth::test
