#include "api/call.h"

#include <algorithm>

#include "berth/base/bytes.h"

namespace berth::api {

using base::ErrorCode;

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

base::Result<std::string> percent_decode(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '%') {
      out += raw[i];
      continue;
    }
    const int high = i + 2 < raw.size() ? hex_value(raw[i + 1]) : -1;
    const int low = i + 2 < raw.size() ? hex_value(raw[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return base::fail(ErrorCode::uri_invalid, "the URL has a '%' without two hexadecimal digits behind it");
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(out.begin(), out.end(), control)) {
    return base::fail(ErrorCode::uri_invalid, "the URL holds a control character");
  }
  return out;
}

}  // namespace

base::Result<Query> Query::parse(std::string_view raw) {
  Query query;
  while (!raw.empty()) {
    const auto end = raw.find('&');
    const auto part = raw.substr(0, end);
    raw = end == std::string_view::npos ? std::string_view() : raw.substr(end + 1);
    if (part.empty()) continue;
    const auto equals = part.find('=');
    BERTH_TRY(auto name, percent_decode(part.substr(0, equals)));
    BERTH_TRY(auto value, percent_decode(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1)));
    query.values_.emplace_back(std::move(name), std::move(value));
  }
  return query;
}

base::Result<Query> Query::parse_form(std::string_view raw) {
  std::string text;
  for (const char c : raw) text += c == '+' ? "%20" : std::string(1, c);
  return parse(text);
}

base::Result<std::optional<std::string>> Query::find(std::string_view name) const {
  std::optional<std::string> found;
  for (const auto& [key, value] : values_) {
    if (key != name) continue;
    if (found) return base::fail(ErrorCode::parameter_invalid, "parameter " + std::string(name) + " is given more than once");
    found = value;
  }
  return found;
}

base::Result<std::optional<bool>> Query::find_flag(std::string_view name) const {
  BERTH_TRY(const auto value, find(name));
  if (!value) return std::nullopt;
  if (*value == "true") return true;
  if (*value == "false") return false;
  return base::fail(ErrorCode::parameter_invalid, std::string(name) + " is true or false");
}

std::vector<std::string> Query::find_all(std::string_view name) const {
  std::vector<std::string> all;
  for (const auto& [key, value] : values_) {
    if (key == name) all.push_back(value);
  }
  return all;
}

std::string encode_query_value(std::string_view value) {
  constexpr std::string_view kPlain = "-._~:/";
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kPlain.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

std::string_view value_of(const PathValues& values, std::string_view parameter) {
  for (const auto& [key, value] : values) {
    if (key == parameter) return value;
  }
  return {};
}

base::Result<std::string> decode_part(std::string_view raw) { return percent_decode(raw); }

base::Result<std::string> Call::path_text(std::string_view parameter) const { return decode_part(path_value(parameter)); }

base::Result<std::int64_t> parse_id(std::string_view text, base::ErrorCode code, std::string_view what) {
  const auto number = base::parse_decimal(text);
  if (!number || *number == 0 || *number > static_cast<std::uint64_t>(INT64_MAX)) {
    return base::fail(code, "the id of " + std::string(what) + " is a whole number from 1");
  }
  return static_cast<std::int64_t>(*number);
}

base::Result<Paging> parse_paging(const Query& query) {
  Paging paging{kMaxPage, {}};
  BERTH_TRY(const auto n, query.find("n"));
  if (n) {
    const bool digits = !n->empty() && std::all_of(n->begin(), n->end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) {
      return base::fail(ErrorCode::pagination_invalid,
                        "n must be a whole number from 0; at most " + std::to_string(kMaxPage) + " entries come at once");
    }
    paging.limit = static_cast<std::size_t>(std::min<std::uint64_t>(base::parse_decimal(*n).value_or(kMaxPage), kMaxPage));
  }
  BERTH_TRY(auto last, query.find("last"));
  if (last) paging.after = std::move(*last);
  return paging;
}

}  // namespace berth::api
