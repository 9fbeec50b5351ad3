#include "berth/base/sign.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdlib>

#include "berth/base/hash.h"

namespace berth::base {

namespace {

constexpr std::size_t kSeedSize = 32;
constexpr std::size_t kSignatureSize = 64;

const unsigned char* raw(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* raw(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

// A library that cannot sign with a good key has no memory or is broken; nothing safe could follow.
void require(bool good) {
  if (!good) std::abort();
}

constexpr std::string_view kUrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<signed char, 256> values_of(std::string_view alphabet) {
  std::array<signed char, 256> values{};
  for (auto& value : values) value = -1;
  for (std::size_t i = 0; i < alphabet.size(); ++i) values[static_cast<unsigned char>(alphabet[i])] = static_cast<signed char>(i);
  return values;
}
constexpr auto kUrlValues = values_of(kUrlAlphabet);
constexpr auto kValues = values_of(kAlphabet);

std::optional<std::string> decode(std::string_view text, const std::array<signed char, 256>& values) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  unsigned buffer = 0;
  int bits = 0;
  for (const char c : text) {
    const int value = values[static_cast<unsigned char>(c)];  // NOLINT(bugprone-signed-char-misuse): a number, -1 for none
    if (value < 0) return std::nullopt;
    buffer = (buffer << 6) | static_cast<unsigned>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>((buffer >> bits) & 0xff);
  }
  if ((buffer & ((1U << bits) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace

struct SigningKey::State {
  std::unique_ptr<EVP_PKEY, FreeKey> key;
  std::string seed;
  std::string public_key;
  ~State() { OPENSSL_cleanse(seed.data(), seed.size()); }
};

SigningKey::SigningKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
SigningKey::~SigningKey() = default;
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;

std::optional<SigningKey> SigningKey::from_seed(std::string_view seed) {
  if (seed.size() != kSeedSize) return std::nullopt;
  auto state = std::make_unique<State>();
  state->seed = std::string(seed);
  state->key.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw(seed), seed.size()));
  require(state->key != nullptr);
  state->public_key.resize(kSeedSize);
  std::size_t size = kSeedSize;
  require(EVP_PKEY_get_raw_public_key(state->key.get(), raw(state->public_key), &size) == 1);
  return SigningKey(std::move(state));
}

SigningKey SigningKey::generate() { return *from_seed(random_bytes(kSeedSize)); }

std::string SigningKey::sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  std::string signature(kSignatureSize, '\0');
  std::size_t size = signature.size();
  require(context != nullptr && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, state_->key.get()) == 1 &&
          EVP_DigestSign(context.get(), raw(signature), &size, raw(message), message.size()) == 1);
  return signature;
}

bool SigningKey::verify(std::string_view message, std::string_view signature) const {
  if (signature.size() != kSignatureSize) return false;
  const Context context(EVP_MD_CTX_new());
  require(context != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, state_->key.get()) == 1);
  return EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(message), message.size()) == 1;
}

const std::string& SigningKey::seed() const { return state_->seed; }
const std::string& SigningKey::public_key() const { return state_->public_key; }

std::string hmac_sha256(std::string_view key, std::string_view message) {
  std::string mac(32, '\0');
  unsigned size = 0;
  require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), raw(message), message.size(), raw(mac), &size) != nullptr);
  return mac;
}

std::string sha256(std::string_view message) {
  std::string digest(32, '\0');
  require(EVP_Q_digest(nullptr, "SHA256", nullptr, message.data(), message.size(), raw(digest), nullptr) == 1);
  return digest;
}

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string to_base64url(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  unsigned buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8) | static_cast<unsigned char>(c);
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += kUrlAlphabet[(buffer >> bits) & 63];
    }
  }
  if (bits > 0) text += kUrlAlphabet[(buffer << (6 - bits)) & 63];
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) { return decode(text, kUrlValues); }

std::optional<std::string> from_base64(std::string_view text) {
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode(text, kValues);
}

}  // namespace berth::base
