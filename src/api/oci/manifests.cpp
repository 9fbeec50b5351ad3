// Manifests: GET, HEAD, PUT, DELETE (end-3, end-7a, end-7b, end-9), and the base end-1.
#include "api/answers.h"
#include "api/etag.h"
#include "api/oci/handlers.h"

namespace berth::api::oci_handlers {

namespace {

http::Response manifest_answer(const oci::Digest& digest, std::string media_type) {
  http::Response response;
  response.fields.add("Content-Type", std::move(media_type));
  response.fields.add("X-Content-Type-Options", "nosniff");
  add_digest(response, digest);
  return response;
}

// The spec asks for ten at least; the bound is on the response, which has a field for each.
constexpr std::size_t kMaxTagParameters = 100;

base::Result<std::vector<oci::Tag>> tag_parameters(const Query& query) {
  const auto texts = query.find_all("tag");
  if (texts.size() > kMaxTagParameters) {
    return base::fail(base::ErrorCode::parameter_invalid, "at most " + std::to_string(kMaxTagParameters) +
                                                              " tags are set by one request; this one names " +
                                                              std::to_string(texts.size()));
  }
  std::vector<oci::Tag> tags;
  for (const auto& text : texts) {
    BERTH_TRY(auto tag, oci::Tag::parse(text));
    tags.push_back(std::move(tag));
  }
  return tags;
}

}  // namespace

base::Result<Answer> get_base(const Services&, Call&) {
  auto response = json_answer(200, base::Json::object());
  response.fields.add("Docker-Distribution-API-Version", "registry/2.0");
  return response;
}

base::Result<Answer> get_manifest(const Services& services, Call& call) {
  BERTH_TRY(const auto reference, call.reference());
  if (call.request.method == http::Method::head) {
    BERTH_TRY(auto info, services.manifest_pull.get_info(call.repository(), reference));
    if (not_modified(call.request, info.digest)) return not_modified_answer(info.digest);
    auto response = manifest_answer(info.digest, std::move(info.media_type));
    response.head_length = info.size;
    return response;
  }
  BERTH_TRY(auto manifest, services.manifest_pull.get(call.repository(), reference));
  if (not_modified(call.request, manifest.digest)) return not_modified_answer(manifest.digest);
  auto response = manifest_answer(manifest.digest, std::move(manifest.media_type));
  response.body = std::move(manifest.bytes);
  return response;
}

base::Result<Answer> put_manifest(const Services& services, Call& call) {
  BERTH_TRY(auto reference, call.reference());
  BERTH_TRY(auto tags, tag_parameters(call.query));
  const bool asked_for_tags = !tags.empty();
  BERTH_TRY(auto condition, parse_tag_condition(call.request));
  BERTH_TRY(const auto pushed, services.manifest_push.put({
                                   .repository = call.repository(),
                                   .reference = std::move(reference),
                                   .content_type = std::string(call.request.fields.find("Content-Type").value_or("")),
                                   .bytes = std::move(call.body),
                                   .tags = std::move(tags),
                                   .condition = std::move(condition),
                                   .by = call.origin(),
                               }));
  auto response = location_answer(201, "/v2/" + call.repository().text() + "/manifests/" + pushed.digest.text());
  add_digest(response, pushed.digest);
  if (pushed.subject) response.fields.add("OCI-Subject", pushed.subject->text());
  if (asked_for_tags) {
    for (const auto& tag : pushed.tags) response.fields.add("OCI-Tag", tag.text());
  }
  return response;
}

base::Result<Answer> delete_manifest(const Services& services, Call& call) {
  BERTH_TRY(const auto reference, call.reference());
  BERTH_TRY(const auto condition, parse_tag_condition(call.request));
  BERTH_CHECK_OK(services.manifest_pull.remove(call.repository(), reference, condition, call.origin()));
  http::Response response;
  response.status = 202;
  return response;
}

}  // namespace berth::api::oci_handlers
