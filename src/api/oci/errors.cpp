#include "berth/api/errors.h"
#include "api/answers.h"
#include "api/oci/face.h"

namespace berth::api {

http::Response render_oci_error(const http::Request&, const base::Error& error) { return error_list_answer(error); }

}  // namespace berth::api
