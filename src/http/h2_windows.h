// The receive windows of one HTTP/2 connection: what its peer may send ahead.
//
// A stream begins with 64 KiB. An upload that goes well gets more, out of a budget of all connections; the connection's window grows and
// shrinks with its streams'. Bytes are credited when the handler has taken them, so a slow disk holds the peer back. A WINDOW_UPDATE goes
// out when half a window was credited, never byte by byte: a peer that may send nothing has left half a window here, which is `crowded`.
// Loop thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "http/rate.h"

struct nghttp2_session;

namespace berth::http {

class H2Windows {
 public:
  static constexpr std::uint32_t kStreamStart = 65'535;          // RFC 9113 §6.9.2
  static constexpr std::uint32_t kConnectionStart = 256 * 1024;  // of which a quarter may wait for one authorisation

  H2Windows(nghttp2_session* session, ByteBudget& budget);
  ~H2Windows();
  H2Windows(const H2Windows&) = delete;
  H2Windows& operator=(const H2Windows&) = delete;

  // Bytes that arrived and nobody has taken yet.
  void arrived(std::size_t bytes) { held_ += bytes; }
  // Arrived bytes of a stream were taken, or dropped.
  void credit(std::int32_t stream, std::size_t bytes);
  // So much waits that the peer may soon be unable to send: whoever gathers bytes must pass them on.
  [[nodiscard]] bool crowded() const { return held_ * 2 >= connection_; }

  // Widens a stream's window from `from` to `to` if the budget allows it; the width that holds now.
  std::uint32_t widen(std::int32_t stream, std::uint32_t from, std::uint32_t to);
  // A stream of that width has ended.
  void ended(std::uint32_t width);

 private:
  void set_connection(std::uint32_t width);
  // Lets the peer fill up the connection's width, if at least so much is missing.
  void replenish(std::uint32_t least);

  nghttp2_session* session_;
  ByteBudget& budget_;
  std::uint64_t lent_ = 0;
  std::uint64_t held_ = 0;
  std::uint32_t connection_ = kStreamStart;
};

}  // namespace berth::http
