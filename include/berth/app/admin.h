// What `berth admin` can do: one row a command. The command line, its help and docs/admin.md are made from the rows.
//
// A new command = one row in src/app/admin.cpp. Who may run them: whoever may read the data directory.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "berth/app/settings.h"
#include "berth/base/error.h"
#include "berth/base/json.h"

namespace berth::service {
class Accounts;
}

namespace berth::app {

struct AdminParameter {
  // `secret` is a flag whose value is read from standard input.
  enum class Form : std::uint8_t { word, optional_word, option, list, flag, secret };
  std::string_view name;  // "email"; options are --name
  Form form = Form::word;
  std::string_view help;
};

// Values by parameter name; absent when it was not given, "true" for a flag.
class AdminArguments {
 public:
  void set(std::string name, std::vector<std::string> values) { values_[std::move(name)] = std::move(values); }
  // Empty when it was not given.
  [[nodiscard]] std::string text(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() || found->second.empty() ? std::string() : found->second.front();
  }
  [[nodiscard]] std::vector<std::string> list(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::vector<std::string>{} : found->second;
  }
  [[nodiscard]] bool has(const std::string& name) const { return values_.contains(name); }

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

using AdminHandler = base::Result<base::OrderedJson> (*)(service::Accounts&, const AdminArguments&);

struct AdminRow {
  std::string_view object;  // "user"
  std::string_view verb;    // "create"
  std::string_view help;
  std::vector<AdminParameter> parameters;
  AdminHandler handler;
};
std::span<const AdminRow> admin_rows();

// Runs a command on the data directory of `settings`; the answer is a document for people and programs.
// Errors: busy (a daemon uses the directory: stop it first), the command's own.
base::Result<base::OrderedJson> administer(const Settings& settings, const AdminRow& row, const AdminArguments& arguments);

// docs/admin.md
std::string admin_page();

}  // namespace berth::app
