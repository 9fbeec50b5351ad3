// Connection over a plain TCP socket.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "berth/net/connection.h"
#include "berth/net/listener.h"

namespace berth::net {

class TcpConnection final : public Connection, public std::enable_shared_from_this<TcpConnection> {
 public:
  TcpConnection(std::shared_ptr<Loop> loop, Socket socket, std::shared_ptr<void> held);
  ~TcpConnection() override;

  void read_some(std::span<std::byte> into, ReadDone done) override;
  void write(std::span<const base::ByteView> pieces, Follows follows, WriteDone done) override;
  void send_file(FileRange range, Offload offload, WriteDone done) override;
  [[nodiscard]] std::uint64_t sent() const override { return sent_; }
  void close() override;
  void reset() override;
  void close_gently(Linger linger) override;
  [[nodiscard]] const std::string& peer() const override { return peer_; }
  [[nodiscard]] bool secure() const override { return false; }
  [[nodiscard]] const std::shared_ptr<Loop>& loop() const override { return loop_; }

 private:
  static constexpr std::size_t kPieces = 16;
  struct Gather {
    std::array<boost::asio::const_buffer, kPieces> buffers;
    std::size_t first = 0;
    std::size_t count = 0;
    Follows follows = Follows::nothing;
    WriteDone done;
  };
  struct FileSend {
    FileRange rest;
    std::uint64_t resident_until = 0;  // up to here the page cache was looked at, or a job has just read it in
    Offload offload;
    WriteDone done;
    bool reading_in = false;  // a job has it
  };
  struct LingerState {
    Linger limits;
    std::array<std::byte, 16 * 1024> scrap;
    Deadline quiet;
    Deadline total;
  };

  void continue_write();
  void end_write(base::Result<void> result);
  void continue_file();
  void read_in(std::uint64_t length);
  void end_file(base::Result<void> result);
  void when_writable(void (TcpConnection::*then)());
  void drop_input();

  std::shared_ptr<Loop> loop_;
  boost::asio::ip::tcp::socket socket_;
  std::string peer_;
  std::shared_ptr<void> held_;
  std::uint64_t sent_ = 0;
  bool open_ = true;
  bool lingering_ = false;
  Gather gather_;
  std::shared_ptr<FileSend> file_;
  std::unique_ptr<LingerState> linger_;
};

}  // namespace berth::net
