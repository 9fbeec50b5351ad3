#include "berth/service/accounts.h"

#include <algorithm>

#include "berth/auth/roles.h"
#include "berth/base/bytes.h"
#include "berth/oci/names.h"
#include "berth/service/members.h"
#include "service/places.h"

namespace berth::service {

using base::ErrorCode;
using base::Result;
using catalog::KeyKind;
using catalog::Visibility;

namespace {

constexpr std::string_view kFirstEmail = "admin@localhost";
constexpr std::chrono::hours kFirstKeyLife{24 * 30};
constexpr std::size_t kPage = 1000;
constexpr Visibility kVisibilities[] = {Visibility::org_private, Visibility::shared_org, Visibility::shared_teams,
                                        Visibility::listed, Visibility::everyone};

// What people call things: one line of text.
Result<void> check_line(std::string_view text, std::string_view what) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
  if (text.size() <= 200 && std::none_of(text.begin(), text.end(), is_control)) return {};
  return base::fail(ErrorCode::parameter_invalid, std::string(what) + " has 200 bytes at most, and no control characters");
}

// Names of organisations and teams are parts of repository names, and are checked as such.
Result<void> check_org_name(std::string_view name) {
  BERTH_TRY([[maybe_unused]] const auto repository, oci::RepositoryName::parse(std::string(name) + "/x"));
  if (name.find('/') == std::string_view::npos) return {};
  return base::fail(ErrorCode::name_invalid, "the name of an organisation has no '/'");
}

Result<void> check_team_name(std::string_view org, std::string_view name) {
  BERTH_TRY([[maybe_unused]] const auto repository,
            oci::RepositoryName::parse(std::string(org) + '/' + std::string(name) + "/x"));
  if (name.find('/') == std::string_view::npos) return {};
  return base::fail(ErrorCode::name_invalid, "the name of a team has no '/'");
}

Result<void> check_patterns(const std::vector<std::string>& patterns) {
  for (const auto& pattern : patterns) {
    const bool plain = std::all_of(pattern.begin(), pattern.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             std::string_view("-._/*").find(c) != std::string_view::npos;
    });
    if (pattern.empty() || pattern.size() > 255 || !plain) {
      return base::fail(ErrorCode::parameter_invalid,
                        "\"" + pattern + "\" is no pattern: letters, digits, - . _ / and * for anything");
    }
  }
  return {};
}

Result<void> check_actions(const std::vector<std::string>& actions) {
  for (const auto& action : actions) {
    if (!auth::find_action(action)) {
      return base::fail(ErrorCode::parameter_invalid,
                        "there is no action \"" + action + "\"; registry:pull is one, docs/operations.md has them all");
    }
  }
  return {};
}

}  // namespace

std::string_view visibility_name(Visibility visibility) { return catalog::visibility_name(visibility); }

std::string_view key_kind_name(KeyKind kind) { return catalog::key_kind_name(kind); }

// --- first start -------------------------------------------------------------------------------------------------------------------

Result<bool> Accounts::has_nobody() {
  BERTH_TRY(const auto users, rows_.list_users(0, 2));
  return users.empty() || (users.size() == 1 && users.front().email == kFirstEmail);
}

Result<FirstAdministrator> Accounts::prepare_first(std::string org) {
  FirstAdministrator first;
  first.email = kFirstEmail;
  first.password = auth::random_password();
  first.key = auth::make_key_text(KeyKind::personal);
  first.org = std::move(org);
  BERTH_TRY(first.password_hash, passwords_.hash(first.password));
  return first;
}

Result<void> Accounts::store_first(const FirstAdministrator& first) {
  const catalog::StoredPassword password{first.password_hash, catalog::PasswordState::must_change, {}};
  BERTH_TRY(const auto known, rows_.find_user_by_email(first.email));
  std::int64_t user = 0;
  if (known) {
    user = known->id;
    BERTH_CHECK_OK(rows_.set_password(user, password, by_));
    BERTH_CHECK_OK(rows_.set_standing(user, catalog::Standing::active, by_));
  } else {
    BERTH_TRY(user, rows_.create_user({.email = first.email, .name = "Administrator", .password = password}, by_));
  }
  BERTH_TRY(const auto there, rows_.find_org(first.org));
  std::int64_t org = there ? there->id : 0;
  if (!there) {
    BERTH_TRY(org, rows_.create_org(first.org, first.org, "", by_));
  }
  BERTH_CHECK_OK(rows_.add_grant(user, {org, 0, catalog::Role::org_owner}, by_));
  BERTH_TRY([[maybe_unused]] const auto key, rows_.create_key({.kind = KeyKind::personal,
                                                               .user = user,
                                                               .org = 0,
                                                               .name = "first start",
                                                               .hash = first.key.hash(),
                                                               .actions = {},
                                                               .repositories = {},
                                                               .expires = clock_.now() + kFirstKeyLife},
                                                              by_));
  return rows_.set_rank(user, catalog::Rank::platform_administrator, by_);
}

// --- users -------------------------------------------------------------------------------------------------------------------------

Result<MadeUser> Accounts::create_user(std::string_view email, std::string_view name,
                                       const std::optional<std::string>& password) {
  BERTH_TRY(auto address, parse_email(email));
  BERTH_CHECK_OK(check_line(name, "the name of a user"));
  if (password) BERTH_CHECK_OK(auth::check_password_form(*password));
  MadeUser made;
  if (!password) made.password = auth::random_password();
  BERTH_TRY(auto hash, passwords_.hash(password ? *password : made.password));
  const auto state = password ? catalog::PasswordState::good : catalog::PasswordState::must_change;
  BERTH_TRY(made.id, rows_.create_user({.email = std::move(address),
                                        .name = std::string(name),
                                        .password = catalog::StoredPassword{std::move(hash), state, {}}},
                                       by_));
  return made;
}

Result<std::string> Accounts::set_password(std::string_view email, const std::optional<std::string>& password) {
  BERTH_TRY(const auto user, get_user(email));
  if (password) BERTH_CHECK_OK(auth::check_password_form(*password));
  std::string made = password ? std::string() : auth::random_password();
  BERTH_TRY(auto hash, passwords_.hash(password ? *password : made));
  const auto state = password ? catalog::PasswordState::good : catalog::PasswordState::must_change;
  BERTH_CHECK_OK(rows_.set_password(user.id, {std::move(hash), state, {}}, by_));
  return made;
}

Result<void> Accounts::set_standing(std::string_view email, catalog::Standing standing) {
  BERTH_TRY(const auto user, get_user(email));
  return rows_.set_standing(user.id, standing, by_);
}

Result<void> Accounts::set_rank(std::string_view email, catalog::Rank rank) {
  BERTH_TRY(const auto user, get_user(email));
  return rows_.set_rank(user.id, rank, by_);
}

Result<void> Accounts::rename_user(std::int64_t user, std::string_view name) {
  BERTH_CHECK_OK(check_line(name, "the name of a user"));
  return rows_.set_user_name(user, name, by_);
}

Result<std::vector<catalog::User>> Accounts::list_users() {
  std::vector<catalog::User> all;
  while (true) {
    BERTH_TRY(auto page, rows_.list_users(all.empty() ? 0 : all.back().id, kPage));
    all.insert(all.end(), page.begin(), page.end());
    if (page.size() < kPage) return all;
  }
}

// --- organisations, teams, roles -----------------------------------------------------------------------------------------------------

Result<void> Accounts::create_org(std::string_view name, std::string_view display_name, std::string_view description) {
  BERTH_CHECK_OK(check_org_name(name));
  BERTH_TRY([[maybe_unused]] const auto id, rows_.create_org(name, display_name.empty() ? name : display_name, description, by_));
  return {};
}

Result<std::vector<catalog::Org>> Accounts::list_orgs() {
  std::vector<catalog::Org> all;
  while (true) {
    BERTH_TRY(auto page, rows_.list_orgs(all.empty() ? std::string() : all.back().name, kPage));
    all.insert(all.end(), page.begin(), page.end());
    if (page.size() < kPage) return all;
  }
}

Result<void> Accounts::create_team(std::string_view org_name, std::string_view name, std::string_view description) {
  BERTH_CHECK_OK(check_team_name(org_name, name));
  BERTH_TRY(const auto org, get_org(org_name));
  BERTH_TRY([[maybe_unused]] const auto id, rows_.create_team(org.id, name, description, by_));
  return {};
}

Result<void> Accounts::delete_team(std::string_view org_name, std::string_view name) {
  BERTH_TRY(const auto org, get_org(org_name));
  BERTH_TRY(const auto team, get_team(org, name));
  return rows_.delete_team(org.id, team.id, by_);
}

Result<std::vector<catalog::Team>> Accounts::list_teams(std::string_view org_name) {
  BERTH_TRY(const auto org, get_org(org_name));
  std::vector<catalog::Team> all;
  while (true) {
    BERTH_TRY(auto page, rows_.list_teams(org.id, all.empty() ? std::string() : all.back().name, kPage));
    all.insert(all.end(), page.begin(), page.end());
    if (page.size() < kPage) return all;
  }
}

Result<catalog::Grant> Accounts::get_grant(const RolePlace& place, std::string_view role) {
  BERTH_TRY(const auto known, parse_role(role));
  BERTH_TRY(const auto org, get_org(place.org));
  catalog::Grant grant{org.id, 0, known};
  if (place.team.empty()) return grant;
  BERTH_CHECK_OK(check_role_at(place, known));
  BERTH_TRY(const auto team, get_team(org, place.team));
  grant.team = team.id;
  return grant;
}

Result<void> Accounts::grant(std::string_view email, const RolePlace& place, std::string_view role) {
  BERTH_TRY(const auto user, get_user(email));
  BERTH_TRY(const auto grant, get_grant(place, role));
  return rows_.add_grant(user.id, grant, by_);
}

Result<bool> Accounts::take(std::string_view email, const RolePlace& place, std::string_view role) {
  BERTH_TRY(const auto user, get_user(email));
  BERTH_TRY(const auto grant, get_grant(place, role));
  return rows_.remove_grant(user.id, grant, by_);
}

Result<std::vector<catalog::Member>> Accounts::list_members(std::string_view org_name) {
  BERTH_TRY(const auto org, get_org(org_name));
  // Pages end between users: with many roles each, the last one's may continue behind the limit, so it is read again.
  std::vector<catalog::Member> all;
  std::int64_t after = 0;
  while (true) {
    BERTH_TRY(auto page, rows_.list_members(org.id, after, kPage));
    const bool last = page.size() < kPage;
    if (!last) std::erase_if(page, [end = page.back().user](const auto& member) { return member.user == end; });
    if (page.empty()) return all;
    after = page.back().user;
    all.insert(all.end(), page.begin(), page.end());
    if (last) return all;
  }
}

Members Accounts::members() const { return {rows_, by_}; }

// --- keys ------------------------------------------------------------------------------------------------------------------------------

Result<MadeKey> Accounts::store_key(catalog::NewKey key) {
  const auto text = auth::make_key_text(key.kind);
  key.hash = text.hash();
  key.most = options_.keys_per_user;
  BERTH_TRY(const auto id, rows_.create_key(key, by_));
  return MadeKey{id, text.berth_spelling(), text.nvapi_spelling()};
}

Result<MadeKey> Accounts::create_key(const KeyWish& wish) {
  BERTH_CHECK_OK(check_line(wish.name, "the name of a key"));
  BERTH_CHECK_OK(check_actions(wish.actions));
  BERTH_CHECK_OK(check_patterns(wish.repositories));
  catalog::NewKey key{.kind = wish.kind,
                      .name = wish.name,
                      .hash = {},
                      .actions = wish.actions,
                      .repositories = wish.repositories,
                      .expires = {}};
  if (wish.kind != KeyKind::service) {
    BERTH_TRY(const auto user, get_user(wish.email));
    key.user = user.id;
  } else if (key.actions.empty()) {
    key.actions = {"registry:list", "registry:pull"};
  }
  if (wish.kind != KeyKind::legacy) {
    BERTH_TRY(const auto org, get_org(wish.org));
    key.org = org.id;
  }
  if (wish.lifetime) key.expires = clock_.now() + *wish.lifetime;
  return store_key(std::move(key));
}

Result<std::vector<catalog::Key>> Accounts::list_keys(std::string_view email, std::string_view org_name) {
  KeyHolder holder;
  if (!email.empty()) {
    BERTH_TRY(const auto user, get_user(email));
    holder.user = user.id;
  } else {
    BERTH_TRY(holder, holder_of(org_name));
  }
  std::vector<catalog::Key> all;
  while (true) {
    BERTH_TRY(auto page, rows_.list_keys(holder, all.empty() ? 0 : all.back().id, kPage));
    all.insert(all.end(), page.begin(), page.end());
    if (page.size() < kPage) return all;
  }
}

Result<void> Accounts::revoke_key(std::int64_t id) { return rows_.revoke_key(id, by_); }

Result<MadeKey> Accounts::rotate_key(std::int64_t id, std::chrono::seconds overlap) {
  BERTH_TRY(const auto old, rows_.find_key(id));
  if (!old || is_over(*old)) return base::fail(no_such("live key", std::to_string(id)));
  return renew(*old, overlap, std::nullopt);
}

// --- repositories ------------------------------------------------------------------------------------------------------------------------

Result<void> Accounts::set_visibility(std::string_view repository, std::string_view visibility,
                                      const std::vector<std::string>& teams) {
  BERTH_TRY(const auto name, oci::RepositoryName::parse(repository));
  const auto* known = std::find_if(std::begin(kVisibilities), std::end(kVisibilities),
                                   [&](Visibility value) { return catalog::visibility_name(value) == visibility; });
  if (known == std::end(kVisibilities)) {
    return base::fail(ErrorCode::parameter_invalid, "visibility must be private, org, teams, listed or public");
  }
  if ((*known == Visibility::shared_teams) == teams.empty()) {
    return base::fail(ErrorCode::parameter_invalid, "teams are named with visibility teams, and with no other");
  }
  std::vector<std::int64_t> ids;
  for (const auto& team_name : teams) {
    BERTH_TRY(const auto org, get_org(name.org().empty() ? std::string_view(options_.default_org) : name.org()));
    BERTH_TRY(const auto team, get_team(org, team_name));
    ids.push_back(team.id);
  }
  return rows_.set_visibility(name, *known, ids, by_);
}

Result<catalog::Openness> Accounts::get_openness(const oci::RepositoryName& repository) { return rows_.get_openness(repository); }

Result<std::vector<std::string>> Accounts::list_immutable_tags(const oci::RepositoryName& repository) {
  return rows_.list_immutable_tags(repository);
}

Result<void> Accounts::set_immutable_tags(std::string_view repository, const std::vector<std::string>& patterns) {
  BERTH_TRY(const auto name, oci::RepositoryName::parse(repository));
  BERTH_CHECK_OK(check_patterns(patterns));
  return rows_.set_immutable_tags(name, patterns, by_);
}

// --- by name -------------------------------------------------------------------------------------------------------------------------------

Result<catalog::User> Accounts::get_user(std::string_view email) {
  BERTH_TRY(const auto address, parse_email(email));
  BERTH_TRY(auto user, rows_.find_user_by_email(address));
  if (!user) return base::fail(no_such("user", address));
  return std::move(*user);
}

Result<catalog::Org> Accounts::get_org(std::string_view name) { return get_named_org(rows_, name); }

Result<catalog::Team> Accounts::get_team(const catalog::Org& org, std::string_view name) {
  return get_named_team(rows_, org, name);
}

}  // namespace berth::service
