// Documents generated from the tables. tests prove that the files in the tree are what these functions return.
#pragma once

#include <string>
#include <string_view>

namespace berth::api {

// OpenAPI 3.1, also served at /openapi.json; with the public URL's path prefix before the paths that stand behind it.
std::string openapi_json(std::string_view prefix = {});
// docs/api.md, docs/errors.md, docs/metrics.md.
std::string api_page();
std::string errors_page();
std::string metrics_page();

}  // namespace berth::api
