#include "berth/app/daemon.h"
#include "berth/base/bytes.h"

namespace berth::app {

using base::ErrorCode;

// 127.0.0.0/8 by its digits: a name may begin with "127." too and lead anywhere.
bool ListenAddress::loopback() const {
  const bool v4 = host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
  return host == "localhost" || host == "::1" || v4;
}

base::Result<ListenAddress> parse_listen(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return base::fail(ErrorCode::configuration_invalid, "listen address \"" + std::string(text) + "\": " + std::string(why) +
                                                            "; write [http://]HOST:PORT, an IPv6 HOST in []");
  };
  auto rest = text;
  if (rest.starts_with("https://")) return wrong("this version serves no TLS");
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) return wrong("the port is missing");
  const auto port = base::parse_decimal(rest.substr(colon + 1));
  if (!port || *port > 65535) return wrong("the port must be a number from 0 to 65535");
  auto host = rest.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong("an IPv6 address stands in []");
  }
  if (host.empty()) return wrong("the host is missing");
  return ListenAddress{std::string(host), static_cast<std::uint16_t>(*port)};
}

}  // namespace berth::app
