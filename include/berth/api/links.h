// Where absolute links lead: never to a name that only the request knows (CONTRACTS.md, Addresses).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "berth/http/message.h"

namespace berth::api {

struct Links {
  std::string public_url;  // "https://registry.example:5000", without the path prefix: always used where there is one
  // What else requests may call us, in lower case: "registry.lan" at any port, or "registry.lan:5000". The first stands in for a name that is
  // not among them. Empty: whatever the request says, as far as it can stand between quotes.
  std::vector<std::string> hosts;
  std::string prefix;  // "/reg": before the paths of faces with Prefix::applies; empty: none

  // A path of such a face as clients write it.
  [[nodiscard]] std::string prefixed(std::string_view path) const { return prefix + std::string(path); }
  // "https://registry.example:5000", without a slash at the end.
  [[nodiscard]] std::string base(const http::Request& request) const;
};

}  // namespace berth::api
