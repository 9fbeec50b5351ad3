// Tags and the history of their changes. Every function runs inside the caller's write transaction, so that what it saw still holds
// when it writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "berth/base/error.h"
#include "berth/catalog/catalog.h"
#include "catalog/audit_chain.h"
#include "catalog/sqlite.h"

namespace berth::catalog {

// In which repository something is changed.
struct TagChange {
  std::int64_t repository;
  std::string_view name;
  const Act& act;
};

struct TagTarget {
  std::int64_t manifest = 0;
  std::string digest;
};

base::Result<std::optional<TagTarget>> find_tag_target(Connection& connection, std::int64_t repository, std::string_view tag);
// Errors: precondition_failed, naming the tag and where it points.
base::Result<void> check_condition(const TagCondition& condition, std::string_view tag, const std::optional<TagTarget>& target);
// Points the tag at the manifest. Does nothing, and tells nobody, when it points there already.
// Errors: tag_immutable (it points elsewhere and the repository lets it not move).
base::Result<void> set_tag(Connection& connection, const TagChange& change, std::string_view tag, std::int64_t manifest,
                           std::string_view digest);
// Errors: tag_unknown, precondition_failed, tag_immutable.
base::Result<void> delete_tag(Connection& connection, const TagChange& change, std::string_view tag,
                              const TagCondition& condition);
// Every tag on the manifest. Errors: tag_immutable (of the first that may not go; the caller's transaction ends).
base::Result<void> delete_tags_of(Connection& connection, const TagChange& change, std::int64_t manifest,
                                  std::string_view digest);

}  // namespace berth::catalog
