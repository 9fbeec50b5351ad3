#include "berth/api/routes.h"

#include <algorithm>

#include "api/berth/face.h"
#include "api/ngc/face.h"
#include "api/oci/face.h"
#include "api/router.h"
#include "api/token/face.h"
#include "berth/oci/names.h"

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

bool stands_at_root(std::string_view first_part) {
  static constexpr std::string_view kParts[] = {"v2",    "v3",          "token", "proxy_auth",
                                                "roles", "public-keys", "files", ".well-known"};
  return std::find(std::begin(kParts), std::end(kParts), first_part) != std::end(kParts);
}

std::span<const Face> faces() {
  static const Face kFaces[] = {oci_face(), token_face(), berth_face(), ngc_face()};
  return kFaces;
}

namespace {

// Whether the part behind /v2/ is one that no organisation has.
bool is_reserved(std::string_view behind_v2) {
  const auto words = oci::reserved_org_names();
  return std::find(words.begin(), words.end(), behind_v2.substr(0, behind_v2.find('/'))) != words.end();
}

bool is_ngc_root(std::string_view path) {
  return path.starts_with("/v3/") || path == "/v3" || path == "/roles" || path == "/roles/" || path == "/public-keys" ||
         path == "/public-keys/";
}

}  // namespace

// Under /v2 the first part decides. Where it is reserved and the path is no row of NGC's but one of the distribution API's, that one says
// what is wrong with the name.
const Face& face_of(std::string_view path) {
  const auto& oci = faces()[0];
  const auto& ngc = faces()[3];
  if (path == "/v2" || path.starts_with("/v2/")) {
    if (!is_reserved(path.substr(std::min<std::size_t>(4, path.size())))) return oci;
    static const Router kRouter{faces()};
    const auto* row = kRouter.find_face(path);
    return row == &oci ? oci : ngc;
  }
  if (is_token_path(path)) return faces()[1];
  return is_ngc_root(path) ? ngc : faces()[2];
}

}  // namespace berth::api
