#include <cstdio>
#include <cstdlib>

#include "berth/base/fs.h"
#include "berth/base/json.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"

namespace berth::cli {

int report(const base::Error& error) {
  std::string text = "berth: " + error.message();
  if (!error.context().empty()) text += " (" + error.context() + ")";
  std::fprintf(stderr, "%s\n", text.c_str());
  switch (error.code()) {
    case base::ErrorCode::configuration_invalid:
    case base::ErrorCode::parameter_invalid:
    case base::ErrorCode::name_invalid:
    case base::ErrorCode::name_reserved:
    case base::ErrorCode::already_exists:
    case base::ErrorCode::usage: return kUsage;
    case base::ErrorCode::repository_unknown:
    case base::ErrorCode::object_unknown:
    case base::ErrorCode::event_unknown:
    case base::ErrorCode::conflict:
    case base::ErrorCode::restore_impossible: return kNo;
    case base::ErrorCode::denied:
    case base::ErrorCode::unauthorized: return kRefused;
    default: return kInternal;
  }
}

base::Result<app::Settings> load(const ServeArguments& arguments) {
  app::SettingsSources sources;
  if (!arguments.config_file.empty()) {
    BERTH_TRY(auto text, base::read_small_file(base::real_file_system(), arguments.config_file));
    if (!text) {
      return base::fail(base::ErrorCode::configuration_invalid, "there is no configuration file " + arguments.config_file);
    }
    sources.file_text = std::move(*text);
  }
  sources.environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nothing here sets one
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
  sources.command_line = arguments.settings;
  return app::load_settings(sources);
}

int config_show(const ServeArguments& arguments, Output output) {
  const auto settings = load(arguments);
  if (!settings) return report(settings.error());
  auto document = base::OrderedJson::object();
  for (const auto& row : app::setting_rows()) {
    const auto& value = settings->value(row.setting);
    document[std::string(row.key)] = {{"value", value.text}, {"source", value.source}};
    if (output == Output::text) {
      std::printf("%-26s %-28s %s\n", std::string(row.key).c_str(), value.text.c_str(), value.source.c_str());
    }
  }
  if (output == Output::json) std::printf("%s\n", document.dump(2).c_str());
  return kDone;
}

int config_check(const ServeArguments& arguments) {
  const auto settings = load(arguments);
  if (!settings) {
    report(settings.error());
    return kNo;
  }
  std::printf("the configuration is valid\n");
  return kDone;
}

int config_defaults() {
  std::fputs(app::default_configuration().c_str(), stdout);
  return kDone;
}

int version(Output output) {
  if (output == Output::json) {
    std::printf("%s\n", base::OrderedJson{{"version", BERTH_VERSION}}.dump().c_str());
  } else {
    std::printf("berth %s\n", BERTH_VERSION);
  }
  return kDone;
}

}  // namespace berth::cli
