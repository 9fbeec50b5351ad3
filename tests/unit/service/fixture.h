// A store and a catalog in a temporary folder, and the services over them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "berth/base/fs.h"
#include "berth/catalog/sqlite_catalog.h"
#include "berth/service/jobs.h"
#include "berth/service/pull.h"
#include "berth/service/push.h"
#include "berth/store/local_blob_store.h"
#include "support/temporary_directory.h"

namespace berth::service {

inline oci::RepositoryName name(std::string_view text) { return oci::RepositoryName::parse(text).value(); }
inline oci::Tag tag(std::string_view text) { return oci::Tag::parse(text).value(); }
inline oci::Digest sha256(std::string_view text) {
  return oci::Digest::of_bytes(base::HashAlgorithm::sha256, base::as_bytes(text));
}

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() : ServiceTest(DiskReserveOptions{0, 0}) {}
  explicit ServiceTest(DiskReserveOptions options)
      : store(store::open_local_blob_store({.directory = directory.path()}, base::real_file_system(), clock).value()),
        catalog(catalog::open_sqlite_catalog({.path = directory.path() + "/catalog.sqlite"}, clock).value()),
        reserve(options, *store, clock, health),
        blob_push(*store, *catalog, reserve, health),
        manifest_push(*catalog, reserve, health, SparseIndexes::refused),
        blob_pull(*store, *catalog, health),
        manifest_pull(*catalog),
        listing(*catalog) {}

  oci::Digest push_blob(const oci::RepositoryName& repository, std::string_view content) {
    auto upload = blob_push.begin_single(repository, alice, base::HashAlgorithm::sha256).value();
    EXPECT_TRUE(upload.append(base::as_bytes(content)));
    const auto digest = sha256(content);
    EXPECT_TRUE(upload.commit(digest));
    return digest;
  }

  // An OCI image manifest with a config and one layer of these contents.
  static std::string image(std::string_view config, std::string_view layer) {
    const auto descriptor = [](std::string_view type, std::string_view content) {
      return "{\"mediaType\":\"" + std::string(type) + "\",\"digest\":\"" + sha256(content).text() +
             "\",\"size\":" + std::to_string(content.size()) + "}";
    };
    return "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":" +
           descriptor("application/vnd.oci.image.config.v1+json", config) + ",\"layers\":[" +
           descriptor("application/vnd.oci.image.layer.v1.tar", layer) + "]}";
  }

  base::Result<PushedManifest> push_manifest(const oci::RepositoryName& repository, std::string_view reference, std::string bytes,
                                             catalog::TagCondition condition = {}) {
    return manifest_push.put({.repository = repository,
                              .reference = oci::parse_reference(reference).value(),
                              .content_type = "application/vnd.oci.image.manifest.v1+json",
                              .bytes = std::move(bytes),
                              .tags = {},
                              .condition = std::move(condition),
                              .by = alice});
  }

  test::TemporaryDirectory directory;
  base::ManualClock clock{base::from_unix_micros(1'700'000'000'000'000)};
  catalog::Origin alice{.principal = "alice", .key = 0, .address = {}, .request = {}};
  catalog::Origin mallory{.principal = "mallory", .key = 0, .address = {}, .request = {}};
  Health health;
  std::unique_ptr<store::BlobStore> store;
  std::unique_ptr<catalog::Catalog> catalog;
  DiskReserve reserve;
  BlobPush blob_push;
  ManifestPush manifest_push;
  BlobPull blob_pull;
  ManifestPull manifest_pull;
  Listing listing;
};

}  // namespace berth::service
