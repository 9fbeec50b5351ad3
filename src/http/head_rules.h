// What a request head must hold in every version of HTTP, so that one reading of it is left (security.md B1.9). Pure.
#pragma once

#include <string>
#include <string_view>

#include "berth/base/error.h"
#include "berth/http/message.h"

namespace berth::http {

inline tl::unexpected<base::Error> malformed(std::string why) {
  return base::fail(base::ErrorCode::request_malformed, std::move(why));
}

// A token of at most 32 characters, into request.method and method_text.
// Errors: request_malformed.
base::Result<void> take_method(std::string_view method, Request& request);

// Not empty, and no character that a URI has not. Whether it must be a path is the caller's question.
// Errors: request_malformed.
base::Result<void> check_target(std::string_view target);

// host [":" port]. Names and numeric addresses only: the rest of RFC 3986's reg-name occurs in attacks, not in registries' names.
bool valid_host(std::string_view text);

// Whether the client asks for "100 Continue".
// Errors: expectation_failed (it asks for something else).
// Spec:   RFC 9110 §10.1.1.
base::Result<bool> wants_continue(const Request& request);

}  // namespace berth::http
