// The header is looked at where it lies in the kernel (MSG_PEEK) and taken only when it is whole, so that what follows it, plain or TLS,
// is untouched.
#include "berth/net/proxy.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "net/loop_core.h"
#include "net/proxy_protocol.h"

namespace berth::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

class Introduction final : public ProxyIntroduction, public std::enable_shared_from_this<Introduction> {
 public:
  using Done = std::function<void(base::Result<Socket>)>;

  Introduction(std::shared_ptr<Loop> loop, Socket socket, Done done)
      : loop_(std::move(loop)),
        socket_(loop_->core().context),
        peer_(socket.peer()),
        done_(std::move(done)),
        deadline_(*loop_, [this] { end(base::fail(base::ErrorCode::timeout, "no PROXY header and no request came")); }) {
    error_code error;
    socket_.assign(asio::ip::tcp::v4(), socket.release(), error);
    socket_.non_blocking(true, error);
  }

  void start(std::chrono::milliseconds deadline) {
    deadline_.set(deadline);
    wait_for(1);
  }
  void close() override {
    error_code ignored;
    socket_.close(ignored);  // the wait ends with an error
  }

 private:
  // Until so many bytes lie in the kernel, or the end.
  void wait_for(int bytes) {
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
    socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
      if (error) return self->end(base::fail(base::ErrorCode::io_error, "the connection is closed"));
      self->look();
    });
  }

  void look() {
    std::array<char, kLongestProxyHeader> bytes;
    const ssize_t size = ::recv(socket_.native_handle(), bytes.data(), bytes.size(), MSG_PEEK);
    if (size < 0 && errno == EAGAIN) return wait_for(1);
    if (size <= 0) return end(base::fail(base::ErrorCode::io_error, "the connection was lost"));
    const auto header = parse_proxy_header({bytes.data(), static_cast<std::size_t>(size)});
    switch (header.state) {
      case ProxyHeader::State::incomplete:
        // More than what was there at the last look, or the end: no turn for nothing.
        if (size == seen_) return end(base::fail(base::ErrorCode::io_error, "the connection ended in its PROXY header"));
        seen_ = size;
        return wait_for(static_cast<int>(size) + 1);
      case ProxyHeader::State::malformed: return end(base::fail(base::ErrorCode::io_error, "the PROXY header is malformed"));
      case ProxyHeader::State::complete: static_cast<void>(::recv(socket_.native_handle(), bytes.data(), header.size, 0)); break;
      case ProxyHeader::State::absent: break;
    }
    hand_over(header);
  }

  void hand_over(const ProxyHeader& header) {
    const int one = 1;
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one);
    error_code error;
    const int descriptor = socket_.release(error);
    if (error) return end(base::fail(base::ErrorCode::io_error, "the connection is closed"));
    const auto way = header.carried == ProxyHeader::Carried::tls ? Socket::Way::tls_to_proxy : Socket::Way::direct;
    end(Socket(descriptor, header.peer.empty() ? peer_ : header.peer, way));
  }

  void end(base::Result<Socket> result) {
    deadline_.clear();
    const Done done = std::exchange(done_, nullptr);
    if (!result) close();
    if (done) done(std::move(result));
  }

  std::shared_ptr<Loop> loop_;
  asio::ip::tcp::socket socket_;
  std::string peer_;
  Done done_;
  ssize_t seen_ = 0;
  Deadline deadline_;
};

}  // namespace

std::shared_ptr<ProxyIntroduction> introduce(std::shared_ptr<Loop> loop, Socket socket, std::chrono::milliseconds deadline,
                                             std::function<void(base::Result<Socket>)> done) {
  auto introduction = std::make_shared<Introduction>(std::move(loop), std::move(socket), std::move(done));
  introduction->start(deadline);
  return introduction;
}

}  // namespace berth::net
