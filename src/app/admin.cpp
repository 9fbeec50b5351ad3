#include "berth/app/admin.h"

#include <unistd.h>

#include "app/admin_door.h"
#include "app/admin_upkeep.h"
#include "app/audit_options.h"
#include "app/collector_options.h"
#include "app/data_directory.h"
#include "app/machine_user.h"
#include "berth/auth/roles.h"
#include "berth/base/bytes.h"
#include "berth/base/clock.h"
#include "berth/base/fs.h"
#include "berth/catalog/sqlite_catalog.h"
#include "berth/service/accounts.h"

namespace berth::app {

using base::ErrorCode;
using base::OrderedJson;
using base::Result;
using service::Accounts;
using Form = AdminParameter::Form;

namespace {

OrderedJson done() { return OrderedJson{{"done", true}}; }

Result<OrderedJson> after(Result<void> result) {
  BERTH_CHECK_OK(std::move(result));
  return done();
}

std::optional<std::string> given(const AdminArguments& a, const std::string& name) {
  if (!a.has(name)) return std::nullopt;
  return a.text(name);
}

// "acme" or "acme/vision".
service::RolePlace place_of(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return {std::string(text), {}};
  return {std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

Result<std::optional<std::chrono::seconds>> duration_of(const AdminArguments& a, const std::string& name) {
  if (!a.has(name)) return std::nullopt;
  const auto time = parse_duration(a.text(name));
  if (!time) return base::fail(ErrorCode::usage, "--" + name + " is a time like 90s, 24h or 30d");
  return std::chrono::duration_cast<std::chrono::seconds>(*time);
}

Result<std::int64_t> id_of(const AdminArguments& a) {
  const auto id = base::parse_decimal(a.text("id"));
  if (!id || *id > INT64_MAX) return base::fail(ErrorCode::usage, "an id is a number; `berth admin key list` shows them");
  return static_cast<std::int64_t>(*id);
}

// --- users ---------------------------------------------------------------------------------------------------------------------------

Result<OrderedJson> create_user(Accounts& accounts, const AdminArguments& a) {
  BERTH_TRY(const auto made, accounts.create_user(a.text("email"), a.text("name"), given(a, "password-stdin")));
  if (a.has("admin")) BERTH_CHECK_OK(accounts.set_rank(a.text("email"), catalog::Rank::platform_administrator));
  OrderedJson answer = {{"id", made.id}, {"email", a.text("email")}};
  if (!made.password.empty()) answer["password"] = made.password;
  return answer;
}

Result<OrderedJson> list_users(Accounts& accounts, const AdminArguments&) {
  BERTH_TRY(const auto users, accounts.list_users());
  auto list = OrderedJson::array();
  for (const auto& user : users) {
    list.push_back({{"id", user.id},
                    {"email", user.email},
                    {"name", user.name},
                    {"standing", user.standing == catalog::Standing::active ? "active" : "disabled"},
                    {"administrator", user.rank == catalog::Rank::platform_administrator}});
  }
  return list;
}

Result<OrderedJson> set_password(Accounts& accounts, const AdminArguments& a) {
  BERTH_TRY(const auto made, accounts.set_password(a.text("email"), given(a, "password-stdin")));
  if (made.empty()) return done();
  return OrderedJson{{"email", a.text("email")}, {"password", made}};
}

Result<OrderedJson> enable_user(Accounts& accounts, const AdminArguments& a) {
  return after(accounts.set_standing(a.text("email"), catalog::Standing::active));
}
Result<OrderedJson> disable_user(Accounts& accounts, const AdminArguments& a) {
  return after(accounts.set_standing(a.text("email"), catalog::Standing::disabled));
}
Result<OrderedJson> promote_user(Accounts& accounts, const AdminArguments& a) {
  return after(accounts.set_rank(a.text("email"), catalog::Rank::platform_administrator));
}
Result<OrderedJson> demote_user(Accounts& accounts, const AdminArguments& a) {
  return after(accounts.set_rank(a.text("email"), catalog::Rank::user));
}

// --- organisations, teams, roles -------------------------------------------------------------------------------------------------------

Result<OrderedJson> create_org(Accounts& accounts, const AdminArguments& a) {
  return after(accounts.create_org(a.text("org"), a.text("display-name")));
}

Result<OrderedJson> list_orgs(Accounts& accounts, const AdminArguments&) {
  BERTH_TRY(const auto orgs, accounts.list_orgs());
  auto list = OrderedJson::array();
  for (const auto& org : orgs) list.push_back({{"name", org.name}, {"display_name", org.display_name}});
  return list;
}

Result<OrderedJson> list_members(Accounts& accounts, const AdminArguments& a) {
  BERTH_TRY(const auto members, accounts.list_members(a.text("org")));
  auto list = OrderedJson::array();
  for (const auto& member : members) {
    list.push_back(
        {{"id", member.user}, {"email", member.email}, {"team", member.team}, {"role", auth::role_row(member.role).name}});
  }
  return list;
}

Result<OrderedJson> create_team(Accounts& accounts, const AdminArguments& a) {
  const auto place = place_of(a.text("team"));
  return after(accounts.create_team(place.org, place.team, a.text("description")));
}

Result<OrderedJson> list_teams(Accounts& accounts, const AdminArguments& a) {
  BERTH_TRY(const auto teams, accounts.list_teams(a.text("org")));
  auto list = OrderedJson::array();
  for (const auto& team : teams) list.push_back({{"name", team.name}, {"description", team.description}});
  return list;
}

Result<OrderedJson> delete_team(Accounts& accounts, const AdminArguments& a) {
  const auto place = place_of(a.text("team"));
  return after(accounts.delete_team(place.org, place.team));
}

Result<OrderedJson> grant_role(Accounts& accounts, const AdminArguments& a) {
  return after(accounts.grant(a.text("email"), place_of(a.text("place")), a.text("role")));
}

Result<OrderedJson> revoke_role(Accounts& accounts, const AdminArguments& a) {
  BERTH_TRY(const bool had, accounts.take(a.text("email"), place_of(a.text("place")), a.text("role")));
  if (!had) return base::fail(ErrorCode::object_unknown, a.text("email") + " does not have this role there");
  return done();
}

// --- keys ------------------------------------------------------------------------------------------------------------------------------

OrderedJson shown(const service::MadeKey& made) { return {{"id", made.id}, {"key", made.key}, {"nvapi", made.nvapi}}; }

Result<OrderedJson> create_key(Accounts& accounts, const AdminArguments& a) {
  service::KeyWish wish;
  wish.email = a.text("email");
  wish.org = a.text("org");
  wish.name = a.text("name");
  wish.actions = a.list("action");
  wish.repositories = a.list("repository");
  BERTH_TRY(wish.lifetime, duration_of(a, "expires"));
  const auto kind = a.has("kind") ? a.text("kind") : std::string(wish.email.empty() ? "service" : "personal");
  if (kind == "service") {
    wish.kind = catalog::KeyKind::service;
  } else if (kind == "legacy") {
    wish.kind = catalog::KeyKind::legacy;
  } else if (kind != "personal") {
    return base::fail(ErrorCode::usage, "--kind is personal, service or legacy");
  }
  BERTH_TRY(const auto made, accounts.create_key(wish));
  return shown(made);
}

OrderedJson time_or_null(const std::optional<base::TimePoint>& time) {
  if (!time) return nullptr;
  return base::format_rfc3339(*time);
}

Result<OrderedJson> list_keys(Accounts& accounts, const AdminArguments& a) {
  BERTH_TRY(const auto keys, accounts.list_keys(a.text("user"), a.text("org")));
  auto list = OrderedJson::array();
  for (const auto& key : keys) {
    list.push_back({{"id", key.id},
                    {"kind", service::key_kind_name(key.kind)},
                    {"name", key.name},
                    {"actions", key.actions},
                    {"repositories", key.repositories},
                    {"expires", time_or_null(key.expires)},
                    {"revoked", time_or_null(key.revoked)},
                    {"last_used", time_or_null(key.last_used)}});
  }
  return list;
}

Result<OrderedJson> revoke_key(Accounts& accounts, const AdminArguments& a) {
  BERTH_TRY(const auto id, id_of(a));
  return after(accounts.revoke_key(id));
}

Result<OrderedJson> rotate_key(Accounts& accounts, const AdminArguments& a) {
  BERTH_TRY(const auto id, id_of(a));
  BERTH_TRY(const auto overlap, duration_of(a, "overlap"));
  BERTH_TRY(const auto made, accounts.rotate_key(id, overlap.value_or(std::chrono::hours(24))));
  return shown(made);
}

// --- repositories ------------------------------------------------------------------------------------------------------------------------

Result<OrderedJson> set_visibility(Accounts& accounts, const AdminArguments& a) {
  return after(accounts.set_visibility(a.text("repository"), a.text("visibility"), a.list("team")));
}
Result<OrderedJson> set_immutable(Accounts& accounts, const AdminArguments& a) {
  return after(accounts.set_immutable_tags(a.text("repository"), a.list("tags")));
}

const AdminParameter kEmail{"email", Form::word, "the user's email"};
const AdminParameter kOrg{"org", Form::word, "the organisation's name"};
const AdminParameter kTeam{"team", Form::word, "ORG/TEAM"};
const AdminParameter kPlace{"place", Form::word, "ORG, or ORG/TEAM for that team alone"};
const AdminParameter kRole{"role", Form::word, "REGISTRY_READ, REGISTRY_USER, REGISTRY_ADMIN, USER_ADMIN or ORG_OWNER"};
const AdminParameter kPassword{"password-stdin", Form::secret,
                               "read the password from standard input; without it one is made up, which must be changed first"};
const AdminParameter kId{"id", Form::word, "the key's id"};
const AdminParameter kRepository{"repository", Form::word, "the repository's name"};

}  // namespace

std::span<const AdminRow> admin_rows() {
  static const std::vector<AdminRow> kRows = {
      {"user",
       "create",
       "Make a user",
       {kEmail, {"name", Form::option, "the person's name"}, {"admin", Form::flag, "as a platform administrator"}, kPassword},
       create_user},
      {"user", "list", "List users", {}, list_users},
      {"user", "password", "Set a user's password", {kEmail, kPassword}, set_password},
      {"user", "disable", "Refuse a user and all that is the user's, at once", {kEmail}, disable_user},
      {"user", "enable", "Let a disabled user in again", {kEmail}, enable_user},
      {"user", "promote", "Make a user a platform administrator", {kEmail}, promote_user},
      {"user", "demote", "Take that away", {kEmail}, demote_user},
      {"org", "create", "Make an organisation", {kOrg, {"display-name", Form::option, "what people read"}}, create_org},
      {"org", "list", "List organisations", {}, list_orgs},
      {"org", "members", "List who has which role in an organisation", {kOrg}, list_members},
      {"team", "create", "Make a team", {kTeam, {"description", Form::option, "what it is for"}}, create_team},
      {"team", "list", "List an organisation's teams", {kOrg}, list_teams},
      {"team", "delete", "Delete a team, its memberships and shares; repositories under its name stay", {kTeam}, delete_team},
      {"role", "grant", "Give a user a role", {kEmail, kRole, kPlace}, grant_role},
      {"role", "revoke", "Take a role from a user, at once", {kEmail, kRole, kPlace}, revoke_role},
      {"key",
       "create",
       "Make a key; it is shown this once",
       {{"email", Form::optional_word, "owner of a personal or legacy key; a service key has none"},
        {"org", Form::option, "where the key holds"},
        {"kind", Form::option, "personal, service or legacy"},
        {"name", Form::option, "to know it again"},
        {"expires", Form::option, "how long it lives: 24h, 30d; for ever without"},
        {"action", Form::list, "lets through this action alone: registry:pull, registry:push, …; repeatable"},
        {"repository", Form::list, "lets through repositories like this alone: acme/*; repeatable"}},
       create_key},
      {"key",
       "list",
       "List keys",
       {{"user", Form::option, "of this user"}, {"org", Form::option, "service keys of this organisation"}},
       list_keys},
      {"key", "revoke", "End a key at once", {kId}, revoke_key},
      {"key",
       "rotate",
       "Make a key like an old one, which ends after a while",
       {kId, {"overlap", Form::option, "how long the old one goes on; 24h"}},
       rotate_key},
      {"repo",
       "visibility",
       "Say what a repository is open to",
       {kRepository,
        {"visibility", Form::word, "private, org, teams, listed or public"},
        {"team", Form::list, "shared with this team; repeatable"}},
       set_visibility},
      {"repo",
       "immutable",
       "Say which tags do not move once they are there; none without --tags",
       {kRepository, {"tags", Form::list, "patterns: '*', 'v*'; repeatable"}},
       set_immutable},
      {"repo",
       "history",
       "Say what happened in a repository, also in a deleted one, newest first",
       {kRepository, {"limit", Form::option, "events at most; 20"}},
       show_history},
      {"repo",
       "restore",
       "Take a deletion, or the move of a tag, back",
       {kRepository, {"id", Form::word, "the event's id, as the history shows it"}},
       restore_event},
      {"gc",
       "",
       "Collect all that nothing needs any more, by the daemon's settings (`--config`, environment)",
       {{"dry-run", Form::flag, "only say what would go"}},
       collect},
  };
  return kRows;
}

Result<OrderedJson> administer(const Settings& settings, const AdminRow& row, const AdminArguments& arguments) {
  const auto& directory = settings.text(Setting::data);
  auto& fs = base::real_file_system();
  if (row.handler.needs_data()) BERTH_CHECK_OK(must_be_data(fs, directory));
  const auto lock = lock_data(fs, directory);
  if (!lock && lock.error().code() == ErrorCode::busy) return ask_daemon(directory, row, arguments);
  if (!lock) return base::fail(lock.error());
  BERTH_CHECK_OK(refuse_half_restored(fs, directory));
  const base::SystemClock clock;
  BERTH_TRY(const auto catalog, open_catalog(settings, clock));
  service::Audit audit(audit_options(settings), *catalog, fs, clock);
  BERTH_CHECK_OK(audit.start());
  auth::Passwords passwords;
  const auto by = on_machine(geteuid());
  Accounts accounts(catalog->accounts(), passwords, clock, by);
  AdminPlace place{settings, *catalog, accounts, audit, clock, by};
  auto answer = row.handler.run(place, arguments);
  BERTH_CHECK_OK(audit.close());
  return answer;
}

std::string admin_page() {
  std::string page =
      "# `berth admin`\n\n<!-- Generated by ./deploy/dev gen; edit the table in src/app/admin.cpp instead. -->\n\n"
      "Run on the machine, by whoever owns the data directory (`--data`, `BERTH_DATA`), or root: through `DIR/berth.sock` when a "
      "daemon uses it, "
      "else on the data itself. `--json` on every command.\n\n"
      "| command | what it does | arguments |\n|---|---|---|\n";
  for (const auto& row : admin_rows()) {
    const std::string verb = row.verb.empty() ? std::string() : ' ' + std::string(row.verb);
    page += "| `berth admin " + std::string(row.object) + verb + "` | " + std::string(row.help) + " | ";
    std::string arguments;
    for (const auto& p : row.parameters) {
      const bool word = p.form == Form::word || p.form == Form::optional_word;
      arguments += (arguments.empty() ? "" : "; ") + ('`' + std::string(word ? "" : "--") + std::string(p.name) + "` ") +
                   std::string(p.help);
    }
    page += arguments + " |\n";
  }
  return page;
}

}  // namespace berth::app
