// What repositories are open to, what their tags may do, and how data of --open comes to organisations.
#include "catalog/accounts.h"

#include <set>

#include "berth/catalog/subjects.h"
#include "catalog/account_rows.h"
#include "catalog/blobs.h"

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

Result<std::int64_t> require_repository(Connection& connection, const oci::RepositoryName& name) {
  BERTH_TRY(const auto id, find_repository(connection, name.text()));
  if (!id) return fail(ErrorCode::repository_unknown, "there is no repository " + name.text());
  return *id;
}

Result<std::vector<std::string>> team_names(Connection& connection, std::string_view org_name,
                                            const std::vector<std::int64_t>& teams) {
  std::vector<std::string> names;
  BERTH_TRY(const auto org, connection.find_integer(Query::find_org, {org_name}));
  for (const std::int64_t team : teams) {
    BERTH_TRY(auto name, get_team_name(connection, org.value_or(0), team));
    names.push_back(std::move(name));
  }
  return names;
}

// The organisations and teams that names of repositories imply.
struct Implied {
  std::set<std::string> orgs;
  std::set<std::pair<std::string, std::string>> teams;
};

Result<Implied> read_implied(Connection& connection, std::string_view default_org) {
  constexpr std::int64_t kStep = 1000;
  Implied implied;
  std::string after;
  while (true) {
    BERTH_TRY(auto rows, connection.query(Query::list_repositories, {std::string_view(after), kStep}));
    std::int64_t count = 0;
    while (true) {
      BERTH_TRY(const bool more, rows.next());
      if (!more) break;
      ++count;
      after = std::string(rows.text(0));
      BERTH_TRY(const auto name, oci::RepositoryName::parse(after));
      const std::string org(name.org().empty() ? default_org : name.org());
      implied.orgs.insert(org);
      if (!name.team().empty()) implied.teams.emplace(org, name.team());
    }
    if (count < kStep) return implied;
  }
}

}  // namespace

// The whole way to a decision on a place that is not in memory: one statement where the organisation is there.
Result<Place> SqliteAccounts::find_place(const PlaceName& name) {
  return readers_.with([&](Connection& c) -> Result<Place> {
    Place place;
    std::int64_t repository = 0;
    const auto take = [&](const Rows& rows) {
      if (!rows.is_null(2)) place.org = rows.integer(2);
      if (!rows.is_null(3)) place.team = rows.integer(3);
      place.exists = !rows.is_null(0);
      if (!place.exists) return true;
      repository = rows.integer(0);
      place.visibility = static_cast<Visibility>(rows.integer(1));
      return true;
    };
    BERTH_TRY(const auto of_org, first_row(c, Query::find_place, {name.repository, name.team, name.org}, take));
    if (!of_org) {
      BERTH_TRY([[maybe_unused]] const auto alone, first_row(c, Query::find_repository_access, {name.repository}, take));
    }
    if (!place.exists) return place;
    if (place.visibility != Visibility::shared_teams) return place;
    BERTH_TRY(place.shared_teams, all_rows(c, Query::list_shares, {repository}, id_of));
    return place;
  });
}

Result<void> SqliteAccounts::set_visibility(const oci::RepositoryName& repository, Visibility visibility,
                                            const std::vector<std::int64_t>& teams, const Origin& by) {
  return change([&](Connection& c) -> Result<void> {
    BERTH_TRY(const auto id, require_repository(c, repository));
    BERTH_TRY([[maybe_unused]] const auto set, c.run(Query::set_visibility, {static_cast<std::int64_t>(visibility), id}));
    BERTH_TRY([[maybe_unused]] const auto cleared, c.run(Query::delete_shares, {id}));
    for (const auto team : teams) {
      BERTH_TRY([[maybe_unused]] const auto shared, c.run(Query::insert_share, {id, team}));
    }
    auto event = audit_.of_repository(AuditKind::visibility_set, repository.text(), by);
    event.detail.emplace_back(AuditField::visibility, std::string(visibility_name(visibility)));
    if (!teams.empty()) {
      BERTH_TRY(const auto names, team_names(c, audit_.org_of(repository.text()), teams));
      event.detail.emplace_back(AuditField::teams, join(names));
    }
    return audit(c, event);
  });
}

Result<Openness> SqliteAccounts::get_openness(const oci::RepositoryName& repository) {
  return readers_.with([&](Connection& c) -> Result<Openness> {
    BERTH_TRY(const auto id, require_repository(c, repository));
    Openness openness;
    BERTH_TRY(const auto visibility, c.find_integer(Query::find_visibility, {id}));
    openness.visibility = static_cast<Visibility>(visibility.value_or(0));
    BERTH_TRY(openness.teams,
              all_rows(c, Query::list_share_names, {id}, [](const Rows& rows) { return std::string(rows.text(0)); }));
    return openness;
  });
}

Result<void> SqliteAccounts::set_immutable_tags(const oci::RepositoryName& repository, const std::vector<std::string>& patterns,
                                                const Origin& by) {
  const std::string list = join(patterns);
  return change([&](Connection& c) -> Result<void> {
    BERTH_TRY(const auto id, require_repository(c, repository));
    BERTH_TRY([[maybe_unused]] const auto set, c.run(Query::set_immutable_tags, {std::string_view(list), id}));
    auto event = audit_.of_repository(AuditKind::immutable_tags_set, repository.text(), by);
    event.detail.emplace_back(AuditField::patterns, list);
    return audit(c, event);
  });
}

Result<std::vector<std::string>> SqliteAccounts::list_immutable_tags(const oci::RepositoryName& repository) {
  return readers_.with([&](Connection& c) -> Result<std::vector<std::string>> {
    BERTH_TRY(const auto id, require_repository(c, repository));
    BERTH_TRY(const auto list,
              first_row(c, Query::find_immutable_tags, {id}, [](const Rows& rows) { return split(rows.text(0)); }));
    return list.value_or(std::vector<std::string>{});
  });
}

// --- from --open to accounts -------------------------------------------------------------------------------------------------------

Result<void> SqliteAccounts::note_open_data() {
  BERTH_TRY(const auto noted, readers_.with([](Connection& c) { return c.find_integer(Query::find_open_data, {}); }));
  if (noted.value_or(0) != 0) return {};
  return change([](Connection& c) -> Result<void> {
    BERTH_TRY([[maybe_unused]] const auto set, c.run(Query::set_open_data, {std::int64_t{1}}));
    return {};
  });
}

Result<std::int64_t> SqliteAccounts::adopt_orgs(std::int64_t owner_id, std::string_view default_org, const Origin& by) {
  BERTH_TRY(const auto noted, readers_.with([](Connection& c) { return c.find_integer(Query::find_open_data, {}); }));
  if (noted.value_or(0) == 0) return 0;
  return change_to<std::int64_t>([&](Connection& c) -> Result<std::int64_t> {
    BERTH_TRY(const auto implied, read_implied(c, default_org));
    const auto at = now();
    std::int64_t made = 0;
    for (const auto& org : implied.orgs) {
      BERTH_TRY(const bool there, c.exists(Query::find_org, {std::string_view(org)}));
      if (there) continue;
      BERTH_TRY(const auto id,
                insert(c, Query::insert_org, {std::string_view(org), std::string_view(org), std::string_view(), at}));
      BERTH_TRY([[maybe_unused]] const auto granted,
                c.run(Query::insert_grant, {owner_id, id, std::int64_t{0}, static_cast<std::int64_t>(Role::org_owner), at}));
      BERTH_CHECK_OK(audit(c, org_created(org, by)));
      BERTH_TRY(const auto event, grant_event(c, AuditKind::role_granted, owner_id, {id, 0, Role::org_owner}, by));
      BERTH_CHECK_OK(audit(c, event));
      ++made;
    }
    for (const auto& [org, team] : implied.teams) BERTH_CHECK_OK(ensure_team(c, org, team, {by, audit_, at}));
    BERTH_TRY([[maybe_unused]] const auto cleared, c.run(Query::set_open_data, {std::int64_t{0}}));
    return made;
  });
}

}  // namespace berth::catalog
