// Which folders of uploads/ this process works in, and which it keeps for new uploads.
//
// Why any are kept: an upload that makes its folder and its session file and deletes both costs more than its bytes do (adr/0017). So
// the folder of an upload that became a blob is renamed to free-<id> with nothing in it but its session file, and the next upload
// writes its own header over that file and renames the folder to its id. Only this process knows its kept folders, in memory: what a
// killed one left is removed when the store opens, and expire_uploads() removes what was not used for long.
//
// A name is used by one request at a time. Other processes are kept out by the lock on the session file; inside one process that is
// not enough, as a request that opened the file of an upload which ends meanwhile would hold the lock of the upload that follows.
// Threads: any. No I/O.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "berth/base/synced.h"

namespace berth::store {

class UploadFolders {
 public:
  // The right to work in the folder with this name, until it is destroyed.
  class Use {
   public:
    Use(UploadFolders& folders, std::string name) : folders_(&folders), name_(std::move(name)) {}
    Use(Use&& other) noexcept : folders_(std::exchange(other.folders_, nullptr)), name_(std::move(other.name_)) {}
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    Use& operator=(Use&&) = delete;
    ~Use() {
      if (folders_ != nullptr) folders_->release(name_);
    }
    [[nodiscard]] const std::string& name() const { return name_; }

   private:
    UploadFolders* folders_;
    std::string name_;
  };

  // nullopt while somebody else uses it. A kept folder is no longer kept then.
  std::optional<Use> use(const std::string& name);
  // One of the kept folders; nullopt when there is none.
  std::optional<Use> use_kept();

  // Whether one more folder is worth keeping.
  [[nodiscard]] bool has_room() const;
  // The folder now has this name, nothing but a session file in it, and no lock. Callers ask has_room() first; those who ask at the same
  // time may keep one folder too many each.
  void keep(std::string name);

 private:
  struct State {
    std::set<std::string> used;
    std::vector<std::string> kept;  // the last one is taken first: its blocks are in the cache
  };
  void release(const std::string& name);

  base::Synced<State> state_;
};

}  // namespace berth::store
