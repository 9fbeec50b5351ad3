// Reading stored files without ever making a loop wait for the disk.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>

#include "berth/base/error.h"
#include "berth/base/fs.h"

namespace berth::net {

// Whether both ends of [offset, offset+length) are in the page cache. Read-ahead works in order, so a hole between them is rare, and then
// it costs one short wait.
bool in_page_cache(int descriptor, std::uint64_t offset, std::uint64_t length);

// What of [offset, …) is in the page cache and fits: as pread(2), but -1 where the disk would have to be asked.
ssize_t read_cached(int descriptor, std::span<std::byte> into, std::uint64_t offset);

// Reads [offset, offset+length) for the page cache's sake. May block: a job's work.
// Errors: corrupt (the file ends before), io_error.
base::Result<void> touch_pages(const base::File& file, std::uint64_t offset, std::uint64_t length);

}  // namespace berth::net
