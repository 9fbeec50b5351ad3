// Deleted manifests and repositories, and bringing them back. Every function runs inside the caller's write transaction, the reading
// ones inside one of either kind.
#pragma once

#include <cstdint>
#include <string_view>

#include "berth/catalog/history.h"
#include "catalog/leases.h"
#include "catalog/sqlite.h"
#include "catalog/tags.h"

namespace berth::catalog {

// Copies the manifest, its references and its tags into the trash, before they are deleted, and writes the event.
base::Result<void> keep_in_trash(Connection& connection, const TagChange& change, std::int64_t manifest, std::string_view digest);

// Errors: as History.
base::Result<EventPage> list_events(Connection& connection, std::string_view repository, std::int64_t before_id,
                                    std::size_t limit);
base::Result<Restored> restore(Connection& connection, std::string_view repository, std::int64_t id, const Act& act);
base::Result<std::int64_t> delete_repository(Connection& connection, std::string_view repository, const Act& act);

}  // namespace berth::catalog
