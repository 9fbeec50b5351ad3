// Documents for the manifest tests, built as text so that a test can say exactly which bytes it means.
#pragma once

#include <string>
#include <string_view>

#include "berth/base/bytes.h"
#include "berth/oci/manifest.h"
#include "berth/oci/media_type.h"

namespace berth::oci::test {

inline const std::string kDigestA = "sha256:" + std::string(64, 'a');
inline const std::string kDigestB = "sha256:" + std::string(64, 'b');
inline const std::string kDigest512 = "sha512:" + std::string(128, 'c');
inline constexpr std::string_view kLayerType = "application/vnd.oci.image.layer.v1.tar+gzip";

// {"mediaType":…,"digest":…,"size":7<extra>}; extra begins with a comma.
inline std::string descriptor(std::string_view media_type = kLayerType, std::string_view digest = kDigestA,
                              std::string_view extra = "") {
  return R"({"mediaType":")" + std::string(media_type) + R"(","digest":")" + std::string(digest) + R"(","size":7)" +
         std::string(extra) + "}";
}

// An OCI image of one layer; `extra` stands at the end of the object and begins with a comma.
inline std::string image(std::string_view layers, std::string_view extra = "") {
  return R"({"schemaVersion":2,"config":)" + descriptor(media_types::kImageConfig, kDigestB) + R"(,"layers":)" +
         std::string(layers) + std::string(extra) + "}";
}

inline std::string index(std::string_view manifests, std::string_view extra = "") {
  return R"({"schemaVersion":2,"manifests":)" + std::string(manifests) + std::string(extra) + "}";
}

inline base::Result<Manifest> parse(std::string_view text, std::string_view content_type = media_types::kImageManifest) {
  return parse_manifest(base::as_bytes(text), content_type);
}

}  // namespace berth::oci::test
