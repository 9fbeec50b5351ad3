#include "net/proxy_protocol.h"

#include <algorithm>
#include <optional>

#include <boost/asio/ip/address.hpp>

#include "berth/base/bytes.h"

namespace berth::net {

namespace {

namespace ip = boost::asio::ip;
using State = ProxyHeader::State;

constexpr std::string_view kText = "PROXY ";
constexpr std::size_t kLongestLine = 107;  // with its CR LF
constexpr std::string_view kBinary("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixed = 16;  // of version 2
constexpr unsigned char kTlsExtension = 0x20;

ProxyHeader malformed() { return {State::malformed, 0, {}, ProxyHeader::Carried::unsaid}; }

unsigned byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }
std::size_t number_at(std::string_view bytes, std::size_t at) { return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1); }

std::string_view next_word(std::string_view& rest) {
  const auto space = rest.find(' ');
  const auto word = rest.substr(0, space);
  rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
  return word;
}

// The address in its usual form, if it is one of that family.
std::optional<std::string> address_of(std::string_view text, bool v4) {
  boost::system::error_code error;
  const auto address = ip::make_address(std::string(text), error);
  if (error || address.is_v4() != v4 || text.find('%') != std::string_view::npos) return std::nullopt;
  return address.to_string();
}

bool is_port(std::string_view text) {
  const auto port = base::parse_decimal(text);
  return port && *port <= 65535;
}

// "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"
ProxyHeader parse_text(std::string_view bytes) {
  const auto end = bytes.substr(0, kLongestLine).find("\r\n");
  if (end == std::string_view::npos) return bytes.size() >= kLongestLine ? malformed() : ProxyHeader{};
  ProxyHeader header{State::complete, end + 2, {}, ProxyHeader::Carried::unsaid};
  auto rest = bytes.substr(kText.size(), end - kText.size());
  const auto family = next_word(rest);
  if (family == "UNKNOWN") return header;
  if (family != "TCP4" && family != "TCP6") return malformed();
  const auto source = address_of(next_word(rest), family == "TCP4");
  const auto destination = address_of(next_word(rest), family == "TCP4");
  const bool ports = is_port(next_word(rest)) && is_port(rest);
  if (!source || !destination || !ports) return malformed();
  header.peer = *source;
  return header;
}

// What the extensions (type, length, value) say of TLS between client and proxy; nullopt: they are malformed.
std::optional<ProxyHeader::Carried> carried_by(std::string_view extensions) {
  auto carried = ProxyHeader::Carried::unsaid;
  while (!extensions.empty()) {
    if (extensions.size() < 3) return std::nullopt;
    const std::size_t size = number_at(extensions, 1);
    if (extensions.size() - 3 < size) return std::nullopt;
    if (byte_at(extensions, 0) == kTlsExtension) {
      if (size < 5) return std::nullopt;
      carried = (byte_at(extensions, 3) & 1) != 0 ? ProxyHeader::Carried::tls : ProxyHeader::Carried::plain;
    }
    extensions.remove_prefix(3 + size);
  }
  return carried;
}

std::string v4_text(std::string_view bytes) {
  ip::address_v4::bytes_type raw{};
  std::copy_n(bytes.begin(), raw.size(), raw.begin());
  return ip::address_v4(raw).to_string();
}

std::string v6_text(std::string_view bytes) {
  ip::address_v6::bytes_type raw{};
  std::copy_n(bytes.begin(), raw.size(), raw.begin());
  const ip::address_v6 address(raw);
  return address.is_v4_mapped() ? ip::make_address_v4(ip::v4_mapped, address).to_string() : address.to_string();
}

// [signature 12][version 4 bits, command 4][family 4, transport 4][length 2][source, destination, ports][extensions]
ProxyHeader parse_binary(std::string_view bytes) {
  if (bytes.size() < kFixed) return {};
  const unsigned version_and_command = byte_at(bytes, 12);
  const unsigned family = byte_at(bytes, 13);
  const std::size_t length = number_at(bytes, 14);
  if (version_and_command >> 4 != 2 || (version_and_command & 15) > 1 || kFixed + length > kLongestProxyHeader)
    return malformed();
  if (bytes.size() < kFixed + length) return {};
  ProxyHeader header{State::complete, kFixed + length, {}, ProxyHeader::Carried::unsaid};
  const auto body = bytes.substr(kFixed, length);
  // Command LOCAL, or a family that is no TCP: the proxy speaks for itself.
  const std::size_t addresses = family == 0x11 ? 12 : family == 0x21 ? 36 : 0;
  if ((version_and_command & 15) == 0 || addresses == 0) return header;
  if (body.size() < addresses) return malformed();
  header.peer = family == 0x11 ? v4_text(body) : v6_text(body);
  const auto carried = carried_by(body.substr(addresses));
  if (!carried) return malformed();
  header.carried = *carried;
  return header;
}

bool begins_like(std::string_view bytes, std::string_view mark) {
  return bytes.substr(0, mark.size()) == mark.substr(0, bytes.size());
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes) {
  if (bytes.empty()) return {};
  const bool text = begins_like(bytes, kText);
  if (!text && !begins_like(bytes, kBinary)) return {State::absent, 0, {}, ProxyHeader::Carried::unsaid};
  if (bytes.size() < (text ? kText.size() : kBinary.size())) return {};
  return text ? parse_text(bytes) : parse_binary(bytes);
}

}  // namespace berth::net
