// What the settings say of listeners and of the names that clients call them by, checked as a whole before anything is opened.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/api/links.h"
#include "berth/app/settings.h"
#include "berth/base/error.h"
#include "berth/net/address_set.h"

namespace berth::app {

enum class Scheme : std::uint8_t { http, https };
std::string_view scheme_name(Scheme scheme);

// A listener as it is written: [http://|https://]HOST:PORT. Errors: configuration_invalid.
struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
  std::optional<Scheme> scheme;
  [[nodiscard]] bool loopback() const;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};
base::Result<ListenAddress> parse_listen(std::string_view text);

// "https://registry.example:5000", or with a path prefix "https://example.com/reg"; nothing behind it.
struct PublicUrl {
  Scheme scheme = Scheme::https;
  std::string authority;  // with the port, where one is written
  std::string prefix;     // "/reg", without a slash at the end; empty: none
  [[nodiscard]] std::string host() const;
  // Without the prefix: what the distribution API and tokens stand under.
  [[nodiscard]] std::string origin() const { return std::string(scheme_name(scheme)) + "://" + authority; }
};
// Errors: configuration_invalid.
base::Result<PublicUrl> parse_public_url(std::string_view text);

enum class CertificateSource : std::uint8_t { none, files, self_signed };

struct ListenPlan {
  std::vector<ListenAddress> listeners;  // each with its scheme
  std::optional<ListenAddress> operations;
  std::optional<PublicUrl> public_url;
  std::vector<std::string> hosts;  // of the setting, in lower case
  net::AddressSet trusted_proxies;
  CertificateSource certificate = CertificateSource::none;
  // What a certificate of our own must be good for.
  [[nodiscard]] std::vector<std::string> certificate_names() const;
  [[nodiscard]] bool speaks_tls() const;
  [[nodiscard]] std::string prefix() const { return public_url ? public_url->prefix : std::string(); }
  [[nodiscard]] api::Links links() const;
};
// Errors: configuration_invalid (says which setting, why, and what would be right).
base::Result<ListenPlan> plan_listeners(const Settings& settings);

// How a bound listener is written for people.
std::string url_of(Scheme scheme, const std::string& host, std::uint16_t port);

}  // namespace berth::app
