#include "http/h2_head.h"

#include <algorithm>
#include <array>
#include <utility>

#include "http/head_rules.h"
#include "http/text.h"

namespace berth::http {

namespace {

// RFC 9113 §6.5.2.
constexpr std::size_t kFieldOverhead = 32;
constexpr std::size_t kPathKept = 256;

// RFC 9113 §8.2.2: they belong to a connection of HTTP/1.
constexpr std::array<std::string_view, 6> kConnectionFields{"connection",        "keep-alive", "proxy-connection",
                                                            "transfer-encoding", "upgrade",    "http2-settings"};

bool valid_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return is_token_char(c) && (c < 'A' || c > 'Z'); });
}

// RFC 9113 §8.2.1, and as HTTP/1's parser has it: no control characters.
bool valid_value(std::string_view value) {
  if (trim(value).size() != value.size()) return false;
  return std::none_of(value.begin(), value.end(), [](char c) { return is_control(c) && c != '\t'; });
}

}  // namespace

void H2Head::refuse(const char* why) {
  if (refused_ == nullptr) refused_ = why;
}

void H2Head::add(std::string_view name, std::string_view value) {
  size_ += name.size() + value.size() + kFieldOverhead;
  if (size_ > limits_.bytes) {
    // The beginning of a path that is too long tells in whose words the error is said.
    if (name == path_.name && !path_.value) path_.value = value.substr(0, kPathKept);
    return;
  }
  if (name.starts_with(':')) return add_pseudo(name, value);
  if (++count_ > limits_.fields) return;
  if (!valid_name(name)) return refuse("a header field's name has a character that is not allowed there");
  if (!valid_value(value)) return refuse("a header field's value has a character that is not allowed there");
  if (std::find(kConnectionFields.begin(), kConnectionFields.end(), name) != kConnectionFields.end()) {
    return refuse("a header field speaks of an HTTP/1 connection");
  }
  if (name == "te" && value != "trailers") return refuse("the only TE that HTTP/2 has is trailers");
  if (name == "cookie") return add_cookie(value);
  fields_.add(std::string(name), std::string(value));
}

void H2Head::add_pseudo(std::string_view name, std::string_view value) {
  if (count_ > 0) return refuse("a pseudo field follows a header field");
  for (Pseudo* pseudo : {&method_, &scheme_, &authority_, &path_}) {
    if (pseudo->name != name) continue;
    if (pseudo->value) return refuse("a pseudo field comes twice");
    pseudo->value = value;
    return;
  }
  refuse("a pseudo field is unknown");
}

// A client may send its cookies one by one (RFC 9113 §8.2.3).
void H2Head::add_cookie(std::string_view value) {
  if (!cookie_.empty()) cookie_ += "; ";
  cookie_ += value;
}

base::Result<H2Head::Facts> H2Head::finish(H2End end, Request& request) {
  request.protocol = Protocol::http2;
  request.fields = std::move(fields_);
  if (!cookie_.empty()) request.fields.add("cookie", std::move(cookie_));
  // The path first: it says in whose words an error is told.
  const base::Result<void> target = take_target(request);
  const base::Result<void> method = take_method(method_.value.value_or(""), request);
  if (size_ > limits_.bytes || count_ > limits_.fields) {
    return base::fail(base::ErrorCode::header_too_large, count_ > limits_.fields ? "the request has too many header fields"
                                                                                 : "the request's header fields are too long");
  }
  if (refused_ != nullptr) return malformed(refused_);
  BERTH_CHECK_OK(method);
  BERTH_CHECK_OK(target);
  if (request.target == "*" && request.method != Method::options) return malformed("the request target must be a path");
  if (scheme_.value != "http" && scheme_.value != "https") return malformed("the scheme must be http or https");
  BERTH_CHECK_OK(take_authority(request));
  BERTH_CHECK_OK(take_length(end, request));
  BERTH_TRY(const bool expects_continue, wants_continue(request));
  return Facts{expects_continue && request.has_body};
}

base::Result<void> H2Head::take_target(Request& request) {
  if (!path_.value) return malformed("the request has no path");
  BERTH_CHECK_OK(check_target(*path_.value));
  if (path_.value->front() != '/' && *path_.value != "*") return malformed("the request target must be a path");
  request.target = std::move(*path_.value);
  return {};
}

// :authority, or Host where a gateway has translated HTTP/1; both only when they agree (RFC 9113 §8.3.1).
base::Result<void> H2Head::take_authority(Request& request) {
  const auto hosts = request.fields.find_all("host");
  if (hosts.size() > 1) return malformed("a request has one Host header field, not several");
  if (hosts.empty() && !authority_.value) return malformed("the request names no host");
  const std::string_view authority = authority_.value ? std::string_view(*authority_.value) : hosts.front();
  if (!valid_host(authority)) return malformed("the authority is not a host with an optional port");
  if (!hosts.empty() && !equal_ignoring_case(hosts.front(), authority)) {
    return malformed("the authority and the Host header field name different hosts");
  }
  request.authority = authority;
  return {};
}

base::Result<void> H2Head::take_length(H2End end, Request& request) const {
  const auto lengths = request.fields.find_all("content-length");
  if (lengths.size() > 1) return malformed("a request has one Content-Length, not several");
  request.has_body = end == H2End::open;
  if (lengths.empty()) return {};
  request.content_length = base::parse_decimal(lengths.front());
  if (!request.content_length) return malformed("the Content-Length is not a decimal number of bytes");
  if (end == H2End::ended && *request.content_length > 0) return malformed("the request ends before its Content-Length");
  request.has_body = *request.content_length > 0;
  return {};
}

}  // namespace berth::http
