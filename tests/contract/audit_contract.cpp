// What every AuditLog keeps, and that each change tells of itself in its own transaction.
#include <gmock/gmock.h>

#include "berth/catalog/accounts.h"
#include "berth/catalog/audit.h"
#include "berth/catalog/history.h"
#include "berth/catalog/retention.h"
#include "contract/catalog_contract.h"

namespace berth::test {
namespace {

using catalog::AuditEvent;
using catalog::AuditField;
using catalog::AuditKind;
using catalog::AuditQuery;
using catalog::AuditRow;
using catalog::Origin;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Origin kBy{.principal = "user:1000001", .key = 7, .address = "192.0.2.9", .request = "r1"};

class AuditContract : public CatalogContract {
 protected:
  [[nodiscard]] catalog::AuditLog& audit() { return catalog().audit(); }
  [[nodiscard]] catalog::AccountCatalog& accounts() { return catalog().accounts(); }
  std::vector<AuditRow> rows(AuditQuery query = {}) {
    query.order = AuditQuery::Order::oldest_first;
    return audit().list(query).value().rows;
  }
  // kind and subject of each, oldest first
  std::vector<std::string> told() {
    std::vector<std::string> lines;
    for (const auto& row : rows()) lines.push_back(row.kind + ' ' + row.subject);
    return lines;
  }
  void add(int count, Origin by = kBy) {
    for (int i = 0; i < count; ++i) {
      const AuditEvent event{.kind = AuditKind::sign_in, .by = by, .org = "acme", .subject = "user:1", .detail = {}};
      ASSERT_TRUE(audit().append(std::span(&event, 1)));
      under_test().clock().advance(std::chrono::seconds(1));
    }
  }
};

TEST_P(AuditContract, RowsAreChainedFromTheFirstOn) {
  EXPECT_EQ(audit().get_head().value(), (catalog::AuditHead{0, std::string(catalog::kAuditStart)}));
  add(3);
  under_test().reopen();
  add(1);
  std::string previous(catalog::kAuditStart);
  const auto all = rows();
  ASSERT_EQ(all.size(), 4U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].seq, static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(all[i].hash, catalog::audit_row_hash("", previous, all[i]));
    previous = all[i].hash;
  }
  EXPECT_EQ(audit().get_head().value(), (catalog::AuditHead{4, previous}));
  EXPECT_EQ(audit().find_hash(4).value(), previous);
  EXPECT_FALSE(audit().find_hash(5).value());
}

TEST_P(AuditContract, ARowSaysWhoWhatFromWhereAndWithWhichKey) {
  const auto org = accounts().create_org("acme", "Acme", "", kBy).value();
  const auto user = accounts().create_user({.email = "a@example.com", .name = "secret name", .password = {}}, kBy).value();
  ASSERT_TRUE(accounts().add_grant(user, {org, 0, catalog::Role::registry_user}, kBy));
  const auto row = rows().back();
  EXPECT_EQ(row.kind, "role.granted");
  EXPECT_EQ(row.outcome, 0);
  EXPECT_EQ(row.by.principal, "user:1000001");
  EXPECT_EQ(row.by.key, 7);
  EXPECT_EQ(row.by.address, "192.0.2.9");
  EXPECT_EQ(row.by.request, "r1");
  EXPECT_EQ(row.org, "acme");
  EXPECT_EQ(row.subject, "user:" + std::to_string(user));
  EXPECT_EQ(row.detail, R"({"role":"REGISTRY_USER"})");
  for (const auto& told : rows()) EXPECT_EQ(told.detail.find("secret name"), std::string::npos);
}

TEST_P(AuditContract, EveryChangeOfAccountsTellsOfItself) {
  const auto org = accounts().create_org("acme", "", "", kBy).value();
  const auto team = accounts().create_team(org, "vision", "", kBy).value();
  const auto user = accounts().create_user({.email = "a@x", .name = "", .password = {}}, kBy).value();
  const auto other =
      accounts()
          .create_user({.email = "b@x", .name = "", .password = {}, .rank = catalog::Rank::platform_administrator}, kBy)
          .value();
  ASSERT_TRUE(accounts().set_password(user, {.hash = "h"}, kBy));
  ASSERT_TRUE(accounts().set_rank(user, catalog::Rank::platform_administrator, kBy));
  ASSERT_TRUE(accounts().set_rank(user, catalog::Rank::user, kBy));
  ASSERT_TRUE(accounts().set_standing(user, catalog::Standing::disabled, kBy));
  ASSERT_TRUE(accounts().set_standing(user, catalog::Standing::active, kBy));
  ASSERT_TRUE(accounts().add_grant(user, {org, team, catalog::Role::registry_read}, kBy));
  ASSERT_TRUE(accounts().add_grant(user, {org, team, catalog::Role::registry_read}, kBy));  // again: nothing happens
  ASSERT_TRUE(accounts().remove_grant(user, {org, team, catalog::Role::registry_read}, kBy).value());
  ASSERT_FALSE(accounts().remove_grant(user, {org, team, catalog::Role::registry_read}, kBy).value());
  const auto key =
      accounts()
          .create_key({.user = user, .org = org, .name = "n", .hash = "h", .actions = {}, .repositories = {}, .expires = {}}, kBy)
          .value();
  ASSERT_TRUE(accounts().set_key_expiry(key, under_test().clock().now(), kBy));
  ASSERT_TRUE(accounts().revoke_key(key, kBy));
  ASSERT_TRUE(accounts().delete_team(org, team, kBy));
  EXPECT_FALSE(accounts().create_org("acme", "", "", kBy));  // what fails tells nothing
  const auto name = "user:" + std::to_string(user);
  const auto second = "user:" + std::to_string(other);
  EXPECT_THAT(told(), ElementsAre("org.created org:acme", "team.created team:acme/vision", "user.created " + name,
                                  "user.created " + second, "user.promoted " + second, "password.changed " + name,
                                  "user.promoted " + name, "user.demoted " + name, "user.disabled " + name,
                                  "user.enabled " + name, "role.granted " + name, "role.revoked " + name, "key.created key:1",
                                  "key.expiry_set key:1", "key.revoked key:1", "team.deleted team:acme/vision"));
}

TEST_P(AuditContract, EveryChangeOfARepositoryTellsOfItself) {
  const auto app = repository("acme/app");
  const auto first = image("first");
  const auto second = image("second");
  ASSERT_TRUE(catalog().link_blob(app, sha256_of("loose"), 1, {"tester"}));
  ASSERT_TRUE(catalog().unlink_blob(app, sha256_of("loose"), kBy));
  ASSERT_TRUE(catalog().put_manifest(put_of(app, first, {tag("v")})));
  ASSERT_TRUE(catalog().put_manifest(put_of(app, first, {tag("v")})));  // the same again
  ASSERT_TRUE(catalog().put_manifest(put_of(app, second, {tag("v")})));
  ASSERT_TRUE(catalog().delete_tag(app, tag("v"), {}, kBy));
  ASSERT_TRUE(catalog().delete_manifest(app, first.digest, kBy));
  const auto deleted = catalog().history().list_events(app, 0, 1).value().events.front();
  ASSERT_TRUE(catalog().history().restore(app, deleted.id, kBy));
  ASSERT_TRUE(accounts().set_visibility(app, catalog::Visibility::everyone, {}, kBy));
  ASSERT_TRUE(accounts().set_immutable_tags(app, {"v*"}, kBy));
  ASSERT_TRUE(catalog().retention().put_rule("acme/*", "{}", kBy));
  ASSERT_TRUE(catalog().retention().delete_rule("acme/*", kBy).value());
  const auto gone = catalog().history().delete_repository(app, kBy).value();
  ASSERT_TRUE(catalog().history().restore(app, gone, kBy));
  const std::string on = " repository:acme/app";
  EXPECT_THAT(told(), ElementsAre("blob.deleted" + on, "tag.created" + on, "tag.moved" + on, "tag.deleted" + on,
                                  "manifest.deleted" + on, "manifest.restored" + on, "repository.visibility_set" + on,
                                  "repository.immutable_tags_set" + on, "retention.set retention:acme/*",
                                  "retention.deleted retention:acme/*", "repository.deleted" + on, "repository.restored" + on));
  const auto moved = rows({.kind = AuditKind::tag_moved}).front();
  EXPECT_EQ(moved.detail, R"({"tag":"v","before":")" + first.digest.text() + R"(","after":")" + second.digest.text() + "\"}");
  EXPECT_EQ(moved.by.principal, "tester");
  EXPECT_EQ(moved.org, "acme");
}

TEST_P(AuditContract, APushThatMakesATeamTellsOfIt) {
  ASSERT_TRUE(catalog().link_blob(repository("none/vision/app"), sha256_of("b"), 1, kBy));  // no such organisation
  ASSERT_TRUE(accounts().create_org("acme", "Acme", "", kBy));
  ASSERT_TRUE(catalog().link_blob(repository("acme/app"), sha256_of("b"), 1, kBy));
  ASSERT_TRUE(catalog().link_blob(repository("acme/vision/app"), sha256_of("b"), 1, kBy));
  ASSERT_TRUE(catalog().link_blob(repository("acme/vision/other"), sha256_of("b"), 1, kBy));
  ASSERT_TRUE(catalog().mount_blob(repository("acme/speech/app"), std::nullopt, sha256_of("b"), kBy));
  ASSERT_TRUE(catalog().put_manifest(put_of(repository("acme/text/app"), image("i"), {})));
  EXPECT_THAT(told(), ElementsAre("org.created org:acme", "team.created team:acme/vision", "team.created team:acme/speech",
                                  "team.created team:acme/text"));
  EXPECT_EQ(rows()[1].by.principal, kBy.principal);
  EXPECT_EQ(rows()[1].by.request, kBy.request);
}

TEST_P(AuditContract, ANameOfOnePartIsTheDefaultOrganisations) {
  ASSERT_TRUE(catalog().put_manifest(put_of(repository("app"), image("i"), {tag("v")})));
  EXPECT_EQ(rows().front().org, "main");
}

TEST_P(AuditContract, AKeyForANameIsCutOut) {
  const std::string secret = "berth_p" + std::string(49, 'x');
  const AuditEvent event{.kind = AuditKind::sign_in,
                         .by = kBy,
                         .org = {},
                         .subject = "repository:acme/" + secret,
                         .detail = {{AuditField::tag, secret}, {AuditField::count, std::int64_t{3}}}};
  ASSERT_TRUE(audit().append(std::span(&event, 1)));
  EXPECT_EQ(rows().front().subject, "repository:acme/[redacted]");
  EXPECT_EQ(rows().front().detail, R"({"tag":"[redacted]","count":3})");
}

TEST_P(AuditContract, FiltersAndPages) {
  add(3);
  add(2, {.principal = "user:2"});
  const auto newest = audit().list({.limit = 2}).value();
  EXPECT_TRUE(newest.more);
  ASSERT_EQ(newest.rows.size(), 2U);
  EXPECT_EQ(newest.rows[0].seq, 5);
  EXPECT_EQ(newest.last, 4);
  const auto rest = audit().list({.last = 4, .limit = 10}).value();
  EXPECT_FALSE(rest.more);
  EXPECT_EQ(rest.rows.size(), 3U);
  EXPECT_EQ(rows({.principal = "user:2"}).size(), 2U);
  EXPECT_EQ(rows({.org = "acme", .principal = "user:2"}).size(), 2U);
  EXPECT_THAT(rows({.org = "zeta"}), IsEmpty());
  EXPECT_EQ(rows({.subject = "user:1"}).size(), 5U);
  EXPECT_EQ(rows({.kind = AuditKind::sign_in}).size(), 5U);
  EXPECT_THAT(rows({.kind = AuditKind::sign_out}), IsEmpty());
  EXPECT_THAT(rows({.outcome = catalog::AuditOutcome::refused}), IsEmpty());
  EXPECT_THAT(audit().list({.limit = 0}).value().rows, IsEmpty());
}

TEST_P(AuditContract, TimesAreFoundAndNeverGoBack) {
  const auto start = under_test().clock().now();
  add(5);
  using std::chrono::seconds;
  EXPECT_EQ(rows({.from = start + seconds(2)}).size(), 3U);
  EXPECT_EQ(rows({.to = start + seconds(2)}).size(), 2U);
  EXPECT_EQ(rows({.from = start + seconds(1), .to = start + seconds(3)}).size(), 2U);
  EXPECT_THAT(rows({.from = start + seconds(60)}), IsEmpty());
  under_test().clock().advance(-seconds(60));
  add(1);
  const auto all = rows();
  EXPECT_EQ(all[5].at, all[4].at);
}

TEST_P(AuditContract, SegmentsAreClosedAndPrunedAndTheChainGoesOn) {
  add(3);
  const auto now = [&] { return under_test().clock().now(); };
  EXPECT_FALSE(audit().seal(10, now() - std::chrono::hours(1)).value());
  EXPECT_TRUE(audit().seal(3, now() - std::chrono::hours(1)).value());
  EXPECT_FALSE(audit().seal(1, now()).value()) << "nothing is open";
  EXPECT_FALSE(audit().prune(now() - std::chrono::hours(1), kBy).value()) << "not old enough";
  const auto last = rows().back();
  EXPECT_TRUE(audit().prune(now(), kBy).value());
  EXPECT_FALSE(audit().prune(now(), kBy).value());
  const auto left = rows();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].kind, "audit.pruned");
  EXPECT_EQ(left[0].seq, 4);
  EXPECT_EQ(left[0].hash, catalog::audit_row_hash("", last.hash, left[0]));
  EXPECT_EQ(left[0].detail, R"({"count":3,"through":3})");
  under_test().clock().advance(std::chrono::hours(2));
  EXPECT_TRUE(audit().seal(10, now() - std::chrono::hours(1)).value()) << "old enough";
  EXPECT_TRUE(audit().prune(now(), kBy).value());
  EXPECT_EQ(audit().get_head().value().count, 5);
}

TEST_P(AuditContract, ExportsHoldWhatWasWrittenByThen) {
  const auto start = under_test().clock().now();
  add(4);
  using std::chrono::seconds;
  ASSERT_TRUE(audit().add_export(
      {.id = "a", .org = "acme", .from = start + seconds(1), .to = start + seconds(3), .requested = start, .user = 9}));
  EXPECT_EQ(audit().find_export("acme", "a").value()->state, catalog::AuditExport::State::requested);
  EXPECT_FALSE(audit().find_export("zeta", "a").value()) << "of another organisation";
  ASSERT_TRUE(audit().finish_exports());
  const auto ready = audit().find_export("acme", "a").value();
  EXPECT_EQ(ready->state, catalog::AuditExport::State::ready);
  EXPECT_EQ(ready->first_seq, 2);
  EXPECT_EQ(ready->last_seq, 3);
  EXPECT_EQ(audit().list_exports("acme", 10).value().size(), 1U);
  EXPECT_FALSE(audit().delete_export("zeta", "a").value());
  EXPECT_TRUE(audit().delete_export("acme", "a").value());
  EXPECT_FALSE(audit().delete_export("acme", "a").value());
}

INSTANTIATE_TEST_SUITE_P(All, AuditContract, ::testing::ValuesIn(all_catalogs()), catalog_kind_name);

}  // namespace
}  // namespace berth::test
