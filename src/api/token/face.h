// The token service: /token and /proxy_auth (the same, for NGC's clients), /.well-known/jwks.json. Errors in OCI's words, as the clients
// that come here are OCI's. Spec: distribution's "Token Authentication", OAuth 2 (RFC 6749) for POST, RFC 7517 for the keys.
#pragma once

#include "berth/api/routes.h"

namespace berth::api {

Face token_face();
bool is_token_path(std::string_view path);

}  // namespace berth::api
