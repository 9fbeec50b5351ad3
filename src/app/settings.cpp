#include "berth/app/settings.h"

#include <algorithm>

#include "berth/base/bytes.h"
#include "berth/base/json.h"
#include "berth/base/yaml.h"

namespace berth::app {

using base::ErrorCode;

namespace {

constexpr std::uint64_t kSecond = 1000;
constexpr std::uint64_t kHour = 3600 * kSecond;
constexpr std::uint64_t kDay = 24 * kHour;
constexpr std::uint64_t kTiB = 1ULL << 40;

// clang-format off
constexpr SettingRow kRows[] = {
    {Setting::data, "data", SettingType::text, "./berth-data", 0, 0, "", "The data directory; made when missing. One daemon at a time uses it."},
    {Setting::listen, "listen", SettingType::list, "127.0.0.1:5000", 0, 0, "", "Addresses to listen on: [http://|https://]HOST:PORT, port 0 for any free one. Without a scheme: https when there is a certificate, else http. One that is not loopback needs public_url."},
    {Setting::ops_listen, "ops_listen", SettingType::text, "", 0, 0, "", "An address of its own for /healthz, /readyz and /metrics, which then stand nowhere else; written as in listen."},
    {Setting::public_url, "public_url", SettingType::text, "", 0, 0, "", "Where clients find the registry: http://HOST[:PORT][/PREFIX] or https://HOST[:PORT][/PREFIX]. What the registry writes absolute links with. A PREFIX stands before /api/v1, /openapi.json and, on listeners for everybody, /healthz, /readyz and /metrics; the distribution API, tokens and NGC's routes stay at the root."},
    {Setting::hosts, "hosts", SettingType::list, "", 0, 0, "", "Further host names, NAME[:PORT], that links may be written with when a request names them, beside the public URL's and the listeners' own."},
    {Setting::trusted_proxies, "trusted_proxies", SettingType::list, "", 0, 0, "", "Addresses and networks (10.0.0.0/8) of proxies whose PROXY protocol and X-Forwarded-For, -Proto and -Host are believed."},
    {Setting::tls_cert, "tls_cert", SettingType::text, "", 0, 0, "", "Certificate file (PEM) with the chain behind it, for https listeners. SIGHUP reads it again."},
    {Setting::tls_key, "tls_key", SettingType::text, "", 0, 0, "", "Private key file (PEM, without a password) of tls_cert."},
    {Setting::tls_self_signed, "tls_self_signed", SettingType::boolean, "false", 0, 0, "", "Without certificate files: a certificate of our own making, kept in DIR/keys and renewed before it ends."},
    {Setting::open, "open", SettingType::boolean, "false", 0, 0, "", "No accounts, everything allowed to everybody; loopback listeners only."},
    {Setting::log_format, "log_format", SettingType::choice, "text", 0, 0, "text|json", "How log lines on standard error look."},
    {Setting::log_level, "log_level", SettingType::choice, "info", 0, 0, "trace|debug|info|warning|error|off", "The least important events that are logged. Requests are info."},
    {Setting::core_dumps, "core_dumps", SettingType::boolean, "false", 0, 0, "", "Let the kernel write down the daemon's memory when it crashes, and let its user's debuggers in. Passwords and keys of that moment are in it."},
    {Setting::loop_threads, "loop_threads", SettingType::number, "0", 0, 256, "", "Event-loop threads; 0 means one per core."},
    {Setting::worker_threads, "worker_threads", SettingType::number, "16", 1, 1024, "", "Threads for disk, SQL and hashing."},
    {Setting::worker_queue, "worker_queue", SettingType::number, "4096", 1, 1000000, "", "Requests that may wait for a worker; one more is answered 503."},
    {Setting::connections, "connections", SettingType::number, "10000", 1, 1000000, "", "Open connections at most; one more is answered 503."},
    {Setting::connections_per_address, "connections_per_address", SettingType::number, "2000", 1, 1000000, "", "Open connections from one address at most."},
    {Setting::handshake_timeout, "handshake_timeout", SettingType::duration, "10s", 10, kHour, "", "From a new connection to the end of its TLS handshake."},
    {Setting::refusal_delay, "refusal_delay", SettingType::duration, "1s", 0, 60'000, "", "How long an answer 429 is held back at least, and up to half as long again: too many wrong passwords, or requests beyond a caller's limit. Asking again at once brings nothing then."},
    {Setting::header_timeout, "header_timeout", SettingType::duration, "10s", 10, kHour, "", "From the first byte of a request to the end of its header."},
    {Setting::idle_timeout, "idle_timeout", SettingType::duration, "60s", 10, kDay, "", "How long a connection may stay open between requests."},
    {Setting::write_stall_timeout, "write_stall_timeout", SettingType::duration, "60s", 10, kDay, "", "How long a client may take no byte of a response."},
    {Setting::body_window, "body_window", SettingType::duration, "30s", 10, kDay, "", "In each such window a request body must bring body_min_bytes; its whole duration has no limit."},
    {Setting::body_min_bytes, "body_min_bytes", SettingType::bytes, "30KiB", 1, kTiB, "", "See body_window."},
    {Setting::http2_streams, "http2_streams", SettingType::number, "100", 1, 10000, "", "Requests that one HTTP/2 connection may have open at once."},
    {Setting::http2_upload_window, "http2_upload_window", SettingType::bytes, "4MiB", 65535, 1ULL << 30, "", "What one HTTP/2 upload that goes well may send ahead of the disk."},
    {Setting::http2_windows_total, "http2_windows_total", SettingType::bytes, "256MiB", 0, kTiB, "", "What all HTTP/2 uploads together may send ahead beyond the first 64 KiB each."},
    {Setting::drain_timeout, "drain_timeout", SettingType::duration, "30s", 0, kDay, "", "How long SIGTERM waits for requests in progress."},
    {Setting::disk_reserve, "disk_reserve", SettingType::bytes, "2GiB", 0, 1024 * kTiB, "", "Free space that pushes may not use; the larger of this and disk_reserve_percent counts."},
    {Setting::disk_reserve_percent, "disk_reserve_percent", SettingType::number, "2", 0, 90, "", "Free space that pushes may not use, as a share of the file system."},
    {Setting::upload_lifetime, "upload_lifetime", SettingType::duration, "24h", kSecond, 365 * kDay, "", "An upload session ends when no byte came for so long."},
    {Setting::lease, "lease", SettingType::duration, "24h", kSecond, 365 * kDay, "", "How long an unreferenced blob is kept after its last sign of life."},
    {Setting::gc_interval, "gc_interval", SettingType::duration, "60s", kSecond, 365 * kDay, "", "How often unneeded content is looked for; a round costs what was deleted, not what is stored."},
    {Setting::gc_grace, "gc_grace", SettingType::duration, "10m", 0, 365 * kDay, "", "How long the bytes of a collected blob stay after its row went."},
    {Setting::gc_rate, "gc_rate", SettingType::number, "5000", 1, 1000000, "", "Blobs that collection removes in a second at most."},
    {Setting::untagged_keep, "untagged_keep", SettingType::duration, "30d", kSecond, 3650 * kDay, "", "How long a manifest without tag, index and subject stays after its last push, tag or pull."},
    {Setting::undo_window, "undo_window", SettingType::duration, "7d", 0, 3650 * kDay, "", "How long a deleted tag, manifest or repository can be restored."},
    {Setting::pull_days, "pull_days", SettingType::duration, "400d", 0, 3650 * kDay, "", "How long the counts of pulls on each day are kept, 0 for ever; the sums stay."},
    {Setting::retention_interval, "retention_interval", SettingType::duration, "1h", kSecond, 365 * kDay, "", "How often the rules of retention are applied."},
    {Setting::audit_keep, "audit_keep", SettingType::duration, "400d", 0, 36500 * kDay, "", "How long lines of the audit log are kept, 0 for ever; they go by whole segments, so a day later or two."},
    {Setting::sparse_indexes, "sparse_indexes", SettingType::boolean, "false", 0, 0, "", "Accept indexes and images whose children or layers are not here."},
    {Setting::read_only, "read_only", SettingType::boolean, "false", 0, 0, "", "Refuse pushes and deletes with 503; pulls go on. The same happens by itself while the catalog's disk fails."},
    {Setting::scrub_rate, "scrub_rate", SettingType::bytes, "20MiB", 0, kTiB, "", "Bytes a second that the scrub reads to find damaged blobs; 0 switches it off."},
    {Setting::scrub_interval, "scrub_interval", SettingType::duration, "7d", kSecond, 365 * kDay, "", "From the start of one scrub of all blobs to the start of the next."},
    {Setting::default_org, "default_org", SettingType::text, "main", 0, 0, "", "The organisation that repositories with names of one part belong to; made at the first start."},
    {Setting::keys_per_user, "keys_per_user", SettingType::number, "100", 0, 1000000, "", "Personal keys that one user may have at once, those that are over not counted. 0: no limit."},
    {Setting::token_lifetime, "token_lifetime", SettingType::duration, "300s", kSecond, kHour, "", "How long a token for pushes and pulls is good. Rights are looked up at each use all the same."},
    {Setting::invitation_lifetime, "invitation_lifetime", SettingType::duration, "7d", 60 * kSecond, 90 * kDay, "", "How long the link of an invitation is good when whoever invites says nothing else."},
    {Setting::smtp_url, "smtp_url", SettingType::text, "", 0, 0, "", "The mail server that takes invitations: smtp://mail.example:587 or smtps://mail.example:465. Without one the link goes to whoever invites."},
    {Setting::smtp_from, "smtp_from", SettingType::text, "", 0, 0, "", "The address that letters come from; needed with smtp_url."},
    {Setting::smtp_user, "smtp_user", SettingType::text, "", 0, 0, "", "Name at the mail server, if it wants one."},
    {Setting::smtp_password_file, "smtp_password_file", SettingType::text, "", 0, 0, "", "A file whose first line is the password at the mail server."},
    {Setting::smtp_tls, "smtp_tls", SettingType::choice, "required", 0, 0, "required|opportunistic|never", "Whether smtp:// must be encrypted by STARTTLS. smtps:// always is."},
    {Setting::session_idle, "session_idle", SettingType::duration, "12h", 1200 * kSecond, 365 * kDay, "", "A browser session ends when it was not used for so long."},
    {Setting::session_lifetime, "session_lifetime", SettingType::duration, "7d", 1200 * kSecond, 365 * kDay, "", "A browser session ends so long after it was begun, however much it is used."},
    {Setting::recall_memory, "recall_memory", SettingType::bytes, "16MiB", 0, kTiB, "", "Memory for answers to reads that may be given again until something is written; 0 switches it off."},
    {Setting::requests_per_address, "requests_per_address", SettingType::number, "0", 0, 1000000000, "", "Requests a second from one address, two seconds of them at once; one more is answered 429. 0: no limit, as many clients can share an address."},
    {Setting::requests_per_principal, "requests_per_principal", SettingType::number, "0", 0, 1000000000, "", "Requests a second of one account or service key, from wherever; a guest is his address. 0: no limit."},
    {Setting::transfers_per_address, "transfers_per_address", SettingType::number, "0", 0, 1000000, "", "Pushes and pulls of blobs that one address may have under way. 0: no limit."},
    {Setting::transfers_per_principal, "transfers_per_principal", SettingType::number, "0", 0, 1000000, "", "Pushes and pulls of blobs that one account or service key may have under way. 0: no limit."},
};
// clang-format on

const SettingRow& row_of(Setting setting) {
  return *std::find_if(std::begin(kRows), std::end(kRows), [&](const SettingRow& r) { return r.setting == setting; });
}

// Digits and a unit: "64MiB" → 64, "MiB".
std::optional<std::pair<std::uint64_t, std::string_view>> number_and_unit(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = base::parse_decimal(text.substr(0, digits));
  if (!number) return std::nullopt;
  return std::pair{*number, text.substr(digits)};
}

std::optional<std::uint64_t> scaled(std::string_view text, std::span<const std::pair<std::string_view, std::uint64_t>> units) {
  const auto parts = number_and_unit(text);
  if (!parts) return std::nullopt;
  for (const auto& [unit, factor] : units) {
    if (unit != parts->second) continue;
    if (parts->first > UINT64_MAX / factor) return std::nullopt;
    return parts->first * factor;
  }
  return std::nullopt;
}

bool is_choice(std::string_view choices, std::string_view value) {
  while (!choices.empty()) {
    const auto bar = choices.find('|');
    if (choices.substr(0, bar) == value) return true;
    choices = bar == std::string_view::npos ? std::string_view() : choices.substr(bar + 1);
  }
  return false;
}

bool within(const SettingRow& row, std::optional<std::uint64_t> value) { return value && *value >= row.min && *value <= row.max; }

bool fits(const SettingRow& row, const std::string& text) {
  switch (row.type) {
    case SettingType::text:
    case SettingType::list: return !text.empty() || row.fallback.empty();  // what may be unset, may be set to nothing
    case SettingType::boolean: return text == "true" || text == "false";
    case SettingType::choice: return is_choice(row.choices, text);
    case SettingType::number: return within(row, base::parse_decimal(text));
    case SettingType::bytes: return within(row, parse_bytes(text));
    case SettingType::duration: {
      const auto time = parse_duration(text);
      return time && within(row, static_cast<std::uint64_t>(time->count()));
    }
  }
  return false;
}

std::string environment_name(std::string_view key) {
  std::string name = "BERTH_";
  for (const char c : key) name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

// Limits as a person would write them.
std::string limit_text(const SettingRow& row, std::uint64_t value) {
  if (row.type != SettingType::duration) return std::to_string(value);
  return value % kSecond == 0 ? std::to_string(value / kSecond) + "s" : std::to_string(value) + "ms";
}

}  // namespace

std::span<const SettingRow> setting_rows() { return kRows; }

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  static constexpr std::pair<std::string_view, std::uint64_t> kUnits[] = {
      {"", 1}, {"B", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}, {"TiB", 1ULL << 40}};
  return scaled(text, kUnits);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static constexpr std::pair<std::string_view, std::uint64_t> kUnits[] = {
      {"ms", 1}, {"s", kSecond}, {"m", 60 * kSecond}, {"h", kHour}, {"d", kDay}};
  const auto value = scaled(text, kUnits);
  if (!value || *value > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

std::string setting_form(const SettingRow& row) {
  const auto bounds = [&] { return ", " + limit_text(row, row.min) + " to " + limit_text(row, row.max); };
  switch (row.type) {
    case SettingType::text: return "text";
    case SettingType::list: return "list (in the environment: separated by commas)";
    case SettingType::boolean: return "true or false";
    case SettingType::choice: {
      std::string text = "one of";
      for (const char c : std::string(1, '|') + std::string(row.choices)) text += c == '|' ? " " : std::string(1, c);
      return text;
    }
    case SettingType::number: return "whole number" + bounds();
    case SettingType::bytes: return "size such as 512MiB or 2GiB" + bounds();
    case SettingType::duration: return "time such as 500ms, 30s, 15m, 24h or 7d" + bounds();
  }
  return "";
}

const Settings::Value& Settings::value(Setting setting) const { return values_.at(setting); }

std::vector<std::string> Settings::list(Setting setting) const {
  std::vector<std::string> items;
  std::string_view rest = text(setting);
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    if (const auto item = rest.substr(0, comma); !item.empty()) items.emplace_back(item);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return items;
}

bool Settings::boolean(Setting setting) const { return text(setting) == "true"; }

std::uint64_t Settings::number(Setting setting) const { return parse_bytes(text(setting)).value_or(0); }

std::chrono::milliseconds Settings::duration(Setting setting) const {
  return parse_duration(text(setting)).value_or(std::chrono::milliseconds(0));
}

class SettingsLoader {
 public:
  base::Result<Settings> load(const SettingsSources& sources) {
    for (const auto& row : kRows) settings_.values_[row.setting] = {std::string(row.fallback), "default"};
    if (sources.file_text) BERTH_CHECK_OK(take_file(*sources.file_text));
    if (sources.environment) {
      for (const auto& row : kRows) {
        if (auto value = sources.environment(environment_name(row.key))) {
          BERTH_CHECK_OK(set(row, std::move(*value), "environment", environment_name(row.key)));
        }
      }
    }
    for (const auto& [setting, value] : sources.command_line) {
      const auto& row = row_of(setting);
      BERTH_CHECK_OK(set(row, value, "command line", "--" + std::string(row.key)));
    }
    return std::move(settings_);
  }

 private:
  base::Result<void> take_file(const std::string& text) {
    BERTH_TRY(const auto document, base::parse_yaml(text));
    for (const auto& [key, value] : document.items()) {
      const auto* row =
          std::find_if(std::begin(kRows), std::end(kRows), [&, k = key](const SettingRow& r) { return r.key == k; });
      if (row == std::end(kRows)) {
        return base::fail(
            ErrorCode::configuration_invalid,
            "the configuration file sets \"" + key + "\", which is no setting; `berth config defaults` lists them all");
      }
      auto text_of_value = value_text(*row, value);
      if (!text_of_value) {
        return base::fail(ErrorCode::configuration_invalid, key + " in the configuration file must be: " + setting_form(*row));
      }
      BERTH_CHECK_OK(set(*row, std::move(*text_of_value), "file", key));
    }
    return {};
  }

  // As it would stand in the environment; nullopt for what is neither text nor, where one is wanted, a list of texts.
  static std::optional<std::string> value_text(const SettingRow& row, const base::Json& value) {
    if (value.is_null()) return std::string();
    if (value.is_string()) return value.get<std::string>();
    if (!value.is_array() || row.type != SettingType::list) return std::nullopt;
    std::string joined;
    for (const auto& item : value) {
      if (!item.is_string()) return std::nullopt;
      joined += (joined.empty() ? "" : ",") + item.get<std::string>();
    }
    return joined;
  }

  base::Result<void> set(const SettingRow& row, std::string value, std::string_view source, const std::string& called) {
    if (!fits(row, value)) {
      return base::fail(ErrorCode::configuration_invalid,
                        called + " is \"" + value + "\" (" + std::string(source) + "); it must be: " + setting_form(row));
    }
    settings_.values_[row.setting] = {std::move(value), std::string(source)};
    return {};
  }

  Settings settings_;
};

base::Result<Settings> load_settings(const SettingsSources& sources) { return SettingsLoader().load(sources); }

std::string default_configuration() {
  std::string text = "# Every setting of Berth with its default. Environment: BERTH_<KEY in capitals>.\n";
  for (const auto& row : kRows) {
    text += "\n# " + std::string(row.help) + "\n# Form: " + setting_form(row) + "\n" + std::string(row.key) + ": ";
    text += row.type == SettingType::list ? "[\"" + std::string(row.fallback) + "\"]\n" : std::string(row.fallback) + "\n";
  }
  return text;
}

std::string config_page() {
  std::string page =
      "# Settings\n\n<!-- Generated by ./deploy/dev gen; edit the table in src/app/settings.cpp instead. -->\n\n"
      "Where a value comes from, the last wins: default, file (`--config`, YAML), environment, command line.\n\n"
      "| key | environment | default | form | meaning |\n|---|---|---|---|---|\n";
  for (const auto& row : kRows) {
    const std::string fallback = row.fallback.empty() ? "–" : "`" + std::string(row.fallback) + "`";
    page += "| `" + std::string(row.key) + "` | `" + environment_name(row.key) + "` | " + fallback + " | " + setting_form(row) +
            " | " + std::string(row.help) + " |\n";
  }
  return page;
}

}  // namespace berth::app
