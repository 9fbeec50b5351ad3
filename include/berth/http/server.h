// Listeners and sessions: accepts connections, speaks HTTP, calls a Handler.
//
// Loop threads own their connections and share nothing; a worker pool runs the Handler. stop_accepting() and drain() end it gracefully.
// Limits: security.md B1.9 and B1.14. Every wait has a deadline, every queue a bound.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/base/workers.h"
#include "berth/http/handler.h"
#include "berth/net/address_set.h"
#include "berth/net/tls.h"

namespace berth::http {

// Of one HTTP/2 connection unless said otherwise. A peer that goes beyond the rates is told ENHANCE_YOUR_CALM and the connection ends.
struct Http2Limits {
  std::uint32_t streams = 100;                    // at once; a request that was reset counts until its work has really ended
  std::uint32_t stream_window = 4 * 1024 * 1024;  // what an upload that goes well may send ahead
  std::uint64_t windows_total =
      256ULL * 1024 * 1024;  // over all connections: what uploads may send ahead beyond the first 64 KiB each
  std::uint64_t output_total = 64ULL * 1024 * 1024;  // over all connections: large output buffers; beyond it they stay small
  double reset_burst = 200;                          // RST_STREAM by the peer
  double reset_per_second = 33;
  double own_reset_burst = 100;  // RST_STREAM for the peer's faults
  double own_reset_per_second = 10;
  double control_burst = 500;  // frames that carry nothing
  double control_per_second = 50;
};

struct Limits {
  std::size_t header_bytes = 32 * 1024;                   // request line and fields together → 431
  std::size_t header_fields = 128;                        // → 431
  std::chrono::milliseconds handshake_timeout{10'000};    // from accept to the end of the TLS handshake → closed
  std::chrono::milliseconds header_timeout{10'000};       // from the first byte to the end of the head → 408
  std::chrono::milliseconds idle_timeout{60'000};         // keep-alive without a request → closed
  std::chrono::milliseconds write_stall_timeout{60'000};  // the peer takes not a byte of a response → closed
  // A body must bring at least this many bytes in each window; there is no cap on its whole duration.
  std::uint64_t body_min_bytes = 30 * 1024;
  std::chrono::milliseconds body_window{30'000};
  std::size_t connections = 10'000;  // over all listeners; one more → 503 with Retry-After, closed
  std::size_t connections_per_address = 2'000;
  std::size_t body_buffer_bytes = 512 * 1024;  // one piece of a request body
  std::uint64_t drain_bytes = 64 * 1024;       // of an unread body that are read and dropped to keep the connection
  // A handler's 429 is sent so much later, or up to half as long again, so that asking again at once is not the way to ask more, and
  // many who were refused at once are not back at once. No worker waits meanwhile.
  std::chrono::milliseconds refusal_delay{1'000};
  std::size_t late_refusals = 10'000;  // at once, over all connections; one more is sent without delay
  Http2Limits http2;
};

// What the next connection is to be shown; any thread. Another context at the next call: certificates are reloaded this way.
using TlsSource = std::function<std::shared_ptr<const net::TlsContext>()>;

struct Endpoint {
  std::string host;        // numeric address or "localhost"
  std::uint16_t port = 0;  // 0: the system chooses
  TlsSource tls;           // empty: plain
};

// What a TLS listener may offer by ALPN: a name for each kind of session there is, the preferred first.
std::vector<std::string> alpn_protocols();

struct ServerOptions {
  std::vector<Endpoint> listen;
  std::size_t loop_threads = 1;
  Limits limits;
  net::AddressSet trusted_proxies = {};  // their PROXY protocol and X-Forwarded-* are believed
};

class Server {
 public:
  virtual ~Server() = default;
  // Where it listens in truth, in the order of ServerOptions::listen.
  [[nodiscard]] virtual std::vector<Endpoint> endpoints() const = 0;
  // No new connections; keep-alive ones are closed after their present request. Any thread.
  virtual void stop_accepting() = 0;
  // Waits until every request has ended or `deadline` passed, then closes the rest and joins the loops. Not from a loop thread.
  // True when nothing had to be cut.
  virtual bool drain(std::chrono::milliseconds deadline) = 0;
};

// Binds and starts. `handler`, `workers` and `clock` outlive the server; `workers` is stopped after drain().
// Errors: configuration_invalid (address in use, not ours, not an address: says which).
base::Result<std::unique_ptr<Server>> start_server(ServerOptions options, Handler& handler, base::Workers& workers,
                                                   const base::Clock& clock);

}  // namespace berth::http
