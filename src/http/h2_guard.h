// Decides when a peer's frames stop being work and start being an attack (security.md B1.10–13).
//
//   control    whatever carries nothing: PING, SETTINGS, PRIORITY, WINDOW_UPDATE, CONTINUATION, unknown types, empty and tiny DATA.
//              Bytes that are really moved earn tokens, since a peer that reads much updates its windows often. It may do so late:
//              what waits in the kernels' buffers is read at once, so updates may be saved up beyond the burst.
//   resets     RST_STREAM by the peer (CVE-2023-44487)
//   own resets RST_STREAM that the peer made us send (CVE-2025-8671), and streams beyond the limit
// One per connection. Loop thread.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "berth/http/server.h"
#include "http/h2_frames.h"
#include "http/rate.h"

namespace berth::http {

class H2Guard {
 public:
  explicit H2Guard(const Http2Limits& limits)
      : control_({limits.control_burst, limits.control_per_second}),
        resets_({limits.reset_burst, limits.reset_per_second}),
        own_resets_({limits.own_reset_burst, limits.own_reset_per_second}) {}

  // Why the connection must end, as the metric's label; nullopt: go on.
  using Objection = std::optional<std::string_view>;

  Objection received(const H2FrameHeader& frame) {
    switch (frame.type) {
      case H2FrameType::headers: return std::nullopt;
      case H2FrameType::rst_stream: return resets_.take() ? Objection() : "resets";
      case H2FrameType::data:
        if (frame.length >= kTiny) {
          moved(frame.length);
          return std::nullopt;
        }
        if (frame.length > 0 && frame.has(H2FrameHeader::kEndStream)) return std::nullopt;
        break;
      default: break;
    }
    if (frame.type == H2FrameType::window_update && updates_ >= 1) {
      updates_ -= 1;
      return std::nullopt;
    }
    return control_.take() ? Objection() : "frames";
  }

  Objection reset_sent() { return own_resets_.take() ? Objection() : "own_resets"; }

  // DATA in either direction.
  void moved(std::size_t bytes) {
    const double tokens = static_cast<double>(bytes) / kBytesPerToken;
    control_.earn(tokens);
    updates_ = std::min(kMostUpdates, updates_ + tokens);
  }

 private:
  // A DATA frame below this has more framing and handling than content.
  static constexpr std::uint32_t kTiny = 64;
  // Go's client updates two windows for each 4 KiB that it reads.
  static constexpr double kBytesPerToken = 1024;
  // For 64 MiB, more than the buffers of both ends hold by default.
  static constexpr double kMostUpdates = 64 * 1024;

  double updates_ = 0;
  TokenBucket control_;
  TokenBucket resets_;
  TokenBucket own_resets_;
};

}  // namespace berth::http
