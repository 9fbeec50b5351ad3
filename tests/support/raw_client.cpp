#include "support/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace berth::test {

namespace {

constexpr int kDeadlineSeconds = 20;

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

void parse_fields(RawReply& reply) {
  std::size_t at = reply.head.find("\r\n") + 2;
  for (std::size_t end = reply.head.find("\r\n", at); end != std::string::npos && end > at; end = reply.head.find("\r\n", at)) {
    const std::string line = reply.head.substr(at, end - at);
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) reply.fields[lower_case(line.substr(0, colon))] = line.substr(colon + 2);
    at = end + 2;
  }
}

}  // namespace

RawClient::RawClient(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval deadline{kDeadlineSeconds, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    std::perror("raw client: connect");
    close();
  }
}

RawClient::~RawClient() { close(); }

RawClient::RawClient(RawClient&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), tls_(std::move(other.tls_)), unread_(std::move(other.unread_)) {}

TlsSession& RawClient::start_tls(const TlsOptions& options) {
  tls_ = std::make_unique<TlsSession>(descriptor_, options);
  return *tls_;
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = tls_ ? tls_->send(bytes) : ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

std::size_t RawClient::send_what_fits(std::string_view bytes) {
  std::size_t total = 0;
  while (total < bytes.size()) {
    const ssize_t size = ::send(descriptor_, bytes.data() + total, bytes.size() - total, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size <= 0) break;
    total += static_cast<std::size_t>(size);
  }
  return total;
}

bool RawClient::fill() {
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const ssize_t size = tls_ ? tls_->receive(buffer) : ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      std::fprintf(stderr, "raw client: nothing came within %d s\n", kDeadlineSeconds);
      std::abort();
    }
    if (size <= 0) return false;
    unread_.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
  }
}

std::string RawClient::read_until(std::string_view mark) {
  std::size_t from = 0;
  for (;;) {
    const std::size_t found = unread_.find(mark, from);
    if (found != std::string::npos) {
      std::string text = unread_.substr(0, found + mark.size());
      unread_.erase(0, text.size());
      return text;
    }
    from = unread_.size() < mark.size() ? 0 : unread_.size() - mark.size() + 1;
    if (!fill()) return std::exchange(unread_, {});
  }
}

std::string RawClient::read_exactly(std::size_t size) {
  while (unread_.size() < size && fill()) {
  }
  std::string text = unread_.substr(0, size);
  unread_.erase(0, text.size());
  return text;
}

std::string RawClient::read_to_end() {
  while (fill()) {
  }
  return std::exchange(unread_, {});
}

bool RawClient::readable() const {
  pollfd wait{descriptor_, POLLIN, 0};
  return !unread_.empty() || ::poll(&wait, 1, 0) != 0;
}

bool RawClient::at_end() { return unread_.empty() && !fill(); }

RawReply RawClient::read_reply(BodyRule rule) {
  RawReply reply;
  reply.head = read_until("\r\n\r\n");
  if (!reply.head.ends_with("\r\n\r\n") || reply.head.size() < 12) return reply;
  reply.status = std::atoi(reply.head.c_str() + 9);
  parse_fields(reply);
  reply.whole = true;
  if (rule == BodyRule::none || reply.status < 200 || reply.status == 204 || reply.status == 304) return reply;
  if (reply.field("transfer-encoding") == "chunked") {
    reply.chunked = true;
    for (;;) {
      const std::string line = read_until("\r\n");
      const std::size_t size = line.ends_with("\r\n") ? std::strtoull(line.c_str(), nullptr, 16) : 0;
      const std::string piece = read_exactly(size + 2);
      reply.whole = line.ends_with("\r\n") && piece.size() == size + 2 && piece.ends_with("\r\n");
      reply.body += piece.substr(0, size);
      if (size == 0 || !reply.whole) return reply;
    }
  }
  if (reply.fields.contains("content-length")) {
    const std::size_t size = std::strtoull(reply.field("content-length").c_str(), nullptr, 10);
    reply.body = read_exactly(size);
    reply.whole = reply.body.size() == size;
  } else {
    reply.body = read_to_end();
  }
  return reply;
}

void RawClient::end_sending() {
  if (tls_) tls_->end_sending();
  ::shutdown(descriptor_, SHUT_WR);
}

void RawClient::reset() {
  const linger hard{1, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close();
}

void RawClient::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

}  // namespace berth::test
