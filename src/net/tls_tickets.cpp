// Session tickets: sealed with AES-256-CBC and HMAC-SHA-256 (RFC 5077 §4) under a key that is named in the ticket.
#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>

#include "berth/base/hash.h"
#include "berth/base/synced.h"
#include "net/tls_context.h"

namespace berth::net {

namespace {

constexpr std::chrono::hours kRotation{12};
constexpr std::size_t kNameSize = 16;
constexpr std::size_t kIvSize = 16;

struct TicketKey {
  std::array<unsigned char, kNameSize> name{};
  std::array<unsigned char, 32> cipher{};
  std::array<unsigned char, 32> mac{};
  base::TimePoint made;
};

template <std::size_t Size>
void fill_with_randomness(std::array<unsigned char, Size>& bytes) {
  std::string random = base::random_bytes(Size);
  std::copy(random.begin(), random.end(), bytes.begin());
  OPENSSL_cleanse(random.data(), random.size());
}

enum class Age : std::uint8_t { newest, replaced };

}  // namespace

// The newest first. Two at most: a ticket lives 12 hours, and so does a key in each of the two places.
struct TicketKeys::State {
  const base::Clock& clock;
  base::Synced<std::deque<TicketKey>> ring;

  // The key for new tickets.
  TicketKey current() {
    const auto now = clock.now();
    return ring.with([&](std::deque<TicketKey>& keys) {
      forget_old(keys, now);
      if (keys.empty() || keys.front().made + kRotation <= now) {
        TicketKey fresh;
        fresh.made = now;
        fill_with_randomness(fresh.name);
        fill_with_randomness(fresh.cipher);
        fill_with_randomness(fresh.mac);
        keys.push_front(fresh);
      }
      return keys.front();
    });
  }

  std::optional<std::pair<TicketKey, Age>> find(const unsigned char* name) {
    const auto now = clock.now();
    return ring.with([&](std::deque<TicketKey>& keys) -> std::optional<std::pair<TicketKey, Age>> {
      forget_old(keys, now);
      for (const TicketKey& key : keys) {
        if (std::equal(key.name.begin(), key.name.end(), name)) {
          return std::pair{key, key.name == keys.front().name ? Age::newest : Age::replaced};
        }
      }
      return std::nullopt;
    });
  }

 private:
  static void forget_old(std::deque<TicketKey>& keys, base::TimePoint now) {
    while (!keys.empty() && keys.back().made + 2 * kRotation <= now) {
      OPENSSL_cleanse(&keys.back(), sizeof(TicketKey));
      keys.pop_back();
    }
  }
};

namespace {

// The place in an SSL_CTX where its keys are noted.
int keys_index() {
  static const int kIndex = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return kIndex;
}

bool set_mac(EVP_MAC_CTX* mac, TicketKey& key) {
  const std::array<OSSL_PARAM, 3> parameters = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>("SHA256"), 0),
      OSSL_PARAM_construct_end(),
  };
  return EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
}

// OpenSSL's protocol: -1 failure · 0 no ticket, or not one of ours · 1 good · 2 good, and to be replaced by a new one.
int seal_or_open(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int sealing) {
  auto& keys = *static_cast<TicketKeys::State*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), keys_index()));
  if (sealing != 0) {
    TicketKey key = keys.current();
    std::copy(key.name.begin(), key.name.end(), name);
    const std::string random = base::random_bytes(kIvSize);
    std::copy(random.begin(), random.end(), iv);
    return EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), key.cipher.data(), iv, nullptr) == 1 && set_mac(mac, key) ? 1 : -1;
  }
  auto found = keys.find(name);
  if (!found) return 0;
  auto& [key, age] = *found;
  if (EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), key.cipher.data(), iv, nullptr) != 1 || !set_mac(mac, key)) return -1;
  return age == Age::replaced ? 2 : 1;
}

}  // namespace

TicketKeys::TicketKeys(const base::Clock& clock) : state_(new State{clock, {}}) {}

TicketKeys::~TicketKeys() {
  state_->ring.with([](std::deque<TicketKey>& keys) {
    for (auto& key : keys) OPENSSL_cleanse(&key, sizeof key);
  });
}

void use_ticket_keys(SSL_CTX* ssl, TicketKeys& keys) {
  SSL_CTX_set_ex_data(ssl, keys_index(), &keys.state());
  SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, seal_or_open);
}

}  // namespace berth::net
