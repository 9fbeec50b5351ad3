#include "http/h2_windows.h"

#include <nghttp2/nghttp2.h>

namespace berth::http {

// What nghttp2 says to all of these calls matters to nobody: they fail for want of memory alone, which ends the process elsewhere.

H2Windows::H2Windows(nghttp2_session* session, ByteBudget& budget) : session_(session), budget_(budget) {
  set_connection(kConnectionStart);
}

H2Windows::~H2Windows() { budget_.give(lent_); }

void H2Windows::set_connection(std::uint32_t width) {
  connection_ = width;
  replenish(1);
}

// The session's own width plays no part: nghttp2 makes up for shrinking it by leaving out updates that a peer may be waiting for.
// What nghttp2 says that the peer may send also misses what never came here: padding, and DATA of streams that were closed.
void H2Windows::replenish(std::uint32_t least) {
  const auto open = nghttp2_session_get_local_window_size(session_);
  const auto missing = std::int64_t{connection_} - static_cast<std::int64_t>(held_) - open;
  if (missing >= least) nghttp2_submit_window_update(session_, NGHTTP2_FLAG_NONE, 0, static_cast<std::int32_t>(missing));
}

void H2Windows::credit(std::int32_t stream, std::size_t bytes) {
  held_ -= bytes;
  nghttp2_session_consume_stream(session_, stream, bytes);
  replenish(connection_ / 2);
}

std::uint32_t H2Windows::widen(std::int32_t stream, std::uint32_t from, std::uint32_t to) {
  if (to <= from || connection_ + (to - from) > NGHTTP2_MAX_WINDOW_SIZE || !budget_.take(to - from)) return from;
  lent_ += to - from;
  set_connection(connection_ + (to - from));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, stream, static_cast<std::int32_t>(to));
  return to;
}

// The peer keeps what it may send already; updates stay out until it has sent it.
void H2Windows::ended(std::uint32_t width) {
  const std::uint32_t extra = width - kStreamStart;
  if (extra == 0) return;
  lent_ -= extra;
  budget_.give(extra);
  connection_ -= extra;
}

}  // namespace berth::http
