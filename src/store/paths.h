// Where things lie below the store's directory (drawn in blob_store.h). Every part of a path comes from a validated digest or
// upload id, so nothing that a client sent can point elsewhere. Pure.
#pragma once

#include <string>
#include <string_view>

#include "berth/base/hash.h"
#include "berth/oci/digest.h"
#include "berth/store/blob_store.h"

namespace berth::store {

class Paths {
 public:
  explicit Paths(std::string root) : root_(std::move(root)) {}

  [[nodiscard]] const std::string& root() const { return root_; }
  [[nodiscard]] std::string blobs() const { return root_ + "/blobs"; }
  [[nodiscard]] std::string uploads() const { return root_ + "/uploads"; }

  [[nodiscard]] std::string quarantine() const { return root_ + "/quarantine"; }

  // blobs/<algorithm>
  [[nodiscard]] std::string algorithm_directory(base::HashAlgorithm algorithm) const;
  // blobs/<algorithm>/<2 hex>
  [[nodiscard]] std::string blob_directory(const oci::Digest& digest) const;
  // blobs/<algorithm>/<2 hex>/<hex>
  [[nodiscard]] std::string blob(const oci::Digest& digest) const;

  // quarantine/<algorithm>.<hex>
  [[nodiscard]] std::string quarantined(const oci::Digest& digest) const;

  // uploads/free-<id>: the folder of an ended upload, kept for a new one. Never an id.
  static std::string kept_name(const UploadId& id) { return std::string(kKept) + id.text(); }
  static bool is_kept_name(std::string_view name) {
    return name.starts_with(kKept) && UploadId::parse(name.substr(kKept.size()));
  }
  [[nodiscard]] std::string upload_folder(std::string_view name) const { return uploads() + "/" + std::string(name); }

  [[nodiscard]] std::string upload_directory(const UploadId& id) const { return upload_folder(id.text()); }
  [[nodiscard]] std::string session(const UploadId& id) const { return upload_directory(id) + "/session"; }
  [[nodiscard]] std::string data(const UploadId& id) const { return upload_directory(id) + "/data"; }

 private:
  static constexpr std::string_view kKept = "free-";

  std::string root_;
};

}  // namespace berth::store
