#include "app/listen.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "berth/api/routes.h"
#include "berth/base/ascii.h"
#include "berth/base/bytes.h"

namespace berth::app {

using base::ErrorCode;

namespace {

tl::unexpected<base::Error> invalid(std::string message) {
  return base::fail(ErrorCode::configuration_invalid, std::move(message));
}

// Takes the scheme off the front; nullopt where none is written.
std::optional<Scheme> take_scheme(std::string_view& text) {
  for (const auto scheme : {Scheme::http, Scheme::https}) {
    const std::string front = std::string(scheme_name(scheme)) + "://";
    if (!text.starts_with(front)) continue;
    text.remove_prefix(front.size());
    return scheme;
  }
  return std::nullopt;
}

std::string_view without_brackets(std::string_view host) {
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

// As a host stands in a URL: an IPv6 address in [], anything else as it is.
std::string with_brackets(const std::string& host) { return host.find(':') == std::string::npos ? host : '[' + host + ']'; }

bool any_address(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

constexpr std::string_view kHostCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";

bool is_host(std::string_view text) {
  return text.find_first_not_of(kHostCharacters) == std::string_view::npos && text.front() != ':';
}

// Parts that need no percent-encoding and that no client or proxy takes away.
bool is_path_part(std::string_view part) {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  return !part.empty() && part != "." && part != ".." && part.find_first_not_of(kCharacters) == std::string_view::npos;
}

// What is wrong with a path prefix, "/a/b" or empty; nullptr: nothing.
const char* find_fault_of_prefix(std::string_view prefix) {
  if (prefix.empty()) return nullptr;
  auto rest = prefix.substr(1);
  if (api::stands_at_root(rest.substr(0, rest.find('/'))))
    return "the path prefix begins with a part that always stands at the root";
  while (true) {
    const auto slash = rest.find('/');
    if (!is_path_part(rest.substr(0, slash)))
      return "the path prefix has a part that is empty, dots, or not of A-Z a-z 0-9 - . _ ~";
    if (slash == std::string_view::npos) return nullptr;
    rest.remove_prefix(slash + 1);
  }
}

std::string machine_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

base::Result<CertificateSource> certificate_source(const Settings& settings) {
  const bool cert = !settings.text(Setting::tls_cert).empty();
  const bool key = !settings.text(Setting::tls_key).empty();
  if (cert != key) return invalid("tls_cert and tls_key belong together: give both, or neither");
  if (cert && settings.boolean(Setting::tls_self_signed)) {
    return invalid("tls_self_signed is for a registry without certificate files: give tls_cert and tls_key, or tls_self_signed");
  }
  if (cert) return CertificateSource::files;
  return settings.boolean(Setting::tls_self_signed) ? CertificateSource::self_signed : CertificateSource::none;
}

// One listener against everything else.
base::Result<ListenAddress> checked(const Settings& settings, const ListenPlan& plan, const std::string& text) {
  BERTH_TRY(auto address, parse_listen(text));
  if (!address.scheme) address.scheme = plan.certificate == CertificateSource::none ? Scheme::http : Scheme::https;
  if (address.scheme == Scheme::https && plan.certificate == CertificateSource::none) {
    return invalid(text + " needs a certificate: give --tls-cert and --tls-key, or --tls-self-signed");
  }
  if (address.loopback()) return address;
  if (settings.boolean(Setting::open)) {
    return invalid("--open allows everything to everybody, so it listens on loopback addresses only; " + text +
                   " is none. Use 127.0.0.1 or [::1]");
  }
  if (!plan.public_url) {
    return invalid(text +
                   " can be reached from other machines, so clients must be told what to call this registry: give "
                   "--public-url https://NAME[:PORT]");
  }
  return address;
}

}  // namespace

std::string_view scheme_name(Scheme scheme) { return scheme == Scheme::http ? "http" : "https"; }

// 127.0.0.0/8 by its digits: a name may begin with "127." too and lead anywhere.
bool ListenAddress::loopback() const {
  const bool v4 = host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
  return host == "localhost" || host == "::1" || v4;
}

base::Result<ListenAddress> parse_listen(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return invalid("listen address \"" + std::string(text) + "\": " + std::string(why) +
                   "; write [http://|https://]HOST:PORT, an IPv6 HOST in []");
  };
  auto rest = text;
  ListenAddress address;
  address.scheme = take_scheme(rest);
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) return wrong("the port is missing");
  const auto port = base::parse_decimal(rest.substr(colon + 1));
  if (!port || *port > 65535) return wrong("the port must be a number from 0 to 65535");
  const auto host = rest.substr(0, colon);
  if (without_brackets(host) == host && host.find(':') != std::string_view::npos) return wrong("an IPv6 address stands in []");
  if (without_brackets(host).empty()) return wrong("the host is missing");
  address.host = without_brackets(host);
  address.port = static_cast<std::uint16_t>(*port);
  return address;
}

std::string PublicUrl::host() const {
  const auto port = authority.find(':', authority.starts_with('[') ? authority.find(']') : 0);
  return std::string(without_brackets(std::string_view(authority).substr(0, port)));
}

base::Result<PublicUrl> parse_public_url(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return invalid("public URL \"" + std::string(text) + "\": " + std::string(why) + "; write https://HOST[:PORT][/PREFIX]");
  };
  auto rest = text;
  const auto scheme = take_scheme(rest);
  if (!scheme) return wrong("it begins with http:// or https://");
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const auto prefix = rest.substr(std::min(rest.find('/'), rest.size()));
  rest.remove_suffix(prefix.size());
  const bool plain = rest.find_first_not_of(kHostCharacters) == std::string_view::npos;
  PublicUrl url{*scheme, std::string(rest), std::string(prefix)};
  if (!plain || url.host().empty()) return wrong("the host is missing, or no host");
  const auto port = rest.substr(rest.find(url.host()) + url.host().size());
  const auto digits = port.substr(port.find(':') == std::string_view::npos ? port.size() : port.find(':') + 1);
  const auto number = base::parse_decimal(digits);
  if (port.find(':') != std::string_view::npos && (!number || *number == 0 || *number > 65535)) {
    return wrong("the port must be a number from 1 to 65535");
  }
  if (const char* fault = find_fault_of_prefix(prefix); fault != nullptr) return wrong(fault);
  return url;
}

std::vector<std::string> ListenPlan::certificate_names() const {
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  const auto add = [&](const std::string& name) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  if (public_url) add(public_url->host());
  for (const auto& listener : listeners) add(any_address(listener.host) ? machine_name() : listener.host);
  return names;
}

bool ListenPlan::speaks_tls() const {
  const auto tls = [](const ListenAddress& address) { return address.scheme == Scheme::https; };
  return std::any_of(listeners.begin(), listeners.end(), tls) || (operations && tls(*operations));
}

api::Links ListenPlan::links() const {
  api::Links links{public_url ? public_url->origin() : std::string(), {}, prefix()};
  for (const auto& listener : listeners) {
    if (any_address(listener.host)) continue;
    const std::string port = listener.port == 0 ? std::string() : ':' + std::to_string(listener.port);
    links.hosts.push_back(with_brackets(listener.host) + port);
    if (listener.loopback()) links.hosts.push_back("localhost" + port);
  }
  links.hosts.insert(links.hosts.end(), hosts.begin(), hosts.end());
  return links;
}

base::Result<ListenPlan> plan_listeners(const Settings& settings) {
  ListenPlan plan;
  BERTH_TRY(plan.certificate, certificate_source(settings));
  if (const auto& url = settings.text(Setting::public_url); !url.empty()) {
    BERTH_TRY(plan.public_url, parse_public_url(url));
  }
  // NAME=FACE is kept for names that are bound to one face (CONTRACTS.md, Addresses): the faces of today stand at the root of every name,
  // but for Berth's own, which has nobody who looks for it there.
  for (const auto& text : settings.list(Setting::hosts)) {
    if (text.find('=') != std::string::npos) {
      return invalid("hosts has \"" + text + "\"; this version binds no name to a face: write NAME or NAME:PORT");
    }
    if (!is_host(text)) return invalid("hosts has \"" + text + "\"; write NAME or NAME:PORT");
    plan.hosts.push_back(base::lower_ascii(text));
  }
  for (const auto& text : settings.list(Setting::trusted_proxies)) {
    if (!plan.trusted_proxies.add(text)) {
      return invalid("trusted_proxies has \"" + text + "\"; write addresses (10.0.0.1, fd00::1) and networks (10.0.0.0/8)");
    }
  }
  for (const auto& text : settings.list(Setting::listen)) {
    BERTH_TRY(auto address, checked(settings, plan, text));
    plan.listeners.push_back(std::move(address));
  }
  if (const auto& text = settings.text(Setting::ops_listen); !text.empty()) {
    BERTH_TRY(plan.operations, checked(settings, plan, text));
  }
  return plan;
}

std::string url_of(Scheme scheme, const std::string& host, std::uint16_t port) {
  return std::string(scheme_name(scheme)) + "://" + with_brackets(host) + ':' + std::to_string(port);
}

}  // namespace berth::app
