// What every AccountCatalog keeps.
#include <gmock/gmock.h>

#include "berth/catalog/accounts.h"
#include "contract/catalog_contract.h"

namespace berth::test {
namespace {

using base::ErrorCode;
using catalog::Grant;
using catalog::KeyKind;
using catalog::Role;
using catalog::Visibility;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class AccountsContract : public CatalogContract {
 protected:
  [[nodiscard]] catalog::AccountCatalog& accounts() { return catalog().accounts(); }
  std::int64_t user(const std::string& email) {
    return accounts().create_user({.email = email, .name = "N", .password = {}}, {"tester"}).value();
  }
  std::int64_t org(const std::string& name) { return accounts().create_org(name, name, "", {"tester"}).value(); }
  std::int64_t key(catalog::NewKey key) { return accounts().create_key(key, {"tester"}).value(); }
  catalog::Place place(const oci::RepositoryName& name) {
    return accounts().find_place({name.org(), name.team(), name.text()}).value();
  }
};

TEST_P(AccountsContract, UsersHaveLargeIdsAndOneEmailEach) {
  const auto first = user("a@example.com");
  EXPECT_EQ(first, 1'000'000);
  EXPECT_EQ(user("b@example.com"), 1'000'001);
  EXPECT_EQ(code_of(accounts().create_user({.email = "a@example.com", .name = "", .password = {}}, {"tester"})),
            ErrorCode::already_exists);
  under_test().reopen();
  EXPECT_EQ(accounts().find_user_by_email("a@example.com").value()->id, first);
  EXPECT_FALSE(accounts().find_user_by_email("c@example.com").value());
  EXPECT_EQ(accounts().list_users(first, 10).value().size(), 1U);
}

TEST_P(AccountsContract, PasswordsStandApartAndCanBeReplaced) {
  const auto id = accounts()
                      .create_user({.email = "a@example.com",
                                    .name = "A",
                                    .password = catalog::StoredPassword{"hash-1", catalog::PasswordState::must_change, {}}},
                                   {"tester"})
                      .value();
  EXPECT_EQ(accounts().find_password(id).value()->state, catalog::PasswordState::must_change);
  ASSERT_TRUE(accounts().set_password(id, {.hash = "hash-2"}, {"tester"}));
  EXPECT_EQ(accounts().find_password(id).value()->hash, "hash-2");
  EXPECT_EQ(code_of(accounts().set_password(7, {.hash = "x"}, {"tester"})), ErrorCode::object_unknown);
  EXPECT_FALSE(accounts().find_password(user("b@example.com")).value());
}

TEST_P(AccountsContract, OnlyAnActiveAdministratorCounts) {
  EXPECT_FALSE(accounts().find_administrator().value());
  const auto id = user("a@example.com");
  ASSERT_TRUE(accounts().set_rank(id, catalog::Rank::platform_administrator, {"tester"}));
  EXPECT_EQ(accounts().find_administrator().value(), id);
  EXPECT_FALSE(accounts().set_standing(id, catalog::Standing::disabled, {"tester"})) << "the last one stays";
  EXPECT_FALSE(accounts().set_rank(id, catalog::Rank::user, {"tester"}));
  EXPECT_EQ(accounts().find_administrator().value(), id);
  const auto second = user("b@example.com");
  ASSERT_TRUE(accounts().set_rank(second, catalog::Rank::platform_administrator, {"tester"}));
  ASSERT_TRUE(accounts().set_standing(id, catalog::Standing::disabled, {"tester"}));
  EXPECT_EQ(accounts().find_administrator().value(), second);
}

TEST_P(AccountsContract, RolesAreGivenOnceAndTaken) {
  const auto id = user("a@example.com");
  const auto acme = org("acme");
  const auto team = accounts().create_team(acme, "vision", "", {"tester"}).value();
  const Grant org_level{acme, 0, Role::registry_read};
  const Grant team_level{acme, team, Role::registry_admin};
  ASSERT_TRUE(accounts().add_grant(id, team_level, {"tester"}));
  ASSERT_TRUE(accounts().add_grant(id, org_level, {"tester"}));
  ASSERT_TRUE(accounts().add_grant(id, org_level, {"tester"}));
  EXPECT_THAT(accounts().list_grants(id).value(), ElementsAre(org_level, team_level));
  EXPECT_EQ(accounts().list_members(acme, 0, 10).value().size(), 2U);
  EXPECT_TRUE(accounts().remove_grant(id, org_level, {"tester"}).value());
  EXPECT_FALSE(accounts().remove_grant(id, org_level, {"tester"}).value());
  ASSERT_TRUE(accounts().delete_team(acme, team, {"tester"}));
  EXPECT_THAT(accounts().list_grants(id).value(), IsEmpty());
}

TEST_P(AccountsContract, RolesChangeTogetherAndAnOwnerStays) {
  const auto acme = org("acme");
  const auto other = org("other");
  const auto team = accounts().create_team(acme, "vision", "eyes", {"tester"}).value();
  const auto owner = user("a@example.com");
  const auto reader = user("b@example.com");
  const Grant owns{acme, 0, Role::org_owner};
  ASSERT_TRUE(accounts().change_grants({owner, acme, {owns, {acme, team, Role::registry_read}}, {}}, {"tester"}));
  ASSERT_TRUE(accounts().change_grants({reader, acme, {{acme, team, Role::registry_user}}, {}}, {"tester"}));
  EXPECT_THAT(accounts().list_owner_ids(acme).value(), ElementsAre(owner));
  EXPECT_THAT(accounts().list_member_ids(acme, 0).value(), ElementsAre(owner, reader));
  EXPECT_THAT(accounts().list_member_ids(acme, team).value(), ElementsAre(owner, reader));
  EXPECT_EQ(code_of(accounts().change_grants({owner, acme, {{acme, 0, Role::registry_read}}, {owns}}, {"tester"})),
            ErrorCode::conflict);
  EXPECT_THAT(accounts().list_grants(owner).value(), ElementsAre(owns, Grant{acme, team, Role::registry_read}))
      << "all or nothing";
  EXPECT_EQ(code_of(accounts().change_grants({7, acme, {owns}, {}}, {"tester"})), ErrorCode::object_unknown);
  EXPECT_EQ(code_of(accounts().change_grants({owner, other, {{other, team, Role::registry_read}}, {}}, {"tester"})),
            ErrorCode::object_unknown);
  ASSERT_TRUE(accounts().change_grants({reader, acme, {owns}, {{acme, team, Role::registry_user}}}, {"tester"}));
  ASSERT_TRUE(accounts().change_grants({owner, acme, {}, {owns, {acme, team, Role::registry_read}}}, {"tester"}));
  EXPECT_THAT(accounts().list_member_ids(acme, 0).value(), ElementsAre(reader));
  const auto places = accounts().list_places(reader).value();
  ASSERT_EQ(places.size(), 1U);
  EXPECT_EQ(places[0].org.name, "acme");
  EXPECT_EQ(places[0].team.id, 0);
  EXPECT_EQ(places[0].role, Role::org_owner);
}

TEST_P(AccountsContract, NamesAndDescriptionsChange) {
  const auto id = user("a@example.com");
  const auto acme = org("acme");
  const auto team = accounts().create_team(acme, "vision", "eyes", {"tester"}).value();
  ASSERT_TRUE(accounts().set_user_name(id, "Ada", {"tester"}));
  ASSERT_TRUE(accounts().change_org(acme, {.display_name = "Acme Corp", .description = {}}, {"tester"}));
  ASSERT_TRUE(accounts().set_team_description(acme, team, "more eyes", {"tester"}));
  EXPECT_EQ(accounts().find_user(id).value()->name, "Ada");
  EXPECT_EQ(accounts().find_org(acme).value()->display_name, "Acme Corp");
  EXPECT_EQ(accounts().find_org(acme).value()->description, "");
  ASSERT_TRUE(accounts().change_org(acme, {.display_name = {}, .description = "makes everything"}, {"tester"}));
  EXPECT_EQ(accounts().find_org("acme").value()->display_name, "Acme Corp") << "what is not named stays";
  EXPECT_EQ(accounts().list_orgs("", 9).value().front().description, "makes everything");
  EXPECT_EQ(accounts().find_team(acme, "vision").value()->description, "more eyes");
  EXPECT_EQ(code_of(accounts().set_user_name(7, "x", {"tester"})), ErrorCode::object_unknown);
  EXPECT_EQ(code_of(accounts().change_org(99, {}, {"tester"})), ErrorCode::object_unknown);
  EXPECT_EQ(code_of(accounts().set_team_description(99, team, "x", {"tester"})), ErrorCode::object_unknown);
  EXPECT_FALSE(accounts().find_org(99).value());
}

TEST_P(AccountsContract, ARoleNeedsItsUserOrgAndTeam) {
  const auto id = user("a@example.com");
  const auto acme = org("acme");
  const auto other = org("other");
  const auto team = accounts().create_team(other, "vision", "", {"tester"}).value();
  EXPECT_EQ(code_of(accounts().add_grant(7, {acme, 0, Role::registry_read}, {"tester"})), ErrorCode::object_unknown);
  EXPECT_EQ(code_of(accounts().add_grant(id, {99, 0, Role::registry_read}, {"tester"})), ErrorCode::object_unknown);
  EXPECT_EQ(code_of(accounts().add_grant(id, {acme, team, Role::registry_read}, {"tester"})), ErrorCode::object_unknown);
  EXPECT_EQ(code_of(accounts().delete_team(acme, team, {"tester"})), ErrorCode::object_unknown);
  EXPECT_EQ(code_of(accounts().create_org("acme", "", "", {"tester"})), ErrorCode::already_exists);
  EXPECT_EQ(code_of(accounts().create_team(other, "vision", "", {"tester"})), ErrorCode::already_exists);
}

TEST_P(AccountsContract, KeysAreFoundByHashAndRevokedForGood) {
  const auto id = user("a@example.com");
  const auto acme = org("acme");
  const auto expires = under_test().clock().now() + std::chrono::hours(24);
  const auto made = key({.kind = KeyKind::personal,
                         .user = id,
                         .org = acme,
                         .name = "ci",
                         .hash = "aa",
                         .actions = {"registry:pull"},
                         .repositories = {"acme/*", "acme/x"},
                         .expires = expires});
  const auto found = accounts().find_key_by_hash("aa").value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, made);
  EXPECT_THAT(found->actions, ElementsAre("registry:pull"));
  EXPECT_THAT(found->repositories, ElementsAre("acme/*", "acme/x"));
  EXPECT_EQ(found->expires, expires);
  EXPECT_FALSE(found->revoked);
  ASSERT_TRUE(accounts().revoke_key(made, {"tester"}));
  const auto first = accounts().find_key(made).value()->revoked;
  under_test().clock().advance(std::chrono::hours(1));
  ASSERT_TRUE(accounts().revoke_key(made, {"tester"}));
  EXPECT_EQ(accounts().find_key(made).value()->revoked, first);
  EXPECT_EQ(code_of(accounts().revoke_key(99, {"tester"})), ErrorCode::object_unknown);
  EXPECT_EQ(code_of(accounts().create_key(
                {.user = 7, .org = acme, .name = "", .hash = "x", .actions = {}, .repositories = {}, .expires = {}}, {"tester"})),
            ErrorCode::object_unknown);
}

TEST_P(AccountsContract, ThereIsOneLegacyKeyAUser) {
  const auto id = user("a@example.com");
  const auto old =
      key({.kind = KeyKind::legacy, .user = id, .name = "", .hash = "aa", .actions = {}, .repositories = {}, .expires = {}});
  const auto personal = key({.kind = KeyKind::personal,
                             .user = id,
                             .org = org("acme"),
                             .name = "",
                             .hash = "bb",
                             .actions = {},
                             .repositories = {},
                             .expires = {}});
  key({.kind = KeyKind::legacy, .user = id, .name = "", .hash = "cc", .actions = {}, .repositories = {}, .expires = {}});
  EXPECT_TRUE(accounts().find_key(old).value()->revoked);
  EXPECT_FALSE(accounts().find_key(personal).value()->revoked);
  EXPECT_EQ(accounts().list_keys({.user = id}, 0, 10).value().size(), 3U);
}

TEST_P(AccountsContract, KeysComeInPagesOfOneHolder) {
  const auto ann = user("a@example.com");
  const auto acme = org("acme");
  const auto zeta = org("zeta");
  const auto of = [&](std::int64_t owner, std::int64_t place, KeyKind kind, const std::string& hash) {
    return key(
        {.kind = kind, .user = owner, .org = place, .name = "", .hash = hash, .actions = {}, .repositories = {}, .expires = {}});
  };
  const auto first = of(ann, acme, KeyKind::personal, "a1");
  const auto legacy = of(ann, 0, KeyKind::legacy, "a2");
  const auto second = of(ann, zeta, KeyKind::personal, "a3");
  const auto service = of(0, acme, KeyKind::service, "a4");
  of(user("b@example.com"), acme, KeyKind::personal, "a5");
  const auto ids = [&](const catalog::KeyHolder& holder, std::int64_t after = 0, std::size_t limit = 10) {
    std::vector<std::int64_t> found;
    const auto page = accounts().list_keys(holder, after, limit).value();
    for (const auto& one : page) found.push_back(one.id);
    return found;
  };
  EXPECT_EQ(ids({.user = ann}), (std::vector{first, legacy, second}));
  EXPECT_EQ(ids({.user = ann}, first, 1), (std::vector{legacy}));
  EXPECT_EQ(ids({.user = ann, .org = zeta}), (std::vector{second}));
  EXPECT_EQ(ids({.org = acme}), (std::vector{service}));
  EXPECT_EQ(accounts().find_key(second).value()->org_name, "zeta");
  EXPECT_EQ(accounts().find_key(legacy).value()->org_name, "");
}

TEST_P(AccountsContract, AKeysEndOnlyEverComesNearer) {
  const auto acme = org("acme");
  const auto now = under_test().clock().now();
  const auto made =
      key({.kind = KeyKind::service, .org = acme, .name = "ci", .hash = "aa", .actions = {}, .repositories = {}, .expires = {}});
  const auto ends = [&] { return accounts().find_key(made).value()->expires; };
  const auto generation = accounts().generation();
  ASSERT_TRUE(accounts().set_key_expiry(made, now + std::chrono::hours(2), {"tester"}));
  EXPECT_GT(accounts().generation(), generation);
  EXPECT_EQ(ends(), now + std::chrono::hours(2)) << "it had none";
  ASSERT_TRUE(accounts().set_key_expiry(made, now + std::chrono::hours(1), {"tester"}));
  ASSERT_TRUE(accounts().set_key_expiry(made, now + std::chrono::hours(3), {"tester"}));
  EXPECT_EQ(ends(), now + std::chrono::hours(1));
  EXPECT_EQ(code_of(accounts().set_key_expiry(99, now, {"tester"})), ErrorCode::object_unknown);
}

TEST_P(AccountsContract, AHashIsOneKeys) {
  const auto acme = org("acme");
  const catalog::NewKey wanted{
      .kind = KeyKind::service, .org = acme, .name = "ci", .hash = "aa", .actions = {}, .repositories = {}, .expires = {}};
  key(wanted);
  EXPECT_FALSE(accounts().create_key(wanted, {"tester"}));
  EXPECT_EQ(accounts().list_keys({.org = acme}, 0, 10).value().size(), 1U);
  EXPECT_FALSE(accounts().find_key_by_hash("bb").value());
}

TEST_P(AccountsContract, OrganisationsAndTeamsComeInPagesByName) {
  const auto zeta = org("zeta");
  org("acme");
  for (const auto* name : {"vision", "audio"}) ASSERT_TRUE(accounts().create_team(zeta, name, "", {"tester"}));
  const auto names = [](const auto& page) {
    std::vector<std::string> found;
    for (const auto& one : page) found.push_back(one.name);
    return found;
  };
  EXPECT_THAT(names(accounts().list_orgs("", 10).value()), ElementsAre("acme", "zeta"));
  EXPECT_THAT(names(accounts().list_orgs("acme", 1).value()), ElementsAre("zeta"));
  EXPECT_THAT(names(accounts().list_teams(zeta, "", 1).value()), ElementsAre("audio"));
  EXPECT_THAT(names(accounts().list_teams(zeta, "audio", 10).value()), ElementsAre("vision"));
}

TEST_P(AccountsContract, MembershipsComeWithNames) {
  const auto ann = user("a@example.com");
  const auto acme = org("acme");
  const auto team = accounts().create_team(acme, "vision", "", {"tester"}).value();
  ASSERT_TRUE(accounts().add_grant(ann, {acme, team, Role::registry_user}, {"tester"}));
  ASSERT_TRUE(accounts().add_grant(ann, {acme, 0, Role::registry_read}, {"tester"}));
  const auto found = accounts().list_memberships(ann).value();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].org, "acme");
  EXPECT_EQ(found[0].team, "");
  EXPECT_EQ(found[1].team, "vision");
  EXPECT_EQ(found[1].grant, (Grant{acme, team, Role::registry_user}));
  ASSERT_TRUE(accounts().set_user_name(ann, "Ann", {"tester"}));
  EXPECT_EQ(accounts().find_user(ann).value()->name, "Ann");
  EXPECT_EQ(code_of(accounts().set_user_name(7, "x", {"tester"})), ErrorCode::object_unknown);
}

TEST_P(AccountsContract, UseOfKeysIsNotedWithoutMakingAnythingStale) {
  const auto acme = org("acme");
  const auto made =
      key({.kind = KeyKind::service, .org = acme, .name = "ci", .hash = "aa", .actions = {}, .repositories = {}, .expires = {}});
  const auto generation = accounts().generation();
  const auto of_answers = catalog().generation();
  ASSERT_TRUE(accounts().touch_keys({{made, under_test().clock().now()}}));
  EXPECT_EQ(accounts().generation(), generation);
  EXPECT_EQ(catalog().generation(), of_answers) << "answers in memory stay good";
  EXPECT_EQ(accounts().list_keys({.org = acme}, 0, 10).value().at(0).last_used, under_test().clock().now());
}

TEST_P(AccountsContract, EveryChangeRaisesTheGeneration) {
  auto last = accounts().generation();
  const auto raised = [&] { return std::exchange(last, accounts().generation()) < accounts().generation(); };
  const auto id = user("a@example.com");
  EXPECT_TRUE(raised());
  const auto acme = org("acme");
  EXPECT_TRUE(raised());
  ASSERT_TRUE(accounts().add_grant(id, {acme, 0, Role::org_owner}, {"tester"}));
  EXPECT_TRUE(raised());
  ASSERT_TRUE(accounts().remove_grant(id, {acme, 0, Role::org_owner}, {"tester"}));
  EXPECT_TRUE(raised());
  ASSERT_TRUE(accounts().set_standing(id, catalog::Standing::disabled, {"tester"}));
  EXPECT_TRUE(raised());
}

TEST_P(AccountsContract, APlaceTellsWhatIsThere) {
  EXPECT_FALSE(place(repository("acme/vision/app")).org);
  ASSERT_TRUE(catalog().link_blob(repository("early/app"), sha256_of("x"), 1, {"tester"}));
  EXPECT_TRUE(place(repository("early/app")).exists) << "made before there were organisations";
  EXPECT_FALSE(place(repository("early/app")).org);
  const auto acme = org("acme");
  EXPECT_EQ(place(repository("acme/vision/app")).org, acme);
  EXPECT_FALSE(place(repository("acme/vision/app")).team);
  ASSERT_TRUE(catalog().link_blob(repository("acme/vision/app"), sha256_of("x"), 1, {"tester"}));
  const auto made = accounts().find_team(acme, "vision").value();
  ASSERT_TRUE(made) << "a first repository makes its team's row";
  const auto found = place(repository("acme/vision/app"));
  EXPECT_TRUE(found.exists);
  EXPECT_EQ(found.team, made->id);
  EXPECT_EQ(found.visibility, Visibility::org_private);
}

TEST_P(AccountsContract, VisibilityIsARepositorysAndRaisesTheCatalogsGeneration) {
  const auto acme = org("acme");
  const auto team = accounts().create_team(acme, "vision", "", {"tester"}).value();
  const auto app = repository("acme/app");
  EXPECT_EQ(code_of(accounts().set_visibility(app, Visibility::everyone, {}, {"tester"})), ErrorCode::repository_unknown);
  ASSERT_TRUE(catalog().link_blob(app, sha256_of("x"), 1, {"tester"}));
  const auto generation = catalog().generation();
  ASSERT_TRUE(accounts().set_visibility(app, Visibility::shared_teams, {team}, {"tester"}));
  EXPECT_GT(catalog().generation(), generation);
  EXPECT_EQ(accounts().get_openness(app).value().visibility, Visibility::shared_teams);
  EXPECT_EQ(accounts().get_openness(app).value().teams, std::vector<std::string>{"vision"});
  EXPECT_THAT(place(app).shared_teams, ElementsAre(team));
  ASSERT_TRUE(accounts().set_visibility(app, Visibility::everyone, {}, {"tester"}));
  EXPECT_EQ(place(app).visibility, Visibility::everyone);
  EXPECT_THAT(place(app).shared_teams, IsEmpty());
}

TEST_P(AccountsContract, AUserHasSoManyLiveKeysAtMost) {
  const auto owner = user("a@example.com");
  const auto acme = org("acme");
  int made = 0;
  const auto make = [&](catalog::NewKey wish) {
    wish.user = owner;
    wish.org = acme;
    wish.hash = "hash" + std::to_string(made++);
    wish.most = 2;
    return accounts().create_key(wish, {"tester"});
  };
  const auto later = under_test().clock().now() + std::chrono::hours(1);
  const auto first = make({}).value();
  ASSERT_TRUE(make({.name = {}, .hash = {}, .actions = {}, .repositories = {}, .expires = later}));
  EXPECT_EQ(code_of(make({})), ErrorCode::conflict);
  EXPECT_TRUE(make({.kind = KeyKind::legacy, .name = {}, .hash = {}, .actions = {}, .repositories = {}, .expires = {}}))
      << "there is one of those anyway";
  catalog::NewKey instead;
  instead.instead_of = first;
  EXPECT_TRUE(make(instead)) << "its place is taken";
  EXPECT_EQ(code_of(make(instead)), ErrorCode::conflict) << "once";
  ASSERT_TRUE(accounts().revoke_key(first, {"tester"}));
  under_test().clock().advance(std::chrono::hours(1));
  EXPECT_TRUE(make({})) << "what is revoked or over does not count";
  EXPECT_EQ(code_of(make({})), ErrorCode::conflict);
}

TEST_P(AccountsContract, AnImmutableTagIsSetOnceAndNeverMoves) {
  const auto first = image("first");
  const auto second = image("second");
  ASSERT_TRUE(catalog().put_manifest(put_of(app_, first, {tag("v1"), tag("latest")})));
  ASSERT_TRUE(accounts().set_immutable_tags(app_, {"v*"}, {"tester"}));
  EXPECT_EQ(code_of(catalog().put_manifest(put_of(app_, second, {tag("v1")}))), ErrorCode::tag_immutable);
  EXPECT_FALSE(catalog().find_manifest(app_, second.digest).value()) << "all or nothing";
  EXPECT_TRUE(catalog().put_manifest(put_of(app_, first, {tag("v1")}))) << "the same again moves nothing";
  EXPECT_TRUE(catalog().put_manifest(put_of(app_, second, {tag("latest"), tag("v2")})));
  EXPECT_EQ(code_of(catalog().put_manifest(put_of(app_, first, {tag("v2")}))), ErrorCode::tag_immutable);
  EXPECT_THAT(accounts().list_immutable_tags(app_).value(), ElementsAre("v*"));
  ASSERT_TRUE(accounts().set_immutable_tags(app_, {}, {"tester"}));
  EXPECT_TRUE(catalog().put_manifest(put_of(app_, first, {tag("v2")})));
}

TEST_P(AccountsContract, OpenDataGetsItsOrgsOnce) {
  ASSERT_TRUE(catalog().link_blob(repository("acme/vision/app"), sha256_of("x"), 1, {"tester"}));
  ASSERT_TRUE(catalog().link_blob(repository("alone"), sha256_of("x"), 1, {"tester"}));
  ASSERT_TRUE(catalog().link_blob(repository("other/app"), sha256_of("x"), 1, {"tester"}));
  const auto owner = user("admin@example.com");
  org("other");
  EXPECT_EQ(accounts().adopt_orgs(owner, "main", {"tester"}).value(), 2);
  const auto acme = accounts().find_org("acme").value();
  ASSERT_TRUE(acme);
  EXPECT_TRUE(accounts().find_org("main").value());
  EXPECT_TRUE(accounts().find_team(acme->id, "vision").value());
  EXPECT_EQ(accounts().list_grants(owner).value().size(), 2U) << "an organisation that was there keeps its owners";
  const auto told = catalog().audit().list({.subject = "team:acme/vision"}).value().rows;
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].kind, "team.created");
  EXPECT_EQ(told[0].org, "acme");
  ASSERT_TRUE(catalog().link_blob(repository("late/app"), sha256_of("x"), 1, {"tester"}));
  EXPECT_EQ(accounts().adopt_orgs(owner, "main", {"tester"}).value(), 0) << "nothing was made without accounts since";
  ASSERT_TRUE(accounts().note_open_data());
  EXPECT_EQ(accounts().adopt_orgs(owner, "main", {"tester"}).value(), 1);
}

INSTANTIATE_TEST_SUITE_P(All, AccountsContract, ::testing::ValuesIn(all_catalogs()), catalog_kind_name);

}  // namespace
}  // namespace berth::test
