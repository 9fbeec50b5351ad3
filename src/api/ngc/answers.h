// What the handlers of NGC's face share: pages, bodies read by an allow-list, answers with their requestStatus.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "berth/base/clock.h"
#include "berth/base/json.h"
#include "berth/service/members.h"

namespace berth::api::ngc {

inline constexpr std::size_t kMaxBody = 64UL * 1024;

// `body` and {"requestStatus":{"statusCode":"SUCCESS","requestId":"…"}}.
http::Response answer(const Call& call, base::OrderedJson body = base::OrderedJson::object());

// page-number and page-size of a list.
struct Page {
  std::size_t number = 0;  // from 0
  std::size_t size = 100;
};
inline constexpr std::size_t kMaxPageSize = 5000;
inline constexpr std::size_t kMaxPageNumber = 10000;
// A larger page-size means kMaxPageSize. Errors: parameter_invalid.
base::Result<Page> parse_page(const Query& query);
// {"index","size","totalPages","totalResults"}, all whole numbers: a client takes anything else for an error.
base::OrderedJson pagination_info(const Page& page, std::size_t total);
template <typename T>
std::span<const T> slice(const std::vector<T>& all, const Page& page) {
  const std::size_t first = std::min(all.size(), page.number * page.size);
  return std::span(all).subspan(first, std::min(page.size, all.size() - first));
}

// "2026-11-24T17:17:08.123Z"
std::string date_text(base::TimePoint time);

// The body, a JSON object, read member by member. What is never asked for is ignored, and counted (security.md B1.19).
class BodyFields {
 public:
  // Of an empty body: no members. Errors: request_malformed, parameter_invalid (no object).
  static base::Result<BodyFields> parse(const Call& call);
  ~BodyFields();
  BodyFields(BodyFields&& other) noexcept : route_(other.route_), body_(std::move(other.body_)), asked_(std::move(other.asked_)) {
    other.body_ = base::Json::object();
  }
  BodyFields& operator=(BodyFields&&) = delete;

  // nullopt: missing or null. Errors: parameter_invalid (no text, longer than kMaxText, control characters other than line ends).
  base::Result<std::optional<std::string>> find_text(std::string_view name);
  // As find_text(), of one line of at most kMaxLine bytes.
  base::Result<std::optional<std::string>> find_line(std::string_view name);
  // As find_line(). Errors: also parameter_invalid when it is missing or empty.
  base::Result<std::string> get_line(std::string_view name);
  // Empty when missing. Errors: parameter_invalid.
  base::Result<std::vector<std::string>> find_texts(std::string_view name);
  base::Result<std::optional<std::int64_t>> find_number(std::string_view name);
  // A member that is an object or array, or null.
  const base::Json& find(std::string_view name);

 private:
  BodyFields(std::string_view route, base::Json body) : route_(route), body_(std::move(body)) {}
  base::Result<std::optional<std::string>> find_short(std::string_view name, std::size_t most);
  static constexpr std::size_t kMaxText = 4096;
  static constexpr std::size_t kMaxLine = 255;

  std::string_view route_;
  base::Json body_;
  std::set<std::string, std::less<>> asked_;
};
// Errors: parameter_invalid, naming the member.
base::Result<std::string> text_of_member(std::string_view name, const base::Json& value);

// {org} and {team} of the path, decoded.
base::Result<service::RolePlace> place_of(const Call& call);
// What people may write where a user is meant: an id, an email, or the email in base64. Errors: parameter_invalid.
base::Result<service::PersonName> parse_person(std::string_view text);

}  // namespace berth::api::ngc
