// The suite that every Catalog passes. A new catalog = one row in all_catalogs().
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "berth/catalog/catalog.h"
#include "support/catalog_content.h"

namespace berth::test {

class CatalogUnderTest {
 public:
  virtual ~CatalogUnderTest() = default;
  virtual catalog::Catalog& catalog() = 0;
  // As after a restart of the daemon.
  virtual void reopen() = 0;
  virtual base::ManualClock& clock() = 0;
};

struct CatalogKind {
  std::string name;
  std::unique_ptr<CatalogUnderTest> (*make)();
};
const std::vector<CatalogKind>& all_catalogs();

class CatalogContract : public ::testing::TestWithParam<CatalogKind> {
 protected:
  [[nodiscard]] catalog::Catalog& catalog() { return under_test_->catalog(); }
  [[nodiscard]] CatalogUnderTest& under_test() { return *under_test_; }

  const oci::RepositoryName app_ = repository("team/app");
  const oci::RepositoryName other_ = repository("team/other");

 private:
  std::unique_ptr<CatalogUnderTest> under_test_ = GetParam().make();
};

class CatalogRaces : public CatalogContract {};

inline std::string catalog_kind_name(const ::testing::TestParamInfo<CatalogKind>& kind) { return kind.param.name; }

// EXPECT_EQ(code_of(call), ErrorCode::x) prints names on failure; nullopt means success.
template <typename T>
std::optional<base::ErrorCode> code_of(const base::Result<T>& result) {
  if (result) return std::nullopt;
  return result.error().code();
}

}  // namespace berth::test
