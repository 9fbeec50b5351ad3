// What the door tells the audit log, and the log as it is fetched.
#include <gmock/gmock.h>

#include "unit/api/accounts_fixture.h"

namespace berth::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AuditAtTheDoor : public AccountsTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(accounts.create_org("acme", ""));
    user("ann@x");
    user("bob@x");
    ASSERT_TRUE(accounts.grant("ann@x", {"acme", ""}, "ORG_OWNER"));
    ASSERT_TRUE(accounts.grant("bob@x", {"acme", ""}, "REGISTRY_READ"));
    ASSERT_TRUE(audit.close());
    before = audit.get_head().value().count;
  }
  // kind, outcome, subject and detail of what was told since the beginning.
  std::vector<std::string> told() {
    EXPECT_TRUE(audit.close());
    std::vector<std::string> lines;
    const auto page = audit.list({.order = catalog::AuditQuery::Order::oldest_first, .last = before, .limit = 100}).value();
    for (const auto& row : page.rows) {
      lines.push_back(row.kind + (row.outcome == 0 ? " done " : " refused ") + row.by.principal + ' ' + row.subject + ' ' +
                      row.detail);
    }
    return lines;
  }

  std::int64_t before = 0;
};

TEST_F(AuditAtTheDoor, AChallengeIsNoEvent) {
  EXPECT_EQ(ask(http::Method::get, "/v2/", "").status, 401);
  EXPECT_EQ(ask(http::Method::get, "/v2/acme/app/tags/list", "").status, 401);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(AuditAtTheDoor, ARightPasswordIsTold) {
  EXPECT_EQ(ask(http::Method::get, "/v2/", basic("ann@x", "a long password")).status, 200);
  EXPECT_EQ(ask(http::Method::get, "/v2/", basic("ann@x", "a long password")).status, 200) << "remembered: not told again";
  EXPECT_THAT(told(), ElementsAre(R"(sign_in done user:1000000 user:1000000 {"method":"password"})"));
}

TEST_F(AuditAtTheDoor, WrongCredentialsAreToldWithoutWhatWasTyped) {
  EXPECT_EQ(ask(http::Method::get, "/v2/", basic("ann@x", "my other password")).status, 401);
  EXPECT_EQ(ask(http::Method::get, "/v2/", basic("my password", "x")).status, 401);
  EXPECT_EQ(ask(http::Method::get, "/v2/", bearer("berth_p" + std::string(49, 'q'))).status, 401);
  EXPECT_EQ(ask(http::Method::get, "/v2/", bearer("a.b.c")).status, 401);
  const auto all = told();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_THAT(all[0], HasSubstr("sign_in refused guest user:1000000 {\"method\":\"password\",\"reason\":\"wrong\""));
  EXPECT_THAT(all[1], HasSubstr("sign_in refused guest  {\"method\":\"password\",\"reason\":\"wrong\""));
  EXPECT_THAT(all[2], HasSubstr("\"method\":\"key\""));
  EXPECT_THAT(all[3], HasSubstr("\"method\":\"token\""));
  for (const auto& line : all) {
    for (const auto* typed : {"my other", "my password", "qqq", "a.b.c"}) EXPECT_EQ(line.find(typed), std::string::npos) << line;
  }
}

TEST_F(AuditAtTheDoor, ARevokedKeyIsNamed) {
  const auto made =
      accounts.create_key({.email = "ann@x", .org = "acme", .name = "", .lifetime = {}, .actions = {}, .repositories = {}})
          .value();
  ASSERT_TRUE(accounts.by({.principal = "user:1000000", .key = 0, .address = "192.0.2.7", .request = "r"}).revoke_key(made.id));
  EXPECT_EQ(ask(http::Method::get, "/v2/", bearer(made.key)).status, 401);
  const auto all = told();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_THAT(all[1], HasSubstr("key.revoked done user:1000000 key:"));
  EXPECT_THAT(all[2], HasSubstr("\"reason\":\"ended\""));
}

TEST_F(AuditAtTheDoor, ARefusalNamesActionAndPlace) {
  EXPECT_EQ(ask(http::Method::delete_, "/v2/acme/app/manifests/v1", basic("bob@x", "a long password")).status, 403);
  EXPECT_THAT(
      told(),
      ElementsAre(
          HasSubstr("sign_in done"),
          R"(access.refused refused user:1000001 repository:acme/app {"route":"oci.manifest.delete","action":"registry:delete"})"));
}

TEST_F(AuditAtTheDoor, TokensAreCounted) {
  const auto key_text = key("ann@x");
  for (int i = 0; i < 3; ++i) EXPECT_NE(token_for(bearer(key_text), "repository:acme/app:pull"), "");
  EXPECT_THAT(told(),
              ElementsAre(HasSubstr("key.created"), HasSubstr("token.issued done user:1000000 user:1000000 {\"count\":3")));
}

// ngc.audit.get, GET: 200, as text cases cannot follow an id.
TEST_F(AuditAtTheDoor, AnExportIsFetchedByItsId) {
  const auto ann = basic("ann@x", "a long password");
  const auto made = tell(http::Method::post, "/v2/org/acme/auditLogs", ann,
                         {{"auditLogsFrom", "2000-01-01"}, {"auditLogsTo", "2100-01-01T00:00:00Z"}});
  ASSERT_EQ(made.status, 200) << made.body;
  const auto shown = base::Json::parse(made.body)["auditLogsList"][0];
  EXPECT_EQ(shown["auditLogsStatus"], "READY");
  EXPECT_EQ(shown["requesterEmail"], "ann@x");
  const std::string path = "/v2/org/acme/auditLogs/" + shown["auditLogsId"].get<std::string>();
  const auto log = ask(http::Method::get, path, ann);
  EXPECT_EQ(log.status, 200);
  EXPECT_EQ(log.field("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(ask(http::Method::delete_, "/v2/org/acme/auditLogs?logIds=" + shown["auditLogsId"].get<std::string>(), ann).status,
            200);
  EXPECT_EQ(ask(http::Method::get, path, ann).status, 404);
}

}  // namespace
}  // namespace berth::api
