#include "api/answers.h"
#include "api/berth/face.h"
#include "berth/api/errors.h"

namespace berth::api {

namespace {

// What the error says of itself for programs: {"need":…, and members that a translated text names}.
base::OrderedJson detail_of(const base::Error& error) {
  auto detail = base::OrderedJson::parse(error.detail(), nullptr, /*allow_exceptions=*/false);
  return detail.is_object() ? detail : base::OrderedJson::object();
}

}  // namespace

// {"type","title","status","detail","code","request_id","text_key","args","need"}; spec: RFC 9457 §3.
// `need`, {"action","scope"}, comes with a denial whose reason the caller may know.
http::Response render_problem(const http::Request& request, const base::Error& error) {
  const auto& row = error_row(error.code());
  const auto name = base::error_code_name(error.code());
  auto args = detail_of(error);
  base::OrderedJson need;
  if (args.contains("need")) {
    need = std::move(args["need"]);
    args.erase("need");
  }
  base::OrderedJson problem = {{"type", "about:blank"},
                               {"title", row.title},
                               {"status", row.status},
                               {"detail", error.message()},
                               {"code", name},
                               {"request_id", request.id},
                               {"text_key", "error." + std::string(name)},
                               {"args", std::move(args)}};
  if (!need.is_null()) problem["need"] = std::move(need);
  auto response = json_answer(row.status, problem, "application/problem+json");
  // RFC 9110 §11.6.1; the pipeline says it better where it knows what was asked for.
  if (error.code() == base::ErrorCode::unauthorized) response.fields.add("WWW-Authenticate", "Bearer realm=\"berth\"");
  response.fields.add("X-Content-Type-Options", "nosniff");
  add_retry_after(response, error);
  return response;
}

}  // namespace berth::api
