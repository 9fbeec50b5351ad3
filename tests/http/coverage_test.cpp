// Every route, method, reply and error that the tables declare has a case, or a line in covered_elsewhere.txt that names the test which
// proves it; and no case meets what the tables do not declare.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "berth/api/errors.h"
#include "berth/api/routes.h"
#include "http/case_file.h"
#include "http/case_routes.h"
#include "http/daemons.h"

namespace berth::test {
namespace {

const std::string kRoot = BERTH_SOURCE_DIR;

// Route and outcome: "GET", "206", "blob_unknown". Route "*" is any.
using Item = std::pair<std::string, std::string>;

struct Elsewhere {
  Item item;
  std::string path;
};

const std::vector<TextCase>& all_cases() {
  static const auto cases = load_cases(kRoot + "/tests/http/cases");
  static const std::vector<TextCase> kNone;
  return cases ? *cases : kNone;
}

std::string text_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<Elsewhere> covered_elsewhere() {
  std::vector<Elsewhere> all;
  std::istringstream lines(text_of(kRoot + "/tests/http/covered_elsewhere.txt"));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    Elsewhere one;
    std::istringstream words(line);
    words >> one.item.first >> one.item.second >> one.path;
    all.push_back(std::move(one));
  }
  return all;
}

template <typename Visit>
void for_each_step(Visit visit) {
  for (const auto& text_case : all_cases()) {
    const auto exercised = exercised_by(text_case);
    ASSERT_TRUE(exercised) << text_case.file << ".txt: " << text_case.title << ": " << exercised.error().message();
    for (std::size_t i = 0; i < exercised->size(); ++i) visit(text_case, text_case.steps[i], (*exercised)[i]);
  }
}

template <typename Visit>
void for_each_route(Visit visit) {
  for (const auto& face : api::faces()) {
    for (const auto& route : face.routes) visit(route);
  }
}

// What the cases prove of each route; under "*" the errors, on whatever path.
std::set<Item> covered_by_text() {
  std::set<Item> covered;
  for_each_step([&](const TextCase&, const Step&, const Exercised& step) {
    if (step.error) covered.emplace("*", base::error_code_name(*step.error));
    if (step.route == nullptr || step.preparation) return;
    const std::string route(step.route->name);
    covered.emplace(route, std::to_string(step.status));
    if (step.error) covered.emplace(route, base::error_code_name(*step.error));
    if (step.status < 400) covered.emplace(route, http::method_name(step.method));
  });
  return covered;
}

// What the tables declare.
std::set<Item> declared() {
  std::set<Item> items;
  for_each_route([&](const api::Route& route) {
    const std::string name(route.name);
    for (const auto method : route.methods) items.emplace(name, http::method_name(method));
    for (const auto& reply : route.replies) items.emplace(name, std::to_string(reply.status));
    for (const auto error : route.errors) items.emplace(name, base::error_code_name(error));
  });
  for (const auto error : api::common_errors()) items.emplace("*", base::error_code_name(error));
  return items;
}

bool declares(const api::Route& route, base::ErrorCode error) {
  const auto common = api::common_errors();
  return std::find(route.errors.begin(), route.errors.end(), error) != route.errors.end() ||
         std::find(common.begin(), common.end(), error) != common.end();
}

TEST(Coverage, CasesCanBeRead) { EXPECT_FALSE(all_cases().empty()) << load_cases(kRoot + "/tests/http/cases").error().message(); }

TEST(Coverage, EveryDeclaredItemHasATest) {
  auto covered = covered_by_text();
  for (const auto& one : covered_elsewhere()) covered.insert(one.item);
  std::string missing;
  for (const auto& item : declared()) {
    if (!covered.contains(item)) missing += "  " + item.first + ' ' + item.second + '\n';
  }
  EXPECT_EQ(missing, "") << "declared in the tables, and without a case";
}

// A line must be true: the item is declared, no text proves it already, and the file names both its words.
TEST(Coverage, LinesOfCoveredElsewhereAreTrue) {
  const auto covered = covered_by_text();
  const auto items = declared();
  for (const auto& [item, path] : covered_elsewhere()) {
    SCOPED_TRACE(item.first + ' ' + item.second + ' ' + path);
    EXPECT_TRUE(items.contains(item)) << "no table declares it";
    EXPECT_FALSE(covered.contains(item)) << "a text case proves it: drop the line";
    ASSERT_TRUE(std::filesystem::exists(kRoot + '/' + path)) << "there is no such file";
    const auto text = text_of(kRoot + '/' + path);
    EXPECT_TRUE(item.first == "*" || text.find(item.first) != std::string::npos) << "the file does not name the route";
    EXPECT_NE(text.find(item.second), std::string::npos) << "the file does not name the outcome";
  }
}

TEST(Coverage, CasesMeetOnlyWhatIsDeclared) {
  for_each_step([](const TextCase& text_case, const Step& step, const Exercised& exercised) {
    SCOPED_TRACE(text_case.file + ".txt:" + std::to_string(step.line));
    if (exercised.route == nullptr) {
      EXPECT_TRUE(exercised.error) << "a target that is no route can only fail";
      return;
    }
    if (exercised.error) {
      EXPECT_TRUE(declares(*exercised.route, *exercised.error))
          << exercised.route->name << " does not declare " << base::error_code_name(*exercised.error);
      return;
    }
    const auto& replies = exercised.route->replies;
    EXPECT_TRUE(std::any_of(replies.begin(), replies.end(), [&](const auto& r) { return r.status == exercised.status; }))
        << exercised.route->name << " does not declare " << exercised.status;
  });
}

// A case says truly which route it is about; "none" when it is about a path that is no route.
TEST(Coverage, CasesExerciseTheRouteTheyName) {
  for (const auto& text_case : all_cases()) {
    SCOPED_TRACE(text_case.file + ".txt:" + std::to_string(text_case.line) + ": " + text_case.title);
    EXPECT_TRUE(is_variant(text_case.server)) << text_case.server;
    const auto exercised = exercised_by(text_case);
    ASSERT_TRUE(exercised) << exercised.error().message();
    EXPECT_TRUE(std::any_of(exercised->begin(), exercised->end(),
                            [&](const Exercised& step) {
                              if (step.preparation) return false;
                              return text_case.route == (step.route != nullptr ? step.route->name : std::string_view("none"));
                            }))
        << "no step of it leads to " << text_case.route;
  }
}

TEST(Coverage, TitlesAreUniqueInTheirFile) {
  std::set<Item> seen;
  for (const auto& text_case : all_cases()) EXPECT_TRUE(seen.emplace(text_case.file, text_case.title).second) << text_case.title;
}

}  // namespace
}  // namespace berth::test
