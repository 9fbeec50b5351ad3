// The keys that tokens are signed with: DIR/keys/tokens.json, mode 0600.
//
//   {"keys":[{"kid":"<32 hex>","created":<unix seconds>,"seed":"<base64url of 32 bytes>"}, …]}     oldest first
//
// The newest signs. One is made when there is none or the newest is older than kRotation; an older one verifies for kKept more, which
// outlives every token it signed, and goes then. Durable before the first token is signed with it (write, sync, rename, sync). Immutable
// snapshots; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/base/fs.h"
#include "berth/base/sign.h"
#include "berth/base/synced.h"

namespace berth::auth {

class KeyRing {
 public:
  static constexpr std::chrono::hours kRotation{24 * 30};
  static constexpr std::chrono::hours kKept{24 * 45};

  struct Entry {
    std::string kid;
    base::TimePoint created;
    base::SigningKey key;
  };

  // Errors: io_error, storage_full, corrupt (the file is not what we wrote).
  static base::Result<std::unique_ptr<KeyRing>> open(base::FileSystem& fs, const std::string& directory,
                                                     const base::Clock& clock);

  // The one that signs now.
  [[nodiscard]] std::shared_ptr<const Entry> newest() const;
  // By exact kid; nullptr when there is none.
  [[nodiscard]] std::shared_ptr<const Entry> find(std::string_view kid) const;
  [[nodiscard]] std::vector<std::shared_ptr<const Entry>> entries() const;
  // Makes a new key and drops old ones if it is time. Errors: as open().
  base::Result<void> rotate_if_due();

 private:
  using Entries = std::vector<std::shared_ptr<const Entry>>;
  KeyRing(base::FileSystem& fs, std::string directory, const base::Clock& clock)
      : fs_(fs), directory_(std::move(directory)), clock_(clock) {}
  base::Result<void> load();
  base::Result<void> store(const Entries& entries);

  base::FileSystem& fs_;
  std::string directory_;
  const base::Clock& clock_;
  base::Synced<Entries> entries_;
};

}  // namespace berth::auth
