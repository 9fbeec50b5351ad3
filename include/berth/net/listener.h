// Listening sockets. One acceptor per address; accepted sockets are plain values that any loop can take over, so that few connections
// spread evenly over the loops (SO_REUSEPORT would hash them).
//
// Out of descriptors: a spare one is given up so that the waiting connection can be taken and closed, instead of spinning on it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "berth/base/error.h"
#include "berth/net/connection.h"
#include "berth/net/loop.h"

namespace berth::net {

// An accepted connection before any loop owns it. Closes its descriptor unless it was released.
class Socket {
 public:
  // How the peer got here: a proxy that is believed may have taken it over TLS.
  enum class Way : std::uint8_t { direct, tls_to_proxy };

  Socket(int descriptor, std::string peer, Way way = Way::direct) : descriptor_(descriptor), peer_(std::move(peer)), way_(way) {}
  ~Socket();
  Socket(Socket&& other) noexcept : descriptor_(other.release()), peer_(std::move(other.peer_)), way_(other.way_) {}
  Socket& operator=(Socket&&) = delete;

  [[nodiscard]] const std::string& peer() const { return peer_; }
  [[nodiscard]] Way way() const { return way_; }
  int release() {
    const int descriptor = descriptor_;
    descriptor_ = -1;
    return descriptor;
  }

 private:
  int descriptor_;
  std::string peer_;
  Way way_;
};

class Listener {
 public:
  struct Events {
    std::function<void(Socket)> accepted;      // loop thread
    std::function<void()> out_of_descriptors;  // loop thread; the connection is already closed
  };

  // Binds and listens at `host` (a numeric address or "localhost") and `port` (0: the system chooses). Nothing is accepted before start().
  // Errors: configuration_invalid (not an address, not ours, in use: says which).
  static base::Result<std::shared_ptr<Listener>> open(std::shared_ptr<Loop> loop, const std::string& host, std::uint16_t port);

  virtual ~Listener() = default;
  // Any thread, once.
  virtual void start(Events events) = 0;
  // No accepted() after this call returned on the loop's thread; from elsewhere it takes effect soon. Idempotent.
  virtual void close() = 0;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
};

// A plain TCP connection on `loop`; call it there. `held` is let go when the connection is really closed (after lingering).
std::shared_ptr<Connection> make_tcp_connection(std::shared_ptr<Loop> loop, Socket socket, std::shared_ptr<void> held);

}  // namespace berth::net
