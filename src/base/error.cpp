#include "berth/base/error.h"

#include <cerrno>
#include <cstring>

namespace berth::base {

std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::request_malformed: return "request_malformed";
    case ErrorCode::request_timeout: return "request_timeout";
    case ErrorCode::header_too_large: return "header_too_large";
    case ErrorCode::http_version_unsupported: return "http_version_unsupported";
    case ErrorCode::expectation_failed: return "expectation_failed";
    case ErrorCode::length_required: return "length_required";
    case ErrorCode::body_too_large: return "body_too_large";
    case ErrorCode::uri_invalid: return "uri_invalid";
    case ErrorCode::parameter_invalid: return "parameter_invalid";
    case ErrorCode::route_unknown: return "route_unknown";
    case ErrorCode::method_not_allowed: return "method_not_allowed";
    case ErrorCode::name_invalid: return "name_invalid";
    case ErrorCode::name_reserved: return "name_reserved";
    case ErrorCode::tag_invalid: return "tag_invalid";
    case ErrorCode::digest_invalid: return "digest_invalid";
    case ErrorCode::digest_unsupported: return "digest_unsupported";
    case ErrorCode::upload_unknown: return "upload_unknown";
    case ErrorCode::upload_invalid: return "upload_invalid";
    case ErrorCode::upload_busy: return "upload_busy";
    case ErrorCode::range_invalid: return "range_invalid";
    case ErrorCode::digest_mismatch: return "digest_mismatch";
    case ErrorCode::size_invalid: return "size_invalid";
    case ErrorCode::blob_unknown: return "blob_unknown";
    case ErrorCode::blob_referenced: return "blob_referenced";
    case ErrorCode::manifest_unknown: return "manifest_unknown";
    case ErrorCode::manifest_invalid: return "manifest_invalid";
    case ErrorCode::manifest_blob_unknown: return "manifest_blob_unknown";
    case ErrorCode::manifest_unverified: return "manifest_unverified";
    case ErrorCode::manifest_too_large: return "manifest_too_large";
    case ErrorCode::schema1_unsupported: return "schema1_unsupported";
    case ErrorCode::media_type_mismatch: return "media_type_mismatch";
    case ErrorCode::repository_unknown: return "repository_unknown";
    case ErrorCode::tag_unknown: return "tag_unknown";
    case ErrorCode::tag_immutable: return "tag_immutable";
    case ErrorCode::event_unknown: return "event_unknown";
    case ErrorCode::object_unknown: return "object_unknown";
    case ErrorCode::already_exists: return "already_exists";
    case ErrorCode::restore_impossible: return "restore_impossible";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::precondition_failed: return "precondition_failed";
    case ErrorCode::pagination_invalid: return "pagination_invalid";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::unauthorized: return "unauthorized";
    case ErrorCode::denied: return "denied";
    case ErrorCode::password_must_change: return "password_must_change";
    case ErrorCode::too_many_requests: return "too_many_requests";
    case ErrorCode::busy: return "busy";
    case ErrorCode::shutting_down: return "shutting_down";
    case ErrorCode::storage_full: return "storage_full";
    case ErrorCode::read_only: return "read_only";
    case ErrorCode::corrupt: return "corrupt";
    case ErrorCode::io_error: return "io_error";
    case ErrorCode::timeout: return "timeout";
    case ErrorCode::configuration_invalid: return "configuration_invalid";
    case ErrorCode::usage: return "usage";
    case ErrorCode::internal: return "internal";
  }
  return "unknown";
}

std::optional<ErrorCode> find_error_code(std::string_view name) {
  for (std::size_t i = 0; i < kErrorCodeCount; ++i) {
    if (const auto code = static_cast<ErrorCode>(i); error_code_name(code) == name) return code;
  }
  return std::nullopt;
}

Error system_error(int error_number, std::string_view what) {
  const char* name = strerrorname_np(error_number);
  std::string context =
      std::string(what) + ": " + (name != nullptr ? std::string(name) : "errno " + std::to_string(error_number));
  if (error_number == ENOSPC || error_number == EDQUOT) {
    return Error(ErrorCode::storage_full, "the server's storage is full").in(context);
  }
  return Error(ErrorCode::io_error, "the server could not read or write its storage").in(context);
}

}  // namespace berth::base
