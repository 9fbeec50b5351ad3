// JSON as the wire demands it: strict, bounded, duplicate keys refused.
//
// Everything that comes from outside goes through parse_json(); nlohmann's own parse() is for nobody.
#pragma once

#include <cstddef>
#include <string_view>

#include <nlohmann/json.hpp>

#include "berth/base/error.h"

namespace berth::base {

using Json = nlohmann::json;                 // keys sorted
using OrderedJson = nlohmann::ordered_json;  // keys as inserted, for what people read

struct JsonLimits {
  std::size_t max_depth = 32;        // nested arrays and objects
  std::size_t max_values = 500'000;  // scalars, keys and containers together
};

// The value, or request_malformed with what is wrong and where (byte offset). Refuses: a repeated key in one object
// (security: two readers could read two different documents), deeper than max_depth, invalid UTF-8, trailing bytes.
Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace berth::base
