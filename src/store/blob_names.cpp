#include "store/blob_names.h"

#include "berth/base/log.h"
#include "store/timed_sync.h"

namespace berth::store {
namespace {

constexpr std::array kAlgorithms = {base::HashAlgorithm::sha256, base::HashAlgorithm::sha512};

// The value of two lower-case hexadecimal digits; nullopt for any other text.
std::optional<unsigned> parse_byte(std::string_view two_hex) {
  const auto bytes = base::from_hex(two_hex);
  if (!bytes || bytes->size() != 1) return std::nullopt;
  return static_cast<unsigned char>(bytes->front());
}

}  // namespace

BlobNames::BlobNames(base::FileSystem& fs, const Paths& paths)
    : fs_(fs),
      paths_(paths),
      directory_sync_([&fs](const std::string& directory) { return timed_sync([&] { return fs.sync_directory(directory); }); }) {}

base::Result<void> BlobNames::prepare() {
  BERTH_CHECK_OK(fs_.make_directory(paths_.blobs()));
  for (const auto algorithm : kAlgorithms) BERTH_CHECK_OK(fs_.make_directory(paths_.algorithm_directory(algorithm)));
  BERTH_CHECK_OK(fs_.sync_directory(paths_.root()));
  BERTH_CHECK_OK(fs_.sync_directory(paths_.blobs()));
  for (const auto algorithm : kAlgorithms) BERTH_CHECK_OK(learn_directories(algorithm));
  return {};
}

base::Result<void> BlobNames::learn_directories(base::HashAlgorithm algorithm) {
  const std::string directory = paths_.algorithm_directory(algorithm);
  // Listed first: whatever is seen is made durable by the sync that follows.
  BERTH_TRY(const auto names, fs_.list(directory));
  BERTH_CHECK_OK(fs_.sync_directory(directory));
  for (const std::string& name : names) {
    if (parse_byte(name)) durable_directory(algorithm, name) = true;
  }
  return {};
}

std::atomic<bool>& BlobNames::durable_directory(base::HashAlgorithm algorithm, std::string_view two_hex) {
  return durable_directories_[static_cast<std::size_t>(algorithm) * 256 + parse_byte(two_hex).value_or(0)];
}

base::Result<void> BlobNames::ensure_directory(const oci::Digest& digest) {
  auto& durable = durable_directory(digest.algorithm(), digest.hex().substr(0, 2));
  if (durable) return {};
  BERTH_CHECK_OK(fs_.make_directory(paths_.blob_directory(digest)));
  // Also when it was there: another commit may have made it this moment, and not yet synced it.
  BERTH_CHECK_OK(directory_sync_.sync(paths_.algorithm_directory(digest.algorithm())));
  durable = true;
  return {};
}

base::Result<Placement> BlobNames::put(const oci::Digest& digest, const Place& place) {
  claims_.with([&](Claims& claims) { ++claims[digest].commits; });
  auto placed = place_and_sync(digest, place);
  claims_.with([&](Claims& claims) {
    const auto claim = claims.find(digest);
    claim->second.keep |= placed.has_value();
    // The last one out of a group that all failed takes the name away. It does so under the lock: a commit that starts now must
    // not have its own name removed. Holding a lock across the disk is for this rare case alone.
    if (claim->second.commits == 1 && claim->second.placed && !claim->second.keep) {
      if (auto removed = fs_.remove(paths_.blob(digest)); !removed) {
        base::log::warning("blob of a failed commit not removed",
                           {{"digest", digest.text()}, {"error", removed.error().context()}});
      }
    }
    if (--claim->second.commits == 0) claims.erase(claim);
  });
  return placed;
}

base::Result<Placement> BlobNames::place_and_sync(const oci::Digest& digest, const Place& place) {
  BERTH_CHECK_OK(ensure_directory(digest));
  const std::string path = paths_.blob(digest);
  // Looked at after the claim was made, so that a commit acknowledged before is seen; a later one sets `keep` itself. What the
  // first of a group saw was there before them all; what the others see may be the first one's.
  BERTH_TRY(const auto before, fs_.find_info(path));
  claims_.with([&](Claims& claims) {
    Claim& claim = claims[digest];
    if (!claim.placing) claim.keep |= before.has_value();
    claim.placing = true;
  });
  if (auto placed = place(path); !placed) {
    // Perhaps the directory was removed by hand: look again next time.
    durable_directory(digest.algorithm(), digest.hex().substr(0, 2)) = false;
    return base::fail(std::move(placed).error());
  }
  claims_.with([&](Claims& claims) { claims[digest].placed = true; });
  BERTH_CHECK_OK(directory_sync_.sync(paths_.blob_directory(digest)));
  return before ? Placement::replaced : Placement::fresh;
}

base::Result<bool> BlobNames::remove(const oci::Digest& digest) {
  BERTH_TRY(const bool removed, fs_.remove(paths_.blob(digest)));
  if (removed) BERTH_CHECK_OK(directory_sync_.sync(paths_.blob_directory(digest)));
  return removed;
}

base::Result<bool> BlobNames::quarantine(const oci::Digest& digest, const base::File& file) {
  BERTH_TRY(const bool made, fs_.make_directory(paths_.quarantine()));
  if (made) BERTH_CHECK_OK(directory_sync_.sync(paths_.root()));
  // Looked at and moved under the lock that every commit takes before it gives its file the name: good bytes are never moved.
  BERTH_TRY(const bool moved, claims_.with([&](Claims& claims) -> base::Result<bool> {
    if (claims.contains(digest)) return false;
    BERTH_TRY(const bool same, fs_.is_same(file, paths_.blob(digest)));
    if (!same) return false;
    BERTH_CHECK_OK(fs_.rename(paths_.blob(digest), paths_.quarantined(digest)));
    return true;
  }));
  if (!moved) return false;
  BERTH_CHECK_OK(directory_sync_.sync(paths_.quarantine()));
  BERTH_CHECK_OK(directory_sync_.sync(paths_.blob_directory(digest)));
  return true;
}

}  // namespace berth::store
