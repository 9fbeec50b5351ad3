// A client that sends exactly what a test says and shows exactly what came back: no header of its own beside Host and the framing, no
// redirects followed, no path tidied, no waiting for "100 Continue".
//
// What it is not: a way to send malformed HTTP; tests of the wire open a socket themselves. One connection, reused as long as the
// server keeps it. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/base/error.h"

namespace berth::test {

// http2 in the clear begins with HTTP/2's preface; over TLS it is negotiated.
enum class HttpVersion : std::uint8_t { http1_1, http2 };

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;
  std::string target;               // "/v2/", sent as it is
  HttpFields fields;                // "Transfer-Encoding: chunked" here sends the body in chunks
  std::optional<std::string> body;  // nullopt: none, and no Content-Length unless the method wants one
};

struct HttpReply {
  int status = 0;
  HttpFields fields;
  std::string body;

  // All values of a field joined by ", "; nullopt when there is none. Names without regard to case.
  [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
};

class HttpClient {
 public:
  // `server` as "http://127.0.0.1:5000" or with https, where any certificate is taken.
  HttpClient(std::string server, HttpVersion version);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Errors: io_error (no connection, a cut or late answer; the message says which).
  base::Result<HttpReply> send(const HttpRequest& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace berth::test
