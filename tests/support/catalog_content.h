// What tests of the catalog say to it, in few words: names, digests, and manifests that were never JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/catalog/catalog.h"

namespace berth::test {

inline oci::RepositoryName repository(std::string_view text) { return oci::RepositoryName::parse(text).value(); }
inline oci::Tag tag(std::string_view text) { return oci::Tag::parse(text).value(); }
// The digest of any text; two tests that mean two things give two texts.
inline oci::Digest sha256_of(std::string_view text) {
  return oci::Digest::of_bytes(base::HashAlgorithm::sha256, base::as_bytes(text));
}

inline oci::Descriptor layer(std::string_view content) {
  return {.media_type = "application/vnd.oci.image.layer.v1.tar", .digest = sha256_of(content), .size = content.size()};
}
inline oci::Descriptor config(std::string_view content) {
  return {.media_type = "application/vnd.oci.image.config.v1+json", .digest = sha256_of(content), .size = content.size()};
}

// A manifest with its bytes. The bytes are any text: the catalog takes the parsed form and the bytes as they come.
struct Content {
  oci::Manifest manifest;
  std::string bytes;
  oci::Digest digest;
};

inline Content image(std::string_view name, std::optional<oci::Descriptor> with_config = std::nullopt,
                     std::vector<oci::Descriptor> layers = {}) {
  oci::Manifest manifest;
  manifest.media_type = "application/vnd.oci.image.manifest.v1+json";
  manifest.config = std::move(with_config);
  manifest.layers = std::move(layers);
  return {std::move(manifest), "image " + std::string(name), sha256_of("image " + std::string(name))};
}

inline oci::Descriptor descriptor_of(const Content& content) {
  return {.media_type = content.manifest.media_type, .digest = content.digest, .size = content.bytes.size()};
}

inline Content index(std::string_view name, std::vector<oci::Descriptor> children) {
  oci::Manifest manifest;
  manifest.shape = oci::ManifestShape::index;
  manifest.media_type = "application/vnd.oci.image.index.v1+json";
  manifest.manifests = std::move(children);
  return {std::move(manifest), "index " + std::string(name), sha256_of("index " + std::string(name))};
}

inline Content referrer(std::string_view name, const oci::Digest& subject, std::string_view artifact_type) {
  Content content = image(name);
  content.manifest.artifact_type = artifact_type;
  content.manifest.subject =
      oci::Descriptor{.media_type = "application/vnd.oci.image.manifest.v1+json", .digest = subject, .size = 1};
  return content;
}

// A put by "tester"; change the fields that matter.
inline catalog::ManifestPut put_of(const oci::RepositoryName& name, const Content& content, std::vector<oci::Tag> tags = {}) {
  return {.repository = name,
          .digest = content.digest,
          .manifest = content.manifest,
          .bytes = content.bytes,
          .tags = std::move(tags),
          .condition = {},
          .children = catalog::ManifestPut::Children::must_exist,
          .by = {"tester"}};
}

}  // namespace berth::test
