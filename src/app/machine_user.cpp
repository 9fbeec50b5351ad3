#include "app/machine_user.h"

#include <pwd.h>

#include <array>

namespace berth::app {

catalog::Origin on_machine(std::uint32_t user) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const bool known = getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
  return {.principal = "machine:" + (known ? std::string(found->pw_name) : std::to_string(user))};
}

}  // namespace berth::app
