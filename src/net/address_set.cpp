#include "berth/net/address_set.h"

#include <algorithm>
#include <optional>
#include <string>

#include <boost/asio/ip/address.hpp>

#include "berth/base/bytes.h"

namespace berth::net {

namespace {

namespace ip = boost::asio::ip;
using Bytes = std::array<std::uint8_t, 16>;

constexpr unsigned kMappedBits = 96;

std::optional<ip::address> parsed(std::string_view text) {
  boost::system::error_code error;
  auto address = ip::make_address(std::string(text), error);
  // A zone ("fe80::1%eth0") is of one machine and one moment.
  if (error || text.find('%') != std::string_view::npos) return std::nullopt;
  return address;
}

Bytes bytes_of(const ip::address& address) {
  const auto bytes =
      address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes() : address.to_v6().to_bytes();
  Bytes copy{};
  std::copy(bytes.begin(), bytes.end(), copy.begin());
  return copy;
}

bool bit(const Bytes& bytes, unsigned at) { return (bytes[at / 8] >> (7 - at % 8) & 1) != 0; }

bool same_front(const Bytes& a, const Bytes& b, unsigned bits) {
  if (!std::equal(a.begin(), a.begin() + bits / 8, b.begin())) return false;
  for (unsigned at = bits - bits % 8; at < bits; ++at) {
    if (bit(a, at) != bit(b, at)) return false;
  }
  return true;
}

}  // namespace

bool AddressSet::add(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parsed(text.substr(0, slash));
  if (!address) return false;
  Network network{bytes_of(*address), 128};
  if (slash != std::string_view::npos) {
    const auto prefix = base::parse_decimal(text.substr(slash + 1));
    if (!prefix || *prefix > (address->is_v4() ? 32U : 128U)) return false;
    network.prefix = static_cast<unsigned>(*prefix) + (address->is_v4() ? kMappedBits : 0);
    for (unsigned at = network.prefix; at < 128; ++at) {
      if (bit(network.bytes, at)) return false;
    }
  }
  networks_.push_back(network);
  return true;
}

bool AddressSet::contains(std::string_view text) const {
  if (networks_.empty()) return false;
  const auto address = parsed(text);
  if (!address) return false;
  const Bytes bytes = bytes_of(*address);
  return std::any_of(networks_.begin(), networks_.end(),
                     [&](const Network& network) { return same_front(network.bytes, bytes, network.prefix); });
}

}  // namespace berth::net
