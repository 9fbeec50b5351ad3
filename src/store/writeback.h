// Sends what uploads have written on its way to the disk, on a thread of its own: handing 1 GB to the block layer takes 60 ms, in which the
// upload can go on.
//
// Only a hint, like File::start_writeback(): when too much waits already it is left out, and the next sync takes that much longer. Nothing here
// makes anything durable. Threads: any; never blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "berth/base/fs.h"
#include "berth/base/workers.h"

namespace berth::store {

class Writeback {
 public:
  void start(std::shared_ptr<base::File> file, std::uint64_t offset, std::uint64_t length) {
    static_cast<void>(thread_.try_submit([file = std::move(file), offset, length] { file->start_writeback(offset, length); }));
  }

 private:
  static constexpr std::size_t kWaiting = 256;
  base::Workers thread_{1, kWaiting};
};

}  // namespace berth::store
