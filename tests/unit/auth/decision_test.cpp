// The decision against a second opinion: a model written from CONTRACTS.md's words, with sets of text instead of the code's tables.
#include "berth/auth/decision.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <random>
#include <set>

namespace berth::auth {
namespace {

using catalog::Grant;
using catalog::Rank;
using catalog::Role;
using catalog::Visibility;

// CONTRACTS.md, Roles × actions, copied cell by cell.
const std::map<std::string, std::set<std::string>>& contract() {
  static const std::map<std::string, std::set<std::string>> kTable = [] {
    const std::pair<const char*, const char*> rows[] = {
        // READ USER ADMIN UADMIN OWNER
        {"registry:list", "xxx-x"}, {"registry:pull", "xxx-x"},   {"licence:accept", "xxx-x"},   {"registry:push", "-xx-x"},
        {"registry:edit", "-xx-x"}, {"registry:delete", "--x-x"}, {"registry:publish", "--x-x"}, {"registry:policy", "--x-x"},
        {"hooks:edit", "--x-x"},    {"keys:service", "--x-x"},    {"keys:personal", "xxxxx"},    {"users:list", "ttxxx"},
        {"users:invite", "---xx"},  {"users:role", "---xx"},      {"users:remove", "---xx"},     {"teams:manage", "---xx"},
        {"audit:read", "--x-x"},    {"quota:read", "--x-x"},      {"org:edit", "----x"},
    };
    const char* roles[] = {"REGISTRY_READ", "REGISTRY_USER", "REGISTRY_ADMIN", "USER_ADMIN", "ORG_OWNER"};
    std::map<std::string, std::set<std::string>> table;
    for (const auto& [action, cells] : rows) {
      for (int i = 0; i < 5; ++i) {
        if (cells[i] == 'x') table[roles[i]].insert(action);
        if (cells[i] == 't') table[std::string(roles[i]) + "/team"].insert(action);
      }
    }
    return table;
  }();
  return kTable;
}

TEST(Roles, AreTheContracts) {
  for (const auto& row : role_rows()) {
    for (std::size_t i = 0; i < kActionCount; ++i) {
      const auto action = static_cast<Action>(i);
      const std::string name(action_name(action));
      EXPECT_EQ(find_action(name), action);
      const auto& cells = contract().at(std::string(row.name));
      EXPECT_EQ(row.actions.has(action), cells.contains(name)) << row.name << ' ' << name;
      const auto team = contract().find(std::string(row.name) + "/team");
      EXPECT_EQ(row.own_team_actions.has(action), team != contract().end() && team->second.contains(name))
          << row.name << ' ' << name;
    }
    EXPECT_EQ(find_role(row.name), row.role);
    EXPECT_EQ(&role_row(row.role), &row);
  }
  EXPECT_FALSE(find_role("REGISTRY_GOD"));
  EXPECT_FALSE(find_action("registry:fly"));
}

// A world small enough to write down: two organisations, two teams each.
struct World {
  int org = 0;   // 0: missing, 1, 2
  int team = 0;  // 0: none, -1: named but missing, else org * 10 + {1, 2}
  bool exists = true;
  Visibility visibility = Visibility::org_private;
  std::set<int> shared;
};
struct Person {
  int kind = 0;  // 0 guest, 1 user
  bool administrator = false;
  std::vector<Grant> grants;
  bool has_key = false;
  int key_org = 0;
  std::set<std::string> key_actions;      // empty: all
  std::vector<std::string> key_prefixes;  // "acme/" stands for "acme/*"; empty: all
  bool has_token = false;
  std::set<std::pair<std::string, std::string>> token;  // (repository, action)
};

enum class Answer { yes, login, other_token, no };

bool model_role(const Grant& g, const std::string& action, const World& w) {
  if (w.org == 0 || g.org != w.org) return false;
  const std::string role(role_row(g.role).name);
  if (g.team != 0 && g.team != w.team) return false;
  if (contract().at(role).contains(action)) return true;
  const auto own = contract().find(role + "/team");
  return g.team != 0 && own != contract().end() && own->second.contains(action);
}

Answer model(const Person& p, const World& w, const std::string& action, const std::string& repository) {
  const bool reading = action == "registry:list" || action == "registry:pull";
  if (reading && w.visibility == Visibility::everyone) return Answer::yes;
  if (action == "registry:list" && w.visibility == Visibility::listed) return Answer::yes;
  if (p.kind == 0) return Answer::login;
  bool right = p.administrator;
  bool manages_teams = p.administrator;
  for (const auto& g : p.grants) {
    right = right || model_role(g, action, w);
    manages_teams = manages_teams || model_role(g, "teams:manage", w);
    const bool in_org = w.org != 0 && g.org == w.org;
    const bool reads = contract().at(std::string(role_row(g.role).name)).contains(action);
    if (!reading || !in_org || !reads) continue;
    if (w.visibility == Visibility::shared_org || w.visibility == Visibility::listed) right = true;
    if (w.visibility == Visibility::shared_teams && w.shared.contains(static_cast<int>(g.team))) right = true;
  }
  if (!right) return Answer::no;
  if (action == "registry:push" && w.org == 0) return Answer::no;
  if (action == "registry:push" && w.team == -1 && !manages_teams) return Answer::no;
  if (p.has_key) {
    if (p.key_org != 0 && p.key_org != w.org) return Answer::no;
    if (!p.key_actions.empty() && !p.key_actions.contains(action)) return Answer::no;
    bool covered = p.key_prefixes.empty();
    for (const auto& prefix : p.key_prefixes) covered = covered || repository.starts_with(prefix);
    if (!covered) return Answer::no;
  }
  if (p.has_token && !p.token.contains({repository, action})) return Answer::other_token;
  return Answer::yes;
}

Answer answer_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::allowed: return Answer::yes;
    case Verdict::unauthorized: return Answer::login;
    case Verdict::insufficient_scope: return Answer::other_token;
    case Verdict::denied: return Answer::no;
  }
  return Answer::no;
}

Principal principal_of(const Person& p) {
  Principal principal;
  if (p.kind == 0) return principal;
  principal.kind = Principal::Kind::user;
  principal.rights =
      std::make_shared<const Rights>(Rights{p.administrator ? Rank::platform_administrator : Rank::user, p.grants});
  if (p.has_key) {
    Ceiling ceiling;
    ceiling.org = p.key_org;
    if (!p.key_actions.empty()) {
      ceiling.actions = {};
      for (const auto& name : p.key_actions) ceiling.actions.add(*find_action(name));
    }
    for (const auto& prefix : p.key_prefixes) ceiling.repositories.push_back(prefix + "*");
    principal.ceiling = std::make_shared<const Ceiling>(std::move(ceiling));
  }
  if (p.has_token) {
    TokenScope scope;
    for (const auto& [repository, action] : p.token) scope.items.push_back({repository, {*find_action(action)}});
    principal.scope = std::make_shared<const TokenScope>(std::move(scope));
  }
  return principal;
}

// B3.17, a hundredfold: rights × ceiling × request, and the place besides.
TEST(Decision, AgreesWithTheModelOnRandomTriples) {
  std::mt19937 random(20261124);
  const auto dice = [&](int sides) { return static_cast<int>(random() % static_cast<unsigned>(sides)); };
  const std::string orgs[] = {"gone", "acme", "zeta"};
  std::map<Answer, int> seen;
  for (int round = 0; round < 200'000; ++round) {
    World w;
    w.org = dice(3);
    const int team = dice(4);
    w.team = team == 0 || (w.org == 0 && team != 3) ? 0 : team == 3 ? -1 : w.org * 10 + team;
    w.exists = w.org != 0 && w.team != -1 && dice(2) == 0;
    if (w.exists) w.visibility = static_cast<Visibility>(dice(5));
    if (w.visibility == Visibility::shared_teams) w.shared = {w.org * 10 + 1 + dice(2)};
    std::string repository = orgs[w.org];
    if (w.team != 0) repository += w.team == -1 ? "/ghost" : "/t" + std::to_string(w.team);
    repository += dice(2) == 0 ? "/app" : "/tool";

    Person p;
    p.kind = dice(8) == 0 ? 0 : 1;
    p.administrator = dice(12) == 0;
    for (int i = dice(4); i > 0; --i) {
      const int org = 1 + dice(2);
      const int level = dice(3);
      const auto role = static_cast<Role>(1 + dice(level == 0 ? 5 : 4));
      p.grants.push_back({org, level == 0 ? 0 : org * 10 + level, role});
    }
    const std::string actions[] = {"registry:list",   "registry:pull", "registry:push",
                                   "registry:delete", "users:list",    "teams:manage"};
    const auto& action = actions[dice(6)];
    p.has_key = dice(2) == 0;
    p.key_org = dice(3);
    for (int i = dice(4); i > 0; --i) p.key_actions.insert(actions[dice(4)]);
    for (int i = dice(3); i > 0; --i) p.key_prefixes.push_back(orgs[dice(3)] + "/");
    p.has_token = dice(2) == 0;
    for (int i = dice(3); i > 0; --i) p.token.insert({dice(3) == 0 ? "acme/app" : repository, actions[dice(4)]});

    Question q;
    q.action = *find_action(action);
    q.org = orgs[w.org];
    if (w.team != 0) q.team = w.team == -1 ? "ghost" : "t";
    q.repository = repository;
    if (w.org != 0) q.place.org = w.org;
    if (w.team > 0) q.place.team = w.team;
    q.place.exists = w.exists;
    q.place.visibility = w.visibility;
    for (const int shared : w.shared) q.place.shared_teams.push_back(shared);

    const auto wanted = model(p, w, action, repository);
    const auto decision = decide(principal_of(p), q);
    ASSERT_EQ(answer_of(decision.verdict), wanted)
        << "round " << round << ": " << action << " on " << repository << ", visibility " << static_cast<int>(w.visibility)
        << ": " << decision.reason;
    ++seen[wanted];
  }
  for (const auto answer : {Answer::yes, Answer::login, Answer::other_token, Answer::no}) EXPECT_GT(seen[answer], 1000);
}

Question on(std::string_view repository, Action action) {
  Question q;
  q.action = action;
  q.org = "acme";
  q.repository = repository;
  q.place.org = 1;
  return q;
}

TEST(Decision, NamesTheMissingRoleToMembersAlone) {
  Person reader{.kind = 1, .grants = {{1, 0, Role::registry_read}}, .key_actions = {}, .key_prefixes = {}, .token = {}};
  EXPECT_NE(decide(principal_of(reader), on("acme/app", Action::registry_push)).reason.find("REGISTRY_USER in organisation acme"),
            std::string::npos);
  Person stranger{.kind = 1, .grants = {{2, 0, Role::org_owner}}, .key_actions = {}, .key_prefixes = {}, .token = {}};
  auto there = on("acme/app", Action::registry_pull);
  auto missing = there;
  missing.place.org.reset();
  there.place.exists = true;
  EXPECT_EQ(decide(principal_of(stranger), there).reason, decide(principal_of(stranger), missing).reason);
  EXPECT_EQ(decide(principal_of(stranger), there).reason.find("role"), std::string::npos);
}

TEST(Decision, NamesTheTeamThatAPushWouldMake) {
  Person pusher{.kind = 1, .grants = {{1, 0, Role::registry_user}}, .key_actions = {}, .key_prefixes = {}, .token = {}};
  auto q = on("acme/vision/app", Action::registry_push);
  q.team = "vision";
  const auto decision = decide(principal_of(pusher), q);
  EXPECT_EQ(decision.verdict, Verdict::denied);
  EXPECT_NE(decision.reason.find("vision"), std::string::npos);
}

TEST(Decision, IsQuick) {
  Person p{.kind = 1, .key_actions = {}, .key_prefixes = {}, .token = {}};
  for (int i = 0; i < 100; ++i) p.grants.push_back({i + 2, 0, Role::registry_read});
  p.grants.push_back({1, 0, Role::registry_user});
  const auto principal = principal_of(p);
  const auto q = on("acme/app", Action::registry_push);
  const auto start = std::chrono::steady_clock::now();
  constexpr int kRounds = 10'000;
  for (int i = 0; i < kRounds; ++i) ASSERT_EQ(decide(principal, q).verdict, Verdict::allowed);
  const auto each = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count() / kRounds;
  RecordProperty("microseconds_per_decision", std::to_string(each));
  // Sanitizers and a loaded machine included; a release build takes well below a microsecond.
  EXPECT_LT(each, 200);
}

// What a key or a token is for some repositories for, it is not for an organisation or the registry.
TEST(Decision, NarrowKeysAndTokensDoNothingToWhatIsAboveRepositories) {
  Question registry{.action = Action::system_gc, .org = {}, .team = {}, .repository = {}, .place = {}};
  Question list = registry;
  list.action = Action::registry_list;
  Question org{.action = Action::keys_service, .org = "acme", .team = {}, .repository = {}, .place = {}};
  org.place.org = 1;
  Principal root;
  root.kind = Principal::Kind::user;
  root.rights = std::make_shared<const Rights>(Rights{Rank::platform_administrator, {}});
  const auto verdicts = [&](const Principal& principal) {
    std::string text;
    for (const auto& question : {registry, list, org})
      text += decide(principal, question).verdict == Verdict::allowed ? 'y' : 'n';
    return text;
  };
  const auto with_key = [&](Ceiling ceiling) {
    Principal principal = root;
    principal.ceiling = std::make_shared<const Ceiling>(std::move(ceiling));
    return verdicts(principal);
  };
  const auto with_token = [&](TokenScope scope) {
    Principal principal = root;
    principal.scope = std::make_shared<const TokenScope>(std::move(scope));
    return verdicts(principal);
  };
  EXPECT_EQ(verdicts(root), "yyy");
  EXPECT_EQ(with_key({}), "yyy");
  EXPECT_EQ(with_key({.org = 1, .actions = ActionSet::all(), .repositories = {}}), "nyy");
  EXPECT_EQ(with_key({.org = 2, .actions = ActionSet::all(), .repositories = {}}), "nyn");
  EXPECT_EQ(with_key({.org = 0, .actions = ActionSet::all(), .repositories = {"acme/*"}}), "nyn");
  EXPECT_EQ(with_key({.org = 0, .actions = {Action::registry_list}, .repositories = {}}), "nyn");
  EXPECT_EQ(with_token({}), "nnn");
  EXPECT_EQ(with_token({.breadth = TokenScope::Breadth::items, .items = {}, .catalog = true}), "nyn");
  EXPECT_EQ(with_token({.breadth = TokenScope::Breadth::items, .items = {{"acme/app", ActionSet::all()}}, .catalog = false}),
            "nnn");
  EXPECT_EQ(with_token({.breadth = TokenScope::Breadth::everything, .items = {}, .catalog = false}), "yyy");
}

TEST(Membership, IsAnyRoleThatReachesThePlace) {
  struct Case {
    const char* what;
    std::vector<Grant> grants;
    int key_org;  // 0: no key
    bool in_org;
    bool in_team;
    bool in_other_team;
  };
  const Case cases[] = {
      {"nobody", {}, 0, false, false, false},
      {"a reader of the organisation", {{1, 0, Role::registry_read}}, 0, true, true, true},
      {"who handles people there", {{1, 0, Role::user_admin}}, 0, true, true, true},
      {"a reader of the team", {{1, 11, Role::registry_read}}, 0, true, true, false},
      {"an owner elsewhere", {{2, 0, Role::org_owner}}, 0, false, false, false},
      {"with a key of the organisation", {{1, 0, Role::registry_read}}, 1, true, true, true},
      {"with a key of another", {{1, 0, Role::registry_read}, {2, 0, Role::registry_read}}, 2, false, false, false},
  };
  const auto question = [](std::string_view team, std::optional<std::int64_t> team_id) {
    Question q;
    q.org = "acme";
    q.team = team;
    q.place.org = 1;
    q.place.team = team_id;
    return q;
  };
  for (const auto& c : cases) {
    Principal principal;
    principal.kind = Principal::Kind::user;
    principal.rights = std::make_shared<const Rights>(Rights{Rank::user, c.grants});
    if (c.key_org != 0) principal.ceiling = std::make_shared<const Ceiling>(Ceiling{c.key_org, ActionSet::all(), {}});
    const auto allowed = [&](const Question& q) { return decide_member(principal, q).verdict == Verdict::allowed; };
    EXPECT_EQ(allowed(question("", std::nullopt)), c.in_org) << c.what;
    EXPECT_EQ(allowed(question("vision", 11)), c.in_team) << c.what;
    EXPECT_EQ(allowed(question("sound", 12)), c.in_other_team) << c.what;
    // A token of the registry's reaches no organisation; what it says is the same for one that is not there.
    principal.scope = std::make_shared<const TokenScope>();
    EXPECT_EQ(decide_member(principal, question("", std::nullopt)).verdict,
              c.in_org ? Verdict::insufficient_scope : Verdict::denied);
  }
  EXPECT_EQ(decide_member(Principal{}, question("", std::nullopt)).verdict, Verdict::unauthorized);
  Question missing;
  missing.org = "nowhere";
  Principal owner;
  owner.kind = Principal::Kind::user;
  owner.rights = std::make_shared<const Rights>(Rights{Rank::user, {{1, 0, Role::org_owner}}});
  EXPECT_EQ(decide_member(owner, missing).verdict, Verdict::denied);
}

}  // namespace
}  // namespace berth::auth
