#include "api/berth/body.h"

#include <algorithm>

#include "berth/base/ascii.h"

namespace berth::api {

using base::ErrorCode;

namespace {

// A name that a client sent, short and harmless enough to be repeated.
std::string shown(std::string_view name) {
  std::string text(name.substr(0, 40));
  for (char& c : text) c = static_cast<unsigned char>(c) < ' ' || c == '"' ? '?' : c;
  return text;
}

auto wrong(std::string_view member, std::string_view form) {
  base::Error error(ErrorCode::parameter_invalid, std::string(member) + " must be " + std::string(form));
  return base::fail(std::move(error).with_detail(base::OrderedJson{{"member", member}}.dump()));
}

bool is_json(const http::Request& request) {
  const auto fields = request.fields.find_all("Content-Type");
  if (fields.size() != 1) return false;
  auto type = fields.front().substr(0, fields.front().find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return base::equal_ignoring_case(type, "application/json");
}

}  // namespace

base::Result<Body> Body::parse(const Call& call, std::initializer_list<std::string_view> members) {
  if (!is_json(call.request)) return base::fail(ErrorCode::parameter_invalid, "the Content-Type must be application/json");
  BERTH_TRY(auto object, base::parse_json(call.body));
  if (!object.is_object()) return base::fail(ErrorCode::parameter_invalid, "the body must be a JSON object");
  for (const auto& [name, value] : object.items()) {
    if (std::find(members.begin(), members.end(), name) != members.end()) continue;
    std::string known;
    for (const auto member : members) known += (known.empty() ? "" : ", ") + std::string(member);
    base::Error error(ErrorCode::parameter_invalid, "the body has a member \"" + shown(name) + "\"; members are: " + known);
    return base::fail(std::move(error).with_detail(base::OrderedJson{{"member", shown(name)}}.dump()));
  }
  return Body(std::move(object));
}

const base::Json* Body::find(std::string_view member) const {
  const auto found = object_.find(member);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

base::Result<std::optional<std::string>> Body::find_text(std::string_view member) const {
  const auto* value = find(member);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) return wrong(member, "a text");
  return value->get<std::string>();
}

base::Result<std::string> Body::text(std::string_view member) const {
  BERTH_TRY(auto value, find_text(member));
  if (!value) return wrong(member, "given, a text");
  return std::move(*value);
}

base::Result<std::optional<std::uint64_t>> Body::find_number(std::string_view member, std::uint64_t most) const {
  const auto* value = find(member);
  if (value == nullptr) return std::nullopt;
  const bool fits = value->is_number_unsigned() && value->get<std::uint64_t>() >= 1 && value->get<std::uint64_t>() <= most;
  if (!fits) return wrong(member, "a whole number from 1 to " + std::to_string(most));
  return value->get<std::uint64_t>();
}

base::Result<std::vector<std::string>> Body::texts(std::string_view member) const {
  std::vector<std::string> texts;
  const auto* value = find(member);
  if (value == nullptr) return texts;
  const bool fits = value->is_array() && value->size() <= 200 &&
                    std::all_of(value->begin(), value->end(), [](const auto& item) { return item.is_string(); });
  if (!fits) return wrong(member, "a list of at most 200 texts");
  for (const auto& item : *value) texts.push_back(item.get<std::string>());
  return texts;
}

}  // namespace berth::api
