// What becomes of damage: whoever finds that a blob's bytes are not what its digest says tells it here.
//
// A damaged blob is first entered in the catalog's register, so that it is answered with an error, then its file is moved out of reach;
// the next push of the digest brings good bytes and takes it out again. Health and metrics follow. Holds nothing of its own: make one
// wherever it is needed. Any worker thread; blocks on disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "berth/catalog/catalog.h"
#include "berth/service/health.h"
#include "berth/store/blob_store.h"

namespace berth::service {

class Integrity {
 public:
  Integrity(store::BlobStore& store, catalog::Catalog& catalog, Health& health)
      : store_(store), catalog_(catalog), health_(health) {}

  // The blob of `size` bytes is damaged. `seen` is the reader whose bytes are wrong; nullopt when there was no file to open, or one of
  // another size. Says nothing of a blob that has just been deleted or pushed again. Errors: those of the catalog and the store.
  base::Result<void> found(const oci::Digest& digest, std::uint64_t size, const std::optional<store::BlobReader>& seen,
                           std::string_view reason);
  // The blob's bytes were found good, or came in anew. Cheap while nothing is damaged.
  void healed(const oci::Digest& digest);
  // Lets health and metrics say what the register says. Errors: those of the catalog.
  base::Result<void> refresh();

 private:
  // Whether the damaged file is out of reach, or there is none; false when what has the name is good.
  base::Result<bool> move_away(const oci::Digest& digest, std::uint64_t size, const std::optional<store::BlobReader>& seen);

  store::BlobStore& store_;
  catalog::Catalog& catalog_;
  Health& health_;
};

}  // namespace berth::service
