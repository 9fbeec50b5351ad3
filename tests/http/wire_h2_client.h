// An HTTP/2 client that sends exactly the frames that a test says; only the compression of the answers' fields is a library's.
//
// It acknowledges SETTINGS and PING, and gives credit for what it reads, unless told otherwise. Blocking, one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/h2_frames.h"
#include "support/raw_client.h"

struct nghttp2_hd_inflater;

namespace berth::test {

using H2Fields = std::vector<std::pair<std::string, std::string>>;

struct H2Frame {
  http::H2FrameHeader header;
  std::string payload;
};

struct H2Reply {
  std::vector<int> interim;
  int status = 0;  // 0: none came
  std::map<std::string, std::string> fields;
  std::string body;
  bool whole = false;                   // END_STREAM came
  std::optional<std::uint32_t> reset;   // RST_STREAM came, with this code
  std::vector<std::size_t> data_sizes;  // of the DATA frames
};

enum class H2Credit : std::uint8_t { automatic, none };

class H2Client {
 public:
  // Connects and sends the preface and SETTINGS (id, value).
  explicit H2Client(std::uint16_t port, const std::vector<std::pair<std::uint16_t, std::uint32_t>>& settings = {},
                    H2Credit credit = H2Credit::automatic);
  ~H2Client();
  H2Client(const H2Client&) = delete;
  H2Client& operator=(const H2Client&) = delete;

  static constexpr std::uint8_t kEnd = 0x1;
  // False when the peer is gone.
  bool send(http::H2FrameType type, std::uint8_t flags, std::int32_t stream, std::string_view payload = {});
  bool send_raw(std::string_view bytes) { return raw_.send(bytes); }
  // HEADERS with exactly these fields, pseudo fields included.
  bool headers(std::int32_t stream, const H2Fields& fields, std::uint8_t flags = kEnd);
  // A whole head, and the next stream's number.
  std::int32_t request(const std::string& method, const std::string& target, H2Fields more = {}, std::uint8_t flags = kEnd);
  bool data(std::int32_t stream, std::string_view bytes, std::uint8_t flags = 0) {
    return send(http::H2FrameType::data, flags, stream, bytes);
  }
  static constexpr std::size_t kFrame = 16 * 1024;
  // A body in DATA frames of up to so much, as the windows allow, and its end.
  bool upload(std::int32_t stream, std::string_view body, std::size_t frame = kFrame);
  bool window_update(std::int32_t stream, std::uint32_t bytes);
  bool reset(std::int32_t stream, std::uint32_t code = 8);
  bool ping(std::string_view eight_bytes) { return send(http::H2FrameType::ping, 0, 0, eight_bytes); }

  // Reads until the stream has ended, by whatever end. Other streams' frames are kept for their own calls.
  H2Reply reply(std::int32_t stream);
  // Reads until `done` holds; false when the connection ended before.
  template <typename Done>
  bool read_until(Done done) {
    while (!done()) {
      if (!read_frame()) return false;
    }
    return true;
  }
  // The next frame, noted; nullopt at the end of the connection.
  std::optional<H2Frame> read_frame();

  // Reads to the end; the code of the last GOAWAY, nullopt when there was none.
  std::optional<std::uint32_t> read_to_end();

  H2Reply& seen(std::int32_t stream) { return replies_[stream]; }
  // What came: (last stream, code) each.
  [[nodiscard]] const std::vector<std::pair<std::uint32_t, std::uint32_t>>& goaways() const { return goaways_; }
  [[nodiscard]] std::int64_t window(std::int32_t stream) const;
  [[nodiscard]] std::size_t window_updates() const { return window_updates_; }
  [[nodiscard]] const std::vector<std::string>& pongs() const { return pongs_; }
  RawClient& raw() { return raw_; }

 private:
  void note(const H2Frame& frame);
  void note_fields(H2Reply& reply, const std::string& block);

  RawClient raw_;
  H2Credit credit_;
  nghttp2_hd_inflater* inflater_ = nullptr;
  std::int32_t next_ = 1;
  std::map<std::int32_t, H2Reply> replies_;
  std::map<std::int32_t, std::int64_t> windows_;  // 0: the connection's
  std::vector<std::pair<std::uint32_t, std::uint32_t>> goaways_;
  std::vector<std::string> pongs_;
  std::size_t window_updates_ = 0;
};

// Fields as a header block: literals, no table, no Huffman (RFC 7541 §6.2.2).
std::string header_block(const H2Fields& fields);
H2Fields head_of(const std::string& method, const std::string& target, H2Fields more = {});
std::string be32(std::uint32_t value);

}  // namespace berth::test
