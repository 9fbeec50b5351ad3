// The head of a request: from raw bytes to a checked Request.
//
// The checks refuse whatever two readers could take differently (security.md B1.9), so that there is one reading of where this request ends
// and who it is for. Pure: the fuzz target calls it directly.
#pragma once

#include <cstdint>
#include <string_view>

#include "berth/base/error.h"
#include "berth/http/message.h"

namespace berth::http {

enum class BodyFraming : std::uint8_t { none, length, chunked };

struct HeadFacts {
  BodyFraming framing = BodyFraming::none;
  bool keep_alive = false;        // the client allows another request on this connection
  bool expects_continue = false;  // and has a body that waits for it
};

// Parses `head` (complete, as HeadScanner found it) into `request`: method, target, protocol, authority, fields, content_length, has_body.
// `request.secure` is read. After an error `request` holds what was understood before it. The connection must end after any error but
// expectation_failed.
// Errors: request_malformed, http_version_unsupported, expectation_failed.
// Spec:   RFC 9112 §2–3, §6; RFC 9110 §7.2, §10.1.1.
base::Result<HeadFacts> parse_head(std::string_view head, Request& request);

}  // namespace berth::http
