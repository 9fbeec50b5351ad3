// Who may do what: the words of the decision, and the decision as a pure function behind one interface.
//
// Actions are CONTRACTS.md's "Roles × actions". Until accounts exist the only Policy is the open one (`--open`, loopback listeners):
// one principal that may do everything.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "berth/base/error.h"

namespace berth::auth {

enum class Action : std::uint8_t {
  registry_list,
  registry_pull,
  registry_push,
  registry_edit,
  registry_delete,
  system_read,
};

// "registry:pull", as CONTRACTS.md spells it.
std::string_view action_name(Action action);

// Whether the action only looks. What does not is refused while the registry is read-only.
bool only_reads(Action action);

// Who asks. `name` is what an upload session and the history of tags remember.
struct Principal {
  std::string name;
};

// What an action is asked on. Empty repository: the whole registry.
struct Scope {
  std::string_view repository;
};

class Policy {
 public:
  virtual ~Policy() = default;
  // Who a request without credentials is.
  [[nodiscard]] virtual Principal guest() const = 0;
  // Errors: unauthorized (credentials would help), denied. Pure; any thread.
  [[nodiscard]] virtual base::Result<void> check(const Principal& principal, Action action, const Scope& scope) const = 0;
};

// Everything is allowed to everybody; for `--open`.
class OpenPolicy final : public Policy {
 public:
  [[nodiscard]] Principal guest() const override { return {"open"}; }
  [[nodiscard]] base::Result<void> check(const Principal&, Action, const Scope&) const override { return {}; }
};

}  // namespace berth::auth
