// How a Response goes onto the wire: its framing, its fields, and the text of an HTTP/1 head. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "berth/base/clock.h"
#include "berth/http/message.h"

namespace berth::http {

enum class Persistence : std::uint8_t { keep, close };

// How the end of the body is marked.
enum class ResponseFraming : std::uint8_t {
  none,  // no body is sent: HEAD, 204, 304
  length,
  chunked,      // HTTP/2: its frames mark the end
  until_close,  // HTTP/1.0 and a body of unknown length
};

struct ResponsePlan {
  ResponseFraming framing = ResponseFraming::none;
  std::optional<std::uint64_t> content_length;  // announced
};

// Spec: RFC 9110 §6.4, §8.6, §9.3.2; RFC 9112 §6.
ResponsePlan plan_response(const Response& response, const Request& request);

// Takes fields one by one. A value has no control character beside the tab.
class FieldSink {
 public:
  virtual ~FieldSink() = default;
  virtual void field(std::string_view name, std::string_view value) = 0;
};

// The fields of the response in every protocol: the maker's (those that belong to the codec are left out), then Date, X-Request-Id and
// Content-Length.
void visit_fields(const Response& response, const ResponsePlan& plan, const Request& request, base::TimePoint now,
                  FieldSink& sink);

// The status line, the maker's fields (those that belong to the codec are left out), the codec's own, and the empty line.
std::string format_head(const Response& response, const ResponsePlan& plan, const Request& request, Persistence persistence,
                        base::TimePoint now);

// "Content Too Large" for 413; "" for a status without a standard phrase.
std::string_view reason_phrase(int status);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
std::string format_http_date(base::TimePoint time);

}  // namespace berth::http
