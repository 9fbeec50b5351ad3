#include "app/admin_door.h"

#include <algorithm>

#include "app/machine_user.h"
#include "berth/base/log.h"
#include "berth/service/accounts.h"

namespace berth::app {

using base::ErrorCode;
using base::OrderedJson;
using base::Result;

namespace {

// Collecting can take as long as there is something to collect; everything else is over in a moment.
constexpr std::chrono::minutes kLongest{10};

base::Error unreadable() {
  return {ErrorCode::usage, "the daemon and this program do not understand each other: are they of one version?"};
}

struct Command {
  const AdminRow* row = nullptr;
  AdminArguments arguments;
};

Result<Command> command_of(const std::string& question) {
  BERTH_TRY(const auto json, base::parse_json(question));
  const auto text = [&](const char* member) {
    const auto found = json.find(member);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string("?");
  };
  if (!json.is_object() || !json.contains("arguments") || !json["arguments"].is_object()) return base::fail(unreadable());
  const auto rows = admin_rows();
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const AdminRow& one) { return one.object == text("object") && one.verb == text("verb"); });
  if (row == rows.end()) return base::fail(unreadable());
  Command command{&*row, {}};
  for (const auto& [name, values] : json["arguments"].items()) {
    const bool known =
        std::any_of(row->parameters.begin(), row->parameters.end(), [&, n = name](const auto& p) { return p.name == n; });
    const bool texts =
        values.is_array() && std::all_of(values.begin(), values.end(), [](const auto& v) { return v.is_string(); });
    if (!known || !texts) return base::fail(unreadable());
    command.arguments.set(name, values.get<std::vector<std::string>>());
  }
  return command;
}

OrderedJson said_of(const Result<OrderedJson>& outcome) {
  if (outcome) return {{"answer", *outcome}};
  const auto& error = outcome.error();
  return {{"error", {{"code", base::error_code_name(error.code())}, {"message", error.message()}, {"context", error.context()}}}};
}

Result<OrderedJson> run(const AdminPlace& place, const std::string& question, std::uint32_t user) {
  BERTH_TRY(const auto command, command_of(question));
  base::log::info("administration on the machine",
                  {{"command", std::string(command.row->object) + ' ' + std::string(command.row->verb)}, {"user", user}});
  const auto by = on_machine(user);
  auto accounts = place.accounts.by(by);
  AdminPlace theirs{place.settings, place.catalog, accounts, place.audit, place.clock, by, place.collector, place.gate};
  return command.row->handler.run(theirs, command.arguments);
}

Result<OrderedJson> outcome_of(const OrderedJson& said) {
  if (said.contains("answer")) return said["answer"];
  const auto error = said.value("error", OrderedJson::object());
  const auto code = base::find_error_code(error.value("code", ""));
  if (!code) return base::fail(unreadable());
  return base::fail(base::Error(*code, error.value("message", "")).in(error.value("context", "")));
}

}  // namespace

Result<std::unique_ptr<net::LocalServer>> open_admin_door(const AdminPlace& place) {
  return net::serve_local(admin_socket(place.settings.text(Setting::data)),
                          [place](const std::string& question, std::uint32_t user) {
                            const auto said = said_of(run(place, question, user));
                            return said.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
                          });
}

Result<OrderedJson> ask_daemon(const std::string& directory, const AdminRow& row, const AdminArguments& arguments) {
  const OrderedJson question = {{"object", row.object}, {"verb", row.verb}, {"arguments", arguments.all()}};
  auto answer =
      net::ask_local(admin_socket(directory), question.dump(-1, ' ', false, OrderedJson::error_handler_t::replace), kLongest);
  if (!answer && answer.error().code() == ErrorCode::busy) {
    return base::fail(std::move(answer).error().as(
        ErrorCode::busy,
        "a daemon uses the data directory and does not answer: it starts or ends just now, or is another user's"));
  }
  if (!answer) return base::fail(std::move(answer).error());
  const auto said = OrderedJson::parse(*answer, nullptr, /*allow_exceptions=*/false);
  if (!said.is_object()) return base::fail(unreadable());
  return outcome_of(said);
}

}  // namespace berth::app
