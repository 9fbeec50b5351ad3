#include "berth/auth/access.h"

namespace berth::auth {

std::string_view action_name(Action action) {
  switch (action) {
    case Action::registry_list: return "registry:list";
    case Action::registry_pull: return "registry:pull";
    case Action::registry_push: return "registry:push";
    case Action::registry_edit: return "registry:edit";
    case Action::registry_delete: return "registry:delete";
    case Action::system_read: return "system:read";
  }
  return "unknown";
}

bool only_reads(Action action) {
  return action == Action::registry_list || action == Action::registry_pull || action == Action::system_read;
}

}  // namespace berth::auth
