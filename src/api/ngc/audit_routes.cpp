// NGC's audit logs: exports that are asked for now and fetched later.
#include "api/ngc/answers.h"
#include "api/ngc/face.h"
#include "berth/api/application.h"
#include "berth/base/time_text.h"

namespace berth::api {

namespace {

using auth::Action;
using base::ErrorCode;
using base::OrderedJson;
using base::Result;
using http::Method;
using Where = Parameter::Where;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kSpec = "facts/ngc.md 1.4";

OrderedJson document_of(const service::AuditExport& one) {
  const bool ready = one.made.state == service::AuditExportState::ready;
  return {{"auditLogsId", one.made.id},
          {"auditLogsFrom", ngc::date_text(one.made.from)},
          {"auditLogsTo", ngc::date_text(one.made.to)},
          {"auditLogsStatus", ready ? "READY" : "REQUESTED"},
          {"requestedDate", ngc::date_text(one.made.requested)},
          {"requesterName", one.requester_name},
          {"requesterEmail", one.requester_email}};
}

Result<Answer> list_logs(const Services& services, Call& call) {
  BERTH_TRY(const auto place, ngc::place_of(call));
  BERTH_TRY(const auto exports, services.audit.list_exports(place.org));
  auto list = OrderedJson::array();
  for (const auto& one : exports) list.push_back(document_of(one));
  return ngc::answer(call, {{"auditLogsList", std::move(list)}});
}

Result<base::TimePoint> time_of(ngc::BodyFields& fields, std::string_view name) {
  BERTH_TRY(const auto text, fields.get_line(name));
  const auto time = base::parse_time(text);
  if (time) return *time;
  return base::fail(ErrorCode::parameter_invalid, std::string(name) + " must be a time like 2026-11-24T17:17:08Z, or a day");
}

Result<Answer> request_log(const Services& services, Call& call) {
  BERTH_TRY(const auto place, ngc::place_of(call));
  BERTH_TRY(auto fields, ngc::BodyFields::parse(call));
  BERTH_TRY(const auto from, time_of(fields, "auditLogsFrom"));
  BERTH_TRY(const auto to, time_of(fields, "auditLogsTo"));
  BERTH_TRY(const auto id, services.audit.request_export(place.org, from, to, call.origin(), call.principal.user));
  BERTH_TRY(const auto exports, services.audit.list_exports(place.org));
  auto list = OrderedJson::array();
  for (const auto& one : exports) {
    if (one.made.id == id) list.push_back(document_of(one));
  }
  return ngc::answer(call, {{"auditLogsList", std::move(list)}});
}

class LinesOfLog final : public http::Generator {
 public:
  explicit LinesOfLog(std::unique_ptr<service::AuditLines> lines) : lines_(std::move(lines)) {}
  Result<std::string> next() override { return lines_->next(); }

 private:
  std::unique_ptr<service::AuditLines> lines_;
};

Result<Answer> get_log(const Services& services, Call& call) {
  BERTH_TRY(const auto place, ngc::place_of(call));
  BERTH_TRY(const auto id, call.path_text("id"));
  BERTH_TRY(auto lines, services.audit.open_export(place.org, id));
  http::Response response;
  response.fields.add("Content-Type", "application/x-ndjson");
  response.fields.add("X-Content-Type-Options", "nosniff");
  response.fields.add("Content-Disposition", "attachment; filename=\"audit-logs.jsonl\"");
  response.body = std::make_shared<LinesOfLog>(std::move(lines));
  return response;
}

Result<Answer> delete_logs(const Services& services, Call& call) {
  BERTH_TRY(const auto place, ngc::place_of(call));
  BERTH_TRY(const auto ids, call.query.find("logIds"));
  if (!ids) return base::fail(ErrorCode::parameter_invalid, "logIds is missing: ids of audit logs, with commas between");
  std::string_view rest = *ids;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    BERTH_TRY([[maybe_unused]] const bool gone, services.audit.delete_export(place.org, rest.substr(0, comma)));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return ngc::answer(call);
}

}  // namespace

const std::vector<Route>& ngc_audit_routes() {
  using enum ErrorCode;
  constexpr auto kAccess = Access::organisation(Action::audit_read);
  static const std::vector<Route> kRoutes = {
      {
          .name = "ngc.audit.list",
          .spec = kSpec,
          .methods = {Method::get},
          .path = "/v2/org/{org}/auditLogs",
          .access = kAccess,
          .body = BodyRule::none(),
          .replies = {{200, kJson, "What was asked for in the last seven days, newest first; READY can be fetched.", ""}},
          .summary = "List exports of the audit log",
          .handler = list_logs,
      },
      {
          .name = "ngc.audit.post",
          .spec = kSpec,
          .methods = {Method::post},
          .path = "/v2/org/{org}/auditLogs",
          .access = kAccess,
          .body = BodyRule::buffered(ngc::kMaxBody, body_too_large),
          .replies = {{200, kJson, "The export, mostly READY already.", ""}},
          .errors = {parameter_invalid, body_too_large},
          .summary = "Ask for an export of the audit log (`auditLogsFrom`, `auditLogsTo`)",
          .handler = request_log,
      },
      {
          .name = "ngc.audit.get",
          .spec = kSpec,
          .methods = {Method::get},
          .path = "/v2/org/{org}/auditLogs/{id}",
          .access = kAccess,
          .body = BodyRule::none(),
          .replies = {{200, "application/x-ndjson", "One row a line, oldest first; the last line is the head of the chain.",
                       "Content-Disposition"}},
          .errors = {object_unknown},
          .summary = "Fetch an export of the audit log",
          .handler = get_log,
      },
      {
          .name = "ngc.audit.delete",
          .spec = kSpec,
          .methods = {Method::delete_},
          .path = "/v2/org/{org}/auditLogs",
          .access = kAccess,
          .body = BodyRule::none(),
          .parameters = {{"logIds", Where::query, "ids, with commas between", "Which exports go."}},
          .replies = {{200, kJson, "They are gone; the log itself stays.", ""}},
          .errors = {parameter_invalid},
          .summary = "Delete exports of the audit log",
          .handler = delete_logs,
      },
  };
  return kRoutes;
}

}  // namespace berth::api
