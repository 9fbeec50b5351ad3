// The generated documents in the tree are what the tables say now, and the OpenAPI document is sound.
#include "berth/api/documents.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <set>

#include "berth/base/json.h"

namespace berth::api {
namespace {

using base::Json;

std::string file_text(const std::string& name) {
  std::ifstream stream(std::string(BERTH_SOURCE_DIR) + '/' + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void expect_current(const std::string& name, const std::string& text) {
  EXPECT_TRUE(file_text(name) == text) << name << " is not what the tables say: run ./deploy/dev gen and commit the result";
}

TEST(Documents, ApiPageIsCurrent) { expect_current("docs/api.md", api_page()); }
TEST(Documents, ErrorsPageIsCurrent) { expect_current("docs/errors.md", errors_page()); }
TEST(Documents, MetricsPageIsCurrent) { expect_current("docs/metrics.md", metrics_page()); }
TEST(Documents, OpenApiIsCurrent) { expect_current("schemas/openapi.json", openapi_json()); }

class OpenApi : public ::testing::Test {
 protected:
  using Visit = std::function<void(const std::string& path, const std::string& method, const Json& operation)>;

  void for_each_operation(const Visit& visit) const {
    for (const auto& [path, item] : document["paths"].items()) {
      for (const auto& [method, operation] : item.items()) {
        SCOPED_TRACE(method + ' ' + path);
        visit(path, method, operation);
      }
    }
  }

  // Calls `visit` for every value below `json`, itself included.
  static void walk(const Json& json, const std::function<void(const Json&)>& visit) {
    visit(json);
    if (!json.is_structured()) return;
    for (const auto& item : json) walk(item, visit);
  }

  // "{a}/x/{b}" → a, b
  static std::multiset<std::string> braces_of(const std::string& path) {
    std::multiset<std::string> names;
    for (auto open = path.find('{'); open != std::string::npos; open = path.find('{', open + 1)) {
      names.insert(path.substr(open + 1, path.find('}', open) - open - 1));
    }
    return names;
  }

  const Json document = base::parse_json(openapi_json()).value();
};

TEST_F(OpenApi, HasWhatTheSpecificationDemands) {
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_TRUE(document["info"]["title"].is_string());
  EXPECT_TRUE(document["info"]["version"].is_string());
  EXPECT_FALSE(document["paths"].empty());
  for (const auto& [path, item] : document["paths"].items()) EXPECT_TRUE(path.starts_with('/')) << path;
}

TEST_F(OpenApi, MethodsAndOperationIdsAreUniqueAndKnown) {
  const std::set<std::string> methods = {"get", "put", "post", "delete", "options", "head", "patch", "trace"};
  std::set<std::string> ids;
  for_each_operation([&](const std::string&, const std::string& method, const Json& operation) {
    EXPECT_TRUE(methods.contains(method));
    ASSERT_TRUE(operation["operationId"].is_string());
    EXPECT_TRUE(ids.insert(operation["operationId"]).second) << operation["operationId"];
    EXPECT_FALSE(operation["summary"].get<std::string>().empty());
  });
}

TEST_F(OpenApi, PathParametersAreDeclared) {
  for_each_operation([](const std::string& path, const std::string&, const Json& operation) {
    std::multiset<std::string> declared;
    std::set<std::pair<std::string, std::string>> seen;
    for (const auto& parameter : operation.value("parameters", Json::array())) {
      ASSERT_TRUE(parameter["name"].is_string());
      ASSERT_TRUE(parameter["schema"].is_object());
      const std::string in = parameter["in"];
      EXPECT_TRUE(in == "path" || in == "query" || in == "header") << in;
      EXPECT_TRUE(seen.emplace(in, parameter["name"]).second) << parameter["name"] << " is declared twice";
      if (in != "path") continue;
      EXPECT_EQ(parameter["required"], true);
      declared.insert(parameter["name"]);
    }
    EXPECT_EQ(declared, braces_of(path));
  });
}

TEST_F(OpenApi, ResponsesHaveAStatusAndADescription) {
  for_each_operation([](const std::string&, const std::string&, const Json& operation) {
    bool succeeds = false;
    for (const auto& [status, response] : operation["responses"].items()) {
      EXPECT_TRUE(status.size() == 3 && status[0] >= '2' && status[0] <= '5') << status;
      EXPECT_FALSE(response["description"].get<std::string>().empty()) << status;
      succeeds = succeeds || status[0] == '2';
      const auto contents = response.value("content", Json::object());
      for (const auto& [type, content] : contents.items()) {
        EXPECT_NE(type.find('/'), std::string::npos) << type;
        EXPECT_TRUE(content.is_object());
      }
      const auto headers = response.value("headers", Json::object());
      for (const auto& [name, header] : headers.items()) {
        EXPECT_TRUE(header["schema"].is_object()) << name;
        EXPECT_NE(name, "Content-Type") << "OpenAPI 3.1 ignores it there";
      }
    }
    EXPECT_TRUE(succeeds);
  });
}

TEST_F(OpenApi, EveryReferenceResolves) {
  std::size_t count = 0;
  walk(document, [&](const Json& value) {
    if (!value.is_object() || !value.contains("$ref")) return;
    ++count;
    const std::string reference = value["$ref"];
    ASSERT_TRUE(reference.starts_with("#/")) << reference;
    EXPECT_TRUE(document.contains(Json::json_pointer(reference.substr(1)))) << reference;
  });
  EXPECT_GT(count, 0U);
}

// A client may send the same request to a path with its parameters named otherwise: the templates must differ in more than names.
TEST_F(OpenApi, TemplatesAreNotTheSameButForNames) {
  std::set<std::string> shapes;
  for (const auto& [path, item] : document["paths"].items()) {
    std::string shape = path;
    for (auto open = shape.find('{'); open != std::string::npos; open = shape.find('{', open + 2)) {
      shape.replace(open, shape.find('}', open) - open + 1, "{}");
    }
    EXPECT_TRUE(shapes.insert(shape).second) << path;
  }
}

}  // namespace
}  // namespace berth::api
