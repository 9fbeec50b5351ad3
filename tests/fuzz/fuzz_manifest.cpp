// Input: the Content-Type, a newline, the manifest.
#include <set>

#include "berth/base/json.h"
#include "berth/oci/manifest.h"
#include "berth/oci/media_type.h"
#include "fuzz/fuzz.h"

namespace {

using namespace berth;
using fuzz::expect;

void check_error(const base::Error& error) {
  static const std::set<base::ErrorCode> kAllowed = {base::ErrorCode::manifest_invalid, base::ErrorCode::manifest_too_large,
                                                     base::ErrorCode::schema1_unsupported, base::ErrorCode::media_type_mismatch};
  expect(kAllowed.contains(error.code()), "the error is one that the contract lists");
  expect(!error.message().empty(), "an error says something");
  expect(error.message().size() < 2000, "a message does not grow with the input");
  // Throws on invalid UTF-8, which no client may be sent.
  expect(!base::Json(error.message()).dump().empty(), "a message can be written as JSON");
}

void check_descriptor(const oci::Descriptor& descriptor) {
  expect(oci::Digest::parse(descriptor.digest.text()) == descriptor.digest, "a descriptor's digest is a digest");
  expect(descriptor.size <= INT64_MAX, "a size fits the clients' signed 64 bits");
  expect(oci::parse_media_type(descriptor.media_type).has_value(), "a descriptor has a media type");
}

void check_manifest(const oci::Manifest& manifest, std::string_view body) {
  const bool image = manifest.shape == oci::ManifestShape::image;
  expect(manifest.config.has_value() == image, "an image has a config, an index none");
  expect(image ? manifest.manifests.empty() : manifest.layers.empty(), "layers and manifests exclude each other");
  expect(manifest.layers.size() + manifest.manifests.size() <= oci::kMaxManifestDescriptors, "descriptors are bounded");
  if (manifest.config) check_descriptor(*manifest.config);
  if (manifest.subject) check_descriptor(*manifest.subject);
  for (const auto& layer : manifest.layers) check_descriptor(layer);
  for (const auto& child : manifest.manifests) check_descriptor(child);

  // A manifest that was taken is taken again as the type that it is served as, and is the same.
  const auto again = oci::parse_manifest(base::as_bytes(body), manifest.media_type);
  expect(again && again->media_type == manifest.media_type && again->shape == manifest.shape, "the served type is accepted");
  // A stored document never becomes one of the other shape by its Content-Type.
  for (const auto other : {oci::media_types::kImageManifest, oci::media_types::kImageIndex, oci::media_types::kDockerManifest,
                           oci::media_types::kDockerManifestList}) {
    const auto as_other = oci::parse_manifest(base::as_bytes(body), other);
    expect(!as_other || as_other->shape == manifest.shape, "one document has one shape");
  }
  // Both Go's and our reader see the keys that decide about the shape.
  const auto document = base::parse_json(body);
  expect(document && document->is_object(), "an accepted manifest is a JSON object");
  expect(document->contains("manifests") != image, "the shape follows the keys");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view body = fuzz::as_text(data, size);
  const std::string_view content_type = fuzz::take_line(body);
  const auto manifest = oci::parse_manifest(base::as_bytes(body), content_type);
  if (manifest) {
    check_manifest(*manifest, body);
  } else {
    check_error(manifest.error());
  }
  return 0;
}
