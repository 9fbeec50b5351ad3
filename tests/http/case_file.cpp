#include "http/case_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "berth/base/bytes.h"

namespace berth::test {

namespace {

using base::ErrorCode;
using base::Result;

constexpr std::string_view kFixtureTitle = "fixture: ";

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// The first word; `text` keeps what follows it, without the blanks between.
std::string take_word(std::string_view& text) {
  text = trim(text);
  const auto end = std::min(text.find(' '), text.size());
  std::string word(text.substr(0, end));
  text = trim(text.substr(end));
  return word;
}

std::optional<ErrorCode> find_error_code(std::string_view name) {
  for (std::size_t i = 0; i < base::kErrorCodeCount; ++i) {
    const auto code = static_cast<ErrorCode>(i);
    if (base::error_code_name(code) == name) return code;
  }
  return std::nullopt;
}

void append_line(std::string& text, std::string_view line, bool first) {
  if (!first) text += '\n';
  text += line;
}

class Parser {
 public:
  Parser(std::string_view file, std::string_view text) : file_(file), rest_(text) {}

  Result<CaseFile> run() {
    while (!rest_.empty()) {
      const auto end = std::min(rest_.find('\n'), rest_.size());
      const auto line = rest_.substr(0, end);
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      ++line_;
      BERTH_CHECK_OK(take_line(line));
    }
    BERTH_CHECK_OK(end_case());
    return std::move(out_);
  }

 private:
  [[nodiscard]] tl::unexpected<base::Error> wrong(const std::string& what) const {
    return base::fail(ErrorCode::request_malformed, file_ + ".txt:" + std::to_string(line_) + ": " + what);
  }

  Result<void> take_line(std::string_view line) {
    const bool continues_body = open_body_ && line.starts_with('|');
    if (!continues_body) open_body_ = false;
    if (continues_body) return take_body_line(line.substr(1));
    if (trim(line).empty() || line.starts_with('#')) return {};
    if (take_prefix(line, "== ")) return begin_case(line);
    if (!current_) return wrong("a case begins with \"== title\"");
    if (take_prefix(line, ">> ")) return request_body(line);
    if (take_prefix(line, "> ")) return request_line(line);
    if (line == ">>") return request_body("");
    if (take_prefix(line, "<<")) return response_body(line);
    if (take_prefix(line, "< ")) return response_line(line);
    if (take_prefix(line, "$ ")) return capture(line);
    return head_line(line);
  }

  Result<void> begin_case(std::string_view title) {
    BERTH_CHECK_OK(end_case());
    current_.emplace();
    current_->file = file_;
    current_->line = line_;
    is_fixture_ = take_prefix(title, kFixtureTitle);
    current_->title = trim(title);
    return {};
  }

  Result<void> end_case() {
    if (!current_) return {};
    BERTH_CHECK_OK(end_step());
    if (!is_fixture_ && (current_->route.empty() || current_->spec.empty() || current_->steps.empty())) {
      return wrong("case \"" + current_->title + "\" needs route:, spec: and a step");
    }
    (is_fixture_ ? out_.fixtures : out_.cases).push_back(std::move(*current_));
    current_.reset();
    return {};
  }

  Result<void> end_step() const {
    if (current_->steps.empty()) return {};
    const auto& step = current_->steps.back();
    if (step.status == 0 && !step.error) return wrong(step.method + ' ' + step.target + " expects no status");
    return {};
  }

  // route: spec: server: protocol: access: orgs: given: body NAME = …  body NAME:
  Result<void> head_line(std::string_view line) {
    if (!current_->steps.empty()) return wrong("the head of a case stands before its first request");
    if (take_prefix(line, "body ")) return body_definition(line);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return wrong("this line is nothing that a case has");
    const auto key = line.substr(0, colon);
    auto value = trim(line.substr(colon + 1));
    if (key == "route")
      current_->route = value;
    else if (key == "spec")
      current_->spec = value;
    else if (key == "server")
      current_->server = value;
    else if (key == "protocol")
      current_->protocol = value;
    else if (key == "access")
      current_->access = value;
    else if (key == "orgs")
      while (!value.empty()) current_->orgs.push_back(take_word(value));
    else if (key == "given")
      while (!value.empty()) current_->given.push_back(take_word(value));
    else
      return wrong("unknown key " + std::string(key));
    return {};
  }

  Result<void> body_definition(std::string_view line) {
    const auto end = line.find_first_of(" :");
    if (end == std::string_view::npos) return wrong("write \"body NAME = text\" or \"body NAME:\" and lines with |");
    const std::string name(line.substr(0, end));
    auto rest = line.substr(end);
    if (rest == ":") {
      open_body_ = true;
      body_is_new_ = true;
      current_->bodies.emplace_back(name, "");
      return {};
    }
    if (!take_prefix(rest, " = ")) return wrong("write \"body " + name + " = text\"");
    current_->bodies.emplace_back(name, rest);
    return {};
  }

  Result<void> take_body_line(std::string_view line) {
    take_prefix(line, " ");
    append_line(current_->bodies.back().second, line, std::exchange(body_is_new_, false));
    return {};
  }

  // The request line of a new step, or a field of the present one.
  Result<void> request_line(std::string_view line) {
    const bool answered = !current_->steps.empty() && (current_->steps.back().status != 0 || current_->steps.back().error);
    if (current_->steps.empty() || answered) {
      Step step;
      step.line = line_;
      step.preparation = is_fixture_;
      step.method = take_word(line);
      step.target = line;
      if (step.target.empty()) return wrong("a request has a method and a target");
      current_->steps.push_back(std::move(step));
      return {};
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return wrong("a field of a request is written Name: value");
    current_->steps.back().fields.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
    return {};
  }

  Result<void> request_body(std::string_view text) {
    if (current_->steps.empty()) return wrong("a body needs a request before it");
    auto& body = current_->steps.back().body;
    const bool first = !body;
    if (first) body.emplace();
    append_line(*body, text, first);
    return {};
  }

  Result<void> response_line(std::string_view line) {
    if (current_->steps.empty()) return wrong("a response needs a request before it");
    auto& step = current_->steps.back();
    if (step.status == 0 && !step.error) return status_line(step, line);
    if (line == "fields as before") {
      step.fields_as_before = true;
      return {};
    }
    return field_expectation(step, line);
  }

  Result<void> status_line(Step& step, std::string_view line) const {
    if (!take_prefix(line, "error ")) {
      const auto status = base::parse_decimal(line);
      if (!status || *status < 100 || *status > 599)
        return wrong("a response begins with a status or with: error CODE \"words\"…");
      step.status = static_cast<int>(*status);
      return {};
    }
    const auto name = take_word(line);
    step.error = find_error_code(name);
    if (!step.error) return wrong("there is no error " + name);
    while (!line.empty()) {
      const auto end = line.find('"', 1);
      if (line.front() != '"' || end == std::string_view::npos) return wrong("words of a message stand in double quotes");
      step.words.emplace_back(line.substr(1, end - 1));
      line = trim(line.substr(end + 1));
    }
    return {};
  }

  Result<void> field_expectation(Step& step, std::string_view line) const {
    using Kind = FieldExpectation::Kind;
    const auto end = line.find_first_of(" :");
    if (end == std::string_view::npos) return wrong("a field is expected as: Name: value | Name ~ regex | Name * | Name !");
    std::string name(line.substr(0, end));
    auto rest = line.substr(end);
    if (rest == " *")
      step.expected_fields.push_back({std::move(name), Kind::present, {}});
    else if (rest == " !")
      step.expected_fields.push_back({std::move(name), Kind::absent, {}});
    else if (take_prefix(rest, " ~ "))
      step.expected_fields.push_back({std::move(name), Kind::matches, std::string(rest)});
    else if (take_prefix(rest, ":"))
      step.expected_fields.push_back({std::move(name), Kind::exact, std::string(trim(rest))});
    else
      return wrong("a field is expected as: Name: value | Name ~ regex | Name * | Name !");
    return {};
  }

  // << text | <<none | <<json {…} | <<~ regex; several lines of one kind make one text.
  Result<void> response_body(std::string_view line) {
    using Kind = BodyExpectation::Kind;
    if (current_->steps.empty()) return wrong("a response needs a request before it");
    auto& body = current_->steps.back().expected_body;
    Kind kind = Kind::exact;
    if (line == "none")
      kind = Kind::empty;
    else if (take_prefix(line, "json "))
      kind = Kind::json;
    else if (take_prefix(line, "~ "))
      kind = Kind::matches;
    else if (!line.empty() && !take_prefix(line, " "))
      return wrong("a body is expected as: << text | <<none | <<json {…} | <<~ regex");
    if (kind == Kind::empty) line = {};
    const bool first = body.kind == Kind::anything;
    if (!first && body.kind != kind) return wrong("one body is expected in one way");
    body.kind = kind;
    append_line(body.text, line, first);
    return {};
  }

  // $ variable = Field, or $ variable = Field ~ regex with one group
  Result<void> capture(std::string_view line) {
    if (current_->steps.empty()) return wrong("a capture needs a response before it");
    Capture capture;
    capture.variable = take_word(line);
    if (!take_prefix(line, "= ")) return wrong("write $ variable = Field or $ variable = Field ~ regex");
    capture.field = take_word(line);
    if (take_prefix(line, "~ "))
      capture.pattern = line;
    else if (!line.empty())
      return wrong("write $ variable = Field or $ variable = Field ~ regex");
    current_->steps.back().captures.push_back(std::move(capture));
    return {};
  }

  std::string file_;
  std::string_view rest_;
  std::size_t line_ = 0;
  std::optional<TextCase> current_;
  bool is_fixture_ = false;
  bool open_body_ = false;  // lines with | belong to the last body
  bool body_is_new_ = false;
  CaseFile out_;
};

// Puts what fixture `name` brings into `bodies` and `steps`; each fixture once, its own fixtures first.
Result<void> add_fixture(const std::vector<TextCase>& fixtures, const std::string& name, std::set<std::string>& seen,
                         TextCase& into) {
  if (!seen.insert(name).second) return {};
  const auto fixture = std::find_if(fixtures.begin(), fixtures.end(), [&](const TextCase& f) { return f.title == name; });
  if (fixture == fixtures.end()) {
    return base::fail(ErrorCode::request_malformed, into.file + ".txt: \"" + into.title + "\": there is no fixture " + name);
  }
  for (const auto& other : fixture->given) BERTH_CHECK_OK(add_fixture(fixtures, other, seen, into));
  into.bodies.insert(into.bodies.end(), fixture->bodies.begin(), fixture->bodies.end());
  into.steps.insert(into.steps.end(), fixture->steps.begin(), fixture->steps.end());
  return {};
}

Result<TextCase> with_fixtures(const std::vector<TextCase>& fixtures, TextCase text_case) {
  auto bodies = std::exchange(text_case.bodies, {});
  auto steps = std::exchange(text_case.steps, {});
  std::set<std::string> seen;
  for (const auto& name : text_case.given) BERTH_CHECK_OK(add_fixture(fixtures, name, seen, text_case));
  std::move(bodies.begin(), bodies.end(), std::back_inserter(text_case.bodies));
  std::move(steps.begin(), steps.end(), std::back_inserter(text_case.steps));
  return text_case;
}

}  // namespace

Result<CaseFile> parse_cases(std::string_view file, std::string_view text) { return Parser(file, text).run(); }

Result<std::vector<TextCase>> load_cases(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  }
  if (failed) return base::fail(ErrorCode::io_error, folder + ": " + failed.message());
  std::sort(paths.begin(), paths.end());

  CaseFile all;
  for (const auto& path : paths) {
    std::ifstream stream(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    BERTH_TRY(auto parsed, parse_cases(path.stem().string(), text));
    std::move(parsed.cases.begin(), parsed.cases.end(), std::back_inserter(all.cases));
    std::move(parsed.fixtures.begin(), parsed.fixtures.end(), std::back_inserter(all.fixtures));
  }
  std::vector<TextCase> cases;
  for (auto& text_case : all.cases) {
    BERTH_TRY(auto whole, with_fixtures(all.fixtures, std::move(text_case)));
    cases.push_back(std::move(whole));
  }
  return cases;
}

}  // namespace berth::test
