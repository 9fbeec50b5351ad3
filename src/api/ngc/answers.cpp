#include "api/ngc/answers.h"

#include <algorithm>

#include "api/answers.h"
#include "berth/base/bytes.h"
#include "berth/base/metrics.h"
#include "berth/base/sign.h"

namespace berth::api::ngc {

using base::ErrorCode;
using base::Json;
using base::OrderedJson;
using base::Result;

http::Response answer(const Call& call, OrderedJson body) {
  body["requestStatus"] = {{"statusCode", "SUCCESS"}, {"requestId", call.request.id}};
  return json_answer(200, body);
}

namespace {

Result<std::optional<std::uint64_t>> find_whole(const Query& query, std::string_view name) {
  BERTH_TRY(const auto text, query.find(name));
  if (!text) return std::nullopt;
  const auto value = base::parse_decimal(*text);
  if (!value) return base::fail(ErrorCode::parameter_invalid, std::string(name) + " must be a whole number");
  return *value;
}

}  // namespace

Result<Page> parse_page(const Query& query) {
  Page page;
  BERTH_TRY(const auto number, find_whole(query, "page-number"));
  BERTH_TRY(const auto size, find_whole(query, "page-size"));
  if (number.value_or(0) > kMaxPageNumber) {
    return base::fail(ErrorCode::parameter_invalid,
                      "page-number is at most " + std::to_string(kMaxPageNumber) + "; pages count from 0");
  }
  if (size && *size == 0) return base::fail(ErrorCode::parameter_invalid, "page-size is at least 1");
  page.number = static_cast<std::size_t>(number.value_or(page.number));
  page.size = static_cast<std::size_t>(std::min<std::uint64_t>(size.value_or(page.size), kMaxPageSize));
  return page;
}

OrderedJson pagination_info(const Page& page, std::size_t total) {
  return {
      {"index", page.number}, {"size", page.size}, {"totalPages", (total + page.size - 1) / page.size}, {"totalResults", total}};
}

std::string date_text(base::TimePoint time) { return base::format_rfc3339(time).substr(0, 23) + 'Z'; }

// --- bodies --------------------------------------------------------------------------------------------------------------------------

Result<BodyFields> BodyFields::parse(const Call& call) {
  if (call.body.empty()) return BodyFields(call.route.name, Json::object());
  BERTH_TRY(auto body, base::parse_json(call.body));
  if (!body.is_object()) return base::fail(ErrorCode::parameter_invalid, "the body must be a JSON object");
  return BodyFields(call.route.name, std::move(body));
}

BodyFields::~BodyFields() {
  const auto unknown = std::count_if(body_.items().begin(), body_.items().end(),
                                     [&](const auto& member) { return !asked_.contains(member.key()); });
  if (unknown > 0) base::metrics::add(base::metrics::Metric::unknown_fields, static_cast<double>(unknown), {route_});
}

const Json& BodyFields::find(std::string_view name) {
  static const Json kNull;
  const auto& asked = *asked_.emplace(name).first;
  const auto found = body_.find(asked);
  return found == body_.end() ? kNull : *found;
}

Result<std::string> text_of_member(std::string_view name, const Json& value) {
  if (!value.is_string()) return base::fail(ErrorCode::parameter_invalid, std::string(name) + " must be text");
  auto text = value.get<std::string>();
  const bool odd = std::any_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
  });
  if (odd) return base::fail(ErrorCode::parameter_invalid, std::string(name) + " holds a control character");
  return text;
}

Result<std::optional<std::string>> BodyFields::find_short(std::string_view name, std::size_t most) {
  const auto& value = find(name);
  if (value.is_null()) return std::nullopt;
  BERTH_TRY(auto text, text_of_member(name, value));
  if (text.size() <= most) return text;
  return base::fail(ErrorCode::parameter_invalid, std::string(name) + " is longer than " + std::to_string(most) + " bytes");
}

Result<std::optional<std::string>> BodyFields::find_text(std::string_view name) { return find_short(name, kMaxText); }

Result<std::optional<std::string>> BodyFields::find_line(std::string_view name) {
  BERTH_TRY(auto text, find_short(name, kMaxLine));
  if (!text || text->find_first_of("\n\r\t") == std::string::npos) return text;
  return base::fail(ErrorCode::parameter_invalid, std::string(name) + " must be one line");
}

Result<std::string> BodyFields::get_line(std::string_view name) {
  BERTH_TRY(auto text, find_line(name));
  if (!text || text->empty()) return base::fail(ErrorCode::parameter_invalid, "the body lacks " + std::string(name));
  return std::move(*text);
}

Result<std::vector<std::string>> BodyFields::find_texts(std::string_view name) {
  const auto& value = find(name);
  std::vector<std::string> texts;
  if (value.is_null()) return texts;
  if (!value.is_array()) return base::fail(ErrorCode::parameter_invalid, std::string(name) + " must be a list of texts");
  for (const auto& item : value) {
    BERTH_TRY(auto text, text_of_member(name, item));
    texts.push_back(std::move(text));
  }
  return texts;
}

Result<std::optional<std::int64_t>> BodyFields::find_number(std::string_view name) {
  const auto& value = find(name);
  if (value.is_null()) return std::nullopt;
  if (value.is_number_integer()) return value.get<std::int64_t>();
  return base::fail(ErrorCode::parameter_invalid, std::string(name) + " must be a whole number");
}

// --- paths ---------------------------------------------------------------------------------------------------------------------------

Result<service::RolePlace> place_of(const Call& call) {
  service::RolePlace place;
  BERTH_TRY(place.org, call.path_text("org"));
  BERTH_TRY(place.team, call.path_text("team"));
  return place;
}

Result<service::PersonName> parse_person(std::string_view text) {
  if (const auto id = base::parse_decimal(text); id && *id <= INT64_MAX)
    return service::PersonName{static_cast<std::int64_t>(*id), {}};
  std::string email(text);
  if (text.find('@') == std::string_view::npos) email = base::from_base64(text).value_or(std::string());
  if (auto parsed = service::parse_email(email)) return service::PersonName{0, std::move(*parsed)};
  return base::fail(ErrorCode::parameter_invalid, "a user is named by id, by email, or by the email in base64");
}

}  // namespace berth::api::ngc
