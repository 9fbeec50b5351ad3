// Media types that the registry must recognise, and the value type of a Content-Type.
#pragma once

#include <string>
#include <string_view>

#include "berth/base/error.h"

namespace berth::oci {

namespace media_types {
inline constexpr std::string_view kImageManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kImageIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kImageConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kEmpty = "application/vnd.oci.empty.v1+json";
inline constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view kDockerSchema1 = "application/vnd.docker.distribution.manifest.v1+json";
inline constexpr std::string_view kDockerSchema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws";
}  // namespace media_types

// type/subtype of a Content-Type header, parameters dropped, lower case. Errors: media_type_mismatch when it is not a media type
// (RFC 6838 §4.2 grammar). Spec: distribution-spec main, "Content-Type parameters SHOULD be ignored".
base::Result<std::string> parse_media_type(std::string_view header);

}  // namespace berth::oci
