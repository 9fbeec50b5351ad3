// Every setting is one row in src/app/settings.cpp; docs/config.md and `berth config defaults` are generated from the rows.
//
// A new setting = one value here and one row there. Where a value comes from, the last wins: default, configuration file (YAML, flat
// keys), environment (BERTH_<KEY>), command line. Settings are an immutable snapshot; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/base/error.h"

namespace berth::app {

enum class Setting : std::uint8_t {
  data,
  listen,
  ops_listen,
  public_url,
  hosts,
  trusted_proxies,
  tls_cert,
  tls_key,
  tls_self_signed,
  open,
  log_format,
  log_level,
  core_dumps,
  loop_threads,
  worker_threads,
  worker_queue,
  connections,
  connections_per_address,
  handshake_timeout,
  refusal_delay,
  header_timeout,
  idle_timeout,
  write_stall_timeout,
  body_window,
  body_min_bytes,
  http2_streams,
  http2_upload_window,
  http2_windows_total,
  drain_timeout,
  disk_reserve,
  disk_reserve_percent,
  upload_lifetime,
  lease,
  gc_interval,
  gc_grace,
  gc_rate,
  untagged_keep,
  undo_window,
  pull_days,
  retention_interval,
  audit_keep,
  sparse_indexes,
  read_only,
  scrub_rate,
  scrub_interval,
  default_org,
  keys_per_user,
  token_lifetime,
  invitation_lifetime,
  smtp_url,
  smtp_from,
  smtp_user,
  smtp_password_file,
  smtp_tls,
  session_idle,
  session_lifetime,
  recall_memory,
  requests_per_address,
  requests_per_principal,
  transfers_per_address,
  transfers_per_principal,
};

enum class SettingType : std::uint8_t { text, list, boolean, choice, number, bytes, duration };

struct SettingRow {
  Setting setting;
  std::string_view key;  // in files; BERTH_ + upper case in the environment
  SettingType type;
  std::string_view fallback;  // the default, as it would be written
  std::uint64_t min = 0;      // of number, bytes, and duration in milliseconds
  std::uint64_t max = 0;
  std::string_view choices;  // of choice: "a|b"
  std::string_view help;
};

std::span<const SettingRow> setting_rows();
// How values of a type are written, for people.
std::string setting_form(const SettingRow& row);

class Settings {
 public:
  struct Value {
    std::string text;
    std::string source;  // "default", "file", "environment", "command line"
  };

  [[nodiscard]] const Value& value(Setting setting) const;
  [[nodiscard]] const std::string& text(Setting setting) const { return value(setting).text; }
  [[nodiscard]] std::vector<std::string> list(Setting setting) const;
  [[nodiscard]] bool boolean(Setting setting) const;
  // Of number, and bytes as bytes.
  [[nodiscard]] std::uint64_t number(Setting setting) const;
  [[nodiscard]] std::chrono::milliseconds duration(Setting setting) const;

 private:
  friend class SettingsLoader;
  std::map<Setting, Value> values_;
};

struct SettingsSources {
  std::optional<std::string> file_text;                                            // YAML
  std::function<std::optional<std::string>(const std::string& name)> environment;  // by variable name; may be empty
  std::vector<std::pair<Setting, std::string>> command_line;
};

// Errors: configuration_invalid, naming the key, what it holds and what it must be.
base::Result<Settings> load_settings(const SettingsSources& sources);

// "64MiB", "2GiB", "1000" → bytes. "90s", "24h", "500ms", "7d" → time. nullopt when it is neither.
std::optional<std::uint64_t> parse_bytes(std::string_view text);
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// A configuration file with every default and its help as comments.
std::string default_configuration();
// docs/config.md
std::string config_page();

}  // namespace berth::app
