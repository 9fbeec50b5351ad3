// What happened in a repository, and taking it back.
//
// Deleting a tag, a manifest or a repository leaves everything that restores it for undo_window (collection.h); overwriting a tag leaves
// the old manifest for untagged_keep. Each event is a row with an id that rises with time; restoring is an event of its own.
// Threads: any worker, as Catalog.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/catalog/audit.h"
#include "berth/oci/digest.h"
#include "berth/oci/names.h"

namespace berth::catalog {

enum class EventKind : std::uint8_t {
  tag_created = 0,
  tag_moved = 1,
  tag_deleted = 2,
  manifest_deleted = 3,
  manifest_restored = 4,
  repository_deleted = 5,
  repository_restored = 6,
};

struct Event {
  std::int64_t id = 0;
  EventKind kind = EventKind::tag_created;
  std::string tag;  // of tag events
  std::optional<oci::Digest> before;
  std::optional<oci::Digest> after;
  base::TimePoint at;
  std::string principal;
  bool restorable = false;  // restore() would find what it needs, at this moment
};

struct EventPage {
  std::vector<Event> events;
  bool more = false;
};

struct Restored {
  EventKind kind = EventKind::tag_deleted;  // of the event that was taken back
  std::optional<oci::Digest> digest;        // the manifest that is there again
  std::vector<std::string> tags;            // that point at it again
  std::vector<std::string> tags_left;       // that it had, and that point elsewhere by now: they were left alone
};

class History {
 public:
  virtual ~History() = default;

  // Newest first, ids < `before_id` (0 = from the newest), at most `limit` ≥ 1. Of a repository that was deleted: its deletion.
  // Errors: repository_unknown (there is none, and no deleted one that can be restored).
  [[nodiscard]] virtual base::Result<EventPage> list_events(const oci::RepositoryName& repository, std::int64_t before_id,
                                                            std::size_t limit) = 0;
  // Takes a deletion, or the move of a tag, back. A tag event: the tag points at `before` again. A manifest: it is back, with those of
  // its tags that nobody has set since. A repository: everything in it.
  // Errors: event_unknown; restore_impossible (not an event that takes something away; the content is gone for good; a blob of it is; a
  // repository of that name is there).
  virtual base::Result<Restored> restore(const oci::RepositoryName& repository, std::int64_t id, const Origin& by) = 0;
  // The repository and everything in it is gone for everybody, and can be restored. Errors: repository_unknown.
  virtual base::Result<std::int64_t> delete_repository(const oci::RepositoryName& repository, const Origin& by) = 0;
};

}  // namespace berth::catalog
