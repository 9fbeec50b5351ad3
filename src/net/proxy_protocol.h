// The PROXY protocol, versions 1 and 2 (HAProxy, doc/proxy-protocol.txt): what a proxy writes in front of a connection that it passes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace berth::net {

struct ProxyHeader {
  enum class State : std::uint8_t {
    absent,      // these bytes begin with something else
    incomplete,  // so far it is one
    complete,
    malformed,
  };
  enum class Carried : std::uint8_t { unsaid, plain, tls };  // how the client reached the proxy

  State state = State::incomplete;
  std::size_t size = 0;  // of the header
  std::string peer;      // the client's address; empty: the proxy speaks for itself, or does not know
  Carried carried = Carried::unsaid;
};

// The longest header that is taken, in bytes; the specification's own would be 64 KiB of which nobody makes use.
inline constexpr std::size_t kLongestProxyHeader = 2048;

// What `bytes`, the first of a connection, are.
ProxyHeader parse_proxy_header(std::string_view bytes);

}  // namespace berth::net
