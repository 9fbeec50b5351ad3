#include "http/head_rules.h"

#include "http/text.h"

namespace berth::http {

namespace {

constexpr std::size_t kMaxMethod = 32;
constexpr std::size_t kMaxHost = 255;

bool valid_port(std::string_view text) {
  if (text.empty() || text.size() > 5) return false;
  unsigned value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value <= 65535;
}

}  // namespace

base::Result<void> take_method(std::string_view method, Request& request) {
  if (method.empty() || method.size() > kMaxMethod) return malformed("the method must have 1 to 32 characters");
  for (const char c : method) {
    if (!is_token_char(c)) return malformed("the method has a character that is not allowed there");
  }
  request.method_text = method;
  request.method = find_method(method);
  return {};
}

base::Result<void> check_target(std::string_view target) {
  if (target.empty()) return malformed("the request target is empty");
  for (const char c : target) {
    if (c <= ' ' || c >= 0x7f || c == '#') return malformed("the request target has a character that is not allowed in a URI");
  }
  return {};
}

bool valid_host(std::string_view text) {
  if (text.empty() || text.size() > kMaxHost) return false;
  std::size_t end = 0;
  if (text.front() == '[') {
    end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    for (const char c : text.substr(1, end - 1)) {
      if (!is_alphanumeric(c) && c != ':' && c != '.') return false;
    }
    ++end;
  } else {
    while (end < text.size() && (is_alphanumeric(text[end]) || text[end] == '.' || text[end] == '-' || text[end] == '_')) ++end;
    if (end == 0) return false;
  }
  return end == text.size() || (text[end] == ':' && valid_port(text.substr(end + 1)));
}

base::Result<bool> wants_continue(const Request& request) {
  const auto expectation = request.fields.find_list("Expect");
  if (!expectation) return false;
  if (!equal_ignoring_case(*expectation, "100-continue")) {
    return base::fail(base::ErrorCode::expectation_failed, "the only expectation that can be met is 100-continue");
  }
  return true;
}

}  // namespace berth::http
