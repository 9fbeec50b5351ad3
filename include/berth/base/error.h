// Every way in which something can go wrong, as a value.
//
// What this is: the list of error codes that any layer may return, and the Error that carries one with a message for
// a person. What it is not: HTTP. Which status, which OCI or NGC code and which default message belong to a code stands
// in one table, api/errors.h; a test proves that each enum value has its row.
//
// Lower layers add context with Error::in(); only `service` changes a code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace berth::base {

// A new error = one value here and one row in src/api/errors.cpp.
enum class ErrorCode : std::uint8_t {
  // The request itself
  request_malformed,  // not HTTP, or HTTP that two readers could read differently
  request_timeout,    // the peer sent nothing, or too slowly
  header_too_large,
  http_version_unsupported,
  expectation_failed,
  length_required,
  body_too_large,
  uri_invalid,
  parameter_invalid,  // a query parameter or header whose value has the wrong form
  route_unknown,
  method_not_allowed,
  // Names and references
  name_invalid,
  name_reserved,
  tag_invalid,
  digest_invalid,
  digest_unsupported,
  // Uploads
  upload_unknown,
  upload_invalid,
  upload_busy,    // another request writes to this session now
  range_invalid,  // a chunk that does not start where the upload stands, or a range outside the blob
  digest_mismatch,
  size_invalid,
  // Content
  blob_unknown,
  blob_referenced,  // a manifest of this repository still needs it
  manifest_unknown,
  manifest_invalid,
  manifest_blob_unknown,  // a manifest names a blob or child that this repository lacks
  manifest_unverified,
  manifest_too_large,
  schema1_unsupported,
  media_type_mismatch,
  repository_unknown,
  tag_unknown,
  tag_immutable,
  event_unknown,        // no such row in the history of the repository
  object_unknown,       // no such user, organisation, team, key, session
  already_exists,       // there is one of that name already
  restore_impossible,   // what was deleted is gone for good, or something else is in its place
  conflict,             // what is there now does not allow it
  precondition_failed,  // If-Match or If-None-Match did not hold
  pagination_invalid,
  unsupported,
  // Access
  unauthorized,
  denied,
  password_must_change,  // right, and good for nothing but being changed
  // The state of the machine
  too_many_requests,
  busy,  // a queue is full; try again
  shutting_down,
  storage_full,  // below the reserve, or ENOSPC
  read_only,     // by setting, or because the catalog's disk failed: nothing may change
  corrupt,       // bytes on disk are not what was stored
  io_error,
  timeout,
  // Programs and configuration
  configuration_invalid,
  usage,
  internal,
};

// The number of ErrorCode values; keep `internal` last.
inline constexpr std::size_t kErrorCodeCount = static_cast<std::size_t>(ErrorCode::internal) + 1;

class Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] ErrorCode code() const { return code_; }
  // What was wrong and what would be right, for the client. No secrets, no paths of the server.
  [[nodiscard]] const std::string& message() const { return message_; }
  // What only the operator may read: paths, errno, SQL. Goes to the log, never to a client.
  [[nodiscard]] const std::string& context() const { return context_; }
  // Machine-readable detail for the client as JSON text, empty when there is none (OCI "detail").
  [[nodiscard]] const std::string& detail() const { return detail_; }
  // Seconds after which a retry makes sense, for busy and too_many_requests.
  [[nodiscard]] std::optional<unsigned> retry_after() const { return retry_after_; }

  // Adds where it happened, for the log: "blob sha256:… : open: EIO".
  [[nodiscard]] Error in(std::string_view where) && {
    context_ = context_.empty() ? std::string(where) : std::string(where) + ": " + context_;
    return std::move(*this);
  }
  [[nodiscard]] Error with_detail(std::string json) && {
    detail_ = std::move(json);
    return std::move(*this);
  }
  [[nodiscard]] Error with_retry_after(unsigned seconds) && {
    retry_after_ = seconds;
    return std::move(*this);
  }
  // Only `service` calls this: the same failure, said in the caller's words.
  [[nodiscard]] Error as(ErrorCode code, std::string message) && {
    context_ = context_.empty() ? message_ : message_ + ": " + context_;
    code_ = code;
    message_ = std::move(message);
    return std::move(*this);
  }

 private:
  ErrorCode code_;
  std::string message_;
  std::string context_;
  std::string detail_;
  std::optional<unsigned> retry_after_;
};

template <typename T>
using Result = tl::expected<T, Error>;

// return fail(ErrorCode::tag_invalid, "…");
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error(code, std::move(message)));
}
// return fail(std::move(result).error());  passes an error on
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

// The enum's own name ("blob_unknown"), for logs, metrics and tests.
std::string_view error_code_name(ErrorCode code);
std::optional<ErrorCode> find_error_code(std::string_view name);

// An Error for a failed system call: ENOSPC and EDQUOT become storage_full, everything else io_error. `what` names the
// call and its object for the log: "fdatasync uploads/…/data".
Error system_error(int error_number, std::string_view what);

}  // namespace berth::base

// BERTH_TRY(declaration, expression): the value, or return the error to the caller.
#define BERTH_TRY_CONCAT2(a, b) a##b
#define BERTH_TRY_CONCAT(a, b) BERTH_TRY_CONCAT2(a, b)
#define BERTH_TRY(declaration, expression) BERTH_TRY_IMPL(declaration, expression, BERTH_TRY_CONCAT(berth_try_, __LINE__))
#define BERTH_TRY_IMPL(declaration, expression, temporary)                  \
  auto temporary = (expression);                                            \
  if (!temporary) return ::berth::base::fail(std::move(temporary).error()); \
  declaration = std::move(*temporary)
// BERTH_CHECK_OK(expression): for Result<void>.
#define BERTH_CHECK_OK(expression)                                                                                    \
  do {                                                                                                                \
    if (auto berth_result = (expression); !berth_result) return ::berth::base::fail(std::move(berth_result).error()); \
  } while (false)
