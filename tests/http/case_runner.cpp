#include "http/case_runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <regex>

#include "berth/api/errors.h"
#include "berth/base/bytes.h"
#include "berth/base/json.h"
#include "http/case_routes.h"
#include "http/case_text.h"

namespace berth::test {

namespace {

using base::Json;
using base::Result;

constexpr std::size_t kShown = 600;

std::string shortened(const std::string& text) {
  return text.size() <= kShown ? text : text.substr(0, kShown) + "… (" + std::to_string(text.size()) + " bytes)";
}

// {org} where nothing can be written and so no organisation be made; it is there from the start.
constexpr auto* kReadOnlyOrg = "main";

// {org}: no two cases of a process share one otherwise.
std::string fresh_org() {
  static std::atomic<unsigned> number{0};
  return "case" + std::to_string(++number);
}

// Everything of `part` is in `whole`: objects may have more keys, arrays not more elements.
bool contains(const Json& whole, const Json& part) {
  if (part.is_object()) {
    if (!whole.is_object()) return false;
    return std::all_of(part.items().begin(), part.items().end(), [&](const auto& item) {
      const auto found = whole.find(item.key());
      return found != whole.end() && contains(*found, item.value());
    });
  }
  if (part.is_array()) {
    return whole.is_array() && std::equal(whole.begin(), whole.end(), part.begin(), part.end(),
                                          [](const Json& w, const Json& p) { return contains(w, p); });
  }
  return whole == part;
}

class Run {
 public:
  Run(const TextCase& text_case, const std::string& server, const Protocol& protocol)
      : case_(text_case),
        client_(server, protocol.version),
        org_(protocol.access == Access::accounts && text_case.server == "read_only" ? kReadOnlyOrg : fresh_org()),
        variables_(org_) {
    variables_.set("server", server);
    const auto& words = words_of_variant(text_case.server, protocol.access);
    for (const auto& [word, value] : words) variables_.set(word, value);
    if (protocol.access == Access::accounts) administrator_ = "Bearer " + words.at("admin");
  }

  Result<void> run() {
    if (!administrator_.empty()) BERTH_CHECK_OK(make_orgs());
    BERTH_CHECK_OK(variables_.define_bodies(case_));
    BERTH_TRY(const auto exercised, exercised_by(case_));
    for (std::size_t i = 0; i < case_.steps.size(); ++i) {
      const auto& step = case_.steps[i];
      SCOPED_TRACE(case_.file + ".txt:" + std::to_string(step.line) + ": " + step.method + ' ' + step.target);
      BERTH_TRY(const auto request, request_of(step));
      EXPECT_EQ(find_route(step.method, request.target), exercised[i].route) << "coverage took it for another route";
      BERTH_TRY(auto reply, client_.send(request));
      BERTH_CHECK_OK(check(step, request, reply));
      before_ = std::move(reply);
      // What follows would only repeat the failure in other words.
      if (::testing::Test::HasFailure()) return {};
    }
    return {};
  }

 private:
  // Without accounts the first push makes them.
  Result<void> make_orgs() {
    auto orgs = case_.orgs;
    if (org_ != kReadOnlyOrg) orgs.push_back(org_);
    for (const auto& text : orgs) {
      BERTH_TRY(const auto org, variables_.expand(text));
      HttpRequest request;
      request.method = "POST";
      request.target = "/v3/orgs";
      request.fields = {{"Authorization", administrator_}};
      request.body = Json{{"name", org}, {"displayName", org}}.dump();
      BERTH_TRY(const auto reply, client_.send(request));
      EXPECT_TRUE(reply.status == 200 || reply.status == 409) << shortened(reply.body);  // 409: in a run before
    }
    return {};
  }

  Result<HttpRequest> request_of(const Step& step) const {
    HttpRequest request;
    request.method = step.method;
    BERTH_TRY(request.target, variables_.expand(step.target));
    for (const auto& [name, text] : step.fields) {
      BERTH_TRY(auto value, variables_.expand(text));
      request.fields.emplace_back(name, std::move(value));
    }
    if (step.body) {
      BERTH_TRY(request.body, variables_.expand(*step.body));
    }
    const bool says_who = std::any_of(request.fields.begin(), request.fields.end(),
                                      [](const auto& field) { return field.first == "Authorization"; });
    if (!administrator_.empty() && !says_who) request.fields.emplace_back("Authorization", administrator_);
    return request;
  }

  Result<void> check(const Step& step, const HttpRequest& request, const HttpReply& reply) {
    const bool head = request.method == "HEAD";
    check_every_reply(reply, head);
    if (step.error) {
      check_error(step, request, reply, head);
    } else {
      EXPECT_EQ(reply.status, step.status) << shortened(reply.body);
    }
    for (const auto& expected : step.expected_fields) BERTH_CHECK_OK(check_field(expected, reply));
    if (step.fields_as_before) check_fields_as_before(reply);
    BERTH_CHECK_OK(check_body(step.expected_body, reply));
    for (const auto& capture : step.captures) BERTH_CHECK_OK(take(capture, reply));
    return {};
  }

  // What holds for every response whatever it is: RFC 9110 §6.6.1, §8.6, §9.3.2, §15.3.5, §15.4.5.
  static void check_every_reply(const HttpReply& reply, bool head) {
    EXPECT_TRUE(reply.find("Date"));
    EXPECT_TRUE(std::regex_match(reply.find("X-Request-Id").value_or(""), std::regex("[0-9a-f]{32}")));
    const bool bodiless = head || reply.status == 204 || reply.status == 304;
    const auto length = reply.find("Content-Length");
    EXPECT_TRUE(!bodiless || reply.body.empty()) << shortened(reply.body);
    EXPECT_TRUE(reply.status != 204 || !length) << "204 with Content-Length";
    EXPECT_TRUE(bodiless || !length || *length == std::to_string(reply.body.size())) << "Content-Length: " << length.value_or("");
  }

  void check_error(const Step& step, const HttpRequest& request, const HttpReply& reply, bool head) const {
    const auto& row = api::error_row(*step.error);
    EXPECT_EQ(reply.status, row.status) << shortened(reply.body);
    const auto& face = api::face_of(std::string_view(request.target).substr(0, request.target.find('?')));
    const bool oci = face.name == "oci" || face.name == "token";
    const bool own = face.name == "berth";
    EXPECT_EQ(reply.find("Content-Type").value_or("none"), own ? "application/problem+json" : "application/json");
    if (head) return;
    const auto body = base::parse_json(reply.body);
    ASSERT_TRUE(body) << body.error().message() << ": " << shortened(reply.body);
    SCOPED_TRACE(shortened(reply.body));
    std::string message;
    if (oci) {
      ASSERT_TRUE(contains(*body, Json{{"errors", {{{"code", row.oci}}}}}));
      const auto& first = (*body)["errors"][0];
      ASSERT_TRUE(first.contains("message") && first["message"].is_string());
      message = first["message"];
    } else if (!own) {
      const auto& status = (*body)["requestStatus"];
      ASSERT_TRUE(status.is_object() && status.contains("statusCode") && status.contains("statusDescription"));
      EXPECT_EQ(status.value("requestId", ""), reply.find("X-Request-Id").value_or(""));
      message = status["statusDescription"];
    } else {
      const Json expected = {{"title", row.title},
                             {"status", row.status},
                             {"code", base::error_code_name(*step.error)},
                             {"request_id", reply.find("X-Request-Id").value_or("")}};
      ASSERT_TRUE(contains(*body, expected));
      ASSERT_TRUE(body->contains("detail") && (*body)["detail"].is_string());
      message = (*body)["detail"];
    }
    EXPECT_NE(message, "");
    for (const auto& words : step.words) {
      const auto expanded = variables_.expand(words);
      ASSERT_TRUE(expanded) << expanded.error().message();
      EXPECT_NE(message.find(*expanded), std::string::npos) << "the message must say: " << *expanded;
    }
  }

  Result<void> check_field(const FieldExpectation& expected, const HttpReply& reply) const {
    using Kind = FieldExpectation::Kind;
    const auto value = reply.find(expected.name);
    BERTH_TRY(const auto text, variables_.expand(expected.text));
    switch (expected.kind) {
      case Kind::present: EXPECT_TRUE(value) << expected.name << " is missing"; break;
      case Kind::absent: EXPECT_FALSE(value) << expected.name << ": " << value.value_or(""); break;
      case Kind::exact: EXPECT_EQ(value.value_or("(missing)"), text) << expected.name; break;
      case Kind::matches:
        EXPECT_TRUE(value && std::regex_search(*value, std::regex(text)))
            << expected.name << ": " << value.value_or("(missing)") << " does not match " << text;
        break;
    }
    return {};
  }

  // All but what differs from response to response.
  void check_fields_as_before(const HttpReply& reply) const {
    const auto comparable = [](const HttpReply& r) {
      HttpFields fields;
      for (auto [name, value] : r.fields) {
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
        if (name != "date" && name != "x-request-id" && name != "connection")
          fields.emplace_back(std::move(name), std::move(value));
      }
      std::sort(fields.begin(), fields.end());
      return fields;
    };
    EXPECT_EQ(comparable(reply), comparable(before_));
  }

  Result<void> check_body(const BodyExpectation& expected, const HttpReply& reply) const {
    using Kind = BodyExpectation::Kind;
    BERTH_TRY(const auto text, variables_.expand(expected.text));
    switch (expected.kind) {
      case Kind::anything: return {};
      case Kind::empty: EXPECT_EQ(reply.body, ""); return {};
      case Kind::exact:
        EXPECT_TRUE(reply.body == text) << "expected: " << shortened(text) << "\nfound: " << shortened(reply.body);
        return {};
      case Kind::matches:
        EXPECT_TRUE(std::regex_search(reply.body, std::regex(text))) << shortened(reply.body) << "\ndoes not match " << text;
        return {};
      case Kind::json: break;
    }
    const auto part = base::parse_json(text);
    if (!part) return base::fail(part.error());
    const auto whole = base::parse_json(reply.body);
    EXPECT_TRUE(whole && contains(*whole, *part)) << "expected: " << shortened(text) << "\nfound: " << shortened(reply.body);
    return {};
  }

  Result<void> take(const Capture& capture, const HttpReply& reply) {
    const auto value = reply.find(capture.field);
    EXPECT_TRUE(value) << capture.field << " is missing";
    if (!value) return {};
    BERTH_TRY(auto text, captured(capture, *value));
    variables_.set(capture.variable, std::move(text));
    return {};
  }

  const TextCase& case_;
  HttpClient client_;
  std::string org_;
  Variables variables_;
  std::string administrator_;  // Authorization of who says nothing else; empty without accounts
  HttpReply before_;
};

}  // namespace

void run_case(const TextCase& text_case, const Protocol& protocol) {
  const auto server = url_of_variant(text_case.server, protocol.wire, protocol.access);
  ASSERT_TRUE(server) << server.error().message();
  const auto done = Run(text_case, *server, protocol).run();
  EXPECT_TRUE(done) << text_case.file << ".txt: " << text_case.title << ": " << done.error().message();
}

}  // namespace berth::test
