#include "api/berth/cookie.h"

#include <algorithm>

#include "berth/base/ascii.h"

namespace berth::api {

using base::ErrorCode;

namespace {

constexpr std::string_view kName = "berth_session";
constexpr std::size_t kSecretLength = 43;

bool is_secret(std::string_view text) {
  return text.size() == kSecretLength && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
         });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// As browsers write an origin: in lower case, without the scheme's own port.
std::string origin_of(std::string_view url) {
  std::string origin = base::lower_ascii(url);
  for (const auto& [scheme, port] : {std::pair{"http://", ":80"}, std::pair{"https://", ":443"}}) {
    if (origin.starts_with(scheme) && origin.ends_with(port)) origin.erase(origin.size() - std::string_view(port).size());
  }
  return origin;
}

}  // namespace

std::optional<std::string> find_session_cookie(const http::Request& request) {
  std::optional<std::string> found;
  // HTTP/2 may send the pairs one field each (RFC 9113 §8.2.3).
  for (auto rest : request.fields.find_all("Cookie")) {
    while (!rest.empty()) {
      const auto end = std::min(rest.find(';'), rest.size());
      const auto pair = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (!pair.starts_with(kName) || pair.substr(kName.size(), 1) != "=") continue;
      if (found) return std::nullopt;
      found = std::string(pair.substr(kName.size() + 1));
    }
  }
  return found && is_secret(*found) ? found : std::nullopt;
}

std::string session_cookie(std::string_view secret, base::Duration life, std::string_view base, std::string_view path) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(life).count();
  std::string cookie = std::string(kName) + '=' + std::string(secret) + "; Path=" + std::string(path) +
                       "; Max-Age=" + std::to_string(seconds) + "; HttpOnly; SameSite=Strict";
  if (base.starts_with("https://")) cookie += "; Secure";
  return cookie;
}

base::Result<void> check_origin(const http::Request& request, std::string_view base) {
  const auto origins = request.fields.find_all("Origin");
  if (origins.size() == 1 && origins.front() == origin_of(base)) return {};
  return base::fail(ErrorCode::denied, origins.empty() ? "a browser says its Origin here; this request has none"
                                                       : "the Origin is not this registry's");
}

base::Result<void> check_origin_if_given(const http::Request& request, std::string_view base) {
  if (request.fields.find("Origin")) return check_origin(request, base);
  const auto site = request.fields.find("Sec-Fetch-Site").value_or("same-origin");
  if (site == "same-origin" || site == "none") return {};
  return base::fail(ErrorCode::denied, "a page of another site asks");
}

}  // namespace berth::api
