// YAML for configuration files only: one flat or nested mapping of scalars and lists, as JSON.
#pragma once

#include <string_view>

#include "berth/base/json.h"

namespace berth::base {

// The document with strings for every scalar (the settings table gives them their types); configuration_invalid with line and
// column otherwise. An empty document is an empty object.
Result<Json> parse_yaml(std::string_view text);

}  // namespace berth::base
