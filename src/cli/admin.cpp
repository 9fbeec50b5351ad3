#include <cstdio>
#include <iostream>

#include "cli/commands.h"
#include "cli/exit_codes.h"

namespace berth::cli {

namespace {

std::string cell(const base::OrderedJson& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "-";
  if (!value.is_array()) return value.dump();
  std::string joined;
  for (const auto& item : value) joined += (joined.empty() ? "" : ",") + cell(item);
  return joined.empty() ? "-" : joined;
}

void print_line(const std::string& text) { std::printf("%s\n", text.c_str()); }

// A list as lines of name=value, so that no column has to be guessed; one thing as a line for each of its values.
void print_text(const base::OrderedJson& answer) {
  if (answer.is_array()) {
    for (const auto& entry : answer) {
      std::string line;
      for (const auto& [name, value] : entry.items()) line += (line.empty() ? "" : "  ") + (name + '=' + cell(value));
      print_line(line);
    }
    return;
  }
  for (const auto& [name, value] : answer.items()) print_line(name + ": " + cell(value));
}

}  // namespace

std::string read_secret() {
  std::string line;
  std::getline(std::cin, line);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

int admin(const ServeArguments& arguments, const app::AdminRow& row, const app::AdminArguments& values, Output output) {
  const auto settings = load(arguments);
  if (!settings) return report(settings.error());
  const auto answer = app::administer(*settings, row, values);
  if (!answer) {
    const int code = report(answer.error());
    return answer.error().code() == base::ErrorCode::busy ? kUnreachable : code;  // a daemon that does not answer
  }
  if (output == Output::json) {
    print_line(answer->dump(2));
  } else {
    print_text(*answer);
  }
  return kDone;
}

}  // namespace berth::cli
