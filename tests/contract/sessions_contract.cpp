// Browser sessions as rows.
#include "berth/catalog/accounts.h"
#include "berth/catalog/sessions.h"
#include "contract/catalog_contract.h"

namespace berth::test {
namespace {

using base::ErrorCode;

class SessionsContract : public CatalogContract {
 protected:
  [[nodiscard]] catalog::SessionCatalog& sessions() { return catalog().sessions(); }
  [[nodiscard]] catalog::AccountCatalog& accounts() { return catalog().accounts(); }
  std::int64_t user(const std::string& email) {
    return accounts().create_user({.email = email, .name = "N", .password = {}}, {"tester"}).value();
  }
  std::int64_t begin(std::int64_t user, const std::string& hash, std::chrono::seconds life = std::chrono::seconds(100)) {
    const auto password = accounts().find_password(user).value();
    return sessions()
        .create_session({.user = user,
                         .hash = hash,
                         .address = "192.0.2.1",
                         .agent = "a",
                         .ends = under_test().clock().now() + life,
                         .password_changed = password ? password->changed : base::TimePoint()},
                        3)
        .value();
  }
};

TEST_P(SessionsContract, AreFoundByIdAndHashAlsoAfterARestart) {
  const auto ann = user("a@example.com");
  const auto id = begin(ann, "aa");
  under_test().reopen();
  const auto found = sessions().find_session_by_hash("aa").value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, id);
  EXPECT_EQ(found->user, ann);
  EXPECT_EQ(found->agent, "a");
  EXPECT_EQ(found->ends, found->created + std::chrono::seconds(100));
  EXPECT_EQ(sessions().find_session(id).value()->id, id);
  EXPECT_FALSE(sessions().find_session_by_hash("bb").value());
  const auto made = sessions().create_session({.user = 7, .hash = "x", .address = "", .agent = "", .ends = {}}, 3);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::object_unknown);
}

TEST_P(SessionsContract, UseMovesTheEndAndMakesNothingStale) {
  const auto id = begin(user("a@example.com"), "aa");
  const auto generation = accounts().generation();
  under_test().clock().advance(std::chrono::seconds(10));
  const auto ends = under_test().clock().now() + std::chrono::seconds(100);
  ASSERT_TRUE(sessions().use_session(id, ends));
  EXPECT_EQ(accounts().generation(), generation);
  EXPECT_EQ(sessions().find_session(id).value()->ends, ends);
  EXPECT_EQ(sessions().find_session(id).value()->last_used, under_test().clock().now());
}

TEST_P(SessionsContract, TheOldestGoesWhenThereAreTooMany) {
  const auto ann = user("a@example.com");
  const auto bobs = begin(user("b@example.com"), "b1");
  const auto first = begin(ann, "a1");
  for (const auto* hash : {"a2", "a3", "a4"}) begin(ann, hash);
  EXPECT_FALSE(sessions().find_session(first).value());
  EXPECT_EQ(sessions().list_sessions(ann, 0, 10).value().size(), 3U);
  EXPECT_TRUE(sessions().find_session(bobs).value());
}

TEST_P(SessionsContract, EndOfOneIsItsUsersAndRaisesTheGeneration) {
  const auto ann = user("a@example.com");
  const auto bob = user("b@example.com");
  const auto id = begin(ann, "aa");
  EXPECT_FALSE(sessions().end_session(bob, id));
  EXPECT_TRUE(sessions().find_session(id).value());
  const auto generation = accounts().generation();
  ASSERT_TRUE(sessions().end_session(ann, id));
  EXPECT_GT(accounts().generation(), generation);
  EXPECT_FALSE(sessions().find_session(id).value());
  EXPECT_NE(begin(ann, "bb"), id) << "ids are never used twice";
}

TEST_P(SessionsContract, EndWithAPasswordAndAStanding) {
  const auto ann = user("a@example.com");
  const auto bobs = begin(user("b@example.com"), "b1");
  const auto id = begin(ann, "a1");
  ASSERT_TRUE(accounts().set_password(ann, {.hash = "h"}, {"tester"}));
  EXPECT_FALSE(sessions().find_session(id).value());
  const auto next = begin(ann, "a2");
  ASSERT_TRUE(accounts().set_standing(ann, catalog::Standing::disabled, {"tester"}));
  EXPECT_FALSE(sessions().find_session(next).value());
  EXPECT_TRUE(sessions().find_session(bobs).value());
}

TEST_P(SessionsContract, BeginOnlyWithThePasswordThatWasConfirmed) {
  const auto ann = user("a@example.com");
  const auto try_with = [&](const std::string& hash, base::TimePoint changed) {
    return code_of(sessions().create_session({.user = ann,
                                              .hash = hash,
                                              .address = "",
                                              .agent = "",
                                              .ends = under_test().clock().now() + std::chrono::hours(1),
                                              .password_changed = changed},
                                             3));
  };
  ASSERT_TRUE(accounts().set_password(ann, {.hash = "h1"}, {"tester"}));
  const auto confirmed = accounts().find_password(ann).value()->changed;
  under_test().clock().advance(std::chrono::seconds(1));
  ASSERT_TRUE(accounts().set_password(ann, {.hash = "h2"}, {"tester"}));
  EXPECT_EQ(try_with("s1", confirmed), ErrorCode::unauthorized) << "it was changed meanwhile";
  EXPECT_EQ(try_with("s2", {}), ErrorCode::unauthorized) << "it has one by now";
  const auto changed = accounts().find_password(ann).value()->changed;
  EXPECT_EQ(try_with("s3", changed), std::nullopt);
  ASSERT_TRUE(accounts().set_standing(ann, catalog::Standing::disabled, {"tester"}));
  EXPECT_EQ(try_with("s4", changed), ErrorCode::unauthorized);
  EXPECT_TRUE(sessions().list_sessions(ann, 0, 10).value().empty());
}

TEST_P(SessionsContract, ComeInPagesOfOneUser) {
  const auto ann = user("a@example.com");
  begin(user("b@example.com"), "b1");
  const auto first = begin(ann, "a1");
  const auto second = begin(ann, "a2");
  const auto page = sessions().list_sessions(ann, 0, 1).value();
  ASSERT_EQ(page.size(), 1U);
  EXPECT_EQ(page[0].id, first);
  EXPECT_EQ(page[0].address, "192.0.2.1");
  const auto rest = sessions().list_sessions(ann, first, 10).value();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].id, second);
}

TEST_P(SessionsContract, WhatIsOverIsTakenAway) {
  const auto ann = user("a@example.com");
  const auto shorter = begin(ann, "a1", std::chrono::seconds(10));
  const auto longer = begin(ann, "a2", std::chrono::seconds(50));
  under_test().clock().advance(std::chrono::seconds(10));
  EXPECT_EQ(sessions().remove_ended_sessions(10).value(), 1);
  EXPECT_FALSE(sessions().find_session(shorter).value());
  EXPECT_TRUE(sessions().find_session(longer).value());
  EXPECT_EQ(sessions().remove_ended_sessions(10).value(), 0);
}

INSTANTIATE_TEST_SUITE_P(All, SessionsContract, ::testing::ValuesIn(all_catalogs()), catalog_kind_name);

}  // namespace
}  // namespace berth::test
