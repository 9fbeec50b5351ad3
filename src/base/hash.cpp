// OpenSSL 3's EVP cannot write its state down, and an upload must survive a restart without being read again. The older
// SHA256_CTX and SHA512_CTX run the same SHA-NI code and are plain structs; they are deprecated, and this is the one file that
// uses them.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "berth/base/hash.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <climits>
#include <cstdlib>
#include <cstring>
#include <variant>

namespace berth::base {

namespace {

// State text, all numbers big-endian, so that it can be read on any machine:
//
//   offset  size                     what
//   0       4                        "BHS1": the version
//   4       1                        1 = sha256, 2 = sha512
//   5       1                        n, the bytes that wait for a full block
//   6       8 words                  the chaining values (words of 4 bytes for sha256, 8 for sha512)
//           2 words                  the bits seen so far, high word first
//           one block                64 or 128 bytes: the n waiting bytes, then zeros
constexpr std::string_view kStateVersion = "BHS1";
constexpr std::size_t kStateHeader = 6;

char algorithm_tag(HashAlgorithm algorithm) { return algorithm == HashAlgorithm::sha256 ? '\1' : '\2'; }

template <typename Word>
void put_word(std::string& out, Word word) {
  for (int shift = (static_cast<int>(sizeof(Word)) - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((word >> shift) & 0xff));
  }
}

template <typename Word>
Word take_word(std::string_view& in) {
  Word word = 0;
  for (std::size_t i = 0; i < sizeof(Word); ++i) word = static_cast<Word>((word << 8) | static_cast<unsigned char>(in[i]));
  in.remove_prefix(sizeof(Word));
  return word;
}

// What differs between the two algorithms.
struct Sha256 {
  using Context = SHA256_CTX;
  using Word = SHA_LONG;
  static constexpr std::size_t kBlock = SHA256_CBLOCK;
  static constexpr std::size_t kDigest = SHA256_DIGEST_LENGTH;
  static void init(Context& c) { SHA256_Init(&c); }
  static void update(Context& c, const void* data, std::size_t size) { SHA256_Update(&c, data, size); }
  static void final(unsigned char* out, Context& c) { SHA256_Final(out, &c); }
  static auto* waiting(auto& c) { return &c.data; }
};

struct Sha512 {
  using Context = SHA512_CTX;
  using Word = SHA_LONG64;
  static constexpr std::size_t kBlock = SHA512_CBLOCK;
  static constexpr std::size_t kDigest = SHA512_DIGEST_LENGTH;
  static void init(Context& c) { SHA512_Init(&c); }
  static void update(Context& c, const void* data, std::size_t size) { SHA512_Update(&c, data, size); }
  static void final(unsigned char* out, Context& c) { SHA512_Final(out, &c); }
  static auto* waiting(auto& c) { return &c.u.p; }
};

template <typename Sha>
std::string save(const typename Sha::Context& context, HashAlgorithm algorithm) {
  std::string state(kStateVersion);
  state.push_back(algorithm_tag(algorithm));
  state.push_back(static_cast<char>(context.num));
  for (auto word : context.h) put_word<typename Sha::Word>(state, word);
  put_word<typename Sha::Word>(state, context.Nh);
  put_word<typename Sha::Word>(state, context.Nl);
  state.append(reinterpret_cast<const char*>(Sha::waiting(context)), context.num);
  state.append(Sha::kBlock - context.num, '\0');
  return state;
}

template <typename Sha>
bool load(typename Sha::Context& context, std::string_view state) {
  using Word = typename Sha::Word;
  if (state.size() != kStateHeader + 10 * sizeof(Word) + Sha::kBlock) return false;
  const auto waiting = static_cast<unsigned char>(state[5]);
  state.remove_prefix(kStateHeader);
  Sha::init(context);
  for (auto& word : context.h) word = take_word<Word>(state);
  context.Nh = take_word<Word>(state);
  context.Nl = take_word<Word>(state);
  // The waiting bytes are what the total leaves over; anything else would make OpenSSL write outside its block.
  if (waiting >= Sha::kBlock || context.Nl % 8 != 0 || (context.Nl / 8) % Sha::kBlock != waiting) return false;
  context.num = waiting;
  std::memcpy(Sha::waiting(context), state.data(), waiting);
  return true;
}

template <typename Sha>
std::string digest(typename Sha::Context context) {
  unsigned char out[Sha::kDigest];
  Sha::final(out, context);
  OPENSSL_cleanse(&context, sizeof context);
  return to_hex(std::as_bytes(std::span(out)));
}

}  // namespace

std::string_view hash_algorithm_name(HashAlgorithm algorithm) { return algorithm == HashAlgorithm::sha256 ? "sha256" : "sha512"; }

std::optional<HashAlgorithm> find_hash_algorithm(std::string_view name) {
  if (name == "sha256") return HashAlgorithm::sha256;
  if (name == "sha512") return HashAlgorithm::sha512;
  return std::nullopt;
}

struct Hasher::State {
  HashAlgorithm algorithm;
  union {
    SHA256_CTX sha256;
    SHA512_CTX sha512;
  };

  explicit State(HashAlgorithm a) : algorithm(a) {
    if (algorithm == HashAlgorithm::sha256) {
      Sha256::init(sha256);
    } else {
      Sha512::init(sha512);
    }
  }
  // The last bytes wait in it as they are, and what is hashed may be a key.
  ~State() { OPENSSL_cleanse(&sha512, sizeof sha512); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Hasher::Hasher(HashAlgorithm algorithm) : state_(std::make_unique<State>(algorithm)) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

std::optional<Hasher> Hasher::restore(HashAlgorithm algorithm, std::string_view state) {
  if (state.size() < kStateHeader || !state.starts_with(kStateVersion) || state[4] != algorithm_tag(algorithm))
    return std::nullopt;
  Hasher hasher(algorithm);
  const bool loaded = algorithm == HashAlgorithm::sha256 ? load<Sha256>(hasher.state_->sha256, state)
                                                         : load<Sha512>(hasher.state_->sha512, state);
  if (!loaded) return std::nullopt;
  return hasher;
}

void Hasher::update(ByteView bytes) {
  if (bytes.empty()) return;  // memcpy from nullptr is undefined even for no bytes
  if (state_->algorithm == HashAlgorithm::sha256) {
    Sha256::update(state_->sha256, bytes.data(), bytes.size());
  } else {
    Sha512::update(state_->sha512, bytes.data(), bytes.size());
  }
}

std::string Hasher::hex_digest() const {
  return state_->algorithm == HashAlgorithm::sha256 ? digest<Sha256>(state_->sha256) : digest<Sha512>(state_->sha512);
}

std::string Hasher::save_state() const {
  return state_->algorithm == HashAlgorithm::sha256 ? save<Sha256>(state_->sha256, state_->algorithm)
                                                    : save<Sha512>(state_->sha512, state_->algorithm);
}

HashAlgorithm Hasher::algorithm() const { return state_->algorithm; }

std::string hash_hex(HashAlgorithm algorithm, ByteView bytes) {
  Hasher hasher(algorithm);
  hasher.update(bytes);
  return hasher.hex_digest();
}

namespace {

// The table of the reflected polynomial 0xEDB88320, one row per input byte.
constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320U : 0U);
    table[i] = value;
  }
  return table;
}();

}  // namespace

std::uint32_t crc32(ByteView bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (std::byte b : bytes) crc = (crc >> 8) ^ kCrcTable[(crc ^ std::to_integer<std::uint32_t>(b)) & 0xff];
  return ~crc;
}

std::string random_bytes(std::size_t count) {
  if (count > INT_MAX) std::abort();
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) std::abort();
  return bytes;
}

// Every request has an id, and sixteen bytes cost the generator as much as a page: each thread draws a page at once.
std::string random_id() {
  constexpr std::size_t kIdBytes = 16;
  constexpr std::size_t kPageBytes = 4096;
  thread_local std::string page;
  thread_local std::size_t used = kPageBytes;
  if (used == kPageBytes) {
    page = random_bytes(kPageBytes);
    used = 0;
  }
  const std::string_view id = std::string_view(page).substr(used, kIdBytes);
  used += kIdBytes;
  return to_hex(as_bytes(id));
}

}  // namespace berth::base
