// Documents generated from the tables. tests prove that the files in the tree are what these functions return.
#pragma once

#include <string>

namespace berth::api {

// OpenAPI 3.1, also served at /openapi.json.
std::string openapi_json();
// docs/api.md, docs/errors.md, docs/metrics.md.
std::string api_page();
std::string errors_page();
std::string metrics_page();

}  // namespace berth::api
