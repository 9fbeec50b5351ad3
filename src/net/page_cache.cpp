#include "net/page_cache.h"

#include <sys/uio.h>

#include <algorithm>
#include <vector>

namespace berth::net {

// Anything but success ("would block", and a file system without RWF_NOWAIT too) is found out by reading for real: as a job, since only
// a successful look proves that nobody would wait.
ssize_t read_cached(int descriptor, std::span<std::byte> into, std::uint64_t offset) {
  iovec vector{into.data(), into.size()};
  return preadv2(descriptor, &vector, 1, static_cast<off_t>(offset), RWF_NOWAIT);
}

bool in_page_cache(int descriptor, std::uint64_t offset, std::uint64_t length) {
  std::byte byte{};
  const auto look = [&](std::uint64_t at) { return read_cached(descriptor, {&byte, 1}, at) >= 0; };
  return look(offset) && look(offset + length - 1);
}

base::Result<void> touch_pages(const base::File& file, std::uint64_t offset, std::uint64_t length) {
  thread_local std::vector<std::byte> scrap(128 * 1024);
  while (length > 0) {
    const std::size_t step = std::min<std::uint64_t>(length, scrap.size());
    BERTH_TRY(const std::size_t size, file.read(std::span(scrap).first(step), offset));
    if (size == 0) return base::fail(base::ErrorCode::corrupt, "a stored file is shorter than expected");
    offset += size;
    length -= size;
  }
  return {};
}

}  // namespace berth::net
