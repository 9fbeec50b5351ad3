// A whole registry without HTTP in a temporary folder: store, catalog, services and a collector, with short times of its own and a
// clock that is moved by hand; and what tests say to it. crash() goes on from what a killed process would leave.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "berth/base/fs.h"
#include "berth/catalog/collection.h"
#include "berth/catalog/history.h"
#include "berth/catalog/sqlite_catalog.h"
#include "berth/service/collector.h"
#include "berth/service/pull.h"
#include "berth/service/push.h"
#include "berth/store/local_blob_store.h"
#include "support/catalog_content.h"
#include "support/store_content.h"
#include "support/temporary_directory.h"

namespace berth::test {

struct WorldTimes {
  std::chrono::seconds lease{20};
  service::CollectorOptions collector;
};

class RegistryWorld {
 public:
  // The clock outlives the world; any kind.
  RegistryWorld(WorldTimes times, const base::Clock& clock) : times_(times), clock_(clock) { open(); }

  [[nodiscard]] catalog::Catalog& catalog() { return *parts_->catalog; }
  [[nodiscard]] store::BlobStore& store() { return *parts_->store; }
  [[nodiscard]] service::Collector& collector() { return *parts_->collector; }

  // Everything that is on disk at this moment, opened anew; the old process is gone without having said so.
  void crash() {
    namespace fs = std::filesystem;
    auto next = std::make_unique<TemporaryDirectory>();
    // The log before the database: the writer may move the one into the other at any moment, and replaying it twice changes nothing.
    const std::string log = "/catalog.sqlite-wal";
    if (fs::exists(directory_->path() + log)) fs::copy(directory_->path() + log, next->path() + log);
    for (const auto& entry : fs::directory_iterator(directory_->path())) {
      const auto target = fs::path(next->path()) / entry.path().filename();
      const auto name = entry.path().filename().string();
      if (name.ends_with("-wal") || name.ends_with("-shm")) continue;
      fs::copy(entry.path(), target, fs::copy_options::recursive);
    }
    parts_.reset();
    directory_ = std::move(next);
    open();
  }

  base::Result<void> push_blob(const oci::RepositoryName& repository, std::string_view content) {
    BERTH_TRY(auto upload, parts_->blob_push.begin_single(repository, tester_, base::HashAlgorithm::sha256));
    BERTH_CHECK_OK(upload.append(base::as_bytes(content)));
    return upload.commit(sha256_of(content));
  }
  // A crash between name and row leaves this.
  void leave_file(std::string_view content) {
    auto upload = store().begin_single_upload(owner(), base::HashAlgorithm::sha256).value();
    EXPECT_TRUE(upload->append(base::as_bytes(content)));
    EXPECT_TRUE(upload->commit(sha256_of(content)));
  }
  base::Result<std::uint64_t> head_blob(const oci::RepositoryName& repository, std::string_view content) {
    return parts_->blob_pull.promise(repository, sha256_of(content));
  }
  base::Result<bool> mount_blob(const oci::RepositoryName& to, const oci::RepositoryName& from, std::string_view content) {
    return parts_->blob_push.mount(to, from, sha256_of(content), tester_, [](std::string_view) { return true; });
  }
  // The bytes, as a client gets them.
  base::Result<std::string> pull_blob(const oci::RepositoryName& repository, const oci::Digest& digest) {
    BERTH_TRY(const auto size, parts_->blob_pull.get_size(repository, digest));
    BERTH_TRY(const auto reader, parts_->blob_pull.open(repository, digest, size, std::nullopt));
    return read_all(reader);
  }

  // A manifest by these contents; returns its digest.
  base::Result<oci::Digest> push_image(const oci::RepositoryName& repository, const std::vector<std::string>& contents,
                                       const std::vector<oci::Tag>& tags) {
    std::string layers;
    for (std::size_t i = 1; i < contents.size(); ++i) {
      layers +=
          (i > 1 ? "," : "") + describe("application/vnd.oci.image.layer.v1.tar", sha256_of(contents[i]), contents[i].size());
    }
    return put(repository,
               std::string("{\"schemaVersion\":2,\"mediaType\":\"") + kImage + "\",\"config\":" +
                   describe("application/vnd.oci.image.config.v1+json", sha256_of(contents[0]), contents[0].size()) +
                   ",\"layers\":[" + layers + "]}",
               kImage, tags);
  }
  base::Result<oci::Digest> push_index(const oci::RepositoryName& repository, const oci::Digest& child, std::size_t child_size,
                                       const std::vector<oci::Tag>& tags) {
    return put(repository,
               std::string("{\"schemaVersion\":2,\"mediaType\":\"") + kIndex + "\",\"manifests\":[" +
                   describe(kImage, child, child_size) + "]}",
               kIndex, tags);
  }
  base::Result<catalog::StoredManifest> pull_manifest(const oci::RepositoryName& repository, const oci::Reference& reference) {
    return parts_->manifest_pull.get(repository, reference);
  }
  base::Result<void> remove(const oci::RepositoryName& repository, const oci::Reference& reference) {
    return parts_->manifest_pull.remove(repository, reference, {}, tester_);
  }

  static constexpr const char* kImage = "application/vnd.oci.image.manifest.v1+json";
  static constexpr const char* kIndex = "application/vnd.oci.image.index.v1+json";

 private:
  struct Parts {
    Parts(const std::string& directory, const WorldTimes& times, const base::Clock& clock)
        : store(store::open_local_blob_store({.directory = directory}, base::real_file_system(), clock).value()),
          catalog(catalog::open_sqlite_catalog({.path = directory + "/catalog.sqlite", .vfs = "", .lease = times.lease}, clock)
                      .value()),
          reserve(service::DiskReserveOptions{0, 0}, *store, clock, health),
          blob_push(*store, *catalog, reserve, health),
          manifest_push(*catalog, reserve, health, service::SparseIndexes::refused),
          blob_pull(*store, *catalog, health),
          manifest_pull(*catalog),
          collector(std::make_unique<service::Collector>(times.collector, *store, *catalog, clock)) {}
    service::Health health;
    std::unique_ptr<store::BlobStore> store;
    std::unique_ptr<catalog::Catalog> catalog;
    service::DiskReserve reserve;
    service::BlobPush blob_push;
    service::ManifestPush manifest_push;
    service::BlobPull blob_pull;
    service::ManifestPull manifest_pull;
    std::unique_ptr<service::Collector> collector;
  };

  void open() { parts_ = std::make_unique<Parts>(directory_->path(), times_, clock_); }

  static std::string describe(std::string_view type, const oci::Digest& digest, std::size_t size) {
    return "{\"mediaType\":\"" + std::string(type) + "\",\"digest\":\"" + digest.text() + "\",\"size\":" + std::to_string(size) +
           "}";
  }
  base::Result<oci::Digest> put(const oci::RepositoryName& repository, std::string bytes, std::string type,
                                const std::vector<oci::Tag>& tags) {
    const auto digest = sha256_of(bytes);
    BERTH_TRY(const auto pushed, parts_->manifest_push.put({.repository = repository,
                                                            .reference = digest,
                                                            .content_type = std::move(type),
                                                            .bytes = std::move(bytes),
                                                            .tags = tags,
                                                            .condition = {},
                                                            .by = tester_}));
    return pushed.digest;
  }

  WorldTimes times_;
  const base::Clock& clock_;
  catalog::Origin tester_{.principal = "tester", .key = 0, .address = {}, .request = {}};
  std::unique_ptr<TemporaryDirectory> directory_ = std::make_unique<TemporaryDirectory>();
  std::unique_ptr<Parts> parts_;
};

}  // namespace berth::test
