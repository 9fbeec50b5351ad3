// What every connection over a socket has in common: its life from accept to the end of lingering, and the pacing of a file that is sent.
//
// What is left to an implementation: how bytes are read and written, and what a turn of send_file() does (continue_file).
#pragma once

#include <array>
#include <memory>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "berth/net/connection.h"
#include "berth/net/listener.h"

namespace berth::net {

// The kernel said that the connection is no more.
tl::unexpected<base::Error> connection_lost(const boost::system::error_code& error);
// We said so.
tl::unexpected<base::Error> connection_closed();

class SocketConnection : public Connection, public std::enable_shared_from_this<SocketConnection> {
 public:
  void send_file(FileRange range, Offload offload, WriteDone done) final;
  [[nodiscard]] std::uint64_t sent() const final { return sent_; }
  void close() override;
  void reset() final;
  void close_gently(Linger linger) override;
  [[nodiscard]] const std::string& peer() const final { return peer_; }
  [[nodiscard]] const std::shared_ptr<Loop>& loop() const final { return loop_; }

 protected:
  static constexpr std::size_t kPieces = 16;
  struct FileSend {
    FileRange rest;
    std::uint64_t resident_until = 0;  // up to here the page cache was looked at, or a job has just read it in
    Offload offload;
    WriteDone done;
    bool reading_in = false;  // a job has it
  };

  SocketConnection(std::shared_ptr<Loop> loop, Socket socket, std::shared_ptr<void> held);
  ~SocketConnection() override;

  // Whether the owner may still read and write.
  [[nodiscard]] bool usable() const { return open_ && !lingering_; }
  // The next part of `file_`; calls itself, read_in() or end_file() in the end.
  virtual void continue_file() = 0;
  void post_continue_file();
  // Has a job bring `length` bytes from rest.offset on into the page cache, then continues.
  void read_in(std::uint64_t length);
  void end_file(base::Result<void> result);

  // The two halves of close_gently(): nothing more for the owner from the first on, the end of our direction with the second.
  void begin_linger(Linger limits);
  void end_output();

  std::shared_ptr<Loop> loop_;
  boost::asio::ip::tcp::socket socket_;
  std::string peer_;
  std::shared_ptr<void> held_;
  std::uint64_t sent_ = 0;
  bool open_ = true;
  bool lingering_ = false;
  std::shared_ptr<FileSend> file_;

 private:
  struct LingerState {
    Linger limits;
    std::array<std::byte, 4 * 1024> scrap;
    Deadline quiet;
    Deadline total;
  };
  void drop_input();

  std::unique_ptr<LingerState> linger_;
};

}  // namespace berth::net
