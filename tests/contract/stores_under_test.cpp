#include <filesystem>
#include <fstream>

#include "berth/store/local_blob_store.h"
#include "contract/blob_store_contract.h"
#include "support/store_content.h"
#include "support/temporary_directory.h"

namespace berth::test {
namespace {

class LocalStoreUnderTest final : public StoreUnderTest {
 public:
  LocalStoreUnderTest() { reopen(); }

  store::BlobStore& store() override { return *store_; }

  void reopen() override {
    store_.reset();
    // Steps so small that a test of a few bytes goes through all of them.
    auto opened =
        store::open_local_blob_store({.directory = directory_.path(), .sync_step_bytes = 1000}, base::real_file_system(), clock_);
    if (!opened) throw std::runtime_error(opened.error().message() + opened.error().context());
    store_ = std::move(*opened);
  }

  void overwrite_blob(const oci::Digest& digest, std::string_view bytes) override {
    const std::string hex(digest.hex());
    const auto path = std::filesystem::path(directory_.path()) / "blobs" / base::hash_algorithm_name(digest.algorithm()) /
                      hex.substr(0, 2) / hex;
    ASSERT_TRUE(std::filesystem::exists(path));
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  [[nodiscard]] std::size_t traces_of_uploads() const override { return test::traces_of_uploads(directory_.path()); }

 private:
  TemporaryDirectory directory_;
  base::SystemClock clock_;
  std::unique_ptr<store::BlobStore> store_;
};

}  // namespace

const std::vector<StoreKind>& all_stores() {
  static const std::vector<StoreKind> kinds = {
      {"local", []() -> std::unique_ptr<StoreUnderTest> { return std::make_unique<LocalStoreUnderTest>(); }},
  };
  return kinds;
}

}  // namespace berth::test
