// The cookie of a browser session, and the origin that a page which uses it must have. Pure.
//
//   Set-Cookie: berth_session=<43 characters>; Path=[<prefix>]/api/v1/session; Max-Age=604800; HttpOnly; SameSite=Strict[; Secure]
//
// Spec: RFC 6265bis §4.1; RFC 6454 §7; CONTRACTS.md, Addresses.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/http/message.h"

namespace berth::api {

// The secret; nullopt also when there are several, as from somebody who may write cookies for a domain above ours.
std::optional<std::string> find_session_cookie(const http::Request& request);
// For the place `path` of the registry's own address `base` (Links::base()); Secure under https. An empty secret takes the cookie away.
std::string session_cookie(std::string_view secret, base::Duration life, std::string_view base, std::string_view path);

// Whether the request comes from a page of `base`. Errors: denied.
base::Result<void> check_origin(const http::Request& request, std::string_view base);
// A browser leaves the field out when it fetches from its own origin. Errors: denied, also when Sec-Fetch-Site tells of another site.
base::Result<void> check_origin_if_given(const http::Request& request, std::string_view base);

}  // namespace berth::api
