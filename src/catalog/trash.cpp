#include "catalog/trash.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "berth/base/bytes.h"
#include "berth/base/hash.h"
#include "berth/base/pattern.h"
#include "catalog/blobs.h"
#include "catalog/manifests.h"
#include "catalog/reads.h"

namespace berth::catalog {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

// A row of tag_history as it is stored.
struct EventRow {
  std::int64_t id = 0;
  std::int64_t repository = 0;
  std::string tag;
  EventKind kind = EventKind::tag_created;
  std::optional<std::string> before;
  std::optional<std::string> after;
  std::int64_t at = 0;
  std::string principal;
};

std::optional<std::string> text_or_nothing(const Rows& rows, int column) {
  if (rows.is_null(column)) return std::nullopt;
  return std::string(rows.text(column));
}

// tag, action, before, after, at, principal from column `first` on.
EventRow read_event(const Rows& rows, int first) {
  EventRow row;
  row.tag = rows.text(first);
  row.kind = static_cast<EventKind>(rows.integer(first + 1));
  row.before = text_or_nothing(rows, first + 2);
  row.after = text_or_nothing(rows, first + 3);
  row.at = rows.integer(first + 4);
  row.principal = rows.text(first + 5);
  return row;
}

Result<std::optional<EventRow>> find_event(Connection& connection, std::int64_t id) {
  return first_row(connection, Query::find_event, {id}, [&](const Rows& rows) {
    EventRow row = read_event(rows, 1);
    row.id = id;
    row.repository = rows.integer(0);
    return row;
  });
}

struct DeletedRepository {
  std::string name;
  std::int64_t event = 0;
};

Result<std::optional<DeletedRepository>> find_deleted(Connection& connection, std::int64_t repository) {
  return first_row(connection, Query::find_deleted_repository, {repository},
                   [](const Rows& rows) { return DeletedRepository{std::string(rows.text(0)), rows.integer(1)}; });
}

// Of what is deleted and restored as a whole; tags are told of where they are set.
AuditKind audit_kind_of(EventKind kind) {
  switch (kind) {
    case EventKind::manifest_restored: return AuditKind::manifest_restored;
    case EventKind::repository_deleted: return AuditKind::repository_deleted;
    case EventKind::repository_restored: return AuditKind::repository_restored;
    case EventKind::manifest_deleted:
    case EventKind::tag_created:
    case EventKind::tag_moved:
    case EventKind::tag_deleted: break;
  }
  return AuditKind::manifest_deleted;
}

// The repository's history, and the audit log.
Result<std::int64_t> write_event(Connection& connection, const TagChange& change, EventKind kind,
                                 std::optional<std::string_view> before, std::optional<std::string_view> after) {
  const auto value = [](std::optional<std::string_view> text) -> Value {
    if (text) return *text;
    return std::monostate{};
  };
  BERTH_TRY(const auto id, connection.find_integer(Query::insert_event,
                                                   {change.repository, static_cast<std::int64_t>(kind), value(before),
                                                    value(after), change.act.now, std::string_view(change.act.by.principal)}));
  if (!id) return fail(ErrorCode::internal, "the catalog failed");
  auto event = change.act.audit.of_repository(audit_kind_of(kind), change.name, change.act.by);
  if (const auto digest = before ? before : after) event.detail.emplace_back(AuditField::digest, std::string(*digest));
  event.detail.emplace_back(AuditField::event, *id);
  BERTH_CHECK_OK(change.act.audit.append(connection, event, change.act.now));
  return *id;
}

base::Error impossible(std::string why) { return {ErrorCode::restore_impossible, std::move(why)}; }

Result<std::optional<std::int64_t>> find_manifest_id(Connection& connection, std::int64_t repository, std::string_view digest) {
  return connection.find_integer(Query::find_manifest_row, {repository, digest});
}

Result<std::optional<std::int64_t>> find_newest_trash(Connection& connection, std::int64_t repository, std::string_view digest) {
  return connection.find_integer(Query::find_newest_trash, {repository, digest});
}

Result<std::vector<std::string>> read_tags(Connection& connection, std::int64_t trash) {
  return all_rows(connection, Query::list_trash_tags, {trash}, [](const Rows& rows) { return std::string(rows.text(0)); });
}

struct TrashReference {
  std::string digest;
  ReferenceRole role;
};

Result<std::vector<TrashReference>> read_references(Connection& connection, std::int64_t trash) {
  return all_rows(connection, Query::list_trash_references, {trash}, [](const Rows& rows) {
    return TrashReference{std::string(rows.text(0)), static_cast<ReferenceRole>(rows.integer(1))};
  });
}

Result<void> check_bytes(Connection& connection, std::int64_t trash) {
  BERTH_TRY(auto rows, connection.query(Query::find_trash, {trash}));
  BERTH_TRY(const bool found, rows.next());
  if (!found) return fail(impossible("the manifest can no longer be restored"));
  if (static_cast<std::int64_t>(base::crc32(base::as_bytes(rows.text(1)))) != rows.integer(2)) {
    return fail(base::Error(ErrorCode::corrupt, "the deleted manifest is damaged").in(rows.text(0)));
  }
  return {};
}

// The repository holds the blob again. Its row is there as long as the trash names it, unless it never was (a foreign layer).
Result<void> link_again(Connection& connection, std::int64_t repository, const TrashReference& reference, std::int64_t now) {
  const std::string_view digest = reference.digest;
  BERTH_TRY(const bool known, connection.exists(Query::find_blob_row, {digest}));
  if (!known) {
    if (reference.role == ReferenceRole::foreign_blob) return {};
    return fail(impossible("blob " + reference.digest + " of the manifest is gone"));
  }
  if (reference.role == ReferenceRole::foreign_blob) return {};
  BERTH_TRY([[maybe_unused]] const auto linked, connection.run(Query::link_blob, {repository, digest, now}));
  return {};
}

// Brings a manifest back from the trash, and those of its children that are in the trash as well. Its tags are the caller's.
// The digests of a document cannot go in a circle, so this ends.
Result<std::int64_t> bring_back(Connection& connection, const TagChange& change, std::int64_t trash) {
  BERTH_CHECK_OK(check_bytes(connection, trash));
  BERTH_TRY(const auto references, read_references(connection, trash));
  for (const TrashReference& reference : references) {
    if (reference.role == ReferenceRole::blob || reference.role == ReferenceRole::foreign_blob) {
      BERTH_CHECK_OK(link_again(connection, change.repository, reference, change.act.now));
    } else if (reference.role == ReferenceRole::child) {
      BERTH_TRY(const auto there, find_manifest_id(connection, change.repository, reference.digest));
      if (there) continue;
      BERTH_TRY(const auto child, find_newest_trash(connection, change.repository, reference.digest));
      if (!child) continue;  // it was not there when its parent was deleted
      BERTH_TRY([[maybe_unused]] const auto back, bring_back(connection, change, *child));
    }
  }
  BERTH_TRY(const auto id, connection.find_integer(Query::untrash_manifest, {change.act.now, trash}));
  if (!id) return fail(ErrorCode::internal, "the catalog failed");
  for (const Query step : {Query::untrash_bytes, Query::untrash_references}) {
    BERTH_TRY([[maybe_unused]] const auto copied, connection.run(step, {*id, trash}));
  }
  for (const Query step : {Query::delete_trash_tags, Query::delete_trash_references, Query::delete_trash_manifest}) {
    BERTH_TRY([[maybe_unused]] const auto removed, connection.run(step, {trash}));
  }
  return *id;
}

// The manifest's row, brought back if it must be. Errors: restore_impossible.
Result<std::int64_t> ensure_manifest(Connection& connection, const TagChange& change, std::string_view digest) {
  BERTH_TRY(const auto there, find_manifest_id(connection, change.repository, digest));
  if (there) return *there;
  BERTH_TRY(const auto trash, find_newest_trash(connection, change.repository, digest));
  if (!trash) return fail(impossible("manifest " + std::string(digest) + " is gone for good"));
  return bring_back(connection, change, *trash);
}

Result<Restored> restore_tag(Connection& connection, const TagChange& change, const EventRow& event) {
  if (!event.before) return fail(impossible("this event took nothing away"));
  BERTH_TRY(const std::int64_t manifest, ensure_manifest(connection, change, *event.before));
  BERTH_CHECK_OK(set_tag(connection, change, event.tag, manifest, *event.before));
  BERTH_TRY(auto digest, oci::Digest::parse(*event.before));
  return Restored{event.kind, std::move(digest), {event.tag}, {}};
}

Result<Restored> restore_manifest(Connection& connection, const TagChange& change, const EventRow& event) {
  if (!event.before) return fail(impossible("this event took nothing away"));
  BERTH_TRY(auto digest, oci::Digest::parse(*event.before));
  Restored restored{event.kind, digest, {}, {}};
  BERTH_TRY(const auto tags, read_tags(connection, event.id));
  BERTH_TRY(const auto there, find_manifest_id(connection, change.repository, *event.before));
  std::int64_t manifest = 0;
  if (there) {
    manifest = *there;  // pushed again since; its tags may still be missing
    if (tags.empty()) return fail(impossible("the manifest is there already"));
  } else {
    BERTH_TRY(manifest, bring_back(connection, change, event.id));
    BERTH_TRY([[maybe_unused]] const auto told,
              write_event(connection, change, EventKind::manifest_restored, std::nullopt, digest.text()));
  }
  for (const std::string& tag : tags) {
    BERTH_TRY(const auto target, find_tag_target(connection, change.repository, tag));
    if (target && target->manifest != manifest) {
      restored.tags_left.push_back(tag);
      continue;
    }
    BERTH_CHECK_OK(set_tag(connection, change, tag, manifest, digest.text()));
    restored.tags.push_back(tag);
  }
  return restored;
}

Result<Restored> restore_repository(Connection& connection, const TagChange& change, std::string_view name) {
  BERTH_TRY(const auto taken, find_repository(connection, name));
  if (taken) {
    return fail(
        impossible("there is a repository " + std::string(name) + " again; delete it, or keep it and copy what you need"));
  }
  BERTH_TRY([[maybe_unused]] const auto renamed, connection.run(Query::rename_repository, {name, change.repository}));
  BERTH_TRY([[maybe_unused]] const auto removed, connection.run(Query::delete_deleted_repository, {change.repository}));
  BERTH_TRY([[maybe_unused]] const auto told,
            write_event(connection, change, EventKind::repository_restored, std::nullopt, std::nullopt));
  return Restored{EventKind::repository_deleted, std::nullopt, {}, {}};
}

// Whether restore() would find what it needs.
Result<bool> is_restorable(Connection& connection, const EventRow& event) {
  switch (event.kind) {
    case EventKind::tag_moved:
    case EventKind::tag_deleted: {
      if (!event.before) return false;
      BERTH_TRY(const auto there, find_manifest_id(connection, event.repository, *event.before));
      if (there) return true;
      BERTH_TRY(const auto trash, find_newest_trash(connection, event.repository, *event.before));
      return trash.has_value();
    }
    case EventKind::manifest_deleted: return connection.exists(Query::find_trash, {event.id});
    case EventKind::repository_deleted: {
      BERTH_TRY(const auto deleted, find_deleted(connection, event.repository));
      return deleted && deleted->event == event.id;
    }
    case EventKind::tag_created:
    case EventKind::manifest_restored:
    case EventKind::repository_restored: break;
  }
  return false;
}

Result<std::optional<oci::Digest>> digest_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  auto digest = oci::Digest::parse(*text);
  if (!digest) return fail(base::Error(ErrorCode::corrupt, "the catalog is damaged").in("digest column: " + *text));
  return *std::move(digest);
}

Result<Event> to_event(Connection& connection, const EventRow& row) {
  BERTH_TRY(auto before, digest_of(row.before));
  BERTH_TRY(auto after, digest_of(row.after));
  BERTH_TRY(const bool restorable, is_restorable(connection, row));
  return Event{row.id,        row.kind,  row.tag, std::move(before), std::move(after), base::from_unix_micros(row.at),
               row.principal, restorable};
}

// What can be deleted can be pushed anew, so a repository stays while it has a tag that may not move.
Result<void> check_no_tag_is_immutable(Connection& connection, std::int64_t repository, std::string_view name) {
  constexpr std::size_t kPage = 1000;
  BERTH_TRY(const auto patterns, first_row(connection, Query::find_immutable_tags, {repository},
                                           [](const Rows& rows) { return std::string(rows.text(0)); }));
  if (!patterns || patterns->empty()) return {};
  NamePage page;
  do {
    BERTH_TRY(page, list_tags(connection, name, page.names.empty() ? std::string_view() : page.names.back(), kPage));
    for (const std::string& tag : page.names) {
      if (!base::matches_any_pattern(*patterns, tag)) continue;
      return fail(ErrorCode::tag_immutable, "tag " + tag + " is immutable in this repository; lift the rule before deleting it");
    }
  } while (page.more);
  return {};
}

// Events of the repository that has the name now.
Result<std::vector<EventRow>> read_present(Connection& connection, std::int64_t repository, std::int64_t before,
                                           std::int64_t limit) {
  return all_rows(connection, Query::list_events, {repository, before, limit}, [&](const Rows& rows) {
    EventRow row = read_event(rows, 1);
    row.id = rows.integer(0);
    row.repository = repository;
    return row;
  });
}

// The deletions of those that had the name before, and may come back.
Result<std::vector<EventRow>> read_deletions(Connection& connection, std::string_view name, std::int64_t before,
                                             std::int64_t limit) {
  BERTH_TRY(const auto ids, all_rows(connection, Query::list_deleted_repositories, {name, before, limit},
                                     [](const Rows& rows) { return rows.integer(0); }));
  std::vector<EventRow> events;
  for (const std::int64_t id : ids) {
    BERTH_TRY(auto event, find_event(connection, id));
    if (event) events.push_back(*std::move(event));
  }
  return events;
}

}  // namespace

Result<void> keep_in_trash(Connection& connection, const TagChange& change, std::int64_t manifest, std::string_view digest) {
  BERTH_TRY(const std::int64_t id, write_event(connection, change, EventKind::manifest_deleted, digest, std::nullopt));
  BERTH_TRY([[maybe_unused]] const auto kept, connection.run(Query::trash_manifest, {id, change.act.now, manifest}));
  for (const Query step : {Query::trash_references, Query::trash_tags}) {
    BERTH_TRY([[maybe_unused]] const auto copied, connection.run(step, {id, manifest}));
  }
  return {};
}

Result<EventPage> list_events(Connection& connection, std::string_view repository, std::int64_t before_id, std::size_t limit) {
  const std::int64_t before = before_id > 0 ? before_id : std::numeric_limits<std::int64_t>::max();
  const auto count = static_cast<std::int64_t>(std::min<std::size_t>(limit, 1'000'000)) + 1;
  BERTH_TRY(auto rows, read_deletions(connection, repository, before, count));
  BERTH_TRY(const auto present, find_repository(connection, repository));
  if (!present && rows.empty() && before_id == 0) {
    return fail(ErrorCode::repository_unknown, "there is no repository " + std::string(repository) + ", nor a deleted one");
  }
  if (present) {
    BERTH_TRY(auto own, read_present(connection, *present, before, count));
    rows.insert(rows.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
  }
  std::sort(rows.begin(), rows.end(), [](const EventRow& a, const EventRow& b) { return a.id > b.id; });
  EventPage page;
  for (const EventRow& row : rows) {
    if (page.events.size() == limit) {
      page.more = true;
      break;
    }
    BERTH_TRY(auto event, to_event(connection, row));
    page.events.push_back(std::move(event));
  }
  return page;
}

Result<Restored> restore(Connection& connection, std::string_view repository, std::int64_t id, const Act& act) {
  const auto unknown = [&] {
    return fail(ErrorCode::event_unknown, "the history of " + std::string(repository) + " has no event " + std::to_string(id));
  };
  BERTH_TRY(const auto event, find_event(connection, id));
  if (!event) return unknown();
  const TagChange change{event->repository, repository, act};
  BERTH_TRY(const auto deleted, find_deleted(connection, event->repository));
  if (deleted) {
    if (deleted->name != repository || deleted->event != id) return unknown();
    return restore_repository(connection, change, repository);
  }
  BERTH_TRY(const auto present, find_repository(connection, repository));
  if (!present || *present != event->repository) return unknown();
  switch (event->kind) {
    case EventKind::tag_moved:
    case EventKind::tag_deleted: return restore_tag(connection, change, *event);
    case EventKind::manifest_deleted: return restore_manifest(connection, change, *event);
    case EventKind::repository_deleted: return fail(impossible("the repository is there"));
    case EventKind::tag_created:
    case EventKind::manifest_restored:
    case EventKind::repository_restored: break;
  }
  return fail(impossible("this event took nothing away"));
}

Result<std::int64_t> delete_repository(Connection& connection, std::string_view repository, const Act& act) {
  BERTH_TRY(const auto id, find_repository(connection, repository));
  if (!id) return fail(ErrorCode::repository_unknown, "there is no repository " + std::string(repository));
  BERTH_CHECK_OK(check_no_tag_is_immutable(connection, *id, repository));
  const TagChange change{*id, repository, act};
  BERTH_TRY(const auto event, write_event(connection, change, EventKind::repository_deleted, std::nullopt, std::nullopt));
  const std::string unsayable = "~" + std::to_string(*id);
  BERTH_TRY([[maybe_unused]] const auto renamed, connection.run(Query::rename_repository, {std::string_view(unsayable), *id}));
  BERTH_TRY(
      [[maybe_unused]] const auto kept,
      connection.run(Query::insert_deleted_repository, {*id, repository, event, act.now, std::string_view(act.by.principal)}));
  return event;
}

// Ids grow with time, so the oldest stand first and no index by time is needed. A clock that was wrong for a while leaves events from
// the future among them: they are stepped over, and only if there are `limit` of them in front do they keep the rest.
Result<void> forget_events(Connection& connection, std::int64_t before, std::size_t limit, Marked& marked) {
  struct Age {
    std::int64_t id;
    std::int64_t at;
  };
  BERTH_TRY(const auto oldest,
            all_rows(connection, Query::list_oldest_events, {std::int64_t{0}, static_cast<std::int64_t>(limit)},
                     [](const Rows& rows) { return Age{rows.integer(0), rows.integer(1)}; }));
  std::size_t gone = 0;
  for (const Age& event : oldest) {
    if (event.at > before) continue;
    BERTH_TRY([[maybe_unused]] const auto removed, connection.run(Query::delete_event, {event.id}));
    ++gone;
  }
  marked.events += gone;
  marked.reviewed += gone;
  marked.more |= gone == limit;
  return {};
}

}  // namespace berth::catalog
