// What the clients of bench.py have in common: plain HTTP/1.1 on 127.0.0.1 over a blocking socket, one thread a connection. Bodies of answers
// are dropped in the kernel. Whatever goes wrong ends the program: a benchmark with failures measures nothing.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <latch>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace berth::bench {

[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

struct Reply {
  int status = 0;
  std::string location;
  std::size_t length = 0;
};

class Connection {
 public:
  // `from`: the address that it comes from, of 127.0.0.0/8, in the order of this machine; 0: whichever.
  explicit Connection(int port, std::uint32_t from = 0) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (from != 0) {
      const sockaddr_in own = address_of(from, 0);
      if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) fail("cannot take an address");
    }
    const sockaddr_in address = address_of(INADDR_LOOPBACK, port);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("cannot connect");
  }
  ~Connection() { ::close(descriptor_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(std::array<std::string_view, 2> pieces) {
    while (!pieces[0].empty() || !pieces[1].empty()) {
      std::array<iovec, 2> parts{};
      for (std::size_t i = 0; i < 2; ++i) parts[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
      const ssize_t sent = ::writev(descriptor_, parts.data(), 2);
      if (sent <= 0) fail("the connection was cut while sending");
      auto left = static_cast<std::size_t>(sent);
      for (auto& piece : pieces) {
        const std::size_t taken = std::min(left, piece.size());
        piece.remove_prefix(taken);
        left -= taken;
      }
    }
  }

  // Reads the head and drops the body.
  Reply read() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) receive();
    const std::string head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    Reply reply;
    reply.status = std::atoi(head.c_str() + 9);
    reply.location = field(head, "location: ");
    reply.length = static_cast<std::size_t>(std::strtoull(field(head, "content-length: ").c_str(), nullptr, 10));
    const std::size_t here = std::min(reply.length, buffer_.size());
    buffer_.erase(0, here);
    drop(reply.length - here);
    return reply;
  }

 private:
  static sockaddr_in address_of(std::uint32_t host, int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(host);
    return address;
  }

  static std::string field(const std::string& head, std::string_view name) {
    for (std::size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
      if (::strncasecmp(head.c_str() + at + 2, name.data(), name.size()) != 0) continue;
      const std::size_t begin = at + 2 + name.size();
      return head.substr(begin, head.find("\r\n", begin) - begin);
    }
    return {};
  }

  void receive() {
    std::array<char, 16384> bytes;
    const ssize_t size = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (size <= 0) fail("the connection was cut while waiting for an answer");
    buffer_.append(bytes.data(), static_cast<std::size_t>(size));
  }

  void drop(std::size_t left) {
    while (left > 0) {
      const ssize_t size = ::recv(descriptor_, nullptr, std::min(left, std::size_t{1} << 30), MSG_TRUNC);
      if (size <= 0) fail("the connection was cut in a body");
      left -= static_cast<std::size_t>(size);
    }
  }

  int descriptor_;
  std::string buffer_;
};

inline void expect(const Reply& reply, int status, const char* what) {
  if (reply.status != status) fail(std::string(what) + ": status " + std::to_string(reply.status));
}

// Runs work(i) on its own thread for each connection; seconds from the common start to the last end.
inline double together(std::size_t connections, const std::function<void(std::size_t, std::latch&)>& work) {
  std::latch ready(static_cast<std::ptrdiff_t>(connections) + 1);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < connections; ++i) threads.emplace_back([&, i] { work(i, ready); });
  ready.arrive_and_wait();
  const auto began = std::chrono::steady_clock::now();
  threads.clear();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace berth::bench
