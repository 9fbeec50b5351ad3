// Connections that a trusted proxy passes on: who stands behind it, by the PROXY protocol (versions 1 and 2).
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "berth/base/error.h"
#include "berth/net/listener.h"
#include "berth/net/loop.h"

namespace berth::net {

class ProxyIntroduction {
 public:
  virtual ~ProxyIntroduction() = default;
  // Gives up; `done` hears of it.
  virtual void close() = 0;
};

// Looks whether the socket's first bytes are a PROXY header, and takes it off: the socket then has the client's address, and is secure when
// the client came to the proxy over TLS. Without such a header the socket stays as it is. Call on `loop`; `done` comes there, not inside this
// call. Only for peers that are believed.
// Errors: timeout (no byte, or no whole header, within `deadline`), io_error (the peer is gone, or the header is malformed).
std::shared_ptr<ProxyIntroduction> introduce(std::shared_ptr<Loop> loop, Socket socket, std::chrono::milliseconds deadline,
                                             std::function<void(base::Result<Socket>)> done);

}  // namespace berth::net
