// Small makers of responses that several handlers share.
#pragma once

#include <string>
#include <string_view>

#include "berth/base/json.h"
#include "berth/http/message.h"
#include "berth/oci/digest.h"

namespace berth::api {

// A JSON body. Invalid UTF-8 (which a client may have pushed in an annotation) is replaced, never thrown at.
template <typename AnyJson>
http::Response json_answer(int status, const AnyJson& json, std::string_view media_type = "application/json") {
  http::Response response;
  response.status = status;
  response.fields.add("Content-Type", std::string(media_type));
  response.body = json.dump(-1, ' ', false, AnyJson::error_handler_t::replace);
  return response;
}

// A response without a body that points somewhere: 201, 202, 204 of pushes.
http::Response location_answer(int status, std::string location);

// ETag and Docker-Content-Digest of content that is named by its digest.
void add_digest(http::Response& response, const oci::Digest& digest);

// Does the request's If-None-Match name this digest (or *)? Then the answer is 304. RFC 9110 §13.1.2.
bool not_modified(const http::Request& request, const oci::Digest& digest);
http::Response not_modified_answer(const oci::Digest& digest);

// Retry-After, when the error says one.
void add_retry_after(http::Response& response, const base::Error& error);

// An error in OCI's dialect, which the token service speaks as well.
http::Response error_list_answer(const base::Error& error);

}  // namespace berth::api
