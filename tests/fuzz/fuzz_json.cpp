// Input: one JSON text.
#include <algorithm>
#include <string>

#include "berth/base/json.h"
#include "fuzz/fuzz.h"

namespace {

using namespace berth;
using fuzz::expect;

std::size_t depth_of(const base::Json& value) {
  std::size_t deepest = 0;
  if (!value.is_structured()) return 0;
  for (const auto& child : value) deepest = std::max(deepest, depth_of(child));
  return deepest + 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  constexpr base::JsonLimits kLimits{.max_depth = 32, .max_values = 10'000};
  const auto value = base::parse_json(text, kLimits);
  if (!value) {
    expect(value.error().code() == base::ErrorCode::request_malformed, "only request_malformed comes from JSON");
    expect(!value.error().message().empty() && value.error().message().size() < 1000, "a message does not grow with the input");
    // Throws on invalid UTF-8, which no client may be sent.
    expect(!base::Json(value.error().message()).dump().empty(), "a message can be written as JSON");
    return 0;
  }
  expect(depth_of(*value) <= kLimits.max_depth, "the depth is bounded");
  expect(base::Json::accept(text), "whoever reads JSON reads it");
  const auto again = base::parse_json(value->dump(), kLimits);
  expect(again.has_value() && *again == *value, "what was read can be written and read again");
  return 0;
}
