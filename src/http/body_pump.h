// The body of one HTTP/1 request on its way from the connection to the consumer.
//
// Two buffers (at most body_buffer_bytes each): one is filled from the connection while a worker writes the other, and then waits for its turn
// with the worker; when both are full nothing is read, so a slow disk holds the peer back through TCP. Content-Length bodies are received
// straight into the buffers; chunked ones are decoded inside them.
// Never reads past a Content-Length body; what lies behind a chunked one goes back to the input.
//
//   consuming ──answer──► answered ──discard()──► discarding ──► ended
//       └── failed, lost ──────────────────────────────────────────┘
// Loop thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "berth/base/error.h"
#include "berth/http/handler.h"
#include "berth/net/connection.h"
#include "berth/net/loop.h"
#include "http/chunked.h"
#include "http/engine.h"
#include "http/exchange.h"
#include "http/head.h"
#include "http/input_buffer.h"

namespace berth::http {

class BodyPump : public std::enable_shared_from_this<BodyPump> {
 public:
  // After start() comes answered, failed or lost; after discard() comes discarded, failed or lost; in between failed or lost may come, when
  // a read that was under way ends so.
  class Owner {
   public:
    virtual ~Owner() = default;
    // The consumer's answer, early or at the end.
    virtual void body_answered(Response response) = 0;
    // Malformed or too slow (the peer's fault), or the handler failed.
    virtual void body_failed(base::Error error) = 0;
    virtual void body_lost() = 0;
    virtual void body_discarded() = 0;
  };

  BodyPump(std::shared_ptr<Engine> engine, std::shared_ptr<net::Connection> connection, std::shared_ptr<InputBuffer> input,
           std::shared_ptr<Exchange> exchange, BodyFraming framing, std::weak_ptr<Owner> owner);

  void start();
  // Drops what was received with the head. For a body that nobody consumes.
  void drop_buffered();
  // Reads and drops the rest.
  void discard();
  // Nothing is told any more.
  void stop();

  // The last byte of the body was received.
  [[nodiscard]] bool complete() const { return complete_; }
  // Bytes of the body that have not arrived; nullopt when only the end will tell.
  [[nodiscard]] std::optional<std::uint64_t> missing() const;
  // Bytes of content received.
  [[nodiscard]] std::uint64_t received() const { return received_; }

 private:
  enum class Mode : std::uint8_t { idle, consuming, answered, discarding, ended };
  // [0, ready): content. [raw_begin, raw_end): received, not decoded (chunked only). Behind it: room.
  struct Piece {
    std::unique_ptr<std::byte[]> data;
    std::size_t capacity = 0;
    std::size_t ready = 0;
    std::size_t raw_begin = 0;
    std::size_t raw_end = 0;
    [[nodiscard]] bool full() const { return raw_end == capacity; }
    void clear() { ready = raw_begin = raw_end = 0; }
    void drop_content();
  };

  void allocate(Piece& piece) const;
  void advance();
  void read();
  base::Result<void> take_buffered();
  base::Result<void> took(std::size_t size);
  base::Result<void> decode(Piece& piece);
  void hand_over();
  Piece& other_than(const Piece& piece) { return pieces_[&piece == pieces_.data() ? 1 : 0]; }
  void give(Piece& piece);
  void returned();
  void written(Exchange::Answer answer);
  void finished(Exchange::Answer answer);
  void window_over();
  void fail(base::Error error);
  void lose();

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<net::Connection> connection_;
  std::shared_ptr<InputBuffer> input_;
  std::shared_ptr<Exchange> exchange_;
  const BodyFraming framing_;
  std::weak_ptr<Owner> owner_;

  Mode mode_ = Mode::idle;
  bool complete_ = false;
  bool receiving_ = false;
  bool finishing_ = false;
  std::array<Piece, 2> pieces_;
  Piece* filling_ = pieces_.data();  // nullptr: both are the worker's
  Piece* given_ = nullptr;           // the worker's; of two, the one that comes back first
  std::uint64_t remaining_ = 0;      // of a Content-Length body
  std::optional<ChunkedDecoder> decoder_;
  std::uint64_t received_ = 0;

  net::Deadline window_;
  std::uint64_t window_bytes_ = 0;
  bool window_held_ = false;  // we ourselves did not read during a part of this window
};

}  // namespace berth::http
