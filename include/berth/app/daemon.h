// The daemon: builds every box once, in the order of the architecture's picture, and stops them in the reverse order.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "berth/app/settings.h"
#include "berth/base/error.h"

namespace berth::app {

class Daemon {
 public:
  virtual ~Daemon() = default;
  // "http://127.0.0.1:5000", one per listener, as bound.
  [[nodiscard]] virtual std::vector<std::string> urls() const = 0;
  // What DIR/first-admin.json says, when this start wrote it.
  [[nodiscard]] virtual const std::optional<std::string>& first_administrator() const = 0;
  // Stops accepting, lets requests end for drain_timeout, then stops everything. True when nothing had to be cut. Idempotent.
  virtual bool stop() = 0;
};

// Errors: configuration_invalid (what a person must change), io_error, storage_full, corrupt, busy (another daemon uses the data
// directory).
base::Result<std::unique_ptr<Daemon>> start_daemon(const Settings& settings);

// A listener as it is written: [http://]HOST:PORT. Errors: configuration_invalid.
struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
  [[nodiscard]] bool loopback() const;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};
base::Result<ListenAddress> parse_listen(std::string_view text);

}  // namespace berth::app
