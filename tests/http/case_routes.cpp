#include "http/case_routes.h"

#include <regex>
#include <string>

#include "api/router.h"
#include "berth/api/errors.h"
#include "http/case_text.h"

namespace berth::test {

namespace {

using base::Result;

constexpr std::string_view kRepository = "/v2/org/repo";

// What a field of such a response would look like.
std::string stand_in(const api::Route* route, int status, std::string_view target, const std::string& field) {
  const std::string digest = "sha256:" + std::string(64, '0');
  if (field == "Link") return '<' + std::string(target) + (target.find('?') == target.npos ? "?" : "&") + "last=1>; rel=\"next\"";
  if (field == "ETag") return '"' + digest + '"';
  if (field == "Docker-Content-Digest") return digest;
  const auto name = route != nullptr ? route->name : std::string_view();
  if (field != "Location") return std::string(32, '0');
  const std::string base(kRepository);
  if (name == "session.begin" && field == "Location") return "/api/v1/me/sessions/1";
  if (name == "me.keys.create") return "/api/v1/me/keys/1";
  if (name == "org.keys.create") return "/api/v1/orgs/acme/keys/1";
  if (name == "repository.delete") return "/api/v1/repositories/org/repo/-/history/1/restore";
  if (name.starts_with("oci.manifest")) return base + "/manifests/" + digest;
  return status == 201 ? base + "/blobs/" + digest : base + "/blobs/uploads/" + std::string(32, '0');
}

const api::Router& router() {
  static const api::Router kRouter{api::faces()};
  return kRouter;
}

}  // namespace

const api::Route* find_route(std::string_view method, std::string_view target) {
  return router().find(http::find_method(method), target.substr(0, target.find('?'))).route;
}

Result<std::vector<Exercised>> exercised_by(const TextCase& text_case) {
  Variables variables("org");
  BERTH_CHECK_OK(variables.define_bodies(text_case));
  std::vector<Exercised> all;
  for (const auto& step : text_case.steps) {
    BERTH_TRY(const auto target, variables.expand(step.target));
    Exercised exercised;
    exercised.route = find_route(step.method, target);
    exercised.method = http::find_method(step.method);
    exercised.error = step.error;
    exercised.status = step.error ? api::error_row(*step.error).status : step.status;
    exercised.preparation = step.preparation;
    for (const auto& capture : step.captures) {
      BERTH_TRY(auto value, captured(capture, stand_in(exercised.route, exercised.status, target, capture.field)));
      variables.set(capture.variable, std::move(value));
    }
    all.push_back(exercised);
  }
  return all;
}

Result<std::string> captured(const Capture& capture, const std::string& field_value) {
  if (capture.pattern.empty()) return field_value;
  std::smatch match;
  if (!std::regex_search(field_value, match, std::regex(capture.pattern)) || match.size() < 2) {
    return base::fail(base::ErrorCode::parameter_invalid,
                      capture.field + ": " + field_value + " does not match " + capture.pattern + " with a group");
  }
  return match[1].str();
}

}  // namespace berth::test
