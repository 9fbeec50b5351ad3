// TLS: what a listener shows its clients (TlsContext), the keys of its session tickets, and connections that speak it.
//
// TLS 1.2 and 1.3 with AEAD ciphers and forward secrecy only; ALPN; stateless resumption. A TlsContext is immutable: new certificate files
// make a new one, which connections accepted from then on get, while the old one lives as long as a connection uses it. Any thread.
// Records are encrypted in the process: see docs/adr/0013.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/net/connection.h"
#include "berth/net/listener.h"

namespace berth::net {

// A certificate with the chain behind it, and its private key, as PEM text.
struct TlsIdentity {
  std::string certificate_chain;
  std::string private_key;
  friend bool operator==(const TlsIdentity&, const TlsIdentity&) = default;
};

// The keys that session tickets are sealed with: a new one every 12 hours, forgotten 12 hours after it was replaced. In memory alone, so
// that a stolen disk opens no recorded session. Shared by all contexts of a daemon, so that a reload ends no session.
class TicketKeys {
 public:
  // `clock` outlives the keys.
  explicit TicketKeys(const base::Clock& clock);
  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  struct State;
  [[nodiscard]] State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

class TlsContext {
 public:
  // `protocols`: what is offered by ALPN, the preferred first ("h2", "http/1.1"). A client that offers none is served without; one whose
  // offers are all others is refused (RFC 7301 §3.2).
  // Errors: configuration_invalid (not a certificate, not a key, not of each other, too weak: says which).
  static base::Result<std::shared_ptr<const TlsContext>> make(const TlsIdentity& identity,
                                                              const std::vector<std::string>& protocols,
                                                              std::shared_ptr<TicketKeys> tickets);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // For net alone.
  struct State;
  [[nodiscard]] const State& state() const { return *state_; }

 private:
  explicit TlsContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What an operator wants to know of a certificate.
struct CertificateFacts {
  base::TimePoint not_after;
  std::vector<std::string> names;  // DNS names and addresses that it is good for
};
// Of the first certificate in a PEM text. Errors: configuration_invalid.
base::Result<CertificateFacts> certificate_facts(const std::string& pem);

// A P-256 certificate that is signed by its own key and good for `names` (DNS names and numeric addresses) from an hour before `now` on.
// Errors: internal (the library failed).
base::Result<TlsIdentity> make_self_signed(const std::vector<std::string>& names, base::TimePoint now, std::chrono::hours valid);

// Whether the client showed a ticket of an earlier session.
enum class TlsHandshake : std::uint8_t { full, resumed };
using HandshakeDone = std::function<void(base::Result<TlsHandshake>)>;

// A connection on `loop` (call it there) that is for use once `done` was told of success; until then its owner may close it, and nothing
// else. `done` does not run inside this call; after a failure the connection is closed. Otherwise as make_tcp_connection().
// Errors: timeout (not done within `deadline`), io_error (the peer is gone, or speaks no TLS that we accept).
std::shared_ptr<Connection> accept_tls(std::shared_ptr<Loop> loop, Socket socket, std::shared_ptr<void> held,
                                       std::shared_ptr<const TlsContext> context, std::chrono::milliseconds deadline,
                                       HandshakeDone done);

}  // namespace berth::net
