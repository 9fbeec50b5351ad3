// Requests and responses as plain values, the same for HTTP/1.1 and HTTP/2. Nothing here knows a route.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "berth/base/bytes.h"
#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/base/fs.h"

namespace berth::http {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options, other };
std::string_view method_name(Method method);
Method find_method(std::string_view name);

enum class Protocol : std::uint8_t { http1_0, http1_1, http2 };
std::string_view protocol_name(Protocol protocol);  // "HTTP/1.1"

// Header fields in the order of the wire; names are matched without regard to case (RFC 9110 §5.1).
class Fields {
 public:
  Fields() = default;
  Fields(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  // Makes room for so many.
  void reserve(std::size_t count) { fields_.reserve(count); }
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  // Replaces every field of that name.
  void set(std::string name, std::string value);
  // The first value; nullopt when there is none.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> find_all(std::string_view name) const;
  // All values of a list field joined by ", " (RFC 9110 §5.3); nullopt when there is none.
  [[nodiscard]] std::optional<std::string> find_list(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// The head of a request. Framing is checked before anybody sees it: one Host, no two readings (security.md B1.9).
struct Request {
  Method method = Method::other;
  std::string method_text;  // as sent; at most 32 characters
  std::string target;       // origin form as sent: "/v2/a/tags/list?n=3"; never decoded here
  Protocol protocol = Protocol::http1_1;
  bool secure = false;    // came over TLS
  std::string authority;  // Host or :authority
  std::string peer;       // address of the client, no port
  std::string id;         // request id: 32 hex digits, ours
  Fields fields;
  std::optional<std::uint64_t> content_length;
  bool has_body = false;  // Content-Length > 0, or chunked, or an HTTP/2 stream still open
  base::TimePoint received;

  // Of `target`, raw.
  [[nodiscard]] std::string_view path() const;
  [[nodiscard]] std::string_view query() const;  // without '?'
};

// Bytes [offset, offset+length) of an open file, sent without passing through memory where the transport allows it.
struct FileBody {
  std::shared_ptr<const base::File> file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// Makes a body of unknown length piece by piece; sent chunked over HTTP/1.1.
class Generator {
 public:
  virtual ~Generator() = default;
  // The next piece; empty = the end. Worker thread, one call at a time. An error cuts the connection, so that nobody takes the
  // part for the whole.
  virtual base::Result<std::string> next() = 0;
};

using Body = std::variant<std::string, std::shared_ptr<const std::string>, FileBody, std::shared_ptr<Generator>>;

// Content-Length, Date, Connection, Transfer-Encoding and X-Request-Id are the codec's; everything else is the maker's.
struct Response {
  int status = 200;
  Fields fields;
  Body body;
  // Answer to HEAD: fields as for GET, `body` gives the Content-Length and is not sent. The codec does this by itself for HEAD requests.
  // Content-Length to announce where the body of a HEAD is not at hand.
  std::optional<std::uint64_t> head_length;
  // The connection must not be used again (HTTP/1), whatever the body's state.
  bool close = false;
  // What the maker calls this kind of answer, in static storage; comes back to it in Account. Never sent.
  std::string_view label;
};

// The text of a body; empty for a file and a Generator.
std::string_view text_of(const Body& body);

// Length of a body; nullopt for a Generator.
std::optional<std::uint64_t> body_length(const Body& body);

}  // namespace berth::http
