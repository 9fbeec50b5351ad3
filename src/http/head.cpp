#include "http/head.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include <boost/beast/http/basic_parser.hpp>

#include "http/head_rules.h"
#include "http/text.h"

namespace berth::http {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;

namespace {

// Beast's tokenizer, with the fields going straight into ours.
class FieldCollector final : public beast_http::basic_parser<true> {
 public:
  explicit FieldCollector(Fields& fields) : fields_(fields) {}

 private:
  using Text = boost::beast::string_view;

  void on_request_impl(beast_http::verb, Text, Text, int, error_code&) override {}
  void on_response_impl(int, Text, int, error_code&) override {}
  void on_field_impl(beast_http::field, Text name, Text value, error_code&) override {
    fields_.add(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(Text, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}

  Fields& fields_;
};

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

base::Result<void> collect_fields(std::string_view head, Request& request) {
  try {
    FieldCollector parser(request.fields);
    parser.header_limit(static_cast<std::uint32_t>(head.size()) + 1);
    parser.body_limit(boost::none);
    error_code error;
    const std::size_t used = parser.put(boost::asio::const_buffer(head.data(), head.size()), error);
    if (error) return malformed("the header fields are malformed: " + error.message());
    if (used != head.size() || !parser.is_header_done()) return malformed("the header fields are malformed");
  } catch (const std::exception& error) {
    return base::fail(base::Error(base::ErrorCode::internal, "the request could not be read").in(error.what()));
  }
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
  BERTH_CHECK_OK(parse_request_line(head.substr(0, head.find('\r')), request));
  BERTH_CHECK_OK(collect_fields(head, request));
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
