// A manifest or index, parsed and checked: what a registry must know of it. The pushed bytes themselves stay what they were.
//
// Pure: whether blobs and children exist is asked of the catalog (service). Confusion set: security.md B1.22, CVE-2021-41190.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/base/bytes.h"
#include "berth/base/error.h"
#include "berth/oci/digest.h"

namespace berth::oci {

inline constexpr std::size_t kMaxManifestBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxManifestDescriptors = 20'000;

struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;
  std::string artifact_type;                       // empty when absent
  std::map<std::string, std::string> annotations;  // empty when absent
  bool non_distributable = false;                  // foreign and nondistributable layers: the blob need not be here
  bool has_urls = false;
};

enum class ManifestShape : std::uint8_t { image, index };

struct Manifest {
  ManifestShape shape = ManifestShape::image;
  std::string media_type;             // as it will be served
  std::string artifact_type;          // own field, empty when absent
  std::optional<Descriptor> config;   // images only
  std::vector<Descriptor> layers;     // images only
  std::vector<Descriptor> manifests;  // indexes only
  std::optional<Descriptor> subject;
  std::map<std::string, std::string> annotations;

  // What a referrers list calls it: artifactType, else the config's media type for an image, else empty.
  // Spec: distribution-spec "Listing Referrers".
  [[nodiscard]] std::string referrer_artifact_type() const;
};

// Parses and checks `bytes` that were pushed as `content_type` (empty when the header was missing: then the document's own mediaType
// decides, and an OCI shape is recognised without one).
// Errors: manifest_too_large, schema1_unsupported, media_type_mismatch (mediaType differs from Content-Type, or a type that is no
// manifest), manifest_invalid (JSON, duplicate keys, depth, missing or wrong fields, `manifests` beside `layers` or `config`, bad digests
// or sizes; the message names the field). Spec: image-spec manifest.md, image-index.md; CVE-2021-41190.
base::Result<Manifest> parse_manifest(base::ByteView bytes, std::string_view content_type);

}  // namespace berth::oci
