// One HTTP/1 response on its way to the connection: head and body, whatever the body is made of.
//
//   text       head and body in one write
//   file       head (held back for the first file bytes), then send_file
//   generator  the first piece is made before the head is sent, so that an early failure still gets a proper error answer; then piece by piece
//
// A peer that takes not a byte for write_stall_timeout is cut. Loop thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "berth/http/handler.h"
#include "berth/net/connection.h"
#include "http/engine.h"
#include "http/exchange.h"
#include "http/response_head.h"

namespace berth::http {

class ResponseSender : public std::enable_shared_from_this<ResponseSender> {
 public:
  using Done = std::function<void(base::Result<void>)>;

  ResponseSender(std::shared_ptr<Engine> engine, std::shared_ptr<net::Connection> connection, std::shared_ptr<Exchange> exchange);

  // Calls `done` once, never inside this call. After an error the part that was sent must not be taken for the whole: the connection is
  // already reset.
  void send(Response response, Persistence persistence, Done done);

  // The connection has ended: `done` will not be called any more.
  void stop();

  // What was really announced: a body that only the end of the connection ends forces close.
  [[nodiscard]] Persistence persistence() const { return persistence_; }
  // 0 until the head is on its way.
  [[nodiscard]] int status() const { return started_ ? response_.status : 0; }
  [[nodiscard]] std::string_view label() const { return response_.label; }
  // Bytes of the body handed to the kernel.
  [[nodiscard]] std::uint64_t body_bytes() const;

 private:
  void plan();
  void start();
  void start_text(std::string_view body);
  void start_file();
  void ask_generator();
  void take_piece(base::Result<std::string> piece);
  void send_piece();
  void end(base::Result<void> result);
  void begin_wait();
  void look_for_stall();
  void log_failure(std::string_view event, const base::Error& error) const;

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<net::Connection> connection_;
  std::shared_ptr<Exchange> exchange_;
  Response response_;
  ResponsePlan plan_;
  Persistence persistence_ = Persistence::close;
  Done done_;
  std::string head_;
  std::string piece_;
  std::string chunk_header_;
  bool started_ = false;
  bool waits_for_peer_ = false;
  std::uint64_t sent_before_ = 0;
  std::uint64_t sent_at_look_ = 0;
  std::uint64_t generated_ = 0;
  net::Deadline stall_;
};

}  // namespace berth::http
