// TcpConnection::send_file: sendfile(2) in slices, never waiting for the disk on the loop.
//
//   look: is [offset, slice end) in the page cache? ── no ──► a job reads it in ──► sendfile
//                        └ yes ──► sendfile ──► all of the slice: next slice after the other connections had their turn
//                                     └ socket full: wait until it is writable
#include <sys/sendfile.h>

#include <algorithm>
#include <cerrno>

#include "net/page_cache.h"
#include "net/tcp_connection.h"

namespace berth::net {

namespace {

// One turn of one connection; larger slices bring no speed and delay the others on the loop.
constexpr std::uint64_t kSlice = 1 << 20;

// Which side failed: the peer's, or the file's.
tl::unexpected<base::Error> send_failure(int error_number) {
  switch (error_number) {
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case ENOTCONN: return base::fail(base::system_error(error_number, "sendfile"));
    default:
      return base::fail(
          base::system_error(error_number, "sendfile").as(base::ErrorCode::corrupt, "a stored file cannot be read"));
  }
}

}  // namespace

void TcpConnection::continue_file() {
  FileSend& send = *file_;
  if (!usable()) return end_file(connection_closed());
  if (send.rest.length == 0) return end_file({});
  std::uint64_t slice = std::min(send.rest.length, kSlice);
  const int descriptor = send.rest.file->descriptor();
  if (send.rest.offset >= send.resident_until) {
    if (!in_page_cache(descriptor, send.rest.offset, slice)) return read_in(slice);
    send.resident_until = send.rest.offset + slice;
  }
  slice = std::min(slice, send.resident_until - send.rest.offset);

  off_t offset = static_cast<off_t>(send.rest.offset);
  const ssize_t size = ::sendfile(socket_.native_handle(), descriptor, &offset, slice);
  if (size < 0) {
    if (errno == EINTR || errno == EAGAIN) return continue_file_when_writable();
    return end_file(send_failure(errno));
  }
  if (size == 0) return end_file(base::fail(base::ErrorCode::corrupt, "a stored file is shorter than expected"));
  sent_ += static_cast<std::uint64_t>(size);
  send.rest.offset += static_cast<std::uint64_t>(size);
  send.rest.length -= static_cast<std::uint64_t>(size);
  if (send.rest.length == 0) return end_file({});
  if (static_cast<std::uint64_t>(size) < slice) return continue_file_when_writable();
  post_continue_file();
}

void TcpConnection::continue_file_when_writable() {
  socket_.async_wait(boost::asio::ip::tcp::socket::wait_write,
                     [self = self()](const boost::system::error_code&) { self->continue_file(); });
}

}  // namespace berth::net
