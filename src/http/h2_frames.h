// HTTP/2 frame headers in a stream of bytes, before any library looks at them: for limits on what a peer may send.
//
// nghttp2 tells nobody of CONTINUATION, of frames on closed streams and of unknown types; here every frame shows. Pure.
// Spec: RFC 9113 §3.4, §4.1.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "berth/base/bytes.h"

namespace berth::http {

constexpr std::string_view kH2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum class H2FrameType : std::uint8_t {
  data = 0,
  headers = 1,
  priority = 2,
  rst_stream = 3,
  settings = 4,
  push_promise = 5,
  ping = 6,
  goaway = 7,
  window_update = 8,
  continuation = 9,
};

struct H2FrameHeader {
  static constexpr std::size_t kSize = 9;
  static constexpr std::uint8_t kEndStream = 0x1;  // DATA, HEADERS
  static constexpr std::uint8_t kAck = 0x1;        // SETTINGS, PING
  static constexpr std::uint8_t kEndHeaders = 0x4;

  std::uint32_t length = 0;
  H2FrameType type = H2FrameType::data;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;

  [[nodiscard]] bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

// length(24) type(8) flags(8) R(1) stream(31)
inline H2FrameHeader read_frame_header(const std::array<std::uint8_t, H2FrameHeader::kSize>& raw) {
  const auto number = [&](std::size_t at) { return static_cast<std::uint32_t>(raw[at]); };
  return {number(0) << 16 | number(1) << 8 | number(2), static_cast<H2FrameType>(raw[3]), raw[4],
          (number(5) << 24 | number(6) << 16 | number(7) << 8 | number(8)) & 0x7fffffffU};
}

inline std::array<std::uint8_t, H2FrameHeader::kSize> write_frame_header(const H2FrameHeader& header) {
  const auto byte = [](std::uint32_t value, int shift) { return static_cast<std::uint8_t>(value >> shift & 0xff); };
  return {byte(header.length, 16),
          byte(header.length, 8),
          byte(header.length, 0),
          static_cast<std::uint8_t>(header.type),
          header.flags,
          byte(header.stream, 24),
          byte(header.stream, 16),
          byte(header.stream, 8),
          byte(header.stream, 0)};
}

// SETTINGS that change nothing: what each side begins with.
inline std::string settings_frame() {
  const auto header = write_frame_header({0, H2FrameType::settings, 0, 0});
  return {header.begin(), header.end()};
}

// GOAWAY: streams behind `last` were not looked at. `why` is for people.
inline std::string goaway_frame(std::uint32_t last, std::uint32_t code, std::string_view why = {}) {
  const auto header = write_frame_header({static_cast<std::uint32_t>(8 + why.size()), H2FrameType::goaway, 0, 0});
  std::string frame(header.begin(), header.end());
  for (const auto value : {last, code}) {
    for (const int shift : {24, 16, 8, 0}) frame.push_back(static_cast<char>(value >> shift & 0xff));
  }
  return frame.append(why);
}

class H2FrameScanner {
 public:
  // Calls visit(header) for each frame whose header ends in `bytes`, until it returns false. False then.
  template <typename Visit>
  bool scan(base::ByteView bytes, Visit visit) {
    while (!bytes.empty()) {
      const std::size_t skipped = std::min<std::size_t>(skip_, bytes.size());
      skip_ -= skipped;
      bytes = bytes.subspan(skipped);
      const std::size_t taken = std::min(H2FrameHeader::kSize - have_, bytes.size());
      std::transform(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken), raw_.begin() + have_,
                     [](std::byte b) { return static_cast<std::uint8_t>(b); });
      have_ += taken;
      bytes = bytes.subspan(taken);
      if (have_ < H2FrameHeader::kSize) return true;
      have_ = 0;
      last_ = read_frame_header(raw_);
      skip_ = last_.length;
      note();
      if (!visit(last_)) return false;
    }
    return true;
  }

  // Frames whose headers were seen.
  [[nodiscard]] std::uint64_t frames() const { return frames_; }
  // The peer has begun something that it must finish soon: a header block, or a frame that is not DATA.
  [[nodiscard]] bool owes() const {
    return frames_ == 0 || in_header_block_ || have_ > 0 || (skip_ > 0 && last_.type != H2FrameType::data);
  }
  // Which of its debts this is: it changes when one was paid.
  [[nodiscard]] std::uint64_t debt() const { return in_header_block_ ? block_ : frames_; }

 private:
  void note() {
    ++frames_;
    if (last_.type == H2FrameType::headers) block_ = frames_;
    const bool block = last_.type == H2FrameType::headers || last_.type == H2FrameType::continuation;
    if (block) in_header_block_ = !last_.has(H2FrameHeader::kEndHeaders);
  }

  std::array<std::uint8_t, H2FrameHeader::kSize> raw_{};
  std::size_t have_ = 0;
  std::size_t skip_ = kH2Preface.size();
  H2FrameHeader last_{0, H2FrameType::settings, 0, 0};
  std::uint64_t frames_ = 0;
  std::uint64_t block_ = 0;  // the frame that began the header block
  bool in_header_block_ = false;
};

}  // namespace berth::http
