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
#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/base/json.h"
#include "berth/catalog/audit.h"

namespace berth::catalog {
class Catalog;
}
namespace berth::service {
class Accounts;
class Audit;
class Collector;
class WriteGate;
}  // namespace berth::service

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
  [[nodiscard]] const std::map<std::string, std::vector<std::string>>& all() const { return values_; }

 private:
  std::map<std::string, std::vector<std::string>> values_;
};

// What a command works on, under the lock of its data directory: the daemon's own, or taken for the command.
struct AdminPlace {
  const Settings& settings;
  catalog::Catalog& catalog;
  service::Accounts& accounts;
  service::Audit& audit;
  const base::Clock& clock;
  catalog::Origin by;  // "machine:" and the user who runs the command
  // Of a daemon that runs; null without one.
  service::Collector* collector = nullptr;
  const service::WriteGate* gate = nullptr;
};

// Of accounts, which may be made before there is any data; or of data, which must be there.
class AdminHandler {
 public:
  using OfAccounts = base::Result<base::OrderedJson> (*)(service::Accounts&, const AdminArguments&);
  using OfData = base::Result<base::OrderedJson> (*)(AdminPlace&, const AdminArguments&);
  AdminHandler(OfAccounts handler) : of_accounts_(handler) {}  // NOLINT(google-explicit-constructor): rows name functions
  AdminHandler(OfData handler) : of_data_(handler) {}          // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool needs_data() const { return of_data_ != nullptr; }
  base::Result<base::OrderedJson> run(AdminPlace& place, const AdminArguments& arguments) const {
    return of_data_ != nullptr ? of_data_(place, arguments) : of_accounts_(place.accounts, arguments);
  }

 private:
  OfAccounts of_accounts_ = nullptr;
  OfData of_data_ = nullptr;
};

struct AdminRow {
  std::string_view object;  // "user"
  std::string_view verb;    // "create"; "" when the object says it all
  std::string_view help;
  std::vector<AdminParameter> parameters;
  AdminHandler handler;
};
std::span<const AdminRow> admin_rows();

// Runs a command on the data directory of `settings`, by the daemon that uses it if there is one; the answer is a document for people
// and programs. Errors: busy (a daemon uses the directory and does not answer), the command's own.
base::Result<base::OrderedJson> administer(const Settings& settings, const AdminRow& row, const AdminArguments& arguments);

// docs/admin.md
std::string admin_page();

}  // namespace berth::app
