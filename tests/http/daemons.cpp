#include "http/daemons.h"

#include <algorithm>
#include <map>

#include "berth/app/admin.h"

namespace berth::test {

namespace {

using app::Setting;
using base::ErrorCode;

struct Variant {
  std::string_view name;
  SettingValues settings;
};

const std::vector<Variant>& variants() {
  static const std::vector<Variant> kVariants = {
      {"default", {}},
      {"full", {{Setting::disk_reserve, "1024TiB"}}},  // no disk has so much: every push is refused
      {"sparse", {{Setting::sparse_indexes, "true"}}},
      {"read_only", {{Setting::read_only, "true"}}},
  };
  return kVariants;
}

struct Running {
  TemporaryDirectory directory;
  std::unique_ptr<app::Daemon> daemon;
  Words words;
};

// A row of variants(), and who may come.
using Shared = std::pair<std::string, Access>;

Shared shared(std::string_view variant, Access access) {
  if (variant == "accounts") return {"default", Access::accounts};
  return {std::string(variant), access};
}

std::map<Shared, std::unique_ptr<Running>>& running() {
  static std::map<Shared, std::unique_ptr<Running>> all;
  return all;
}

const Variant* find_variant(std::string_view name) {
  const auto& all = variants();
  const auto found = std::find_if(all.begin(), all.end(), [name](const Variant& v) { return v.name == name; });
  return found == all.end() ? nullptr : &*found;
}

base::Result<app::Settings> settings_of(const std::string& data, const SettingValues& more) {
  app::SettingsSources sources;
  sources.command_line = {{Setting::data, data},        {Setting::listen, "127.0.0.1:0"},    {Setting::open, "true"},
                          {Setting::loop_threads, "1"}, {Setting::worker_threads, "4"},      {Setting::drain_timeout, "5s"},
                          {Setting::disk_reserve, "0"}, {Setting::disk_reserve_percent, "0"}};
  sources.command_line.insert(sources.command_line.end(), more.begin(), more.end());
  return app::load_settings(sources);
}

// `berth admin`, on the data that the daemon will serve.
class Administrator {
 public:
  explicit Administrator(app::Settings settings) : settings_(std::move(settings)) {}

  base::Result<base::OrderedJson> run(std::string_view object, std::string_view verb, const Words& words) {
    const auto rows = app::admin_rows();
    const auto row =
        std::find_if(rows.begin(), rows.end(), [&](const auto& one) { return one.object == object && one.verb == verb; });
    if (row == rows.end()) return base::fail(ErrorCode::usage, "there is no such command");
    app::AdminArguments arguments;
    for (const auto& [name, value] : words) arguments.set(name, {value});
    return app::administer(settings_, *row, arguments);
  }

  base::Result<std::string> key(const Words& words) {
    BERTH_TRY(const auto made, run("key", "create", words));
    return made["key"].get<std::string>();
  }

 private:
  app::Settings settings_;
};

}  // namespace

base::Result<Words> make_people(const std::string& data) {
  BERTH_TRY(auto settings, settings_of(data, {{Setting::open, "false"}}));
  Administrator administrator(std::move(settings));
  Words words{{"password", "correct horse battery"}};
  for (const auto* org : {"main", "acme"}) BERTH_CHECK_OK(administrator.run("org", "create", {{"org", org}}));
  for (const std::string name : {"admin", "owner", "reader"}) {
    Words person{{"email", name + "@example.com"}, {"password-stdin", words["password"]}};
    if (name == "admin") person["admin"] = "true";
    BERTH_CHECK_OK(administrator.run("user", "create", person));
  }
  BERTH_TRY(const auto fresh, administrator.run("user", "create", {{"email", "new@example.com"}}));
  words["first"] = fresh["password"].get<std::string>();
  const auto grant = [&](const char* email, const char* role) {
    return administrator.run("role", "grant", {{"email", email}, {"role", role}, {"place", "acme"}});
  };
  BERTH_CHECK_OK(grant("owner@example.com", "ORG_OWNER"));
  BERTH_CHECK_OK(grant("reader@example.com", "REGISTRY_READ"));
  BERTH_TRY(words["admin"], administrator.key({{"email", "admin@example.com"}, {"kind", "legacy"}}));
  BERTH_TRY(words["owner"], administrator.key({{"email", "owner@example.com"}, {"org", "acme"}}));
  BERTH_TRY(words["reader"], administrator.key({{"email", "reader@example.com"}, {"org", "acme"}}));
  return words;
}

base::Result<std::unique_ptr<app::Daemon>> start_test_daemon(const std::string& data, const SettingValues& more, Access access) {
  auto values = more;
  if (access == Access::accounts) values.emplace_back(Setting::open, "false");
  BERTH_TRY(const auto settings, settings_of(data, values));
  return app::start_daemon(settings);
}

const Words& words_of_variant(std::string_view variant, Access access) {
  static const Words kNone;
  const auto found = running().find(shared(variant, access));
  return found == running().end() ? kNone : found->second->words;
}

bool is_variant(std::string_view variant) { return find_variant(shared(variant, Access::open).first) != nullptr; }

base::Result<std::string> url_of_variant(std::string_view variant, Wire wire, Access access) {
  const auto url_of = [wire](const Running& one) { return one.daemon->urls().at(wire == Wire::plain ? 0 : 1); };
  const auto wanted = shared(variant, access);
  const auto found = running().find(wanted);
  if (found != running().end()) return url_of(*found->second);
  const auto* row = find_variant(wanted.first);
  if (row == nullptr) return base::fail(ErrorCode::configuration_invalid, "there is no daemon variant " + std::string(variant));
  auto fresh = std::make_unique<Running>();
  SettingValues settings = {{Setting::listen, "http://127.0.0.1:0,https://127.0.0.1:0"}, {Setting::tls_self_signed, "true"}};
  settings.insert(settings.end(), row->settings.begin(), row->settings.end());
  if (wanted.second == Access::accounts) {
    BERTH_TRY(fresh->words, make_people(fresh->directory.path()));
  }
  BERTH_TRY(fresh->daemon, start_test_daemon(fresh->directory.path(), settings, wanted.second));
  auto url = url_of(*fresh);
  running().emplace(wanted, std::move(fresh));
  return url;
}

bool stop_variants() {
  bool clean = true;
  for (auto& [which, one] : running()) clean = one->daemon->stop() && clean;
  running().clear();
  return clean;
}

}  // namespace berth::test
