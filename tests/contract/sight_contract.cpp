// Lists of repositories by what is in somebody's sight: the names, their order, and their pages.
#include <algorithm>
#include <limits>

#include "berth/catalog/accounts.h"
#include "berth/catalog/history.h"
#include "contract/catalog_contract.h"

namespace berth::test {
namespace {

using catalog::Sight;
using catalog::Visibility;
using Names = std::vector<std::string>;

class SightContract : public CatalogContract {
 protected:
  void SetUp() override {
    home_ = org("home");
    acme_ = org("acme");
    zeta_ = org("zeta");
    vision_ = team(acme_, "vision");
    speech_ = team(acme_, "speech");
    kitchen_ = team(home_, "kitchen");
    for (const auto* name : {"acme/app", "acme/app2", "acme/vision/eye", "acme/speech/ear", "acme/visionary/x", "acme-2/app",
                             "acme.x/app", "plain", "acme", "home/app", "home/kitchen/stove", "zeta/app"}) {
      ASSERT_TRUE(catalog().link_blob(repository(name), sha256_of("b"), 1, {"tester"}));
    }
  }

  std::int64_t org(const std::string& name) { return catalog().accounts().create_org(name, name, "", {"tester"}).value(); }
  std::int64_t team(std::int64_t org, const std::string& name) {
    return catalog().accounts().create_team(org, name, "", {"tester"}).value();
  }
  void open_to(const std::string& name, Visibility visibility, const std::vector<std::int64_t>& teams = {}) {
    ASSERT_TRUE(catalog().accounts().set_visibility(repository(name), visibility, teams, {"tester"}));
  }
  static Sight of(std::vector<Sight::Part> parts, std::vector<std::string> patterns = {}) {
    return {Sight::Breadth::parts, std::move(parts), std::move(patterns), "home"};
  }
  // In one page; pages of one and of two must come to the same.
  Names list(const Sight& sight) {
    const auto all = catalog().list_repositories_in(sight, "", std::numeric_limits<std::size_t>::max()).value();
    EXPECT_FALSE(all.more);
    EXPECT_TRUE(std::is_sorted(all.names.begin(), all.names.end()));
    for (const std::size_t size : {1, 2}) {
      Names paged;
      bool more = !all.names.empty();
      while (more) {
        const auto page = catalog().list_repositories_in(sight, paged.empty() ? "" : paged.back(), size).value();
        EXPECT_EQ(page.names.size(), std::min(size, all.names.size() - paged.size()));
        if (page.names.empty()) break;
        paged.insert(paged.end(), page.names.begin(), page.names.end());
        more = page.more;
      }
      EXPECT_EQ(paged, all.names);
    }
    return all.names;
  }

  std::int64_t home_ = 0;
  std::int64_t acme_ = 0;
  std::int64_t zeta_ = 0;
  std::int64_t vision_ = 0;
  std::int64_t speech_ = 0;
  std::int64_t kitchen_ = 0;
};

TEST_P(SightContract, NothingIsSeenWithoutAPart) { EXPECT_EQ(list(of({})), Names{}); }

TEST_P(SightContract, AnOrganisationIsSeenWithItsTeams) {
  EXPECT_EQ(list(of({{acme_, 0}})), (Names{"acme/app", "acme/app2", "acme/speech/ear", "acme/vision/eye", "acme/visionary/x"}));
  EXPECT_EQ(list(of({{zeta_, 0}, {acme_, 0}})).back(), "zeta/app");
  EXPECT_EQ(list(of({{99, 0}})), Names{}) << "an organisation that went";
}

TEST_P(SightContract, NamesOfOnePartAreTheDefaultOrganisations) {
  EXPECT_EQ(list(of({{home_, 0}})), (Names{"acme", "home/app", "home/kitchen/stove", "plain"}));
  EXPECT_EQ(list(of({{home_, 0}, {acme_, vision_}})),
            (Names{"acme", "acme/vision/eye", "home/app", "home/kitchen/stove", "plain"}))
      << "between all the others";
  EXPECT_EQ(list(of({{home_, kitchen_}})), (Names{"home/kitchen/stove"}));
  open_to("plain", Visibility::shared_org);
  EXPECT_EQ(list(of({{home_, kitchen_}})), (Names{"home/kitchen/stove", "plain"}));
  EXPECT_EQ(list(of({{acme_, vision_}})), (Names{"acme/vision/eye"}));
}

TEST_P(SightContract, ATeamIsSeenWithWhatIsSharedWithItAndItsOrganisation) {
  open_to("acme/app", Visibility::shared_org);
  open_to("acme/app2", Visibility::shared_teams, {vision_});
  open_to("home/app", Visibility::shared_org);
  EXPECT_EQ(list(of({{acme_, vision_}})), (Names{"acme/app", "acme/app2", "acme/vision/eye"}));
  EXPECT_EQ(list(of({{acme_, speech_}})), (Names{"acme/app", "acme/speech/ear"}));
  EXPECT_EQ(list(of({{acme_, vision_}, {acme_, speech_}})),
            (Names{"acme/app", "acme/app2", "acme/speech/ear", "acme/vision/eye"}));
  open_to("acme/app2", Visibility::org_private);
  EXPECT_EQ(list(of({{acme_, vision_}})), (Names{"acme/app", "acme/vision/eye"}));
  ASSERT_TRUE(catalog().accounts().delete_team(acme_, vision_, {"tester"}));
  EXPECT_EQ(list(of({{acme_, vision_}})), Names{});
}

TEST_P(SightContract, WhatIsOpenIsSeenByEverybody) {
  open_to("zeta/app", Visibility::listed);
  open_to("plain", Visibility::everyone);
  EXPECT_EQ(list(of({})), (Names{"plain", "zeta/app"}));
  EXPECT_EQ(list(of({{home_, 0}, {zeta_, 0}})), (Names{"acme", "home/app", "home/kitchen/stove", "plain", "zeta/app"}))
      << "each once";
}

TEST_P(SightContract, PatternsNarrowEverythingButWhatIsOpen) {
  EXPECT_EQ(list(of({{acme_, 0}}, {"acme/app"})), (Names{"acme/app"}));
  EXPECT_EQ(list(of({{acme_, 0}}, {"acme/app*", "acme/v*", "zeta/*"})),
            (Names{"acme/app", "acme/app2", "acme/vision/eye", "acme/visionary/x"}));
  EXPECT_EQ(list(of({{acme_, 0}, {home_, 0}}, {"*"})).size(), 9U);
  open_to("zeta/app", Visibility::everyone);
  EXPECT_EQ(list(of({{acme_, 0}}, {"acme/app"})), (Names{"acme/app", "zeta/app"}));
  const Sight all{Sight::Breadth::everything, {}, {"home/*", "plain"}, "home"};
  EXPECT_EQ(list(all), (Names{"home/app", "home/kitchen/stove", "plain", "zeta/app"}));
}

TEST_P(SightContract, EverythingIsTheWholeListWithoutWhatWasDeleted) {
  const Sight all{Sight::Breadth::everything, {}, {}, "home"};
  EXPECT_EQ(list(all), catalog().list_repositories("", 100).value().names);
  open_to("plain", Visibility::everyone);
  ASSERT_TRUE(catalog().history().delete_repository(repository("plain"), {"tester"}));
  ASSERT_TRUE(catalog().history().delete_repository(repository("home/app"), {"tester"}));
  EXPECT_EQ(list(all), catalog().list_repositories("", 100).value().names);
  EXPECT_EQ(list(of({{home_, 0}})), (Names{"acme", "home/kitchen/stove"}));
}

TEST_P(SightContract, APageBeginsBehindAnyText) {
  const auto behind = [&](std::string_view after) {
    return catalog().list_repositories_in(of({{acme_, 0}, {home_, 0}}), after, 1).value().names;
  };
  EXPECT_EQ(behind("acme"), Names{"acme/app"});
  EXPECT_EQ(behind("acme/app"), Names{"acme/app2"});
  EXPECT_EQ(behind("acme/b"), Names{"acme/speech/ear"});
  EXPECT_EQ(behind("ACME \n"), Names{"acme"});
  EXPECT_EQ(behind("plain"), Names{});
  EXPECT_EQ(behind("~~"), Names{});
  EXPECT_EQ(behind("\xff"), Names{});
}

INSTANTIATE_TEST_SUITE_P(All, SightContract, ::testing::ValuesIn(all_catalogs()), catalog_kind_name);

}  // namespace
}  // namespace berth::test
