// Structured logs: one event a line on standard error, as JSON or as text, with secrets redacted before formatting.
//
//   log::info("upload committed", {{"request_id", id}, {"digest", digest.text()}, {"bytes", size}});
//
// Redaction: a field whose name is authorization, cookie, set-cookie, password, token, secret, key, _state or ends in one of these
// is written as "[redacted]"; values that look like a Berth key (berth_…, nvapi-…) or a Bearer/Basic credential are cut out of any
// text, as are the values of query parameters with such names. Control characters are escaped, so that no input can forge a line. Any thread; lines never interleave.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace berth::base::log {

enum class Level : std::uint8_t { trace, debug, info, warning, error, off };
enum class Format : std::uint8_t { text, json };

struct Field {
  std::string_view name;
  std::variant<std::string, std::int64_t, double, bool> value;

  Field(std::string_view n, std::string v) : name(n), value(std::move(v)) {}
  Field(std::string_view n, std::string_view v) : name(n), value(std::string(v)) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string(v)) {}
  Field(std::string_view n, bool v) : name(n), value(v) {}
  Field(std::string_view n, double v) : name(n), value(v) {}
  template <typename T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  Field(std::string_view n, T v) : name(n), value(static_cast<std::int64_t>(v)) {}
};
using Fields = std::vector<Field>;

// Call once at start; before that everything from `info` up is written as text.
void configure(Format format, Level level);
// "trace", "debug", "info", "warning", "error", "off"; nullopt for anything else.
std::optional<Level> find_level(std::string_view name);
bool enabled(Level level);

void write(Level level, std::string_view event, const Fields& fields = {});
inline void debug(std::string_view event, const Fields& fields = {}) { write(Level::debug, event, fields); }
inline void info(std::string_view event, const Fields& fields = {}) { write(Level::info, event, fields); }
inline void warning(std::string_view event, const Fields& fields = {}) { write(Level::warning, event, fields); }
inline void error(std::string_view event, const Fields& fields = {}) { write(Level::error, event, fields); }

// The line that write() would emit, without the newline; for tests.
std::string format_line(Format format, Level level, std::string_view event, const Fields& fields);
// `text` with everything that looks like a credential cut out.
std::string redact(std::string_view text);

}  // namespace berth::base::log
