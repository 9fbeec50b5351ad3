#include "api/answers.h"
#include "api/berth/face.h"
#include "berth/api/errors.h"

namespace berth::api {

// {"type","title","status","detail","code","request_id","text_key","args"}; spec: RFC 9457 §3.
http::Response render_problem(const http::Request& request, const base::Error& error) {
  const auto& row = error_row(error.code());
  const auto name = base::error_code_name(error.code());
  auto response = json_answer(row.status,
                              base::OrderedJson{{"type", "about:blank"},
                                                {"title", row.title},
                                                {"status", row.status},
                                                {"detail", error.message()},
                                                {"code", name},
                                                {"request_id", request.id},
                                                {"text_key", "error." + std::string(name)},
                                                {"args", base::OrderedJson::object()}},
                              "application/problem+json");
  response.fields.add("X-Content-Type-Options", "nosniff");
  add_retry_after(response, error);
  return response;
}

}  // namespace berth::api
