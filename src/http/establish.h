// From an accepted socket to a connection that a session can own: at once, or after the TLS handshake. Until then it is a session of its
// own kind, so that whoever stops the server finds it.
#pragma once

#include <functional>
#include <memory>

#include "berth/net/listener.h"
#include "berth/net/tls.h"
#include "http/engine.h"

namespace berth::http {

struct Accepted {
  net::Socket socket;
  std::shared_ptr<const net::TlsContext> tls;  // nullptr: plain
  std::shared_ptr<void> held;                  // until the connection is closed
};

// Lets a trusted proxy say whom it speaks for. Calls `then` on the slot's loop, with accepted.socket as it is to be seen; never, when the peer
// does not get so far within Limits::handshake_timeout. Any thread.
void introduce(std::shared_ptr<Engine> engine, const std::shared_ptr<LoopSlot>& slot, Accepted accepted,
               std::function<void(Accepted)> then);

// Calls `then` on the slot's loop. Never, when the peer does not get so far within Limits::handshake_timeout. Any thread.
void establish(std::shared_ptr<Engine> engine, const std::shared_ptr<LoopSlot>& slot, Accepted accepted,
               std::function<void(std::shared_ptr<net::Connection>)> then);

}  // namespace berth::http
