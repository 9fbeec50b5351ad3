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
  // "http://127.0.0.1:5000", one per listener, as bound; that of the operators (ops_listen) last.
  [[nodiscard]] virtual std::vector<std::string> urls() const = 0;
  // What DIR/first-admin.json says, when this start wrote it.
  [[nodiscard]] virtual const std::optional<std::string>& first_administrator() const = 0;
  // Reads the certificate files again, for connections to come. An error is logged and leaves everything as it was. Any thread.
  virtual void reload() = 0;
  // Stops accepting, lets requests end for drain_timeout, then stops everything. True when nothing had to be cut. Idempotent.
  virtual bool stop() = 0;
};

// Errors: configuration_invalid (what a person must change), io_error, storage_full, corrupt, busy (another daemon uses the data
// directory).
base::Result<std::unique_ptr<Daemon>> start_daemon(const Settings& settings);

}  // namespace berth::app
