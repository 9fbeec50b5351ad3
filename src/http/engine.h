// What all sessions of one server share. Immutable but for atomics and the counts of Admission.
#pragma once

#include <atomic>
#include <memory>
#include <unordered_set>

#include "berth/base/clock.h"
#include "berth/base/workers.h"
#include "berth/http/handler.h"
#include "berth/http/server.h"
#include "berth/net/connection.h"
#include "berth/net/loop.h"
#include "http/admission.h"
#include "http/rate.h"

namespace berth::http {

// How an idle connection is closed when the server ends: all there is to wait for is a request that crosses our end on its way.
constexpr net::Linger kIdleLinger{std::chrono::milliseconds(200), std::chrono::milliseconds(500)};

// One connection's protocol: HTTP/1 here, HTTP/2 beside it. Loop thread.
class Session {
 public:
  virtual ~Session() = default;
  virtual void start() = 0;
  // No further request: ends when the present one has ended.
  virtual void wind_down() = 0;
  // Ends now. True when a request was in progress.
  virtual bool cut() = 0;
};

// One loop and the sessions on it. `sessions` is touched on the loop's thread alone.
struct LoopSlot {
  std::shared_ptr<net::Loop> loop;
  std::unordered_set<std::shared_ptr<Session>> sessions;
  std::atomic<std::size_t> open{0};  // for the choice of the loop that takes the next connection
};

struct Engine {
  Engine(Handler& h, base::Workers& w, const base::Clock& c, const Limits& l)
      : handler(h),
        workers(w),
        clock(c),
        limits(l),
        admission(l.connections, l.connections_per_address),
        h2_windows(l.http2.windows_total),
        h2_output(l.http2.output_total),
        late_refusals(l.late_refusals) {}

  // A request of which nothing is known yet but who sends it and when, with an id of its own.
  [[nodiscard]] Request new_request(const net::Connection& connection) const;
  // The answer to a request that the handler did not get to answer. Loop thread.
  Response reject(const Request& request, const base::Error& error);
  // Why a request found no worker.
  [[nodiscard]] base::Error no_worker() const;
  // The last close of a file that was deleted meanwhile frees its blocks, and a generator may end a query: not on the loop.
  void release_body(Body body);

  Handler& handler;
  base::Workers& workers;
  const base::Clock& clock;
  const Limits limits;
  net::AddressSet trusted_proxies;  // set before the first connection
  Admission admission;
  ByteBudget h2_windows;     // promised to uploads
  ByteBudget h2_output;      // large output buffers
  ByteBudget late_refusals;  // answers, each a 429 that is not sent yet
  Spread late_spread;        // of the times at which they are
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> refusals_open{0};  // connections beyond the limit that are just being told so
};

}  // namespace berth::http
