// The suite that every BlobStore passes, and what it needs of a store besides its interface. A new store = one row in
// all_stores().
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "berth/store/blob_store.h"

namespace berth::test {

class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual store::BlobStore& store() = 0;
  // As after a restart of the daemon.
  virtual void reopen() = 0;
  // Damages a blob behind the store's back.
  virtual void overwrite_blob(const oci::Digest& digest, std::string_view bytes) = 0;
  // Sessions, and whatever else uploads have left.
  [[nodiscard]] virtual std::size_t traces_of_uploads() const = 0;
};

struct StoreKind {
  std::string name;
  std::unique_ptr<StoreUnderTest> (*make)();
};
const std::vector<StoreKind>& all_stores();

class BlobStoreContract : public ::testing::TestWithParam<StoreKind> {
 protected:
  [[nodiscard]] store::BlobStore& store() { return under_test_->store(); }
  [[nodiscard]] StoreUnderTest& under_test() { return *under_test_; }

 private:
  std::unique_ptr<StoreUnderTest> under_test_ = GetParam().make();
};

// The race tests build into a binary of their own, which also runs under ThreadSanitizer.
class BlobStoreRaces : public BlobStoreContract {};

inline std::string store_kind_name(const ::testing::TestParamInfo<StoreKind>& kind) { return kind.param.name; }

}  // namespace berth::test
