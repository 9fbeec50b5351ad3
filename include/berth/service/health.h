// Is this daemon well: a few named checks that services report to and /healthz shows.
//
// A failed sync stays red until the process is restarted: after it nobody knows what the disk holds (performance.md, Durability).
// A full disk turns green again by itself once there is room, and damaged content once it was pushed again. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "berth/base/error.h"
#include "berth/base/synced.h"
#include "berth/service/words.h"

namespace berth::service {

enum class HealthCheck : std::uint8_t { disk_space, storage, catalog, content };
std::string_view health_check_name(HealthCheck check);

struct HealthState {
  HealthCheck check;
  bool good = true;
  std::string reason;  // what is wrong and what to do, for the operator; empty when good
};

class Health {
 public:
  Health();
  void set_good(HealthCheck check);
  void set_bad(HealthCheck check, std::string reason);
  // Looks at an error that a write met: storage_full → disk_space, io_error and corrupt → storage.
  void report(const base::Error& error);
  [[nodiscard]] std::vector<HealthState> states() const;
  [[nodiscard]] bool good() const;
  [[nodiscard]] bool good(HealthCheck check) const;
  // Going down: no longer ready, still alive.
  void set_draining();
  [[nodiscard]] bool draining() const;

 private:
  struct State {
    std::map<HealthCheck, std::string> bad;  // check → reason
    bool draining = false;
  };
  base::Synced<State> state_;
};

// Asks the catalog for a sign of life and tells health. Worker threads.
class CatalogProbe {
 public:
  CatalogProbe(catalog::Catalog& catalog, Health& health) : catalog_(catalog), health_(health) {}
  // Errors: io_error, corrupt, busy: the catalog does not answer.
  base::Result<void> run() const;

 private:
  catalog::Catalog& catalog_;
  Health& health_;
};

}  // namespace berth::service
