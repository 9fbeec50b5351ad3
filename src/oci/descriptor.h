// One descriptor of a manifest, read from its JSON.
#pragma once

#include <string>

#include "berth/base/json.h"
#include "berth/oci/manifest.h"

namespace berth::oci {

// `path`: where it stands in the document, for messages. Errors: manifest_invalid. Spec: image-spec descriptor.md "Properties".
base::Result<Descriptor> read_descriptor(const base::Json& value, std::string path);

}  // namespace berth::oci
