// A set of IP addresses and networks: whom to believe. A value; reading it is for any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace berth::net {

class AddressSet {
 public:
  // "10.0.0.1", "10.0.0.0/8", "fd00::/8". False: neither an address nor a network (bits behind the prefix must be 0).
  [[nodiscard]] bool add(std::string_view text);
  // `address` numeric, without a port, as Connection::peer() gives it. False for what is no address.
  [[nodiscard]] bool contains(std::string_view address) const;
  [[nodiscard]] bool empty() const { return networks_.empty(); }

 private:
  // IPv4 as ::ffff:a.b.c.d.
  struct Network {
    std::array<std::uint8_t, 16> bytes{};
    unsigned prefix = 128;
  };
  std::vector<Network> networks_;
};

}  // namespace berth::net
