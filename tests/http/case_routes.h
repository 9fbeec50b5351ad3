// Which route each step of a case exercises, and with what outcome, found without running it: the base of the coverage test.
//
// Values that only a server knows (a Location, a Link) are stood in for by others of the same shape; the runner proves for each step
// that the real target led to the same route.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "berth/api/routes.h"
#include "http/case_file.h"

namespace berth::test {

struct Exercised {
  const api::Route* route = nullptr;  // nullptr: the target is no route, or not with this method
  http::Method method = http::Method::other;
  int status = 0;
  std::optional<base::ErrorCode> error;
  bool preparation = false;
};

// The row that a method and a target (query and all) lead to; nullptr when there is none.
const api::Route* find_route(std::string_view method, std::string_view target);

// One entry a step, in order. Errors: parameter_invalid (an unknown variable).
base::Result<std::vector<Exercised>> exercised_by(const TextCase& text_case);

// The text that a capture takes out of a field. Errors: parameter_invalid when its pattern does not match.
base::Result<std::string> captured(const Capture& capture, const std::string& field_value);

}  // namespace berth::test
