// Storing and deleting manifests, inside the caller's write transaction.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "berth/base/error.h"
#include "berth/catalog/catalog.h"
#include "berth/catalog/inspection.h"
#include "catalog/audit_chain.h"
#include "catalog/leases.h"
#include "catalog/sqlite.h"

namespace berth::catalog {

// What put_manifest can work out before it takes the writer's time: columns, and each distinct reference once, in the document's order.
struct PreparedManifest {
  struct Reference {
    ReferenceRole role;
    const oci::Descriptor* descriptor;
  };
  explicit PreparedManifest(const ManifestPut& manifest_put);

  const ManifestPut& put;
  std::vector<Reference> references;
  std::string artifact_type;
  std::string annotations;  // JSON, empty when there are none
  std::int64_t crc32;
};

// Errors: as Catalog::put_manifest.
base::Result<void> put_manifest(Connection& connection, const Leases& leases, const PreparedManifest& manifest, const Act& act);
// Moves it into the trash, its tags with it. Errors: manifest_unknown.
base::Result<void> delete_manifest(Connection& connection, const Leases& leases, std::string_view repository_name,
                                   const oci::Digest& digest, const Act& act);

}  // namespace berth::catalog
