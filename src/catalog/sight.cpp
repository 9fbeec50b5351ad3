#include "catalog/sight.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "catalog/account_rows.h"

namespace berth::catalog {

using base::Result;

namespace {

// Names of repositories are made of '-' '.' '/' '_' 0–9 a–z. So nothing lies between a name and itself with '!' behind it, and every name
// that begins with some text lies before that text with '~' behind it. Names that begin with '~' are those of deleted repositories.
constexpr char kBelowAll = '!';
constexpr char kAboveAll = '~';

constexpr std::size_t kMostAtOnce = 1000;

// Names from `first` on and before `end`.
struct Stretch {
  std::string first;
  std::string end;
};
using Stretches = std::vector<Stretch>;  // in order, none touches another

Stretch all_names() { return {{}, std::string(1, kAboveAll)}; }
Stretch beginning_with(const std::string& text) { return {text, text + kAboveAll}; }

Stretch stretch_of_pattern(std::string_view pattern) {
  const auto star = pattern.find('*');
  std::string text(pattern.substr(0, star));
  if (star != std::string_view::npos) return beginning_with(std::move(text));
  return {text, text + kBelowAll};
}

Stretches ordered(Stretches stretches) {
  std::sort(stretches.begin(), stretches.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Stretches apart;
  for (auto& stretch : stretches) {
    if (apart.empty() || apart.back().end < stretch.first) {
      apart.push_back(std::move(stretch));
    } else {
      apart.back().end = std::max(apart.back().end, stretch.end);
    }
  }
  return apart;
}

// What lies in both.
Stretches cut(const Stretches& a, const Stretches& b) {
  Stretches both;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    Stretch part{std::max(i->first, j->first), std::min(i->end, j->end)};
    if (part.first < part.end) both.push_back(std::move(part));
    ++(i->end < j->end ? i : j);
  }
  return both;
}

std::string name_of(const Rows& rows) { return std::string(rows.text(0)); }

// Names in order from one source, read ahead a little.
class Walk {
 public:
  // A statement of ($1 first name, $2 end, $3 limit), over stretches one after the other.
  Walk(Query query, Stretches stretches, std::size_t most)
      : query_(query), stretches_(std::move(stretches)), most_(static_cast<std::int64_t>(most)) {}
  // Names that are at hand, in order.
  explicit Walk(std::vector<std::string> names) : ahead_(std::move(names)) {}

  // The name in front; nullptr after the last.
  Result<const std::string*> front(Connection& connection) {
    while (at_ == ahead_.size() && stretch_ < stretches_.size()) BERTH_CHECK_OK(read(connection));
    return at_ == ahead_.size() ? nullptr : &ahead_[at_];
  }
  void pass(std::string_view name) {
    if (at_ < ahead_.size() && ahead_[at_] == name) ++at_;
  }

 private:
  // Of many sources each gives little: more is read at once of the one that gives much.
  Result<void> read(Connection& connection) {
    auto& [first, end] = stretches_[stretch_];
    step_ = std::min(step_ * 4, most_);
    at_ = 0;
    BERTH_TRY(ahead_, all_rows(connection, query_, {std::string_view(first), std::string_view(end), step_}, name_of));
    if (static_cast<std::int64_t>(ahead_.size()) < step_) {
      ++stretch_;
    } else {
      first = ahead_.back() + kBelowAll;
    }
    return {};
  }

  Query query_ = Query::list_names;
  Stretches stretches_;
  std::size_t stretch_ = 0;
  std::int64_t step_ = 8;
  std::int64_t most_ = 0;
  std::vector<std::string> ahead_;
  std::size_t at_ = 0;
};

// What the parts of a sight come to. A part whose organisation or team went meanwhile comes to nothing.
struct Reach {
  Stretches whole;   // seen whatever their visibility
  Stretches shared;  // seen when they are shared with the organisation
  enum class OnePart : std::uint8_t { none, shared, all } one_part = OnePart::none;
  std::vector<std::int64_t> teams;
};

Result<void> add_part(Connection& connection, const Sight& sight, const Sight::Part& part, Reach& reach) {
  BERTH_TRY(const auto org, first_row(connection, Query::find_org_by_id, {part.org}, org_of));
  if (!org) return {};
  const bool of_default_org = org->name == sight.default_org;
  if (part.team == 0) {
    reach.whole.push_back(beginning_with(org->name + '/'));
    if (of_default_org) reach.one_part = Reach::OnePart::all;
    return {};
  }
  BERTH_TRY(const auto team, first_row(connection, Query::find_team_by_id, {part.org, part.team}, name_of));
  if (!team) return {};
  reach.whole.push_back(beginning_with(org->name + '/' + *team + '/'));
  reach.shared.push_back(beginning_with(org->name + '/'));
  if (of_default_org) reach.one_part = std::max(reach.one_part, Reach::OnePart::shared);
  reach.teams.push_back(part.team);
  return {};
}

Result<Reach> reach_of(Connection& connection, const Sight& sight) {
  Reach reach;
  if (sight.breadth == Sight::Breadth::everything) {
    reach.whole.push_back(all_names());
    return reach;
  }
  for (const auto& part : sight.parts) BERTH_CHECK_OK(add_part(connection, sight, part, reach));
  return reach;
}

// A repository has few teams and a team few repositories that are not its own: they are read whole, and put in order here.
Result<std::vector<std::string>> read_shares(Connection& connection, const std::vector<std::int64_t>& teams,
                                             const Stretches& within) {
  std::vector<std::string> names;
  for (const auto team : teams) {
    for (const auto& [first, end] : within) {
      BERTH_TRY(const auto more,
                all_rows(connection, Query::list_names_of_team, {team, std::string_view(first), std::string_view(end)}, name_of));
      names.insert(names.end(), more.begin(), more.end());
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<std::vector<Walk>> walks_of(Connection& connection, const Sight& sight, std::string_view after, std::size_t most) {
  const Stretches rest = {{after.empty() ? std::string() : std::string(after) + kBelowAll, std::string(1, kAboveAll)}};
  Stretches allowed;
  for (const auto& pattern : sight.patterns) allowed.push_back(stretch_of_pattern(pattern));
  const Stretches within = sight.patterns.empty() ? rest : cut(rest, ordered(std::move(allowed)));
  BERTH_TRY(auto reach, reach_of(connection, sight));
  std::vector<Walk> walks;
  walks.emplace_back(Query::list_names, cut(within, ordered(std::move(reach.whole))), most);
  walks.emplace_back(Query::list_open_names, rest, most);
  walks.emplace_back(Query::list_shared_names, cut(within, ordered(std::move(reach.shared))), most);
  if (reach.one_part == Reach::OnePart::all) walks.emplace_back(Query::list_names_of_one_part, within, most);
  if (reach.one_part == Reach::OnePart::shared) walks.emplace_back(Query::list_shared_names_of_one_part, within, most);
  if (!reach.teams.empty()) {
    BERTH_TRY(auto shares, read_shares(connection, reach.teams, within));
    walks.emplace_back(std::move(shares));
  }
  return walks;
}

}  // namespace

// The sources' names, put together in order: each page costs what it shows and a few rows of every source.
Result<NamePage> list_repositories_in(Connection& connection, const Sight& sight, std::string_view after, std::size_t limit) {
  BERTH_TRY(auto walks, walks_of(connection, sight, after, std::min(limit, kMostAtOnce) + 1));
  NamePage page;
  while (true) {
    const std::string* least = nullptr;
    for (auto& walk : walks) {
      BERTH_TRY(const std::string* name, walk.front(connection));
      if (name != nullptr && (least == nullptr || *name < *least)) least = name;
    }
    if (least == nullptr) return page;
    if (page.names.size() == limit) {
      page.more = true;
      return page;
    }
    page.names.push_back(*least);
    for (auto& walk : walks) walk.pass(page.names.back());
  }
}

}  // namespace berth::catalog
