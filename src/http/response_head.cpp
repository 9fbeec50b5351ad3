#include "http/response_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "http/text.h"

namespace berth::http {

namespace {

struct Reason {
  int status;
  std::string_view phrase;
};
constexpr std::array kReasons{
    Reason{200, "OK"},
    Reason{201, "Created"},
    Reason{202, "Accepted"},
    Reason{204, "No Content"},
    Reason{206, "Partial Content"},
    Reason{301, "Moved Permanently"},
    Reason{302, "Found"},
    Reason{303, "See Other"},
    Reason{304, "Not Modified"},
    Reason{307, "Temporary Redirect"},
    Reason{308, "Permanent Redirect"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{406, "Not Acceptable"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{410, "Gone"},
    Reason{411, "Length Required"},
    Reason{412, "Precondition Failed"},
    Reason{413, "Content Too Large"},
    Reason{414, "URI Too Long"},
    Reason{415, "Unsupported Media Type"},
    Reason{416, "Range Not Satisfiable"},
    Reason{417, "Expectation Failed"},
    Reason{422, "Unprocessable Content"},
    Reason{423, "Locked"},
    Reason{428, "Precondition Required"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{502, "Bad Gateway"},
    Reason{503, "Service Unavailable"},
    Reason{504, "Gateway Timeout"},
    Reason{505, "HTTP Version Not Supported"},
    Reason{507, "Insufficient Storage"},
};

constexpr std::array<std::string_view, 6> kOwnFields{"Content-Length",    "Date",         "Connection",
                                                     "Transfer-Encoding", "X-Request-Id", "Keep-Alive"};

bool is_own_field(std::string_view name) {
  return std::any_of(kOwnFields.begin(), kOwnFields.end(), [&](std::string_view own) { return equal_ignoring_case(own, name); });
}

// A value can carry what a client sent (a Location, an OCI-Tag); a line end in it would be a second header.
bool is_clean(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) { return is_control(c) && c != '\t'; });
}

std::string cleaned(std::string_view value) {
  std::string text(value);
  for (char& c : text) c = is_control(c) && c != '\t' ? ' ' : c;
  return text;
}

void append_field(std::string& to, std::string_view name, std::string_view value) {
  to.append(name).append(": ").append(value).append("\r\n");
}

class HeadText final : public FieldSink {
 public:
  explicit HeadText(std::string& text) : text_(text) {}
  void field(std::string_view name, std::string_view value) override { append_field(text_, name, value); }

 private:
  std::string& text_;
};

bool valid_name(std::string_view name) { return !name.empty() && std::all_of(name.begin(), name.end(), is_token_char); }

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

// One text per second and thread.
const std::string& cached_date(base::TimePoint now) {
  thread_local std::chrono::seconds cached_second{-1};
  thread_local std::string cached;
  const auto second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  if (second != cached_second) {
    cached = format_http_date(now);
    cached_second = second;
  }
  return cached;
}

}  // namespace

std::string_view reason_phrase(int status) {
  const auto* row = std::find_if(kReasons.begin(), kReasons.end(), [&](const Reason& r) { return r.status == status; });
  return row == kReasons.end() ? std::string_view() : row->phrase;
}

std::string format_http_date(base::TimePoint time) {
  static constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT", kDays[std::chrono::weekday(day).c_encoding()],
                static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                static_cast<int>(date.year()), static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

ResponsePlan plan_response(const Response& response, const Request& request) {
  ResponsePlan plan;
  const std::optional<std::uint64_t> length = body_length(response.body);
  if (has_no_body(response.status)) {
    // RFC 9110 §8.6: never in a 204; a 304 may say what a 200 would have had.
    if (response.status == 304) plan.content_length = response.head_length;
    return plan;
  }
  plan.content_length = response.head_length && request.method == Method::head ? response.head_length : length;
  if (request.method == Method::head) return plan;
  if (length) {
    plan.framing = ResponseFraming::length;
  } else {
    plan.framing = request.protocol == Protocol::http1_0 ? ResponseFraming::until_close : ResponseFraming::chunked;
  }
  return plan;
}

void visit_fields(const Response& response, const ResponsePlan& plan, const Request& request, base::TimePoint now,
                  FieldSink& sink) {
  for (const auto& [name, value] : response.fields.all()) {
    if (!valid_name(name) || is_own_field(name)) continue;
    if (is_clean(value)) {
      sink.field(name, value);
    } else {
      sink.field(name, cleaned(value));
    }
  }
  sink.field("Date", cached_date(now));
  if (!request.id.empty()) sink.field("X-Request-Id", request.id);
  if (!plan.content_length) return;
  std::array<char, 20> length{};
  const auto end = std::to_chars(length.data(), length.data() + length.size(), *plan.content_length);
  sink.field("Content-Length", {length.data(), static_cast<std::size_t>(end.ptr - length.data())});
}

std::string format_head(const Response& response, const ResponsePlan& plan, const Request& request, Persistence persistence,
                        base::TimePoint now) {
  std::string head;
  head.reserve(512);
  head.append("HTTP/1.1 ")
      .append(std::to_string(response.status))
      .append(" ")
      .append(reason_phrase(response.status))
      .append("\r\n");
  HeadText fields(head);
  visit_fields(response, plan, request, now, fields);
  if (plan.framing == ResponseFraming::chunked) append_field(head, "Transfer-Encoding", "chunked");
  if (persistence == Persistence::close) {
    append_field(head, "Connection", "close");
  } else if (request.protocol == Protocol::http1_0) {
    append_field(head, "Connection", "keep-alive");
  }
  head.append("\r\n");
  return head;
}

}  // namespace berth::http
