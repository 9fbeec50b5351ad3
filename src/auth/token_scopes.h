// The scopes that a client asks a token for, as clients write them: repeated, or several in one with spaces between.
//
//   repository:<name>:<action>[,<action>…]    pull push delete *        (a class in brackets behind "repository" is let pass)
//   registry:catalog:*
//   group/ngc:<org>[/<team>]                  NGC's clients
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "berth/auth/decision.h"

namespace berth::auth {

struct WantedScopes {
  std::vector<TokenScope::Item> items;
  bool catalog = false;
  bool groups = false;  // one of NGC's at least
  [[nodiscard]] bool empty() const { return items.empty() && !catalog && !groups; }
};

// What is in another form, or speaks of nothing we have, is left out: nothing is granted for it.
WantedScopes parse_scopes(const std::vector<std::string>& scopes);
// "repository:acme/app:pull,push registry:catalog:*"
std::string format_scope(const TokenScope& scope);

}  // namespace berth::auth
