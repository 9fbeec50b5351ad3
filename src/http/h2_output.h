// The bytes of one write: frames in order, as nghttp2 makes them, DATA read straight behind its frame header.
//
// Small until there is much to send; then as large as the budget of all connections allows, since a large write costs the least per byte.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>

#include "berth/base/bytes.h"
#include "http/rate.h"

namespace berth::http {

class H2Output {
 public:
  explicit H2Output(ByteBudget& budget) : budget_(budget) {}
  ~H2Output() { shrink(); }
  H2Output(const H2Output&) = delete;
  H2Output& operator=(const H2Output&) = delete;

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] base::ByteView bytes() const { return {data_.get(), size_}; }
  // Enough for one write.
  [[nodiscard]] bool full() const { return size_ >= (large_ ? kLarge : kSmall); }

  // Room for `size` bytes behind what is there.
  std::span<std::byte> room(std::size_t size) {
    if (capacity_ - size_ < size) grow(size_ + size);
    return {data_.get() + size_, size};
  }
  // That much of room() was filled.
  void commit(std::size_t size) { size_ += size; }
  void append(base::ByteView bytes) {
    std::memcpy(room(bytes.size()).data(), bytes.data(), bytes.size());
    commit(bytes.size());
  }

  // For the next write. One that was full says that larger ones are worth it.
  void clear() {
    if (!large_ && full()) large_ = budget_.take(kLarge);
    size_ = 0;
  }
  // Nothing is to be sent for now.
  void shrink() {
    size_ = 0;
    if (capacity_ > kKept) {
      data_.reset();
      capacity_ = 0;
    }
    if (std::exchange(large_, false)) budget_.give(kLarge);
  }

 private:
  static constexpr std::size_t kKept = 4 * 1024;
  static constexpr std::size_t kSmall = 32 * 1024;
  static constexpr std::size_t kLarge = 256 * 1024;

  void grow(std::size_t needed) {
    const std::size_t capacity = std::max({kKept, needed, std::min(2 * capacity_, kLarge)});
    auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
    if (size_ > 0) std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = capacity;
  }

  ByteBudget& budget_;
  std::unique_ptr<std::byte[]> data_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  bool large_ = false;
};

}  // namespace berth::http
