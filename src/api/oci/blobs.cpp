// Blobs: GET, HEAD, DELETE (end-2, end-10).
#include "api/answers.h"
#include "api/oci/handlers.h"
#include "berth/oci/byte_range.h"

namespace berth::api::oci_handlers {

namespace {

// What was asked for of a blob of `size` bytes. If-Range with another entity tag means: the whole (RFC 9110 §13.1.5).
base::Result<std::optional<oci::ByteRange>> wanted_range(const http::Request& request, const oci::Digest& digest,
                                                         std::uint64_t size) {
  const auto range = request.fields.find("Range");
  if (!range) return std::nullopt;
  if (const auto condition = request.fields.find("If-Range"); condition && *condition != '"' + digest.text() + '"') {
    return std::nullopt;
  }
  return oci::parse_range(*range, size);
}

http::Response blob_answer(const oci::Digest& digest) {
  http::Response response;
  response.fields.add("Content-Type", "application/octet-stream");
  response.fields.add("Accept-Ranges", "bytes");
  // Somebody else's bytes: never to be rendered by a browser (security.md B1.28).
  response.fields.add("X-Content-Type-Options", "nosniff");
  response.fields.add("Content-Disposition", "attachment");
  response.fields.add("Content-Security-Policy", "sandbox; default-src 'none'");
  add_digest(response, digest);
  return response;
}

}  // namespace

base::Result<Answer> get_blob(const Services& services, Call& call) {
  BERTH_TRY(const auto digest, call.digest());
  const bool head = call.request.method == http::Method::head;
  // Who may not push relies on nothing: then HEAD writes no lease either.
  const bool promise = head && services.write_gate.check();
  BERTH_TRY(const auto size, promise ? services.blob_pull.promise(call.repository(), digest)
                                     : services.blob_pull.get_size(call.repository(), digest));
  if (not_modified(call.request, digest)) return not_modified_answer(digest);
  auto response = blob_answer(digest);
  if (head) {
    response.head_length = size;
    return response;
  }
  BERTH_TRY(const auto range, wanted_range(call.request, digest, size));
  BERTH_TRY(auto reader, services.blob_pull.open(call.repository(), digest, size, range));
  if (range) {
    response.status = 206;
    response.fields.add("Content-Range", oci::format_content_range(range, size));
  }
  response.body = http::FileBody{std::move(reader.file), reader.offset, reader.length};
  return response;
}

base::Result<Answer> delete_blob(const Services& services, Call& call) {
  BERTH_TRY(const auto digest, call.digest());
  BERTH_CHECK_OK(services.blob_pull.remove(call.repository(), digest, call.origin()));
  http::Response response;
  response.status = 202;
  return response;
}

}  // namespace berth::api::oci_handlers
