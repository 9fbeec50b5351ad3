// A client that says exactly the bytes it is told: for requests that no library would send, and for answers that no library would show.
//
// Plain, or over TLS after start_tls(). Blocking, to 127.0.0.1, with a deadline of 20 s on every read and write, so that a test that hangs fails instead.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "support/tls_session.h"

namespace berth::test {

// A response as read from the wire.
struct RawReply {
  int status = 0;                             // 0: the connection ended before a whole head
  std::string head;                           // with the empty line
  std::map<std::string, std::string> fields;  // names in lower case; of repeated ones the last
  std::string body;
  bool whole = false;  // the framing says that nothing is missing
  bool chunked = false;
  [[nodiscard]] std::string field(const std::string& lower_case_name) const {
    const auto entry = fields.find(lower_case_name);
    return entry == fields.end() ? std::string() : entry->second;
  }
};

enum class BodyRule : std::uint8_t { as_framed, none };  // none: the answer to a HEAD

class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // From here on everything goes over TLS; the handshake is the caller's to make. Lives as long as this client.
  TlsSession& start_tls(const TlsOptions& options = {});

  // False when the peer is gone.
  bool send(std::string_view bytes);
  // Sends until the kernel takes no more without waiting; the number of bytes taken, at most bytes.size().
  std::size_t send_what_fits(std::string_view bytes);
  // The next response. Bytes behind it stay for the next call.
  RawReply read_reply(BodyRule rule = BodyRule::as_framed);
  // Everything up to the end of the stream, what was read before and not used included.
  std::string read_to_end();
  // Bytes up to and with `mark`, or what there was when the stream ended.
  std::string read_until(std::string_view mark);
  std::string read_exactly(std::size_t size);
  // Whether bytes, or the end, can be read without waiting.
  [[nodiscard]] bool readable() const;
  // Waits for the end of the stream; false when bytes come instead.
  bool at_end();

  // Ends our direction (over TLS: says so).
  void end_sending();
  // Ends the connection with a reset.
  void reset();
  void close();

 private:
  bool fill();

  int descriptor_ = -1;
  std::unique_ptr<TlsSession> tls_;
  std::string unread_;
};

}  // namespace berth::test
