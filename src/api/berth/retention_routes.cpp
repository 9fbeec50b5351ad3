// Rules of retention: per repository, and for an organisation or all; dry run.
#include "api/answers.h"
#include "api/berth/face.h"
#include "api/call.h"
#include "berth/api/application.h"

namespace berth::api {

namespace {

using base::ErrorCode;
using base::OrderedJson;
using http::Method;

constexpr std::size_t kMaxRuleBytes = 64UL * 1024;

base::Result<Answer> rule_answer(const Services& services, std::string_view scope) {
  BERTH_TRY(const auto rule, services.retention.find_rule(scope));
  auto json = OrderedJson{{"scope", scope}, {"rule", OrderedJson::object()}};
  if (rule) {
    BERTH_TRY(json["rule"], base::parse_json(service::format_retention_rule(*rule)));
  }
  return json_answer(200, json);
}

base::Result<Answer> set_rule(const Services& services, Call& call, std::string_view scope) {
  BERTH_TRY(const auto rule, service::parse_retention_rule(call.body));
  BERTH_CHECK_OK(services.retention.put_rule(scope, rule, call.origin()));
  return rule_answer(services, scope);
}

// "*", or "<org>/*". Errors: parameter_invalid.
base::Result<std::string> wide_scope(const Query& query) {
  BERTH_TRY(const auto scope, query.find("scope"));
  if (scope && *scope == "*") return *scope;
  if (scope && scope->ends_with("/*")) {
    const auto name = oci::RepositoryName::parse(scope->substr(0, scope->size() - 1) + "x");
    if (name && name->text().find('/') + 2 == name->text().size()) return *scope;
  }
  return base::fail(ErrorCode::parameter_invalid, "scope must be * or an organisation and /*, as in acme/*");
}

base::Result<Answer> get_repository_rule(const Services& services, Call& call) {
  return rule_answer(services, call.repository().text());
}

base::Result<Answer> put_repository_rule(const Services& services, Call& call) {
  return set_rule(services, call, call.repository().text());
}

base::Result<Answer> get_wide_rule(const Services& services, Call& call) {
  BERTH_TRY(const auto scope, wide_scope(call.query));
  return rule_answer(services, scope);
}

base::Result<Answer> put_wide_rule(const Services& services, Call& call) {
  BERTH_TRY(const auto scope, wide_scope(call.query));
  return set_rule(services, call, scope);
}

base::Result<Answer> run_rule(const Services& services, Call& call) {
  BERTH_TRY(const auto asked, call.query.find_flag("dry_run"));
  const bool dry_run = asked.value_or(true);
  BERTH_TRY(const auto outcome,
            services.retention.apply(call.repository(), dry_run ? service::RetentionRun::dry : service::RetentionRun::real));
  auto tags = OrderedJson::array();
  for (const auto& use : outcome.deleted) {
    OrderedJson tag = {{"tag", use.tag.text()}, {"digest", use.digest.text()}, {"updated", base::format_rfc3339(use.updated)}};
    if (use.pulled) tag["pulled"] = base::format_rfc3339(*use.pulled);
    tags.push_back(std::move(tag));
  }
  return json_answer(
      200, OrderedJson{
               {"name", call.repository().text()}, {"dry_run", dry_run}, {"scope", outcome.scope}, {"deleted", std::move(tags)}});
}

}  // namespace

const std::vector<Route>& retention_routes() {
  using enum ErrorCode;
  static const std::vector<Route> kRoutes = {
      {
          .name = "repository.retention.get",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::get},
          .path = "/api/v1/repositories/{name}/-/retention",
          .access = Access::repository(auth::Action::registry_pull),
          .body = BodyRule::none(),
          .replies = {{200, "application/json", "The repository's own rule; empty when it has none.", ""}},
          .errors = {name_invalid, name_reserved},
          .summary = "Which tags a repository keeps",
          .handler = get_repository_rule,
      },
      {
          .name = "repository.retention.put",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::put},
          .path = "/api/v1/repositories/{name}/-/retention",
          .access = Access::repository(auth::Action::registry_policy),
          .body = BodyRule::buffered(kMaxRuleBytes, body_too_large),
          .replies = {{200, "application/json", "The rule as it holds from now on; {} takes it away.", ""}},
          .errors = {name_invalid, name_reserved, parameter_invalid, body_too_large},
          .summary = "Set which tags a repository keeps",
          .handler = put_repository_rule,
      },
      {
          .name = "repository.retention.run",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::post},
          .path = "/api/v1/repositories/{name}/-/retention",
          .access = Access::repository(auth::Action::registry_policy),
          .body = BodyRule::none(),
          .parameters = {{"dry_run", Parameter::Where::query, "true or false",
                          "Deletes nothing; that is also so when it is missing."}},
          .replies = {{200, "application/json", "The tags that go, oldest first; scope is that of the rule that holds.", ""}},
          .errors = {name_invalid, name_reserved, parameter_invalid},
          .summary = "Apply the rule that holds for a repository",
          .handler = run_rule,
      },
      {
          .name = "system.retention.get",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::get},
          .path = "/api/v1/system/retention",
          .access = Access::registry(auth::Action::system_read),
          .body = BodyRule::none(),
          .parameters = {{"scope", Parameter::Where::query, "* or <org>/*", "For which repositories the rule holds."}},
          .replies = {{200, "application/json", "The rule of the scope; empty when it has none.", ""}},
          .errors = {parameter_invalid},
          .summary = "Which tags an organisation keeps",
          .handler = get_wide_rule,
      },
      {
          .name = "system.retention.put",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::put},
          .path = "/api/v1/system/retention",
          .access = Access::registry(auth::Action::system_write),
          .body = BodyRule::buffered(kMaxRuleBytes, body_too_large),
          .parameters = {{"scope", Parameter::Where::query, "* or <org>/*", "For which repositories the rule holds."}},
          .replies = {{200, "application/json", "The rule as it holds from now on; {} takes it away.", ""}},
          .errors = {parameter_invalid, body_too_large},
          .summary = "Set which tags an organisation keeps",
          .handler = put_wide_rule,
      },
  };
  return kRoutes;
}

}  // namespace berth::api
