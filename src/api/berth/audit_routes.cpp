// The audit log: its rows with filters, and as lines of JSON. Of the registry for its administrator, of an organisation for who may read it.
#include "api/answers.h"
#include "api/berth/face.h"
#include "api/call.h"
#include "berth/api/application.h"
#include "berth/base/time_text.h"

namespace berth::api {

namespace {

using base::ErrorCode;
using base::OrderedJson;
using http::Method;
using service::AuditQuery;
using Where = Parameter::Where;

constexpr std::string_view kLines = "application/x-ndjson";

base::Result<std::optional<base::TimePoint>> time_of(const Query& query, std::string_view name) {
  BERTH_TRY(const auto text, query.find(name));
  if (!text) return std::nullopt;
  const auto time = base::parse_time(*text);
  if (time) return time;
  return base::fail(ErrorCode::parameter_invalid,
                    std::string(name) + " is a time like 2026-11-24T17:17:08Z, or a day like 2026-11-24");
}

base::Result<std::string> text_of(const Query& query, std::string_view name) {
  BERTH_TRY(auto text, query.find(name));
  return std::move(text).value_or(std::string());
}

base::Result<std::optional<service::AuditKind>> kind_of(const Query& query) {
  BERTH_TRY(const auto name, query.find("kind"));
  if (!name) return std::nullopt;
  const auto kind = service::find_audit_kind(*name);
  if (kind) return kind;
  return base::fail(ErrorCode::parameter_invalid, "there is no kind \"" + *name + "\" of audit events; key.created is one");
}

base::Result<std::optional<service::AuditOutcome>> outcome_of(const Query& query) {
  BERTH_TRY(const auto word, query.find("outcome"));
  if (!word) return std::nullopt;
  if (*word == "done") return service::AuditOutcome::done;
  if (*word == "refused") return service::AuditOutcome::refused;
  return base::fail(ErrorCode::parameter_invalid, "outcome is done or refused");
}

// What the path and the query ask for. An organisation in the path is the only one there is.
base::Result<AuditQuery> query_of(const Call& call) {
  AuditQuery wanted;
  BERTH_TRY(wanted.org, text_of(call.query, "org"));
  if (const auto org = call.path_value("org"); !org.empty()) wanted.org = org;
  BERTH_TRY(wanted.principal, text_of(call.query, "principal"));
  BERTH_TRY(wanted.subject, text_of(call.query, "subject"));
  BERTH_TRY(wanted.kind, kind_of(call.query));
  BERTH_TRY(wanted.outcome, outcome_of(call.query));
  BERTH_TRY(wanted.from, time_of(call.query, "from"));
  BERTH_TRY(wanted.to, time_of(call.query, "to"));
  BERTH_TRY(const auto paging, parse_paging(call.query));
  wanted.limit = paging.limit;
  if (!paging.after.empty()) {
    BERTH_TRY(wanted.last, parse_id(paging.after, ErrorCode::parameter_invalid, "a row"));
  }
  return wanted;
}

// Who looked is told like anything else, a minute's looks in one row.
void tell(const Services& services, const Call& call, const AuditQuery& wanted) {
  services.audit.count({.kind = service::AuditKind::audit_read,
                        .by = call.origin(),
                        .org = wanted.org,
                        .subject = "audit",
                        .detail = {{service::AuditField::route, std::string(call.route.name)}}});
}

std::string link_to_next(const Call& call, std::int64_t last) {
  std::string link = "<" + std::string(call.request.path()) + '?';
  for (const auto& [name, value] : call.query.all()) {
    if (name != "last") link += encode_query_value(name) + '=' + encode_query_value(value) + '&';
  }
  return link + "last=" + std::to_string(last) + ">; rel=\"next\"";
}

base::Result<Answer> list_events(const Services& services, Call& call) {
  BERTH_TRY(const auto wanted, query_of(call));
  BERTH_TRY(const auto head, services.audit.get_head());
  BERTH_TRY(const auto page, services.audit.list(wanted));
  auto events = OrderedJson::array();
  for (const auto& row : page.rows) events.push_back(service::document_of(row));
  tell(services, call, wanted);
  auto response = json_answer(200, OrderedJson{{"events", std::move(events)}, {"head", service::document_of(head)}});
  if (page.more) response.fields.add("Link", link_to_next(call, page.last));
  return response;
}

class LinesOfAudit final : public http::Generator {
 public:
  explicit LinesOfAudit(std::unique_ptr<service::AuditLines> lines) : lines_(std::move(lines)) {}
  base::Result<std::string> next() override { return lines_->next(); }

 private:
  std::unique_ptr<service::AuditLines> lines_;
};

base::Result<Answer> export_events(const Services& services, Call& call) {
  BERTH_TRY(auto wanted, query_of(call));
  tell(services, call, wanted);
  http::Response response;
  response.fields.add("Content-Type", std::string(kLines));
  response.fields.add("X-Content-Type-Options", "nosniff");
  response.body = std::make_shared<LinesOfAudit>(services.audit.lines(std::move(wanted)));
  return response;
}

const std::vector<Parameter> kFilters = {
    {"from", Where::query, "time or day", "Not before."},
    {"to", Where::query, "time or day", "Before."},
    {"kind", Where::query, "key.created, …", "What happened; docs/operations.md lists the words."},
    {"principal", Where::query, "user:<id>, service:<key id>, machine:<name>", "Who."},
    {"subject", Where::query, "repository:<name>, user:<id>, key:<id>, …", "What it happened to."},
    {"outcome", Where::query, "done or refused", "How it ended."},
    {"last", Where::query, "row number", "Goes on behind this row."},
};

// The list and its lines, of the registry or of an organisation.
Route audit_route(std::string_view name, std::string_view path, Access access, std::string_view content) {
  const bool lines = content == kLines;
  auto parameters = kFilters;
  if (!lines) parameters.push_back({"n", Where::query, "whole number", "Rows at most."});
  if (access.kind() == Access::Kind::registry) parameters.push_back({"org", Where::query, "name", "Of this organisation."});
  return {
      .name = name,
      .spec = "CONTRACTS.md, Addresses",
      .methods = {Method::get},
      .path = path,
      .access = access,
      .body = BodyRule::none(),
      .parameters = std::move(parameters),
      .replies = {{200, content,
                   lines ? "One row a line, oldest first; the last line is the head of the chain."
                         : "Rows, newest first, and the head of the chain. A page may be short and have a Link to more.",
                   lines ? "" : "Link"}},
      .errors = {ErrorCode::parameter_invalid, ErrorCode::pagination_invalid},
      .summary = lines ? "The audit log as lines of JSON" : "Who did what",
      .handler = lines ? export_events : list_events,
  };
}

}  // namespace

const std::vector<Route>& audit_routes() {
  using auth::Action;
  constexpr std::string_view kJson = "application/json";
  static const std::vector<Route> kRoutes = {
      audit_route("system.audit.list", "/api/v1/audit", Access::registry(Action::system_read), kJson),
      audit_route("system.audit.export", "/api/v1/audit/export", Access::registry(Action::system_read), kLines),
      audit_route("org.audit.list", "/api/v1/orgs/{org}/audit", Access::organisation(Action::audit_read), kJson),
      audit_route("org.audit.export", "/api/v1/orgs/{org}/audit/export", Access::organisation(Action::audit_read), kLines),
  };
  return kRoutes;
}

}  // namespace berth::api
