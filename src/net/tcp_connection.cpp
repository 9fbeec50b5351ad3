#include "net/tcp_connection.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <sys/socket.h>
#include <boost/asio/post.hpp>

#include "net/loop_core.h"

namespace berth::net {

namespace asio = boost::asio;
using boost::system::error_code;

std::shared_ptr<Connection> make_tcp_connection(std::shared_ptr<Loop> loop, Socket socket, std::shared_ptr<void> held) {
  return std::make_shared<TcpConnection>(std::move(loop), std::move(socket), std::move(held));
}

void TcpConnection::read_some(std::span<std::byte> into, ReadDone done) {
  if (!usable()) {
    asio::post(loop_->core().context, [done = std::move(done)] { done(connection_closed()); });
    return;
  }
  socket_.async_read_some(asio::buffer(into.data(), into.size()),
                          [self = self(), done = std::move(done)](const error_code& error, std::size_t size) {
                            if (error == asio::error::eof) return done(std::size_t{0});
                            if (error) return done(connection_lost(error));
                            done(size);
                          });
}

void TcpConnection::write(std::span<const base::ByteView> pieces, Follows follows, WriteDone done) {
  assert(!gather_.done && !file_ && pieces.size() <= kPieces);
  gather_.first = 0;
  gather_.count = 0;
  for (const base::ByteView& piece : pieces) {
    if (!piece.empty()) gather_.buffers[gather_.count++] = asio::const_buffer(piece.data(), piece.size());
  }
  gather_.follows = follows;
  gather_.done = std::move(done);
  if (!usable() || gather_.count == 0) {
    asio::post(loop_->core().context, [self = self()] {
      self->end_write(self->usable() ? base::Result<void>() : base::Result<void>(connection_closed()));
    });
    return;
  }
  continue_write();
}

void TcpConnection::continue_write() {
  const auto begin = gather_.buffers.begin() + static_cast<std::ptrdiff_t>(gather_.first);
  const std::span<const asio::const_buffer> rest(begin, gather_.count - gather_.first);
  const int flags = gather_.follows == Follows::more ? MSG_MORE : 0;
  socket_.async_send(rest, flags, [self = self()](const error_code& error, std::size_t size) {
    self->sent_ += size;
    if (error) return self->end_write(connection_lost(error));
    Gather& gather = self->gather_;
    while (size > 0) {
      asio::const_buffer& front = gather.buffers[gather.first];
      const std::size_t taken = std::min(size, front.size());
      front += taken;
      size -= taken;
      if (front.size() == 0) ++gather.first;
    }
    if (gather.first == gather.count) return self->end_write({});
    if (!self->open_) return self->end_write(connection_closed());
    self->continue_write();
  });
}

void TcpConnection::end_write(base::Result<void> result) {
  const WriteDone done = std::exchange(gather_.done, nullptr);
  done(std::move(result));
}

}  // namespace berth::net
