#include "berth/base/keyed_hash.h"

#include <bit>
#include <cstring>

#include "berth/base/hash.h"

namespace berth::base {

static_assert(std::endian::native == std::endian::little, "words are read as they lie in memory");

namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);

std::uint64_t word_at(std::string_view text, std::size_t at) {
  std::uint64_t word = 0;
  std::memcpy(&word, text.data() + at, kWord);
  return word;
}

// The algorithm's state, with its own names of the four words.
struct Sip {
  std::uint64_t v0, v1, v2, v3;

  void rounds(int count) {
    for (int i = 0; i < count; ++i) {
      v0 += v1;
      v1 = std::rotl(v1, 13) ^ v0;
      v0 = std::rotl(v0, 32);
      v2 += v3;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
  }
  void take(std::uint64_t word) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
  [[nodiscard]] std::uint64_t all() const { return v0 ^ v1 ^ v2 ^ v3; }
};

}  // namespace

KeyedHash::KeyedHash() : KeyedHash(random_bytes(2 * kWord)) {}

KeyedHash::KeyedHash(std::string_view key) : first_(word_at(key, 0)), second_(word_at(key, kWord)) {}

KeyedHash::Hash KeyedHash::of(std::string_view text) const {
  Sip sip{first_ ^ 0x736f6d6570736575, second_ ^ 0x646f72616e646f6d ^ 0xee, first_ ^ 0x6c7967656e657261,
          second_ ^ 0x7465646279746573};
  std::size_t at = 0;
  for (; at + kWord <= text.size(); at += kWord) sip.take(word_at(text, at));
  std::uint64_t last = static_cast<std::uint64_t>(text.size()) << 56;
  for (std::size_t i = 0; at + i < text.size(); ++i) last |= std::uint64_t{static_cast<unsigned char>(text[at + i])} << (8 * i);
  sip.take(last);
  sip.v2 ^= 0xee;
  sip.rounds(4);
  const std::uint64_t first = sip.all();
  sip.v1 ^= 0xdd;
  sip.rounds(4);
  return std::bit_cast<Hash>(std::array{first, sip.all()});
}

}  // namespace berth::base
