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

namespace {

tl::unexpected<base::Error> lost(const error_code& error) {
  return base::fail(base::Error(base::ErrorCode::io_error, "the connection was lost").in(error.message()));
}

tl::unexpected<base::Error> closed() { return base::fail(base::ErrorCode::io_error, "the connection is closed"); }

}  // namespace

std::shared_ptr<Connection> make_tcp_connection(std::shared_ptr<Loop> loop, Socket socket, std::shared_ptr<void> held) {
  return std::make_shared<TcpConnection>(std::move(loop), std::move(socket), std::move(held));
}

TcpConnection::TcpConnection(std::shared_ptr<Loop> loop, Socket socket, std::shared_ptr<void> held)
    : loop_(std::move(loop)), socket_(loop_->core().context), peer_(socket.peer()), held_(std::move(held)) {
  const int descriptor = socket.release();
  error_code error;
  // The family matters to nobody once the socket is connected; both are plain streams.
  socket_.assign(asio::ip::tcp::v4(), descriptor, error);
  if (error) {
    Socket unowned(descriptor, {});
    open_ = false;
    held_.reset();
    return;
  }
  socket_.non_blocking(true, error);
  socket_.set_option(asio::ip::tcp::no_delay(true), error);
  loop_->core().connections.insert(this);
}

// Whoever sends a file holds the connection, so close() posts nothing here.
TcpConnection::~TcpConnection() { close(); }

void TcpConnection::read_some(std::span<std::byte> into, ReadDone done) {
  if (!open_ || lingering_) {
    asio::post(loop_->core().context, [done = std::move(done)] { done(closed()); });
    return;
  }
  socket_.async_read_some(asio::buffer(into.data(), into.size()),
                          [self = shared_from_this(), done = std::move(done)](const error_code& error, std::size_t size) {
                            if (error == asio::error::eof) return done(std::size_t{0});
                            if (error) return done(lost(error));
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
  if (!open_ || lingering_ || gather_.count == 0) {
    asio::post(loop_->core().context, [self = shared_from_this()] {
      self->end_write(self->open_ && !self->lingering_ ? base::Result<void>() : base::Result<void>(closed()));
    });
    return;
  }
  continue_write();
}

void TcpConnection::continue_write() {
  const auto begin = gather_.buffers.begin() + static_cast<std::ptrdiff_t>(gather_.first);
  const std::span<const asio::const_buffer> rest(begin, gather_.count - gather_.first);
  const int flags = gather_.follows == Follows::more ? MSG_MORE : 0;
  socket_.async_send(rest, flags, [self = shared_from_this()](const error_code& error, std::size_t size) {
    self->sent_ += size;
    if (error) return self->end_write(lost(error));
    Gather& gather = self->gather_;
    while (size > 0) {
      asio::const_buffer& front = gather.buffers[gather.first];
      const std::size_t taken = std::min(size, front.size());
      front += taken;
      size -= taken;
      if (front.size() == 0) ++gather.first;
    }
    if (gather.first == gather.count) return self->end_write({});
    if (!self->open_) return self->end_write(closed());
    self->continue_write();
  });
}

void TcpConnection::end_write(base::Result<void> result) {
  const WriteDone done = std::exchange(gather_.done, nullptr);
  done(std::move(result));
}

void TcpConnection::when_writable(void (TcpConnection::*then)()) {
  socket_.async_wait(asio::ip::tcp::socket::wait_write,
                     [self = shared_from_this(), then](const error_code&) { (self.get()->*then)(); });
}

void TcpConnection::close() {
  if (!open_) return;
  open_ = false;
  loop_->core().connections.erase(this);
  error_code ignored;
  socket_.close(ignored);
  linger_.reset();
  held_.reset();
  if (file_ && file_->reading_in) {
    // The job may come back after the loop has stopped, so the sender hears it now.
    asio::post(loop_->core().context, [self = shared_from_this()] { self->end_file(closed()); });
  }
}

void TcpConnection::reset() {
  if (!open_) return;
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

void TcpConnection::close_gently(Linger limits) {
  if (!open_ || lingering_) return;
  lingering_ = true;
  error_code error;
  socket_.cancel(error);  // a pending read of the owner must not take what drop_input() is to drop
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  if (error) return close();
  const auto give_up = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->close();
  };
  linger_ = std::unique_ptr<LingerState>(new LingerState{limits, {}, Deadline(*loop_, give_up), Deadline(*loop_, give_up)});
  linger_->total.set(limits.total);
  drop_input();
}

// The operation in flight keeps the connection alive; the owner may already be gone.
void TcpConnection::drop_input() {
  linger_->quiet.set(linger_->limits.quiet);
  socket_.async_read_some(asio::buffer(linger_->scrap), [self = shared_from_this()](const error_code& error, std::size_t) {
    if (!self->open_) return;
    if (error) return self->close();
    self->drop_input();
  });
}

}  // namespace berth::net
