#include "berth/cli/command_line.h"

#include <CLI/CLI.hpp>

#include <deque>
#include <functional>
#include <map>

#include "cli/commands.h"
#include "cli/cores.h"
#include "cli/exit_codes.h"

namespace berth::cli {

namespace {

// The flags of CONTRACTS.md, each the spelling of a setting.
struct ServeFlags {
  std::string config;
  std::string data;
  std::vector<std::string> listen;
  std::string ops_listen;
  std::string public_url;
  std::string tls_cert;
  std::string tls_key;
  bool tls_self_signed = false;
  bool open = false;
  std::string log_format;
  std::string log_level;

  void add_to(CLI::App& command) {
    command.add_option("--config", config, "Configuration file (YAML); `berth config defaults` prints one");
    command.add_option("--data", data, "Data directory [./berth-data]");
    command.add_option("--listen", listen, "[http://|https://]HOST:PORT, repeatable [127.0.0.1:5000]");
    command.add_option("--ops-listen", ops_listen, "HOST:PORT for /healthz, /readyz and /metrics alone");
    command.add_option("--public-url", public_url, "Where clients find the registry: https://HOST[:PORT]");
    command.add_option("--tls-cert", tls_cert, "Certificate file (PEM) with its chain; SIGHUP reads it again");
    command.add_option("--tls-key", tls_key, "Private key file (PEM) of the certificate");
    command.add_flag("--tls-self-signed", tls_self_signed, "A certificate of our own making, kept in the data directory");
    command.add_flag("--open", open, "No accounts, everything allowed, loopback only");
    command.add_option("--log-format", log_format, "text or json [text]");
    command.add_option("--log-level", log_level, "trace, debug, info, warning, error or off [info]");
  }

  [[nodiscard]] ServeArguments arguments() const {
    ServeArguments result{config, {}};
    const auto add = [&](app::Setting setting, const std::string& value) {
      if (!value.empty()) result.settings.emplace_back(setting, value);
    };
    add(app::Setting::data, data);
    std::string joined;
    for (const auto& address : listen) joined += (joined.empty() ? "" : ",") + address;
    add(app::Setting::listen, joined);
    add(app::Setting::ops_listen, ops_listen);
    add(app::Setting::public_url, public_url);
    add(app::Setting::tls_cert, tls_cert);
    add(app::Setting::tls_key, tls_key);
    if (tls_self_signed) add(app::Setting::tls_self_signed, "true");
    if (open) add(app::Setting::open, "true");
    add(app::Setting::log_format, log_format);
    add(app::Setting::log_level, log_level);
    return result;
  }
};

// verify, backup and restore: what an operator does to a data directory as a whole.
void add_maintenance(CLI::App& program, MaintenanceArguments& arguments, int& code, bool& json) {
  const auto output = [&json] { return json ? Output::json : Output::text; };
  auto* check = program.add_subcommand("verify", "Is every row and every byte what it should be? Exit code 1 if not");
  auto* save = program.add_subcommand("backup", "Copy the data, also while it is served");
  auto* bring_back = program.add_subcommand("restore", "Fill an empty data directory from a backup");
  save->add_option("DIR", arguments.folder, "Folder of the backup; an earlier one in it is brought up to date")->required();
  save->add_option("--since", arguments.since, "An earlier backup in another folder, to take what is unchanged from");
  check->add_option("--audit-head", arguments.audit_head, "COUNT:HASH of the audit log's head, as it was noted elsewhere");
  bring_back->add_option("DIR", arguments.folder, "Folder of the backup")->required();
  for (auto* command : {check, save, bring_back}) {
    command->add_option("--config", arguments.serve.config_file, "Configuration file (YAML)");
    command->add_option("--data", arguments.data, "Data directory [./berth-data]");
    command->add_flag("--json", json, "As JSON");
  }
  check->callback([&arguments, &code, output] { code = verify(arguments, output()); });
  save->callback([&arguments, &code, output] { code = backup(arguments, output()); });
  bring_back->callback([&arguments, &code, output] { code = restore(arguments, output()); });
}

// `berth admin OBJECT VERB …`, from the rows. The values that CLI11 fills live as long as the program's command line.
class AdminCommands {
 public:
  void add_to(CLI::App& program,
              const std::function<void(const app::AdminRow&, const app::AdminArguments&, const ServeArguments&)>& run) {
    auto* admin = program.add_subcommand("admin", "Administer the registry on this machine");
    admin->require_subcommand(1);
    std::map<std::string_view, CLI::App*> objects;
    for (const auto& row : app::admin_rows()) {
      auto*& object = objects[row.object];
      const bool alone = row.verb.empty();
      if (object == nullptr) {
        object = admin->add_subcommand(std::string(row.object), alone ? std::string(row.help) : "");
        if (!alone) object->require_subcommand(1);
      }
      auto* command = alone ? object : object->add_subcommand(std::string(row.verb), std::string(row.help));
      auto& values = values_.emplace_back(row.parameters.size());
      for (std::size_t i = 0; i < row.parameters.size(); ++i) add_parameter(*command, row.parameters[i], values[i]);
      command->add_option("--config", config_, "Configuration file (YAML) of the daemon");
      command->add_option("--data", data_, "Data directory [./berth-data]");
      command->add_flag("--json", json_, "As JSON");
      command->callback([this, &row, &values, run] { run(row, arguments(row, values), place()); });
    }
  }
  [[nodiscard]] bool json() const { return json_; }

 private:
  using Form = app::AdminParameter::Form;
  using Values = std::vector<std::vector<std::string>>;

  [[nodiscard]] ServeArguments place() const {
    ServeArguments result{config_, {}};
    if (!data_.empty()) result.settings.emplace_back(app::Setting::data, data_);
    return result;
  }

  static void add_parameter(CLI::App& command, const app::AdminParameter& parameter, std::vector<std::string>& values) {
    const std::string name(parameter.name);
    const std::string help(parameter.help);
    // A vector would take every word that follows; these take one each.
    const auto take = [&values](const std::string& value) { values = {value}; };
    switch (parameter.form) {
      case Form::word: command.add_option_function<std::string>(name, take, help)->required(); break;
      case Form::optional_word: command.add_option_function<std::string>(name, take, help); break;
      case Form::option: command.add_option_function<std::string>("--" + name, take, help); break;
      case Form::list: command.add_option("--" + name, values, help)->allow_extra_args(false); break;
      case Form::flag:
      case Form::secret: command.add_flag_callback("--" + name, [&values] { values = {"true"}; }, help); break;
    }
  }

  static app::AdminArguments arguments(const app::AdminRow& row, const Values& values) {
    app::AdminArguments given;
    for (std::size_t i = 0; i < row.parameters.size(); ++i) {
      if (values[i].empty()) continue;
      const bool secret = row.parameters[i].form == Form::secret;
      given.set(std::string(row.parameters[i].name), secret ? std::vector<std::string>{read_secret()} : values[i]);
    }
    return given;
  }

  std::deque<Values> values_;
  std::string config_;
  std::string data_;
  bool json_ = false;
};

}  // namespace

int run(int argc, char** argv) {
  set_cores(Cores::forbidden);
  CLI::App program("Berth: the registry that GPU teams run themselves", "berth");
  program.require_subcommand(1);
  int code = kDone;
  ServeFlags flags;
  MaintenanceArguments maintenance;
  bool json = false;
  const auto output = [&] { return json ? Output::json : Output::text; };

  auto* serve_command = program.add_subcommand("serve", "Run the registry");
  flags.add_to(*serve_command);
  serve_command->callback([&] { code = serve(flags.arguments()); });

  auto* config = program.add_subcommand("config", "Look at the settings");
  config->require_subcommand(1);
  auto* show = config->add_subcommand("show", "Every setting, its value and where it comes from");
  flags.add_to(*show);
  show->add_flag("--json", json, "As JSON");
  show->callback([&] { code = config_show(flags.arguments(), output()); });
  auto* check = config->add_subcommand("check", "Is the configuration valid? Exit code 1 if not");
  flags.add_to(*check);
  check->callback([&] { code = config_check(flags.arguments()); });
  config->add_subcommand("defaults", "A configuration file with every default")->callback([&] { code = config_defaults(); });

  add_maintenance(program, maintenance, code, json);

  AdminCommands admin_commands;
  admin_commands.add_to(program, [&](const app::AdminRow& row, const app::AdminArguments& values, const ServeArguments& place) {
    code = admin(place, row, values, admin_commands.json() ? Output::json : Output::text);
  });

  auto* version_command = program.add_subcommand("version", "The version of this binary");
  version_command->add_flag("--json", json, "As JSON");
  version_command->callback([&] { code = version(output()); });

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? kDone : kUsage;
  }
  return code;
}

}  // namespace berth::cli
