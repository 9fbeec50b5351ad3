#include "berth/api/routes.h"

#include "api/berth/face.h"
#include "api/oci/face.h"
#include "api/token/face.h"

namespace berth::api {

std::string Access::text() const {
  std::string text;
  switch (kind_) {
    case Kind::everyone: text = "everyone"; break;
    case Kind::known: text = "any principal"; break;
    case Kind::account: text = "one's own account"; break;
    case Kind::repository: text = std::string(auth::action_name(action_)) + " on the repository"; break;
    case Kind::organisation: text = std::string(auth::action_name(action_)) + " on the organisation or team"; break;
    case Kind::member: text = "any role in the organisation or team"; break;
    case Kind::registry: text = std::string(auth::action_name(action_)) + " on the registry"; break;
  }
  if (expired_ == auth::Expired::named) text += "; also with a token whose time is over";
  if (!also_parameter_.empty())
    text += "; registry:pull on the repository of `" + std::string(also_parameter_) + "`, or as without it";
  return text;
}

std::span<const base::ErrorCode> common_errors() {
  using enum base::ErrorCode;
  static constexpr base::ErrorCode kCommon[] = {
      request_malformed,
      request_timeout,
      header_too_large,
      http_version_unsupported,
      expectation_failed,
      uri_invalid,
      route_unknown,
      method_not_allowed,
      unauthorized,
      denied,
      busy,
      shutting_down,
      too_many_requests,
      io_error,
      internal,
      read_only,
  };
  return kCommon;
}

std::span<const Face> faces() {
  static const Face kFaces[] = {oci_face(), token_face(), berth_face()};
  return kFaces;
}

const Face& face_of(std::string_view path) {
  const bool oci = path == "/v2" || path.starts_with("/v2/");
  if (oci) return faces()[0];
  return faces()[is_token_path(path) ? 1 : 2];
}

}  // namespace berth::api
