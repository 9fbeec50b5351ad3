// What a handler knows of its request: values of the path and query, parsed once, and who asks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/api/application.h"
#include "berth/api/routes.h"
#include "berth/oci/names.h"
#include "berth/service/words.h"

namespace berth::api {

// The query, decoded. A '+' is a plus: no parameter of ours holds spaces, and media types hold pluses.
class Query {
 public:
  // Errors: uri_invalid (bad percent-encoding, control characters).
  static base::Result<Query> parse(std::string_view raw);
  // As a form writes it, where a space is a '+' (and a plus %2B).
  static base::Result<Query> parse_form(std::string_view raw);
  // The value; nullopt when it is missing. Errors: parameter_invalid when it is given more than once.
  [[nodiscard]] base::Result<std::optional<std::string>> find(std::string_view name) const;
  // `true` or `false`; nullopt when it is missing. Errors: parameter_invalid for anything else, and as find().
  [[nodiscard]] base::Result<std::optional<bool>> find_flag(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> find_all(std::string_view name) const;
  // Names and values in the order in which they came.
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const { return values_; }

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

// Percent-encoding for a value in a query that we write (RFC 3986 unreserved characters and ':' '/' stay).
std::string encode_query_value(std::string_view value);

// A part of a path, decoded once. Errors: uri_invalid (bad percent-encoding, control characters).
base::Result<std::string> decode_part(std::string_view raw);

// Values of a template's {parameters}, raw, in the order of the template.
using PathValues = std::vector<std::pair<std::string_view, std::string_view>>;

// The raw value of a {parameter}; empty when the template has none of that name.
std::string_view value_of(const PathValues& values, std::string_view parameter);

// A positive whole number that names something. Errors: `code`, saying what it is the number of.
base::Result<std::int64_t> parse_id(std::string_view text, base::ErrorCode code, std::string_view what);

struct Call {
  const http::Request& request;
  const Route& route;
  PathValues path;
  Query query;
  std::optional<oci::RepositoryName> name;  // set when the path has {name}
  auth::Principal principal;
  bool also_granted = true;  // Access::also_pull_if
  std::string body;          // of a buffered route

  [[nodiscard]] const oci::RepositoryName& repository() const { return *name; }
  [[nodiscard]] std::string_view path_value(std::string_view parameter) const { return value_of(path, parameter); }
  // On whose behalf a change is made.
  [[nodiscard]] service::Origin origin() const { return {principal.name, principal.key, request.peer, request.id}; }
  // Decoded, for faces whose paths may be percent-encoded. Errors: uri_invalid.
  [[nodiscard]] base::Result<std::string> path_text(std::string_view parameter) const;
  // Errors: tag_invalid, digest_invalid, digest_unsupported.
  [[nodiscard]] base::Result<oci::Reference> reference() const { return oci::parse_reference(path_value("reference")); }
  [[nodiscard]] base::Result<oci::Digest> digest() const { return oci::Digest::parse(path_value("digest")); }
  // Of a path with {id}. Errors: object_unknown: what has no number is not there.
  [[nodiscard]] base::Result<std::int64_t> id(std::string_view what) const {
    return parse_id(path_value("id"), base::ErrorCode::object_unknown, what);
  }
  [[nodiscard]] base::Result<service::UploadId> upload() const { return service::UploadId::parse(path_value("upload")); }
};

// n and last of a listing.
struct Paging {
  std::size_t limit;
  std::string after;
};
inline constexpr std::size_t kMaxPage = 1000;
// n: a whole number; larger than kMaxPage (and missing) means kMaxPage, never an allocation (CVE-2023-2253).
// Errors: pagination_invalid, parameter_invalid.
base::Result<Paging> parse_paging(const Query& query);

}  // namespace berth::api
