#include "berth/app/settings.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace berth::app {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;

Settings loaded(const SettingsSources& sources) {
  auto settings = load_settings(sources);
  EXPECT_TRUE(settings) << settings.error().message();
  return std::move(settings).value();
}

SettingsSources from_environment(std::map<std::string, std::string> values) {
  SettingsSources sources;
  sources.environment = [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
  return sources;
}

void expect_refused(const SettingsSources& sources, const std::string& words) {
  const auto settings = load_settings(sources);
  ASSERT_FALSE(settings) << words;
  EXPECT_EQ(settings.error().code(), ErrorCode::configuration_invalid);
  EXPECT_NE(settings.error().message().find(words), std::string::npos) << settings.error().message();
}

TEST(Bytes, UnitsAreBinary) {
  EXPECT_EQ(parse_bytes("0"), 0U);
  EXPECT_EQ(parse_bytes("1000"), 1000U);
  EXPECT_EQ(parse_bytes("1000B"), 1000U);
  EXPECT_EQ(parse_bytes("64KiB"), 65536U);
  EXPECT_EQ(parse_bytes("2GiB"), 2147483648U);
  EXPECT_EQ(parse_bytes("1TiB"), 1099511627776U);
  EXPECT_EQ(parse_bytes("18446744073709551615"), UINT64_MAX);
}

TEST(Bytes, WhatIsNoSize) {
  for (const auto* text : {"", "GiB", "-1", "1 GiB", "1.5GiB", "1gib", "1GB", "1G", "18446744073709551616", "16777216TiB"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
}

TEST(Duration, Units) {
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("0s"), milliseconds(0));
  EXPECT_EQ(parse_duration("90s"), milliseconds(90'000));
  EXPECT_EQ(parse_duration("15m"), milliseconds(900'000));
  EXPECT_EQ(parse_duration("24h"), milliseconds(86'400'000));
  EXPECT_EQ(parse_duration("7d"), milliseconds(604'800'000));
}

TEST(Duration, WhatIsNoTime) {
  for (const auto* text : {"", "s", "10", "-1s", "1.5h", "1 s", "1w", "9223372036854775808ms", "18446744073709551615d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(SettingRows, KeysAreUniqueAndDefaultsFit) {
  std::set<std::string_view> keys;
  for (const auto& row : setting_rows()) {
    EXPECT_TRUE(keys.insert(row.key).second) << row.key;
    EXPECT_FALSE(row.help.empty()) << row.key;
    EXPECT_FALSE(setting_form(row).empty()) << row.key;
    SettingsSources sources;
    sources.command_line = {{row.setting, std::string(row.fallback)}};
    EXPECT_TRUE(load_settings(sources)) << row.key << ": its default is not what it must be";
  }
}

TEST(Settings, Defaults) {
  const auto settings = loaded({});
  EXPECT_EQ(settings.text(Setting::data), "./berth-data");
  EXPECT_EQ(settings.list(Setting::listen), std::vector<std::string>{"127.0.0.1:5000"});
  EXPECT_FALSE(settings.boolean(Setting::open));
  EXPECT_EQ(settings.number(Setting::disk_reserve), 2ULL << 30);
  EXPECT_EQ(settings.number(Setting::worker_threads), 16U);
  EXPECT_EQ(settings.duration(Setting::upload_lifetime), std::chrono::hours(24));
  EXPECT_EQ(settings.value(Setting::data).source, "default");
}

TEST(Settings, TheLastSourceWins) {
  auto sources = from_environment({{"BERTH_LOG_LEVEL", "warning"}, {"BERTH_DRAIN_TIMEOUT", "2s"}});
  sources.file_text = "log_level: debug\ndrain_timeout: 1s\nidle_timeout: 5s\n";
  sources.command_line = {{Setting::log_level, "error"}};
  const auto settings = loaded(sources);
  EXPECT_EQ(settings.text(Setting::log_level), "error");
  EXPECT_EQ(settings.value(Setting::log_level).source, "command line");
  EXPECT_EQ(settings.duration(Setting::drain_timeout), milliseconds(2000));
  EXPECT_EQ(settings.value(Setting::drain_timeout).source, "environment");
  EXPECT_EQ(settings.duration(Setting::idle_timeout), milliseconds(5000));
  EXPECT_EQ(settings.value(Setting::idle_timeout).source, "file");
}

TEST(Settings, LastOnTheCommandLineWins) {
  SettingsSources sources;
  sources.command_line = {{Setting::log_level, "debug"}, {Setting::log_level, "off"}};
  EXPECT_EQ(loaded(sources).text(Setting::log_level), "off");
}

TEST(Settings, ListsInAFileAndInTheEnvironment) {
  SettingsSources file;
  file.file_text = "listen: [\"127.0.0.1:1\", \"[::1]:2\"]\n";
  EXPECT_EQ(loaded(file).list(Setting::listen), (std::vector<std::string>{"127.0.0.1:1", "[::1]:2"}));
  const auto environment = from_environment({{"BERTH_LISTEN", "127.0.0.1:1,127.0.0.1:2"}});
  EXPECT_EQ(loaded(environment).list(Setting::listen), (std::vector<std::string>{"127.0.0.1:1", "127.0.0.1:2"}));
}

TEST(Settings, DefaultConfigurationIsTheDefaults) {
  SettingsSources sources;
  sources.file_text = default_configuration();
  const auto settings = loaded(sources);
  for (const auto& row : setting_rows()) {
    EXPECT_EQ(settings.text(row.setting), row.fallback) << row.key;
    EXPECT_EQ(settings.value(row.setting).source, "file") << row.key;
  }
}

TEST(Settings, AnUnknownKeyIsNamed) {
  SettingsSources sources;
  sources.file_text = "log_levle: debug\n";
  expect_refused(sources, "log_levle");
}

TEST(Settings, AWrongValueSaysWhereItStandsAndWhatItMustBe) {
  SettingsSources file;
  file.file_text = "log_level: loud\n";
  expect_refused(file, "log_level is \"loud\" (file); it must be: one of trace debug info warning error off");
  expect_refused(from_environment({{"BERTH_OPEN", "yes"}}), "BERTH_OPEN is \"yes\" (environment); it must be: true or false");
  SettingsSources line;
  line.command_line = {{Setting::worker_threads, "0"}};
  expect_refused(line, "--worker_threads is \"0\" (command line); it must be: whole number, 1 to 1024");
}

TEST(Settings, BoundsHold) {
  for (const auto& [setting, value] : {std::pair{Setting::worker_threads, "1025"}, std::pair{Setting::disk_reserve_percent, "91"},
                                       std::pair{Setting::header_timeout, "9ms"}, std::pair{Setting::header_timeout, "61m"},
                                       std::pair{Setting::body_min_bytes, "0"}, std::pair{Setting::data, ""},
                                       std::pair{Setting::log_format, ""}, std::pair{Setting::log_format, "text|json"}}) {
    SettingsSources sources;
    sources.command_line = {{setting, value}};
    EXPECT_FALSE(load_settings(sources)) << value;
  }
}

TEST(Settings, AFileThatIsNoTableOfSettings) {
  for (const auto* text :
       {"- a\n- b\n", "just text\n", "log_level: [debug]\n", "log_level: {a: b}\n", "a: b: c\n", "listen: []\n",
        "public_url: [a]\n", "public_url: {a: b}\n", "trusted_proxies: [{a: b}]\n", "trusted_proxies: {a: b}\n"}) {
    SettingsSources sources;
    sources.file_text = text;
    const auto settings = load_settings(sources);
    ASSERT_FALSE(settings) << text;
    EXPECT_EQ(settings.error().code(), ErrorCode::configuration_invalid) << text;
  }
}

TEST(Settings, WhatMayBeUnsetMayBeSetToNothing) {
  SettingsSources sources;
  sources.file_text = "public_url:\ntrusted_proxies: []\n";
  const auto settings = loaded(sources);
  EXPECT_EQ(settings.text(Setting::public_url), "");
  EXPECT_TRUE(settings.list(Setting::trusted_proxies).empty());
}

TEST(Settings, AnEmptyFileSetsNothing) {
  SettingsSources sources;
  sources.file_text = "# nothing yet\n";
  EXPECT_EQ(loaded(sources).value(Setting::data).source, "default");
}

}  // namespace
}  // namespace berth::app
