// Uploads: POST, PATCH, PUT, GET, DELETE (end-4a…4c, end-5, end-6, end-11, end-13, end-14).
#include "api/answers.h"
#include "api/oci/handlers.h"
#include "berth/oci/byte_range.h"

namespace berth::api::oci_handlers {

using base::ErrorCode;

namespace {

std::string blob_location(const oci::RepositoryName& repository, const oci::Digest& digest) {
  return "/v2/" + repository.text() + "/blobs/" + digest.text();
}

// 202 or 204: where the session is and how far.
http::Response session_answer(int status, const oci::RepositoryName& repository, const service::UploadStatus& upload) {
  auto response = location_answer(status, "/v2/" + repository.text() + "/blobs/uploads/" + upload.id.text());
  response.fields.add("Range", oci::format_upload_range(upload.offset));
  response.fields.add("Docker-Upload-UUID", upload.id.text());
  return response;
}

http::Response created_answer(const oci::RepositoryName& repository, const oci::Digest& digest) {
  auto response = location_answer(201, blob_location(repository, digest));
  response.fields.add("Docker-Content-Digest", digest.text());
  return response;
}

base::Error chunk_length_error(const oci::ByteRange& chunk) {
  return {ErrorCode::size_invalid,
          "Content-Range announces " + std::to_string(chunk.length) + " bytes; the body must have exactly as many"};
}

// The Content-Range of a chunk, held against Content-Length where there is one.
base::Result<std::optional<oci::ByteRange>> chunk_of(const http::Request& request) {
  const auto field = request.fields.find("Content-Range");
  if (!field) return std::nullopt;
  BERTH_TRY(const auto chunk, oci::parse_chunk_range(*field));
  if (request.content_length && *request.content_length != chunk.length) return base::fail(chunk_length_error(chunk));
  return chunk;
}

// The body of a PATCH, of a closing PUT and of a single POST: all three append; the ends differ.
class UploadIntake final : public Intake {
 public:
  UploadIntake(service::BlobUpload upload, std::optional<oci::ByteRange> chunk, std::optional<oci::Digest> closing)
      : upload_(std::move(upload)), chunk_(chunk), closing_(std::move(closing)) {}

  base::Result<void> take(base::ByteView bytes) override {
    taken_ += bytes.size();
    if (chunk_ && taken_ > chunk_->length) return base::fail(chunk_length_error(*chunk_));
    return upload_.append(bytes);
  }

  base::Result<http::Response> finish() override {
    if (chunk_ && taken_ != chunk_->length) return base::fail(chunk_length_error(*chunk_));
    if (closing_) {
      BERTH_CHECK_OK(upload_.commit(*closing_));
      return created_answer(upload_.repository(), *closing_);
    }
    BERTH_CHECK_OK(upload_.suspend());
    return session_answer(202, upload_.repository(), upload_.status());
  }

  // What arrived stays: the client asks for the offset and goes on from there.
  void abandon() override { static_cast<void>(upload_.suspend()); }

 private:
  service::BlobUpload upload_;
  std::optional<oci::ByteRange> chunk_;
  std::optional<oci::Digest> closing_;
  std::uint64_t taken_ = 0;
};

Answer intake(service::BlobUpload upload, std::optional<oci::ByteRange> chunk, std::optional<oci::Digest> closing) {
  return std::unique_ptr<Intake>(std::make_unique<UploadIntake>(std::move(upload), chunk, std::move(closing)));
}

// The digest parameter of a closing PUT or a single POST.
base::Result<std::optional<oci::Digest>> digest_parameter(const Query& query) {
  BERTH_TRY(const auto text, query.find("digest"));
  if (!text) return std::nullopt;
  BERTH_TRY(auto digest, oci::Digest::parse(*text));
  return digest;
}

// Tries the mount that the query asks for. False: go on as for any upload (end-11).
base::Result<std::optional<oci::Digest>> try_mount(const Services& services, const Call& call) {
  BERTH_TRY(const auto text, call.query.find("mount"));
  if (!text) return std::nullopt;
  BERTH_TRY(auto digest, oci::Digest::parse(*text));
  BERTH_TRY(const auto from_text, call.query.find("from"));
  std::optional<oci::RepositoryName> from;
  if (from_text) {
    BERTH_TRY(from, oci::RepositoryName::parse(*from_text));
    if (!call.also_granted) return std::nullopt;
  }
  const auto may_pull = [&](std::string_view repository) {
    return services.policy.check(call.principal, auth::Action::registry_pull, {repository}).has_value();
  };
  BERTH_TRY(const bool mounted, services.blob_push.mount(call.repository(), from, digest, call.origin(), may_pull));
  if (!mounted) return std::nullopt;
  return digest;
}

base::Result<base::HashAlgorithm> algorithm_parameter(const Query& query) {
  BERTH_TRY(const auto name, query.find("digest-algorithm"));
  if (!name) return base::HashAlgorithm::sha256;
  const auto algorithm = base::find_hash_algorithm(*name);
  if (!algorithm) {
    return base::fail(ErrorCode::digest_unsupported, "digest-algorithm must be sha256 or sha512");
  }
  return *algorithm;
}

}  // namespace

base::Result<Answer> post_upload(const Services& services, Call& call) {
  BERTH_TRY(auto mounted, try_mount(services, call));
  if (mounted) return created_answer(call.repository(), *mounted);
  BERTH_TRY(auto digest, digest_parameter(call.query));
  if (digest) {
    BERTH_TRY(auto upload, services.blob_push.begin_single(call.repository(), call.origin(), digest->algorithm()));
    return intake(std::move(upload), std::nullopt, std::move(digest));
  }
  BERTH_TRY(const auto algorithm, algorithm_parameter(call.query));
  BERTH_TRY(const auto upload, services.blob_push.begin(call.repository(), call.origin(), algorithm));
  return session_answer(202, call.repository(), upload.status());
}

base::Result<Answer> patch_upload(const Services& services, Call& call) {
  BERTH_TRY(const auto id, call.upload());
  BERTH_TRY(const auto chunk, chunk_of(call.request));
  BERTH_TRY(auto upload, services.blob_push.resume(call.repository(), call.origin(), id, chunk));
  return intake(std::move(upload), chunk, std::nullopt);
}

base::Result<Answer> put_upload(const Services& services, Call& call) {
  BERTH_TRY(const auto id, call.upload());
  BERTH_TRY(auto digest, digest_parameter(call.query));
  if (!digest) {
    return base::fail(ErrorCode::digest_invalid, "a closing PUT needs ?digest=<algorithm>:<hex> of the whole blob");
  }
  BERTH_TRY(const auto chunk, chunk_of(call.request));
  BERTH_TRY(auto upload, services.blob_push.resume(call.repository(), call.origin(), id, chunk));
  return intake(std::move(upload), chunk, std::move(digest));
}

base::Result<Answer> get_upload(const Services& services, Call& call) {
  BERTH_TRY(const auto id, call.upload());
  BERTH_TRY(const auto status, services.blob_push.get_status(call.repository(), call.origin(), id));
  return session_answer(204, call.repository(), status);
}

base::Result<Answer> delete_upload(const Services& services, Call& call) {
  BERTH_TRY(const auto id, call.upload());
  BERTH_CHECK_OK(services.blob_push.cancel(call.repository(), call.origin(), id));
  http::Response response;
  response.status = 204;
  return response;
}

}  // namespace berth::api::oci_handlers
