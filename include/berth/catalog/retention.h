// Rules of retention as they are stored, and what they are judged by. What a rule means is service/retention.h's to say.
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

// A tag and how it is used.
struct TagUse {
  oci::Tag tag;
  oci::Digest digest;
  base::TimePoint updated;
  std::optional<base::TimePoint> pulled;
};

class Retention {
 public:
  virtual ~Retention() = default;

  [[nodiscard]] virtual base::Result<bool> has_rules() = 0;
  [[nodiscard]] virtual base::Result<std::optional<std::string>> find_rule(std::string_view scope) = 0;
  virtual base::Result<void> put_rule(std::string_view scope, std::string_view rule, const Origin& by) = 0;
  // False when there was none.
  virtual base::Result<bool> delete_rule(std::string_view scope, const Origin& by) = 0;
  // Every tag of a repository, by name. Its cost is the number of tags.
  [[nodiscard]] virtual base::Result<std::vector<TagUse>> list_tag_uses(const oci::RepositoryName& repository) = 0;
};

}  // namespace berth::catalog
