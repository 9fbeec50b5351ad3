#include "berth/oci/manifest.h"

#include <algorithm>
#include <array>

#include "berth/base/json.h"
#include "berth/oci/media_type.h"
#include "oci/descriptor.h"
#include "oci/json_fields.h"
#include "oci/text.h"

namespace berth::oci {

namespace {

using base::ErrorCode;
using base::Json;
using base::Result;

struct ManifestType {
  std::string_view media_type;
  ManifestShape shape;
};
constexpr auto kManifestTypes = std::to_array<ManifestType>({
    {media_types::kImageManifest, ManifestShape::image},
    {media_types::kImageIndex, ManifestShape::index},
    {media_types::kDockerManifest, ManifestShape::image},
    {media_types::kDockerManifestList, ManifestShape::index},
});

constexpr auto kKnownFields = std::to_array<std::string_view>(
    {"schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations", "fsLayers"});

// 20,000 descriptors with their usual fields and some annotations stay below this, and what is refused has cost little memory.
constexpr base::JsonLimits kLimits{.max_depth = 32, .max_values = 150'000};

const ManifestType* find_manifest_type(std::string_view media_type) {
  const auto at = std::find_if(kManifestTypes.begin(), kManifestTypes.end(),
                               [media_type](const ManifestType& type) { return type.media_type == media_type; });
  return at == kManifestTypes.end() ? nullptr : &*at;
}

bool is_schema1(std::string_view media_type) {
  return media_type == media_types::kDockerSchema1 || media_type == media_types::kDockerSchema1Signed;
}

tl::unexpected<base::Error> schema1_unsupported() {
  return base::fail(
      ErrorCode::schema1_unsupported,
      "Docker image manifest schema 1 is not accepted: pull the image and push it again with a current client, which "
      "writes schema 2 or OCI manifests");
}

tl::unexpected<base::Error> not_a_manifest_type(std::string_view what) {
  std::string message(what);
  message += "; a manifest must be pushed as one of";
  for (const ManifestType& type : kManifestTypes) {
    message += type.media_type == kManifestTypes.front().media_type ? " " : ", ";
    message += type.media_type;
  }
  return base::fail(ErrorCode::media_type_mismatch, std::move(message));
}

// What the Content-Type says; nullptr when there was none.
Result<const ManifestType*> pushed_type(std::string_view content_type) {
  if (trim_blanks(content_type).empty()) return nullptr;
  const auto media_type = parse_media_type(content_type);
  if (!media_type) return not_a_manifest_type("Content-Type: " + media_type.error().message());
  if (is_schema1(*media_type)) return schema1_unsupported();
  const ManifestType* type = find_manifest_type(*media_type);
  if (type == nullptr) return not_a_manifest_type("Content-Type: " + show(*media_type) + " is not the type of a manifest");
  return type;
}

Result<void> check_schema_version(const JsonFields& fields) {
  const Json* version = fields.find("schemaVersion");
  if (version == nullptr) return manifest_invalid("schemaVersion", "missing; it must be the number 2");
  if (version->is_number_integer() && *version == 1) return schema1_unsupported();
  if (!version->is_number_unsigned() || *version != 2) return manifest_invalid("schemaVersion", "must be the number 2");
  return {};
}

// The type that both the header and the document agree on. Without either, the shape decides between the OCI types.
Result<ManifestType> agreed_type(const JsonFields& fields, const ManifestType* pushed) {
  BERTH_TRY(const std::string own, fields.optional_string("mediaType"));
  if (own.empty()) {
    if (pushed != nullptr) return *pushed;
    if (fields.has("config") || fields.has("layers")) return kManifestTypes[0];
    if (fields.has("manifests")) return kManifestTypes[1];
    return manifest_invalid("", "has neither config and layers (an image) nor manifests (an index)");
  }
  if (is_schema1(own)) return schema1_unsupported();
  const ManifestType* stated = find_manifest_type(own);
  if (stated == nullptr) return not_a_manifest_type("mediaType: " + show(own) + " is not the type of a manifest");
  if (pushed != nullptr && pushed != stated) {
    return base::fail(ErrorCode::media_type_mismatch, "mediaType: the document says " + show(own) +
                                                          " and the Content-Type says " + show(pushed->media_type) +
                                                          "; they must be the same");
  }
  return *stated;
}

// A document that one reader takes for an image and another for an index is refused, whatever the values are (CVE-2021-41190).
Result<void> check_shape(const JsonFields& fields, ManifestShape shape) {
  if (fields.has("fsLayers")) {
    return manifest_invalid("fsLayers", "belongs to Docker's schema 1 and may not stand in a document of schemaVersion 2");
  }
  if (shape == ManifestShape::image) {
    if (fields.has("manifests"))
      return manifest_invalid("manifests", "belongs to an index and may not stand in an image manifest");
    return {};
  }
  for (const std::string_view key : {"config", "layers"}) {
    if (fields.has(key)) return manifest_invalid(key, "belongs to an image manifest and may not stand in an index");
  }
  return {};
}

Result<std::vector<Descriptor>> read_descriptors(const JsonFields& fields, const std::string& key) {
  std::vector<Descriptor> descriptors;
  BERTH_TRY(const Json* array, fields.required_array(key));
  if (array == nullptr) return descriptors;
  if (array->size() > kMaxManifestDescriptors) {
    return manifest_invalid(key, std::to_string(array->size()) + " descriptors, at most " +
                                     std::to_string(kMaxManifestDescriptors) + " are accepted");
  }
  descriptors.reserve(array->size());
  for (std::size_t i = 0; i < array->size(); ++i) {
    BERTH_TRY(Descriptor descriptor, read_descriptor((*array)[i], key + "[" + std::to_string(i) + "]"));
    descriptors.push_back(std::move(descriptor));
  }
  return descriptors;
}

Result<Manifest> read_manifest(const JsonFields& fields, const ManifestType& type) {
  Manifest manifest;
  manifest.shape = type.shape;
  manifest.media_type = type.media_type;
  if (type.shape == ManifestShape::image) {
    const Json* config = fields.find("config");
    if (config == nullptr) return manifest_invalid("config", "missing; an image manifest needs the descriptor of its config");
    BERTH_TRY(manifest.config, read_descriptor(*config, "config"));
    BERTH_TRY(manifest.layers, read_descriptors(fields, "layers"));
  } else {
    BERTH_TRY(manifest.manifests, read_descriptors(fields, "manifests"));
  }
  if (const Json* subject = fields.find("subject")) {
    BERTH_TRY(manifest.subject, read_descriptor(*subject, "subject"));
  }
  BERTH_TRY(manifest.artifact_type, fields.optional_media_type("artifactType"));
  BERTH_TRY(manifest.annotations, fields.optional_string_map("annotations"));
  return manifest;
}

}  // namespace

std::string Manifest::referrer_artifact_type() const {
  if (!artifact_type.empty()) return artifact_type;
  return config ? config->media_type : std::string();
}

Result<Manifest> parse_manifest(base::ByteView bytes, std::string_view content_type) {
  if (bytes.size() > kMaxManifestBytes) {
    return base::fail(ErrorCode::manifest_too_large, "the manifest has " + std::to_string(bytes.size()) + " bytes, at most " +
                                                         std::to_string(kMaxManifestBytes) + " are accepted");
  }
  BERTH_TRY(const ManifestType* pushed, pushed_type(content_type));
  const auto document = base::parse_json(base::as_text(bytes), kLimits);
  if (!document) return manifest_invalid("", "cannot be read: " + document.error().message());
  BERTH_TRY(const JsonFields fields, JsonFields::read(*document, "", kKnownFields));
  BERTH_CHECK_OK(check_schema_version(fields));
  BERTH_TRY(const ManifestType type, agreed_type(fields, pushed));
  BERTH_CHECK_OK(check_shape(fields, type.shape));
  return read_manifest(fields, type);
}

}  // namespace berth::oci
