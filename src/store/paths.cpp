#include "store/paths.h"

namespace berth::store {

std::string Paths::algorithm_directory(base::HashAlgorithm algorithm) const {
  return blobs() + "/" + std::string(base::hash_algorithm_name(algorithm));
}

std::string Paths::blob_directory(const oci::Digest& digest) const {
  return algorithm_directory(digest.algorithm()) + "/" + std::string(digest.hex().substr(0, 2));
}

std::string Paths::quarantined(const oci::Digest& digest) const {
  return quarantine() + "/" + std::string(base::hash_algorithm_name(digest.algorithm())) + "." + std::string(digest.hex());
}

std::string Paths::blob(const oci::Digest& digest) const { return blob_directory(digest) + "/" + std::string(digest.hex()); }

}  // namespace berth::store
