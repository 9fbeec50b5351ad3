#include "berth/api/errors.h"
#include "api/answers.h"
#include "api/oci/face.h"

namespace berth::api {

// {"errors":[{"code":"BLOB_UNKNOWN","message":"…","detail":{…}}]}; detail only where there is one.
http::Response render_oci_error(const http::Request&, const base::Error& error) {
  const auto& row = error_row(error.code());
  base::OrderedJson entry = {{"code", row.oci}, {"message", error.message()}};
  if (!error.detail().empty()) {
    auto detail = base::OrderedJson::parse(error.detail(), nullptr, /*allow_exceptions=*/false);
    if (!detail.is_discarded()) entry["detail"] = std::move(detail);
  }
  auto response = json_answer(row.status, base::OrderedJson{{"errors", base::OrderedJson::array({std::move(entry)})}});
  response.fields.add("X-Content-Type-Options", "nosniff");
  response.fields.add("Docker-Distribution-API-Version", "registry/2.0");
  add_retry_after(response, error);
  return response;
}

}  // namespace berth::api
