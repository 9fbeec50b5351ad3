#include "api/answers.h"

#include <algorithm>

#include "api/etag.h"
#include "berth/api/errors.h"

namespace berth::api {

http::Response location_answer(int status, std::string location) {
  http::Response response;
  response.status = status;
  response.fields.add("Location", std::move(location));
  return response;
}

void add_digest(http::Response& response, const oci::Digest& digest) {
  response.fields.add("Docker-Content-Digest", digest.text());
  response.fields.add("ETag", '"' + digest.text() + '"');
}

bool not_modified(const http::Request& request, const oci::Digest& digest) {
  const auto field = request.fields.find_list("If-None-Match");
  if (!field) return false;
  // On a read a malformed condition is no condition: the whole answer is always right.
  const auto tags = parse_entity_tags(*field, "If-None-Match");
  if (!tags) return false;
  return tags->any ||
         std::any_of(tags->tags.begin(), tags->tags.end(), [&](const EntityTag& t) { return t.value == digest.text(); });
}

http::Response not_modified_answer(const oci::Digest& digest) {
  http::Response response;
  response.status = 304;
  add_digest(response, digest);
  return response;
}

void add_retry_after(http::Response& response, const base::Error& error) {
  if (error.retry_after()) response.fields.add("Retry-After", std::to_string(*error.retry_after()));
}

// {"errors":[{"code":"BLOB_UNKNOWN","message":"…","detail":{…}}]}; detail only where there is one.
http::Response error_list_answer(const base::Error& error) {
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
