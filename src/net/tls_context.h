// The insides of a TlsContext, for net's own files.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "berth/net/tls.h"

namespace berth::net {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <typename T, auto Free>
using Owned = std::unique_ptr<T, FreeWith<Free>>;

using OwnedSsl = Owned<SSL, SSL_free>;

struct TlsContext::State {
  Owned<SSL_CTX, SSL_CTX_free> ssl;
  std::string protocols;  // as ALPN writes a list: each name behind its length
  std::shared_ptr<TicketKeys> tickets;
};

// Lets `ssl` seal and open session tickets with `keys`, which outlive it.
void use_ticket_keys(SSL_CTX* ssl, TicketKeys& keys);

// What OpenSSL says of the last failure of this thread, for the log; its queue is empty afterwards.
std::string openssl_error();

}  // namespace berth::net
