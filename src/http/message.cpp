#include "berth/http/message.h"

#include <algorithm>
#include <array>

#include "http/text.h"

namespace berth::http {

namespace {

struct MethodName {
  Method method;
  std::string_view name;
};
constexpr std::array<MethodName, 7> kMethods{{{Method::get, "GET"},
                                              {Method::head, "HEAD"},
                                              {Method::post, "POST"},
                                              {Method::put, "PUT"},
                                              {Method::patch, "PATCH"},
                                              {Method::delete_, "DELETE"},
                                              {Method::options, "OPTIONS"}}};

}  // namespace

std::string_view method_name(Method method) {
  for (const MethodName& row : kMethods) {
    if (row.method == method) return row.name;
  }
  return "OTHER";
}

Method find_method(std::string_view name) {
  for (const MethodName& row : kMethods) {
    if (row.name == name) return row.method;
  }
  return Method::other;
}

std::string_view protocol_name(Protocol protocol) {
  switch (protocol) {
    case Protocol::http1_0: return "HTTP/1.0";
    case Protocol::http1_1: return "HTTP/1.1";
    case Protocol::http2: return "HTTP/2";
  }
  return "HTTP";
}

void Fields::set(std::string name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return equal_ignoring_case(field.first, name); });
  add(std::move(name), std::move(value));
}

std::optional<std::string_view> Fields::find(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Fields::find_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : fields_) {
    if (equal_ignoring_case(key, name)) values.emplace_back(value);
  }
  return values;
}

std::optional<std::string> Fields::find_list(std::string_view name) const {
  std::optional<std::string> list;
  for (const auto& [key, value] : fields_) {
    if (!equal_ignoring_case(key, name)) continue;
    if (list) {
      list->append(", ").append(value);
    } else {
      list = value;
    }
  }
  return list;
}

std::string_view Request::path() const {
  const std::string_view all = target;
  return all.substr(0, all.find('?'));
}

std::string_view Request::query() const {
  const std::string_view all = target;
  const std::size_t mark = all.find('?');
  return mark == std::string_view::npos ? std::string_view() : all.substr(mark + 1);
}

std::string_view text_of(const Body& body) {
  if (const auto* text = std::get_if<std::string>(&body)) return *text;
  const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&body);
  return shared != nullptr && *shared ? std::string_view(**shared) : std::string_view();
}

std::optional<std::uint64_t> body_length(const Body& body) {
  if (const auto* text = std::get_if<std::string>(&body)) return text->size();
  if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&body)) return *shared ? (*shared)->size() : 0;
  if (const auto* file = std::get_if<FileBody>(&body)) return file->length;
  return std::nullopt;
}

}  // namespace berth::http
