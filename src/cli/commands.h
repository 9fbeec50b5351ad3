#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "berth/app/admin.h"
#include "berth/app/settings.h"

namespace berth::cli {

// What serve and config take on the command line.
struct ServeArguments {
  std::string config_file;
  std::vector<std::pair<app::Setting, std::string>> settings;
};

// The settings that these arguments, the file and the environment make.
base::Result<app::Settings> load(const ServeArguments& arguments);

// Serves until SIGTERM or SIGINT; SIGHUP reads the certificate files again.
int serve(const ServeArguments& arguments);

enum class Output { text, json };

// What verify, backup and restore take.
struct MaintenanceArguments {
  ServeArguments serve;    // for the configuration file alone
  std::string data;        // empty: the setting
  std::string folder;      // of the backup
  std::string since;       // an earlier backup; may be empty
  std::string audit_head;  // COUNT:HASH, noted elsewhere; may be empty
};
int verify(const MaintenanceArguments& arguments, Output output);
int backup(const MaintenanceArguments& arguments, Output output);
int restore(const MaintenanceArguments& arguments, Output output);

int config_show(const ServeArguments& arguments, Output output);
int config_check(const ServeArguments& arguments);
int config_defaults();
int version(Output output);
// One command of app::admin_rows().
int admin(const ServeArguments& arguments, const app::AdminRow& row, const app::AdminArguments& values, Output output);
// A line of standard input, for a secret that must not stand on a command line.
std::string read_secret();

}  // namespace berth::cli
