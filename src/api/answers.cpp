#include "api/answers.h"

#include <algorithm>

#include "api/etag.h"

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

}  // namespace berth::api
