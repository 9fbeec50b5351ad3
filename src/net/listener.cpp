#include "berth/net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "net/loop_core.h"

namespace berth::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr int kBacklog = 4096;
// Connections taken in one turn before the loop's other work has its own.
constexpr int kAcceptsPerTurn = 64;
// When even the spare descriptor does not help.
constexpr std::chrono::milliseconds kPause{100};

std::string address_text(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text.data(), text.size());
  } else if (address.ss_family == AF_INET6) {
    const in6_addr& six = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&six)) {
      inet_ntop(AF_INET, &six.s6_addr[12], text.data(), text.size());
    } else {
      inet_ntop(AF_INET6, &six, text.data(), text.size());
    }
  }
  return text.data();
}

int open_spare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

class TcpListener final : public Listener, public std::enable_shared_from_this<TcpListener> {
 public:
  explicit TcpListener(std::shared_ptr<Loop> loop)
      : loop_(std::move(loop)), acceptor_(loop_->core().context), spare_(open_spare()) {}

  ~TcpListener() override {
    if (spare_ >= 0) ::close(spare_);
  }

  base::Result<void> bind(const std::string& host, std::uint16_t port) {
    error_code error;
    const asio::ip::address address =
        host == "localhost" ? asio::ip::make_address("127.0.0.1") : asio::ip::make_address(host, error);
    const auto refused = [&](const std::string& why) {
      return base::fail(base::ErrorCode::configuration_invalid,
                        "cannot listen at " + host + " port " + std::to_string(port) + ": " + why);
    };
    if (error) return refused("not a numeric address");
    const asio::ip::tcp::endpoint endpoint(address, port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(kBacklog, error);
    if (error) return refused(error.message());
    acceptor_.non_blocking(true, error);
    port_ = acceptor_.local_endpoint(error).port();
    return {};
  }

  void start(Events events) override {
    static_cast<void>(loop_->post([self = shared_from_this(), events = std::move(events)]() mutable {
      self->events_ = std::move(events);
      self->pause_.emplace(*self->loop_, [weak = self->weak_from_this()] {
        if (const auto listener = weak.lock()) listener->wait();
      });
      self->wait();
    }));
  }

  void close() override {
    if (!loop_->on_thread()) {
      static_cast<void>(loop_->post([self = shared_from_this()] { self->close(); }));
      return;
    }
    error_code ignored;
    acceptor_.close(ignored);
    pause_.reset();
    events_ = {};
  }

  [[nodiscard]] std::uint16_t port() const override { return port_; }

 private:
  void wait() {
    if (!acceptor_.is_open()) return;
    acceptor_.async_wait(asio::ip::tcp::acceptor::wait_read, [weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (self && !error) self->accept_waiting();
    });
  }

  void accept_waiting() {
    for (int taken = 0; taken < kAcceptsPerTurn && acceptor_.is_open(); ++taken) {
      sockaddr_storage address{};
      socklen_t size = sizeof address;
      const int descriptor =
          ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor >= 0) {
        events_.accepted(Socket(descriptor, address_text(address)));
        continue;
      }
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        if (refuse_one()) continue;
        return pause_->set(kPause);
      }
      // Anything else (ECONNABORTED, EINTR, …) concerns that one connection.
    }
    wait();
  }

  // Trades the spare descriptor for the waiting connection and closes that, so that it does not hang and the loop does not spin.
  bool refuse_one() {
    if (spare_ < 0) spare_ = open_spare();
    if (spare_ < 0) return false;
    ::close(spare_);
    const int descriptor = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor >= 0) ::close(descriptor);
    spare_ = open_spare();
    if (descriptor >= 0) events_.out_of_descriptors();
    return descriptor >= 0;
  }

  std::shared_ptr<Loop> loop_;
  asio::ip::tcp::acceptor acceptor_;
  std::optional<Deadline> pause_;
  Events events_;
  int spare_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace

Socket::~Socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

base::Result<std::shared_ptr<Listener>> Listener::open(std::shared_ptr<Loop> loop, const std::string& host, std::uint16_t port) {
  auto listener = std::make_shared<TcpListener>(std::move(loop));
  BERTH_CHECK_OK(listener->bind(host, port));
  return std::shared_ptr<Listener>(std::move(listener));
}

}  // namespace berth::net
