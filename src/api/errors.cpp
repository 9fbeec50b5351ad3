#include "berth/api/errors.h"

#include <array>

namespace berth::api {

namespace {

using enum base::ErrorCode;

// clang-format off
constexpr ErrorRow kRows[] = {
    {request_malformed, 400, "UNSUPPORTED", "The request is malformed", "RFC 9112 §2.2, §6.3", "Send well-formed HTTP; the message names the rule."},
    {request_timeout, 408, "UNSUPPORTED", "The request took too long to arrive", "RFC 9110 §15.5.9", "Send faster, or raise header_timeout or body_window."},
    {header_too_large, 431, "UNSUPPORTED", "The header is too large", "RFC 6585 §5", "Send fewer or shorter header fields, or a shorter URL."},
    {http_version_unsupported, 505, "UNSUPPORTED", "The HTTP version is not supported", "RFC 9110 §15.6.6", "Use HTTP/1.1."},
    {expectation_failed, 417, "UNSUPPORTED", "The expectation cannot be met", "RFC 9110 §10.1.1", "Only Expect: 100-continue is known."},
    {length_required, 411, "SIZE_INVALID", "A length is required", "RFC 9110 §15.5.12", "Send Content-Length."},
    {body_too_large, 413, "SIZE_INVALID", "The body is too large", "RFC 9110 §15.5.14", "The message says the limit."},
    {uri_invalid, 400, "UNSUPPORTED", "The URL is invalid", "RFC 9110 §4.2", "Encode the query as RFC 3986 says; OCI paths need no encoding."},
    {parameter_invalid, 400, "UNSUPPORTED", "A parameter is invalid", "RFC 9110 §15.5.1", "The message names the parameter or header and its form."},
    {route_unknown, 404, "UNSUPPORTED", "There is no such resource", "RFC 9110 §15.5.5", "See docs/api.md for every path."},
    {method_not_allowed, 405, "UNSUPPORTED", "The method is not allowed here", "RFC 9110 §15.5.6", "The Allow header lists the methods."},
    {name_invalid, 400, "NAME_INVALID", "The repository name is invalid", "distribution-spec error code-5", "Use lower-case letters, digits, and single . _ __ - between them."},
    {name_reserved, 400, "NAME_INVALID", "The repository name is reserved", "distribution-spec error code-5", "Choose another organisation or team; CONTRACTS lists the reserved words."},
    {tag_invalid, 400, "MANIFEST_INVALID", "The tag is invalid", "distribution-spec \"Pulling manifests\"", "A tag is 1 to 128 characters of A-Z a-z 0-9 _ . -, not starting with . or -."},
    {digest_invalid, 400, "DIGEST_INVALID", "The digest is invalid", "distribution-spec error code-3", "Write <algorithm>:<lower-case hex> of the right length."},
    {digest_unsupported, 400, "DIGEST_INVALID", "The digest's algorithm is not supported", "distribution-spec error code-3", "Use sha256 or sha512."},
    {upload_unknown, 404, "BLOB_UPLOAD_UNKNOWN", "The upload is unknown", "distribution-spec error code-2", "Start a new upload; sessions end by their closing PUT, a failure, or expiry."},
    {upload_invalid, 400, "BLOB_UPLOAD_INVALID", "The upload is invalid", "distribution-spec error code-1", "The message says what the upload lacks."},
    {upload_busy, 409, "BLOB_UPLOAD_INVALID", "Another request writes to this upload", "RFC 9110 §15.5.10", "Wait for the other request; one writer at a time."},
    {range_invalid, 416, "BLOB_UPLOAD_INVALID", "The range is invalid", "distribution-spec \"Pushing a blob in chunks\"; RFC 9110 §15.5.17", "GET the upload's status and go on from its Range."},
    {digest_mismatch, 400, "DIGEST_INVALID", "The content does not have this digest", "distribution-spec error code-3", "Send the whole content again; what arrived was dropped."},
    {size_invalid, 400, "SIZE_INVALID", "The size is invalid", "distribution-spec error code-8", "Content-Length and Content-Range must agree."},
    {blob_unknown, 404, "BLOB_UNKNOWN", "The blob is unknown", "distribution-spec error code-0", "Push the blob to this repository, or mount it."},
    {blob_referenced, 409, "DENIED", "A manifest still needs the blob", "distribution-spec \"Deleting Blobs\"", "Delete the manifests that name the blob first."},
    {manifest_unknown, 404, "MANIFEST_UNKNOWN", "The manifest is unknown", "distribution-spec error code-7", "Check the repository, the tag or the digest."},
    {manifest_invalid, 400, "MANIFEST_INVALID", "The manifest is invalid", "distribution-spec error code-6", "The message names the field."},
    {manifest_blob_unknown, 404, "MANIFEST_BLOB_UNKNOWN", "The manifest names content that is not here", "distribution-spec error code-4", "Push the blobs and child manifests of detail first."},
    {manifest_unverified, 400, "MANIFEST_INVALID", "The manifest's signature cannot be verified", "distribution-spec error code-6", "Push a manifest without an embedded signature."},
    {manifest_too_large, 413, "MANIFEST_INVALID", "The manifest is too large", "distribution-spec \"Pushing Manifests\"", "A manifest has at most 4 MiB."},
    {schema1_unsupported, 400, "MANIFEST_INVALID", "Docker schema 1 manifests are not supported", "distribution-spec error code-6", "Push with a current client: OCI or Docker schema 2."},
    {media_type_mismatch, 400, "MANIFEST_INVALID", "The media type does not fit the content", "CVE-2021-41190; image-spec manifest.md", "Content-Type and mediaType must name the same manifest type."},
    {repository_unknown, 404, "NAME_UNKNOWN", "The repository is unknown", "distribution-spec error code-9", "Check the name; a repository appears with its first push."},
    {tag_unknown, 404, "MANIFEST_UNKNOWN", "The tag is unknown", "distribution-spec error code-7", "Check the tag."},
    {tag_immutable, 409, "DENIED", "The tag is immutable", "distribution-spec error code-12", "Push under another tag; `berth admin repo immutable` lifts the rule."},
    {event_unknown, 404, "UNSUPPORTED", "The history has no such event", "RFC 9110 §15.5.5", "Read the history again; events of another repository cannot be restored here."},
    {object_unknown, 404, "NAME_UNKNOWN", "There is no such object", "RFC 9110 §15.5.5", "The message says what is not there; what belongs to others looks the same."},
    {already_exists, 409, "DENIED", "There is one already", "RFC 9110 §15.5.10", "Choose another name."},
    {restore_impossible, 409, "DENIED", "This cannot be restored", "RFC 9110 §15.5.10", "The message says what is gone or in the way; restorable events are marked in the history."},
    {conflict, 409, "DENIED", "The present state does not allow this", "RFC 9110 §15.5.10", "The message says what stands in the way."},
    {precondition_failed, 412, "DENIED", "A precondition failed", "RFC 9110 §13, §15.5.13", "Read the tag again and decide anew."},
    {pagination_invalid, 400, "PAGINATION_NUMBER_INVALID", "The page size is invalid", "distribution-spec \"Listing Tags\"", "n is a whole number from 0."},
    {unsupported, 405, "UNSUPPORTED", "The operation is not supported", "distribution-spec error code-13", "The message says what is."},
    {unauthorized, 401, "UNAUTHORIZED", "Authentication is required", "distribution-spec error code-11", "Log in."},
    {denied, 403, "DENIED", "Access is denied", "distribution-spec error code-12", "Ask for the role that the message names."},
    {password_must_change, 403, "DENIED", "The password must be changed", "CONTRACTS.md, Command line", "Change it with POST /api/v1/me/password; until then it opens nothing else."},
    {too_many_requests, 429, "TOOMANYREQUESTS", "There are too many requests", "distribution-spec error code-14", "Wait as Retry-After says."},
    {busy, 503, "TOOMANYREQUESTS", "The registry is busy", "RFC 9110 §15.6.4", "Try again as Retry-After says."},
    {shutting_down, 503, "TOOMANYREQUESTS", "The registry is going down", "RFC 9110 §15.6.4", "Try again as Retry-After says."},
    {storage_full, 507, "DENIED", "The registry's disk is full", "RFC 4918 §11.5", "The operator must free space; docs/operations.md says how."},
    {read_only, 503, "DENIED", "The registry is read-only", "RFC 9110 §15.6.4", "Pulls go on. The message says whether the operator set it or a disk failed; docs/operations.md has the remedy."},
    {corrupt, 500, "UNKNOWN", "Stored content is damaged", "RFC 9110 §15.6.1", "Push the content again; the operator should check the disk."},
    {io_error, 500, "UNKNOWN", "The registry's storage failed", "RFC 9110 §15.6.1", "The operator finds the cause in the log under the request id."},
    {timeout, 503, "UNKNOWN", "The registry did not finish in time", "RFC 9110 §15.6.4", "Try again."},
    {configuration_invalid, 500, "UNKNOWN", "The configuration is invalid", "–", "The message names the setting and its form."},
    {usage, 500, "UNKNOWN", "The command line is wrong", "–", "See berth --help."},
    {internal, 500, "UNKNOWN", "The registry failed", "RFC 9110 §15.6.1", "Report it with the request id."},
};
// clang-format on

constexpr auto kByCode = [] {
  std::array<const ErrorRow*, base::kErrorCodeCount> index{};
  for (const auto& row : kRows) index[static_cast<std::size_t>(row.code)] = &row;
  return index;
}();

static_assert(
    [] {
      for (const auto* row : kByCode) {
        if (row == nullptr) return false;
      }
      return std::size(kRows) == base::kErrorCodeCount;
    }(),
    "every ErrorCode has exactly one row");

}  // namespace

std::span<const ErrorRow> error_rows() { return kRows; }

const ErrorRow& error_row(base::ErrorCode code) { return *kByCode[static_cast<std::size_t>(code)]; }

}  // namespace berth::api
