// TcpConnection::send_file: sendfile(2) in slices, never waiting for the disk on the loop.
//
//   look: is [offset, slice end) in the page cache? ── no ──► a job reads it in ──► sendfile
//                        └ yes ──► sendfile ──► all of the slice: next slice after the other connections had their turn
//                                     └ socket full: wait until it is writable
#include <sys/sendfile.h>
#include <sys/uio.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "net/loop_core.h"
#include "net/tcp_connection.h"

namespace berth::net {

namespace asio = boost::asio;

namespace {

// One turn of one connection; larger slices bring no speed and delay the others on the loop.
constexpr std::uint64_t kSlice = 1 << 20;

bool resident_at(int descriptor, std::uint64_t offset) {
  char byte = 0;
  iovec into{&byte, 1};
  // Anything but "would block" (a file system without RWF_NOWAIT too) is found out by reading for real: as a job, since only a
  // successful look proves that nobody would wait.
  return preadv2(descriptor, &into, 1, static_cast<off_t>(offset), RWF_NOWAIT) >= 0;
}

// Both ends of a slice: read-ahead works in order, so a hole between them is rare, and then it costs one short wait.
bool resident(int descriptor, std::uint64_t offset, std::uint64_t length) {
  return resident_at(descriptor, offset) && resident_at(descriptor, offset + length - 1);
}

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

base::Result<void> touch(const base::File& file, std::uint64_t offset, std::uint64_t length) {
  thread_local std::vector<std::byte> scrap(128 * 1024);
  while (length > 0) {
    const std::size_t step = std::min<std::uint64_t>(length, scrap.size());
    BERTH_TRY(const std::size_t size, file.read(std::span(scrap).first(step), offset));
    if (size == 0) return base::fail(base::ErrorCode::corrupt, "a stored file is shorter than expected");
    offset += size;
    length -= size;
  }
  return {};
}

}  // namespace

void TcpConnection::send_file(FileRange range, Offload offload, WriteDone done) {
  assert(!gather_.done && !file_);
  file_ = std::make_shared<FileSend>(FileSend{std::move(range), 0, std::move(offload), std::move(done), false});
  asio::post(loop_->core().context, [self = shared_from_this()] { self->continue_file(); });
}

void TcpConnection::continue_file() {
  FileSend& send = *file_;
  if (!open_ || lingering_) return end_file(base::fail(base::ErrorCode::io_error, "the connection is closed"));
  if (send.rest.length == 0) return end_file({});
  std::uint64_t slice = std::min(send.rest.length, kSlice);
  const int descriptor = send.rest.file->descriptor();
  if (send.rest.offset >= send.resident_until) {
    if (!resident(descriptor, send.rest.offset, slice)) return read_in(slice);
    send.resident_until = send.rest.offset + slice;
  }
  slice = std::min(slice, send.resident_until - send.rest.offset);

  off_t offset = static_cast<off_t>(send.rest.offset);
  const ssize_t size = ::sendfile(socket_.native_handle(), descriptor, &offset, slice);
  if (size < 0) {
    if (errno == EINTR || errno == EAGAIN) return when_writable(&TcpConnection::continue_file);
    return end_file(send_failure(errno));
  }
  if (size == 0) return end_file(base::fail(base::ErrorCode::corrupt, "a stored file is shorter than expected"));
  sent_ += static_cast<std::uint64_t>(size);
  send.rest.offset += static_cast<std::uint64_t>(size);
  send.rest.length -= static_cast<std::uint64_t>(size);
  if (send.rest.length == 0) return end_file({});
  if (static_cast<std::uint64_t>(size) < slice) return when_writable(&TcpConnection::continue_file);
  asio::post(loop_->core().context, [self = shared_from_this()] { self->continue_file(); });
}

void TcpConnection::read_in(std::uint64_t length) {
  // The job holds the file (its descriptor must not be closed under it) but not the connection, which only its loop may end.
  auto job = [weak = weak_from_this(), loop = loop_, send = file_, file = file_->rest.file, offset = file_->rest.offset, length] {
    auto result = std::make_shared<base::Result<void>>(touch(*file, offset, length));
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

void TcpConnection::end_file(base::Result<void> result) {
  const std::shared_ptr<FileSend> send = std::exchange(file_, nullptr);
  if (!send) return;
  send->reading_in = false;
  send->rest.file.reset();  // so that the caller may be the last who holds it
  const WriteDone done = std::exchange(send->done, nullptr);
  done(std::move(result));
}

}  // namespace berth::net
