// Connection over a plain TCP socket.
#pragma once

#include <array>
#include <memory>

#include "net/socket_connection.h"

namespace berth::net {

class TcpConnection final : public SocketConnection {
 public:
  TcpConnection(std::shared_ptr<Loop> loop, Socket socket, std::shared_ptr<void> held)
      : TcpConnection{std::move(loop), socket.way(), std::move(socket), std::move(held)} {}  // {}: in this order

  void read_some(std::span<std::byte> into, ReadDone done) override;
  void write(std::span<const base::ByteView> pieces, Follows follows, WriteDone done) override;
  [[nodiscard]] bool secure() const override { return way_ == Socket::Way::tls_to_proxy; }

 private:
  TcpConnection(std::shared_ptr<Loop> loop, Socket::Way way, Socket socket, std::shared_ptr<void> held)
      : SocketConnection(std::move(loop), std::move(socket), std::move(held)), way_(way) {}

  struct Gather {
    std::array<boost::asio::const_buffer, kPieces> buffers;
    std::size_t first = 0;
    std::size_t count = 0;
    Follows follows = Follows::nothing;
    WriteDone done;
  };

  [[nodiscard]] std::shared_ptr<TcpConnection> self() { return std::static_pointer_cast<TcpConnection>(shared_from_this()); }
  void continue_write();
  void end_write(base::Result<void> result);
  void continue_file() override;
  void continue_file_when_writable();

  const Socket::Way way_;
  Gather gather_;
};

}  // namespace berth::net
