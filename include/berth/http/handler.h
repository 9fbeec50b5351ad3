// What the codecs call: the one door from http to api.
//
// The way of one request (both protocols):
//   head complete and well-formed ─► recall()           loop thread: an answer from memory, if there is one ─► sent
//                                 └► begin()            worker thread: authorises, decides; not a byte of the body was taken yet
//     ├─ a Response                 ─► sent. An unread body: a small rest is read and dropped, else the connection ends after the response
//     └─ a BodyConsumer             ─► "100 Continue" if it was asked for, then write() for each piece, then finish() ─► Response
//   peer gone, too slow, malformed  ─► abandon()
// One stream has at most one of these calls in flight; the next piece of the body is received while the last is being written, and
// no further (one buffer per slow peer, never a thread).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <variant>

#include "berth/base/bytes.h"
#include "berth/base/error.h"
#include "berth/http/message.h"

namespace berth::http {

class BodyConsumer {
 public:
  virtual ~BodyConsumer() = default;
  // The next bytes, at most 1 MiB at once. A Response ends the request early (disk full, too long). Worker thread; may block on disk.
  virtual std::optional<Response> write(base::ByteView bytes) = 0;
  // The body is complete. Worker thread.
  virtual Response finish() = 0;
  // The body will never be complete. Worker thread. Neither write() nor finish() follows.
  virtual void abandon() = 0;
};

using Outcome = std::variant<Response, std::unique_ptr<BodyConsumer>>;

// How a request ended, for the access log and the metrics.
struct Account {
  int status = 0;                    // 0: the connection ended before a status was sent
  std::uint64_t request_bytes = 0;   // of the body
  std::uint64_t response_bytes = 0;  // of the body
  std::chrono::microseconds duration{0};
  bool complete = false;   // the whole response was handed to the kernel
  std::string_view label;  // Response::label
};

class Handler {
 public:
  virtual ~Handler() = default;
  // An answer that is at hand and still true, for a request without a body; its body is text. nullptr: begin() is asked. Loop thread, before
  // begin(): from memory alone, no I/O, no lock that anybody holds across I/O. Must not throw.
  virtual std::shared_ptr<const Response> recall(const Request& request) = 0;
  // Worker thread. Must not throw.
  virtual Outcome begin(const Request& request) = 0;
  // An answer for a request that never reached begin(), or that failed on its way: malformed, too large, too slow, no free worker.
  // `request` holds what is known (target may be empty). Loop thread: pure, quick, no I/O.
  virtual Response render_error(const Request& request, const base::Error& error) = 0;
  // Once per request that had a head. Loop thread: quick, no I/O beyond the log line.
  virtual void account(const Request& request, const Account& account) = 0;
};

}  // namespace berth::http
