#include <stdexcept>

#include "berth/catalog/sqlite_catalog.h"
#include "contract/catalog_contract.h"
#include "support/temporary_directory.h"

namespace berth::test {
namespace {

class SqliteUnderTest final : public CatalogUnderTest {
 public:
  SqliteUnderTest() { reopen(); }

  catalog::Catalog& catalog() override { return *catalog_; }
  base::ManualClock& clock() override { return clock_; }

  void reopen() override {
    catalog_.reset();
    auto opened = catalog::open_sqlite_catalog({.path = directory_.path() + "/catalog.sqlite", .vfs = ""}, clock_);
    if (!opened) throw std::runtime_error(opened.error().message() + ": " + opened.error().context());
    catalog_ = std::move(*opened);
  }

 private:
  TemporaryDirectory directory_;
  base::ManualClock clock_{base::from_unix_micros(1'700'000'000'000'000)};
  std::unique_ptr<catalog::Catalog> catalog_;
};

}  // namespace

const std::vector<CatalogKind>& all_catalogs() {
  static const std::vector<CatalogKind> kinds = {
      {"sqlite", []() -> std::unique_ptr<CatalogUnderTest> { return std::make_unique<SqliteUnderTest>(); }},
  };
  return kinds;
}

}  // namespace berth::test
