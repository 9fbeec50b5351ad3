// What happened in a repository, taking it back, and how often it is used. Threads: any worker.
#pragma once

#include <cstdint>

#include "berth/base/error.h"
#include "berth/catalog/history.h"
#include "berth/catalog/usage.h"

namespace berth::service {

class Undo {
 public:
  Undo(catalog::History& history, catalog::Usage& usage) : history_(history), usage_(usage) {}

  // Newest first. Errors: repository_unknown.
  [[nodiscard]] base::Result<catalog::EventPage> list(const oci::RepositoryName& repository, std::int64_t before_id,
                                                      std::size_t limit) const;
  // Errors: event_unknown, restore_impossible.
  base::Result<catalog::Restored> restore(const oci::RepositoryName& repository, std::int64_t id, const catalog::Origin& by);
  // The id of the event that restores it. Errors: repository_unknown.
  base::Result<std::int64_t> delete_repository(const oci::RepositoryName& repository, const catalog::Origin& by);

  // Of a tag or a digest; nullopt when it was never pulled.
  [[nodiscard]] base::Result<std::optional<catalog::PullStatistics>> find_pulls(const oci::RepositoryName& repository,
                                                                                const oci::Reference& reference) const;

 private:
  catalog::History& history_;
  catalog::Usage& usage_;
};

}  // namespace berth::service
