// What is answered from a reader's connection. Each answer is one statement, so it is one consistent state of the database.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "berth/base/error.h"
#include "berth/catalog/catalog.h"
#include "catalog/sqlite.h"

namespace berth::catalog {

base::Result<NamePage> list_repositories(Connection& connection, std::string_view after, std::size_t limit);
base::Result<NamePage> list_tags(Connection& connection, std::string_view repository, std::string_view after, std::size_t limit);
base::Result<std::vector<std::string>> list_blob_holders(Connection& connection, std::string_view digest, std::size_t limit);
// Errors: corrupt when the bytes are not what was stored.
base::Result<std::optional<StoredManifest>> find_manifest(Connection& connection, std::string_view repository,
                                                          const oci::Reference& reference);
base::Result<std::optional<ManifestInfo>> find_manifest_info(Connection& connection, std::string_view repository,
                                                             const oci::Reference& reference);
base::Result<ReferrerPage> list_referrers(Connection& connection, std::string_view repository, std::string_view subject,
                                          std::string_view artifact_type, std::string_view after, std::size_t limit);
base::Result<std::vector<TagHistoryEntry>> list_history(Connection& connection, std::string_view repository,
                                                        const std::optional<oci::Tag>& tag, std::int64_t before_id,
                                                        std::size_t limit);

}  // namespace berth::catalog
