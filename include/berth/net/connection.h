// A stream of bytes to one peer: plain TCP (net/listener.h) or TLS (net/tls.h).
//
// Threads: every call and every callback on the connection's loop. A callback never runs inside the call that asked for it. At most one
// read and one write (write or send_file) are under way at a time. After close() the callbacks still come, with an error.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "berth/base/bytes.h"
#include "berth/base/error.h"
#include "berth/base/fs.h"
#include "berth/net/loop.h"

namespace berth::net {

// Bytes [offset, offset+length) of an open file.
struct FileRange {
  std::shared_ptr<const base::File> file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// Runs a job that may block on disk somewhere else than on the loop; false when nobody will run it.
using Offload = std::function<bool(std::function<void()>)>;

// Whether another write follows at once, so that a small piece may wait for it and share its packet.
enum class Follows : std::uint8_t { nothing, more };

// How long a connection that we ended still takes (and drops) what the peer sends, so that our last words arrive before a reset.
struct Linger {
  std::chrono::milliseconds quiet{2'000};  // without a byte from the peer
  std::chrono::milliseconds total{10'000};
};

class Connection {
 public:
  // The number of bytes read; 0: the peer has ended its side (over TLS: has said so; a stream that just stops is an error).
  using ReadDone = std::function<void(base::Result<std::size_t>)>;
  using WriteDone = std::function<void(base::Result<void>)>;

  virtual ~Connection() = default;

  // Reads what there is, at least one byte, into `into`, which stays valid until `done`.
  // Errors: io_error (connection lost or closed).
  virtual void read_some(std::span<std::byte> into, ReadDone done) = 0;
  // Writes all pieces, in order. The bytes stay valid until `done`; at most 16 pieces.
  // Errors: io_error.
  virtual void write(std::span<const base::ByteView> pieces, Follows follows, WriteDone done) = 0;
  // Sends a part of a file, from the page cache without a copy where the transport allows it. What is not in the page cache is read
  // in by a job given to `offload`; the loop never waits for the disk.
  // Errors: io_error (connection lost or closed), corrupt (the file cannot be read or ends before the range), busy (nobody runs the job).
  virtual void send_file(FileRange range, Offload offload, WriteDone done) = 0;

  // Bytes of ours handed to the kernel so far: whoever watches for a stalled peer compares it between two looks. Exact when no write is
  // under way.
  [[nodiscard]] virtual std::uint64_t sent() const = 0;

  // Ends both directions now. Idempotent.
  virtual void close() = 0;
  // As close(), but the peer learns that the stream was cut (RST), so that it takes no part for the whole.
  virtual void reset() = 0;
  // Ends our direction after what was written, drops what still comes for a while, then closes. Nothing is read or written after this
  // call; a pending read ends with an error.
  virtual void close_gently(Linger linger) = 0;

  // The peer's address without a port; IPv4 in dotted form even on an IPv6 socket.
  [[nodiscard]] virtual const std::string& peer() const = 0;
  // Whether the peer speaks TLS, with us or with a trusted proxy before us.
  [[nodiscard]] virtual bool secure() const = 0;
  // The protocol that the TLS handshake agreed on ("h2", "http/1.1"; RFC 7301). Empty: none was.
  [[nodiscard]] virtual std::string_view protocol() const { return {}; }
  [[nodiscard]] virtual const std::shared_ptr<Loop>& loop() const = 0;
};

}  // namespace berth::net
