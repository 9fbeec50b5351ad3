// Deleted manifests and repositories, bringing them back, and the history that tells of it. Every function runs inside the caller's write transaction, the reading
// ones inside one of either kind.
#pragma once

#include <cstdint>
#include <string_view>

#include "berth/catalog/collection.h"
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

// Takes the events from before `before` away, at most `limit` of them; adds to `marked`.
base::Result<void> forget_events(Connection& connection, std::int64_t before, std::size_t limit, Marked& marked);

}  // namespace berth::catalog
