#include "http/forwarded.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "http/text.h"

namespace berth::http {

namespace {

// Takes the last element off a list: proxies append, so the last is what the nearest one wrote.
std::string_view take_last(std::string_view& list) {
  const auto comma = list.rfind(',');
  const auto last = trim(comma == std::string_view::npos ? list : list.substr(comma + 1));
  list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
  return last;
}

// "192.0.2.1:1234" and "[2001:db8::1]:1234" too.
std::string_view without_port(std::string_view address) {
  if (address.starts_with('[')) return address.substr(1, std::min(address.find(']'), address.size()) - 1);
  const auto colon = address.find(':');
  return colon == address.rfind(':') ? address.substr(0, colon) : address;
}

bool is_address(std::string_view text) {
  net::AddressSet one;
  return text.find('/') == std::string_view::npos && one.add(text);
}

bool is_authority(std::string_view text) {
  return !text.empty() && text.size() <= 255 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") == std::string_view::npos;
}

void apply_for(Request& request, std::string_view list, const net::AddressSet& trusted) {
  while (!list.empty() && trusted.contains(request.peer)) {
    const auto address = without_port(take_last(list));
    if (!is_address(address)) return;
    request.peer = address;
  }
}

}  // namespace

void apply_forwarded(Request& request, const net::AddressSet& trusted) {
  if (!trusted.contains(request.peer)) return;
  if (const auto list = request.fields.find_list("X-Forwarded-For")) apply_for(request, *list, trusted);
  if (const auto list = request.fields.find_list("X-Forwarded-Proto")) {
    std::string_view rest = *list;
    const auto scheme = take_last(rest);
    if (scheme == "https" || scheme == "http") request.secure = scheme == "https";
  }
  if (const auto list = request.fields.find_list("X-Forwarded-Host")) {
    std::string_view rest = *list;
    const auto host = take_last(rest);
    if (is_authority(host)) request.authority = host;
  }
}

}  // namespace berth::http
