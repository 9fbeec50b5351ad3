#include "net/socket_connection.h"

#include <cassert>
#include <utility>

#include <boost/asio/post.hpp>

#include "net/loop_core.h"
#include "net/page_cache.h"

namespace berth::net {

namespace asio = boost::asio;
using boost::system::error_code;

tl::unexpected<base::Error> connection_lost(const error_code& error) {
  return base::fail(base::Error(base::ErrorCode::io_error, "the connection was lost").in(error.message()));
}

tl::unexpected<base::Error> connection_closed() { return base::fail(base::ErrorCode::io_error, "the connection is closed"); }

SocketConnection::SocketConnection(std::shared_ptr<Loop> loop, Socket socket, std::shared_ptr<void> held)
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
SocketConnection::~SocketConnection() { SocketConnection::close(); }

// --- a file ---

void SocketConnection::send_file(FileRange range, Offload offload, WriteDone done) {
  assert(!file_);
  file_ = std::make_shared<FileSend>(FileSend{std::move(range), 0, std::move(offload), std::move(done), false});
  post_continue_file();
}

void SocketConnection::post_continue_file() {
  asio::post(loop_->core().context, [self = shared_from_this()] { self->continue_file(); });
}

void SocketConnection::read_in(std::uint64_t length) {
  // The job holds the file (its descriptor must not be closed under it) but not the connection, which only its loop may end.
  auto job = [weak = weak_from_this(), loop = loop_, send = file_, file = file_->rest.file, offset = file_->rest.offset, length] {
    auto result = std::make_shared<base::Result<void>>(touch_pages(*file, offset, length));
    static_cast<void>(loop->post([weak, send, result, until = offset + length] {
      const auto self = weak.lock();
      if (!self || self->file_ != send) return;  // closed meanwhile, and the sender told
      send->reading_in = false;
      if (!*result) {
        return self->end_file(
            base::fail(std::move(*result).error().as(base::ErrorCode::corrupt, "a stored file cannot be read")));
      }
      send->resident_until = until;
      self->continue_file();
    }));
  };
  file_->reading_in = true;
  if (!file_->offload(std::move(job))) end_file(base::fail(base::ErrorCode::busy, "no worker is free to read from disk"));
}

void SocketConnection::end_file(base::Result<void> result) {
  const std::shared_ptr<FileSend> send = std::exchange(file_, nullptr);
  if (!send) return;
  send->reading_in = false;
  send->rest.file.reset();  // so that the caller may be the last who holds it
  const WriteDone done = std::exchange(send->done, nullptr);
  done(std::move(result));
}

// --- the end ---

void SocketConnection::close() {
  if (!open_) return;
  open_ = false;
  loop_->core().connections.erase(this);
  error_code ignored;
  socket_.close(ignored);
  linger_.reset();
  held_.reset();
  if (file_ && file_->reading_in) {
    // The job may come back after the loop has stopped, so the sender hears it now.
    asio::post(loop_->core().context, [self = shared_from_this()] { self->end_file(connection_closed()); });
  }
}

void SocketConnection::reset() {
  if (!open_) return;
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  SocketConnection::close();
}

void SocketConnection::close_gently(Linger limits) {
  if (!usable()) return;
  begin_linger(limits);
  end_output();
}

void SocketConnection::begin_linger(Linger limits) {
  lingering_ = true;
  error_code ignored;
  socket_.cancel(ignored);  // a pending read of the owner must not take what drop_input() is to drop
  const auto give_up = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->close();
  };
  linger_ = std::unique_ptr<LingerState>(new LingerState{limits, {}, Deadline(*loop_, give_up), Deadline(*loop_, give_up)});
  linger_->total.set(limits.total);
}

void SocketConnection::end_output() {
  error_code error;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  if (error) return close();
  drop_input();
}

// The operation in flight keeps the connection alive; the owner may already be gone.
void SocketConnection::drop_input() {
  linger_->quiet.set(linger_->limits.quiet);
  socket_.async_read_some(asio::buffer(linger_->scrap), [self = shared_from_this()](const error_code& error, std::size_t) {
    if (!self->open_) return;
    if (error) return self->close();
    self->drop_input();
  });
}

}  // namespace berth::net
