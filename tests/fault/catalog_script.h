// A fixed piece of work on a catalog, and what must be there afterwards whatever failed on the way.
//
// Each step that is acknowledged settles what it touched; one that fails leaves open whether it happened, so both are accepted. The
// catalog must then hold for every name one of the accepted values, whole: a tag that is there gives its manifest, byte for byte.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "berth/catalog/catalog.h"
#include "support/catalog_content.h"

namespace berth::test {

class CatalogScript {
 public:
  // Runs every step, also after one that failed, and learns from the answers. May be called again, also on a reopened catalog.
  void run(catalog::Catalog& catalog);
  // One line per accepted value that is not there; empty when all is well.
  [[nodiscard]] std::vector<std::string> differences(catalog::Catalog& catalog) const;

  [[nodiscard]] int acknowledged() const { return acknowledged_; }
  // What steps that failed said.
  [[nodiscard]] const std::multiset<base::ErrorCode>& errors() const { return errors_; }

 private:
  // "blob:<repository>:<digest>", "manifest:…", "tag:<repository>:<tag>" → what it may be: a digest or size; nullopt = absent.
  using Accepted = std::set<std::optional<std::string>>;
  using Changes = std::map<std::string, std::optional<std::string>>;

  void learn(const base::Result<void>& outcome, const Changes& changes);
  void link(catalog::Catalog& catalog, const std::string& name, const std::string& blob);
  void unlink(catalog::Catalog& catalog, const std::string& name, const std::string& blob);
  void mount(catalog::Catalog& catalog, const std::string& to, const std::string& from, const std::string& blob);
  void put(catalog::Catalog& catalog, const std::string& name, const Content& content, const std::vector<std::string>& tags);
  void untag(catalog::Catalog& catalog, const std::string& name, const std::string& tag_name);
  void remove(catalog::Catalog& catalog, const std::string& name, const Content& content,
              const std::vector<std::string>& its_tags);

  std::map<std::string, Accepted> accepted_;
  std::map<std::string, std::string> bytes_;  // digest → bytes
  std::multiset<base::ErrorCode> errors_;
  int acknowledged_ = 0;
  int runs_ = 0;
};

}  // namespace berth::test
