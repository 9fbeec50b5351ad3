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

base::Result<std::string> url_of_variant(std::string_view variant, Wire wire) {
  const auto url_of = [wire](const Running& one) { return one.daemon->urls().at(wire == Wire::plain ? 0 : 1); };
  const auto found = running().find(variant);
  if (found != running().end()) return url_of(*found->second);
  const auto* row = find_variant(variant);
  if (row == nullptr) return base::fail(ErrorCode::configuration_invalid, "there is no daemon variant " + std::string(variant));
  auto fresh = std::make_unique<Running>();
  SettingValues settings = {{Setting::listen, "http://127.0.0.1:0,https://127.0.0.1:0"}, {Setting::tls_self_signed, "true"}};
  settings.insert(settings.end(), row->settings.begin(), row->settings.end());
  BERTH_TRY(fresh->daemon, start_test_daemon(fresh->directory.path(), settings));
  auto url = url_of(*fresh);
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
