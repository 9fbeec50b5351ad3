// May the registry's content change now? Not while the operator has set it read-only, nor while the catalog's disk fails.
//
// The second comes and goes by itself: a failed sync closes the gate at once, and it opens again when the catalog has written
// everything anew and synced it (catalog/writer.h), which it tries every second. Pulls never ask. Any thread; no I/O.
#pragma once

#include <atomic>
#include <cstdint>

#include "berth/catalog/catalog.h"

namespace berth::service {

class WriteGate {
 public:
  enum class Setting : std::uint8_t { read_write, read_only };

  WriteGate(Setting setting, const catalog::Catalog& catalog) : setting_(setting), catalog_(catalog) {}

  // Errors: read_only, saying why.
  [[nodiscard]] base::Result<void> check() const;
  // Whether it is the operator's will, and no trouble.
  [[nodiscard]] bool set_by_operator() const { return setting_ == Setting::read_only; }

 private:
  void note(bool closed) const;

  Setting setting_;
  const catalog::Catalog& catalog_;
  mutable std::atomic<int> last_{-1};  // what was said last: 0 open, 1 closed
};

}  // namespace berth::service
