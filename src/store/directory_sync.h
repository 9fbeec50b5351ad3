// Many commits, one fsync: concurrent callers that made names in the same directory share the next sync of it.
//
// A caller gets the result of a sync that STARTED after it asked; one that already runs may have missed its name. While one runs,
// all later callers wait for the next one together. A failed sync fails everybody who waited for it and is never repeated for
// them. Any thread; blocks on disk.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "berth/base/error.h"
#include "berth/base/synced.h"

namespace berth::store {

class DirectorySync {
 public:
  using SyncOperation = std::function<base::Result<void>(const std::string& directory)>;
  explicit DirectorySync(SyncOperation operation) : operation_(std::move(operation)) {}

  // Returns when the names that the caller made in `directory` before are durable. Errors: those of the operation.
  base::Result<void> sync(const std::string& directory);

  // Callers inside sync() now, for tests and for the curious.
  [[nodiscard]] std::size_t callers() const;

 private:
  struct Round {
    std::optional<base::Result<void>> result;  // set when this sync has ended
  };
  struct Directory {
    bool running = false;
    std::shared_ptr<Round> next;  // collects callers until a sync may start
  };
  struct State {
    std::map<std::string, Directory> directories;  // only those with a sync running or wanted
    std::size_t callers = 0;
  };

  SyncOperation operation_;
  base::Synced<State> state_;
};

}  // namespace berth::store
