#include "http/head.h"

#include <algorithm>
#include <string>
#include <utility>

#include "http/head_fields.h"
#include "http/head_rules.h"
#include "http/text.h"

namespace berth::http {

namespace {

base::Result<void> parse_version(std::string_view text, Request& request) {
  const bool well_formed =
      text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' && is_digit(text[7]);
  if (!well_formed) return malformed("the request line must end in an HTTP version");
  if (text == "HTTP/1.1") {
    request.protocol = Protocol::http1_1;
  } else if (text == "HTTP/1.0") {
    request.protocol = Protocol::http1_0;
  } else {
    return base::fail(base::ErrorCode::http_version_unsupported, "this port speaks HTTP/1.1 and HTTP/1.0");
  }
  return {};
}

// method SP target SP version, with exactly these two spaces (RFC 9112 §3).
base::Result<void> parse_request_line(std::string_view line, Request& request) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return malformed("the request line needs a method, a target and a version");
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  BERTH_CHECK_OK(take_method(method, request));
  BERTH_CHECK_OK(check_target(target));
  BERTH_CHECK_OK(parse_version(line.substr(last + 1), request));
  request.target = target;
  return {};
}

base::Result<void> check_host(Request& request) {
  const auto hosts = request.fields.find_all("Host");
  if (hosts.size() > 1) return malformed("a request has one Host header field, not several");
  if (hosts.empty()) {
    if (request.protocol == Protocol::http1_0) return {};
    return malformed("an HTTP/1.1 request needs a Host header field");
  }
  if (!valid_host(hosts.front())) return malformed("the Host header field is not a host with an optional port");
  request.authority = hosts.front();
  return {};
}

// Origin form stays; absolute form is reduced to it when it names the same host; '*' belongs to OPTIONS (RFC 9112 §3.2).
base::Result<void> reduce_target(Request& request) {
  std::string& target = request.target;
  if (target.front() == '/') return {};
  if (target == "*" && request.method == Method::options) return {};
  const std::string_view scheme = request.secure ? "https://" : "http://";
  if (target.size() <= scheme.size() || !equal_ignoring_case(std::string_view(target).substr(0, scheme.size()), scheme)) {
    return malformed("the request target must be a path");
  }
  const std::string_view rest = std::string_view(target).substr(scheme.size());
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  if (request.authority.empty() || !equal_ignoring_case(rest.substr(0, end), request.authority)) {
    return malformed("the request target and the Host header field name different hosts");
  }
  std::string path(rest.substr(end));
  if (path.empty() || path.front() == '?') path.insert(path.begin(), '/');
  target = std::move(path);
  return {};
}

// RFC 9112 §6.3, without any of its leniencies.
base::Result<BodyFraming> find_framing(Request& request) {
  const auto encodings = request.fields.find_all("Transfer-Encoding");
  const auto lengths = request.fields.find_all("Content-Length");
  if (!encodings.empty()) {
    if (request.protocol == Protocol::http1_0) return malformed("HTTP/1.0 has no Transfer-Encoding");
    if (!lengths.empty()) return malformed("a request has a Content-Length or a Transfer-Encoding, not both");
    if (encodings.size() > 1 || !equal_ignoring_case(encodings.front(), "chunked")) {
      return malformed("the only Transfer-Encoding that is understood is chunked, once");
    }
    request.has_body = true;
    return BodyFraming::chunked;
  }
  if (lengths.empty()) return BodyFraming::none;
  if (lengths.size() > 1) return malformed("a request has one Content-Length, not several");
  request.content_length = base::parse_decimal(lengths.front());
  if (!request.content_length) return malformed("the Content-Length is not a decimal number of bytes");
  request.has_body = *request.content_length > 0;
  return request.has_body ? BodyFraming::length : BodyFraming::none;
}

bool wants_keep_alive(const Request& request) {
  const std::string connection = request.fields.find_list("Connection").value_or("");
  if (list_has(connection, "close")) return false;
  return request.protocol == Protocol::http1_1 || list_has(connection, "keep-alive");
}

}  // namespace

base::Result<HeadFacts> parse_head(std::string_view head, Request& request) {
  const std::size_t line = std::min(head.find('\r'), head.size());
  BERTH_CHECK_OK(parse_request_line(head.substr(0, line), request));
  BERTH_CHECK_OK(parse_fields(head.substr(std::min(line + 2, head.size())), request.fields));
  BERTH_CHECK_OK(check_host(request));
  BERTH_CHECK_OK(reduce_target(request));
  HeadFacts facts;
  BERTH_TRY(facts.framing, find_framing(request));
  facts.keep_alive = wants_keep_alive(request);
  // An HTTP/1.0 client knows no interim responses (RFC 9110 §10.1.1).
  if (request.protocol == Protocol::http1_1) {
    BERTH_TRY(const bool expects_continue, wants_continue(request));
    facts.expects_continue = expects_continue && request.has_body;
  }
  return facts;
}

}  // namespace berth::http
