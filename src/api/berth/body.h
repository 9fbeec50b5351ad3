// The JSON object in a request's body, member by member. What a route does not know is refused by name: a slip of the pen shall not pass
// for a wish that was granted, nor a member that nobody thought of reach a row (security.md B1.19).
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "berth/base/json.h"

namespace berth::api {

class Body {
 public:
  // `members`: all that the route knows. The body must say that it is application/json: what a form of a foreign page can send does not.
  // Errors: parameter_invalid (another content type, no object, an unknown member), request_malformed (no JSON).
  static base::Result<Body> parse(const Call& call, std::initializer_list<std::string_view> members);

  // Errors of the following: parameter_invalid, naming the member.
  [[nodiscard]] base::Result<std::string> text(std::string_view member) const;
  // nullopt: absent.
  [[nodiscard]] base::Result<std::optional<std::string>> find_text(std::string_view member) const;
  // A whole number from 1.
  [[nodiscard]] base::Result<std::optional<std::uint64_t>> find_number(std::string_view member, std::uint64_t most) const;
  // A list of texts; absent: empty.
  [[nodiscard]] base::Result<std::vector<std::string>> texts(std::string_view member) const;

 private:
  explicit Body(base::Json object) : object_(std::move(object)) {}
  [[nodiscard]] const base::Json* find(std::string_view member) const;

  base::Json object_;
};

}  // namespace berth::api
