#include "oci/descriptor.h"

#include <array>

#include "oci/json_fields.h"

namespace berth::oci {

namespace {

constexpr auto kKnownFields =
    std::to_array<std::string_view>({"mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform"});

// Layers whose bytes the registry need not hold: their licence forbids passing them on.
bool is_non_distributable(std::string_view media_type) {
  return media_type.starts_with("application/vnd.oci.image.layer.nondistributable.") ||
         media_type.starts_with("application/vnd.docker.image.rootfs.foreign.diff.tar");
}

}  // namespace

base::Result<Descriptor> read_descriptor(const base::Json& value, std::string path) {
  BERTH_TRY(const JsonFields fields, JsonFields::read(value, std::move(path), kKnownFields));
  BERTH_TRY(std::string media_type, fields.required_media_type("mediaType"));
  BERTH_TRY(const std::string digest_text, fields.required_string("digest"));
  auto digest = Digest::parse(digest_text);
  if (!digest) return manifest_invalid(fields.path_of("digest"), digest.error().message());
  BERTH_TRY(const std::uint64_t size, fields.required_size("size"));
  BERTH_TRY(std::string artifact_type, fields.optional_media_type("artifactType"));
  BERTH_TRY(auto annotations, fields.optional_string_map("annotations"));
  BERTH_TRY(const std::size_t url_count, fields.count_strings("urls"));
  BERTH_CHECK_OK(fields.optional_string("data"));
  BERTH_CHECK_OK(fields.check_optional_object("platform"));
  const bool non_distributable = is_non_distributable(media_type);
  return Descriptor{.media_type = std::move(media_type),
                    .digest = std::move(*digest),
                    .size = size,
                    .artifact_type = std::move(artifact_type),
                    .annotations = std::move(annotations),
                    .non_distributable = non_distributable,
                    .has_urls = url_count > 0};
}

}  // namespace berth::oci
