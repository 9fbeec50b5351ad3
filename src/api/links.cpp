#include "berth/api/links.h"

#include <algorithm>
#include <string_view>

#include "berth/base/ascii.h"

namespace berth::api {

namespace {

// In lower case, as far as it may stand between quotes.
std::string plain(std::string_view authority) {
  std::string host;
  for (const char c : authority) {
    const char lower = base::lower_ascii(c);
    const bool usual = (lower >= '0' && lower <= '9') || (lower >= 'a' && lower <= 'z') ||
                       std::string_view("-._~:[]").find(lower) != std::string_view::npos;
    if (usual) host += lower;
  }
  return host;
}

std::string_view without_port(std::string_view authority) {
  const auto colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
  return has_port ? authority.substr(0, colon) : authority;
}

}  // namespace

std::string Links::base(const http::Request& request) const {
  if (!public_url.empty()) return public_url;
  const std::string asked = plain(request.authority);
  const bool ours = hosts.empty() || std::any_of(hosts.begin(), hosts.end(), [&](const std::string& host) {
                      return host == asked || host == without_port(asked);
                    });
  return std::string(request.secure ? "https://" : "http://") + (ours ? asked : hosts.front());
}

}  // namespace berth::api
