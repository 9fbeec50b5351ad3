// Bytes received and not yet understood. Small while idle (ten thousand connections have one each), grows to the largest head.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "berth/base/bytes.h"

namespace berth::http {

class InputBuffer {
 public:
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] base::ByteView bytes() const { return {data_.get() + begin_, size()}; }
  [[nodiscard]] std::string_view text() const { return base::as_text(bytes()); }

  // Room behind the bytes; at least one byte.
  std::span<std::byte> space() {
    if (end_ == capacity_) make_room(1);
    return {data_.get() + end_, capacity_ - end_};
  }
  // `size` bytes of space() were filled.
  void commit(std::size_t size) { end_ += size; }

  void consume(std::size_t size) {
    begin_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Moves as many bytes as fit.
  std::size_t take(std::span<std::byte> into) {
    const std::size_t size = std::min(into.size(), this->size());
    std::memcpy(into.data(), data_.get() + begin_, size);
    consume(size);
    return size;
  }
  void append(base::ByteView bytes) {
    if (bytes.empty()) return;
    if (capacity_ - end_ < bytes.size()) make_room(bytes.size());
    std::memcpy(data_.get() + end_, bytes.data(), bytes.size());
    end_ += bytes.size();
  }
  // Before everything else that is here.
  void put_back(base::ByteView bytes) {
    if (bytes.empty()) return;
    if (begin_ < bytes.size()) {
      if (capacity_ - end_ < bytes.size()) make_room(bytes.size());
      std::memmove(data_.get() + begin_ + bytes.size(), data_.get() + begin_, size());
      begin_ += bytes.size();
      end_ += bytes.size();
    }
    begin_ -= bytes.size();
    std::memcpy(data_.get() + begin_, bytes.data(), bytes.size());
  }
  // Gives the memory of a large head back.
  void shrink() {
    if (!empty() || capacity_ <= kStart) return;
    data_.reset();
    capacity_ = 0;
  }

 private:
  static constexpr std::size_t kStart = 4096;

  void make_room(std::size_t more) {
    const std::size_t needed = size() + more;
    if (begin_ > 0 && needed <= capacity_) {
      std::memmove(data_.get(), data_.get() + begin_, size());
    } else {
      const std::size_t capacity = std::max({kStart, 2 * capacity_, needed});
      auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
      if (!empty()) std::memcpy(larger.get(), data_.get() + begin_, size());
      data_ = std::move(larger);
      capacity_ = capacity;
    }
    end_ -= begin_;
    begin_ = 0;
  }

  std::unique_ptr<std::byte[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace berth::http
