#include "http/daemons.h"

#include <algorithm>
#include <map>

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
      {"accounts", {{Setting::open, "false"}}},
  };
  return kVariants;
}

struct Running {
  TemporaryDirectory directory;
  std::unique_ptr<app::Daemon> daemon;
};

std::map<std::string, std::unique_ptr<Running>, std::less<>>& running() {
  static std::map<std::string, std::unique_ptr<Running>, std::less<>> all;
  return all;
}

const Variant* find_variant(std::string_view name) {
  const auto& all = variants();
  const auto found = std::find_if(all.begin(), all.end(), [name](const Variant& v) { return v.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

base::Result<std::unique_ptr<app::Daemon>> start_test_daemon(const std::string& data, const SettingValues& more) {
  app::SettingsSources sources;
  sources.command_line = {{Setting::data, data},        {Setting::listen, "127.0.0.1:0"},    {Setting::open, "true"},
                          {Setting::loop_threads, "1"}, {Setting::worker_threads, "4"},      {Setting::drain_timeout, "5s"},
                          {Setting::disk_reserve, "0"}, {Setting::disk_reserve_percent, "0"}};
  sources.command_line.insert(sources.command_line.end(), more.begin(), more.end());
  BERTH_TRY(const auto settings, app::load_settings(sources));
  return app::start_daemon(settings);
}

bool is_variant(std::string_view variant) { return find_variant(variant) != nullptr; }

base::Result<std::string> url_of_variant(std::string_view variant) {
  const auto found = running().find(variant);
  if (found != running().end()) return found->second->daemon->urls().front();
  const auto* row = find_variant(variant);
  if (row == nullptr) return base::fail(ErrorCode::configuration_invalid, "there is no daemon variant " + std::string(variant));
  auto fresh = std::make_unique<Running>();
  BERTH_TRY(fresh->daemon, start_test_daemon(fresh->directory.path(), row->settings));
  auto url = fresh->daemon->urls().front();
  running().emplace(variant, std::move(fresh));
  return url;
}

bool stop_variants() {
  bool clean = true;
  for (auto& [name, one] : running()) clean = one->daemon->stop() && clean;
  running().clear();
  return clean;
}

}  // namespace berth::test
