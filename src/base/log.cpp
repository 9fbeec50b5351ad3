#include "berth/base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cmath>
#include <memory>

#include "base/log_text.h"
#include "berth/base/clock.h"
#include "berth/base/metrics.h"

namespace berth::base::log {

namespace {

std::atomic<Format> current_format{Format::text};
std::atomic<Level> current_level{Level::info};

struct LevelName {
  Level level;
  std::string_view name;
};

constexpr std::array<LevelName, 6> kLevels = {{{Level::trace, "trace"},
                                               {Level::debug, "debug"},
                                               {Level::info, "info"},
                                               {Level::warning, "warning"},
                                               {Level::error, "error"},
                                               {Level::off, "off"}}};

std::string_view level_name(Level level) { return kLevels[static_cast<std::size_t>(level)].name; }

// spdlog's part is the locked sink alone: the line, its time and its level are made here.
spdlog::logger& back_end() {
  static auto* const logger = [] {
    auto* made = new spdlog::logger("berth", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    return made;  // never destroyed: threads may log until the very end
  }();
  return *logger;
}

std::string number_text(double value) {
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc() ? std::string(buffer, end) : std::string("0");
}

// Text that a reader of `name=value name=value` would split wrongly, or that could pass for nothing.
bool needs_quotes(std::string_view text) {
  return text.empty() || std::any_of(text.begin(), text.end(),
                                     [](unsigned char c) { return c <= ' ' || c == '"' || c == '\\' || c == '=' || c >= 0x7f; });
}

void append_value(std::string& line, const Field& field, Format format) {
  if (is_secret_name(field.name)) {
    line += format == Format::json ? "\"[redacted]\"" : "[redacted]";
    return;
  }
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    const std::string clean = redact(*text);
    if (format == Format::json || needs_quotes(clean)) {
      line += '"';
      append_escaped(line, clean);
      line += '"';
    } else {
      line += clean;
    }
  } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    line += std::to_string(*number);
  } else if (const auto* real = std::get_if<double>(&field.value)) {
    line += std::isfinite(*real) ? number_text(*real) : "null";
  } else {
    line += std::get<bool>(field.value) ? "true" : "false";
  }
}

// {"time":"…","level":"info","event":"…","request_id":"…"}
std::string json_line(std::string_view time, Level level, std::string_view event, const Fields& fields) {
  std::string line = "{\"time\":\"";
  line.append(time).append("\",\"level\":\"").append(level_name(level)).append("\",\"event\":\"");
  append_escaped(line, redact(event));
  line += '"';
  for (const Field& field : fields) {
    line += ",\"";
    append_escaped(line, field.name);
    line += "\":";
    append_value(line, field, Format::json);
  }
  line += '}';
  return line;
}

// 2026-11-24T17:17:08.123456Z info    upload committed request_id=… bytes=12
std::string text_line(std::string_view time, Level level, std::string_view event, const Fields& fields) {
  constexpr std::size_t kLevelWidth = 8;
  std::string line(time);
  line += ' ';
  line.append(level_name(level)).append(kLevelWidth - level_name(level).size(), ' ');
  append_escaped(line, redact(event));
  for (const Field& field : fields) {
    line += ' ';
    append_escaped(line, field.name);
    line += '=';
    append_value(line, field, Format::text);
  }
  return line;
}

}  // namespace

void configure(Format format, Level level) {
  current_format = format;
  current_level = level;
}

std::optional<Level> find_level(std::string_view name) {
  const auto* row = std::find_if(kLevels.begin(), kLevels.end(), [&](const LevelName& l) { return l.name == name; });
  if (row == kLevels.end()) return std::nullopt;
  return row->level;
}

bool enabled(Level level) { return level != Level::off && level >= current_level.load(std::memory_order_relaxed); }

void write(Level level, std::string_view event, const Fields& fields) {
  if (!enabled(level)) return;
  const std::string line = format_line(current_format, level, event, fields);
  back_end().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  metrics::add(metrics::Metric::log_lines, 1, {level_name(level)});
}

std::string format_line(Format format, Level level, std::string_view event, const Fields& fields) {
  const std::string time = format_rfc3339(SystemClock().now());
  return format == Format::json ? json_line(time, level, event, fields) : text_line(time, level, event, fields);
}

}  // namespace berth::base::log
