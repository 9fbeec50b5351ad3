#include "berth/service/undo.h"

#include "berth/base/log.h"

namespace berth::service {

base::Result<catalog::EventPage> Undo::list(const oci::RepositoryName& repository, std::int64_t before_id,
                                            std::size_t limit) const {
  return history_.list_events(repository, before_id, limit);
}

base::Result<catalog::Restored> Undo::restore(const oci::RepositoryName& repository, std::int64_t id, const catalog::Origin& by) {
  BERTH_TRY(auto restored, history_.restore(repository, id, by));
  base::log::info("restored", {{"repository", repository.text()}, {"event", id}, {"principal", by.principal}});
  return restored;
}

base::Result<std::int64_t> Undo::delete_repository(const oci::RepositoryName& repository, const catalog::Origin& by) {
  BERTH_TRY(const auto event, history_.delete_repository(repository, by));
  base::log::info("repository deleted", {{"repository", repository.text()}, {"event", event}, {"principal", by.principal}});
  return event;
}

base::Result<std::optional<catalog::PullStatistics>> Undo::find_pulls(const oci::RepositoryName& repository,
                                                                      const oci::Reference& reference) const {
  return usage_.find_pulls(repository, reference, 0);
}

}  // namespace berth::service
