// The body of one HTTP/2 request on its way from the connection to the consumer.
//
// Bytes arrive as the peer sends them, at most a window ahead, and wait in pieces; one piece is written by a worker while another one waits for
// its turn there, and what was written is credited. A piece is handed over when half a window has come, so that the peer can always go on.
//
//   waiting (for begin()) ──start()──► consuming ──answer──► dropping
//        └───────── discard(), stop() ─────┴───────────────────┘
// Loop thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>

#include "berth/base/error.h"
#include "berth/net/loop.h"
#include "http/engine.h"
#include "http/exchange.h"
#include "http/h2_windows.h"

namespace berth::http {

class H2Upload : public std::enable_shared_from_this<H2Upload> {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // The consumer's answer, early or at the end.
    virtual void body_answered(Response response) = 0;
    // Too slow, or the handler failed.
    virtual void body_failed(base::Error error) = 0;
    // Bytes were credited: the peer should hear of it.
    virtual void body_credited() = 0;
  };

  // `owner` and `windows` are used until stop().
  H2Upload(std::shared_ptr<Engine> engine, const std::shared_ptr<net::Loop>& loop, std::shared_ptr<Exchange> exchange,
           std::int32_t stream, H2Windows& windows, Owner& owner);

  void arrived(base::ByteView bytes);
  void end_arrived();
  // The consumer is there.
  void start();
  // Passes on what there is, however little.
  void push();
  // Nobody wants the rest: it is dropped as it comes.
  void discard();
  // The stream has ended; nothing is told any more.
  void stop();

  // The last byte of the body was received.
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] std::uint64_t received() const { return received_; }

 private:
  enum class Mode : std::uint8_t { waiting, consuming, dropping, ended };
  enum class Haste : std::uint8_t { none, push };
  using Clock = std::chrono::steady_clock;
  struct Piece {
    std::unique_ptr<std::byte[]> data;
    std::size_t capacity = 0;
    std::size_t size = 0;
    [[nodiscard]] base::ByteView bytes() const { return {data.get(), size}; }
  };

  void append(base::ByteView bytes);
  Piece& room();
  void grow(Piece& piece) const;
  void hand_over(Haste haste);
  const Piece& give_front();
  Piece take_back();
  void drop_pieces();
  void written(Exchange::Answer answer);
  void finished(Exchange::Answer answer);
  void widen_window();
  void period_over();

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<Exchange> exchange_;
  const std::int32_t stream_;
  H2Windows* windows_;
  Owner* owner_;

  Mode mode_ = Mode::waiting;
  bool complete_ = false;
  bool finishing_ = false;
  std::deque<Piece> pieces_;  // the last one is being filled
  std::deque<Piece> given_;   // the worker's, which comes to the first one first
  Piece spare_;               // kept for the next one
  std::uint64_t received_ = 0;
  std::uint64_t held_ = 0;  // arrived, not credited

  std::uint32_t width_ = H2Windows::kStreamStart;
  std::uint64_t since_widened_ = 0;
  Clock::time_point widened_;

  net::Deadline period_;
  std::uint64_t period_bytes_ = 0;
  bool period_held_ = false;  // we ourselves kept the peer from sending during a part of this period
};

}  // namespace berth::http
