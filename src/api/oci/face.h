// The OCI distribution face: /v2/. Spec: distribution-spec 1.1.1 and main.
#pragma once

#include "berth/api/routes.h"

namespace berth::api {

Face oci_face();
// {"errors":[{"code","message","detail"}]}
http::Response render_oci_error(const http::Request& request, const base::Error& error);

}  // namespace berth::api
