#include "net/tls_context.h"

#include <array>
#include <utility>

namespace berth::net {

using base::ErrorCode;

namespace {

// TLS 1.2: forward secrecy and AEAD. The machine's AES is faster with the shorter key, and a client without AES in hardware says so by
// putting ChaCha20 first.
constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kCiphers13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";
// 112 bits of security: no RSA below 2048 bits, no SHA-1 in the chain.
constexpr int kSecurityLevel = 2;
// A ticket is good for as long as its key is known for sure.
constexpr long kSessionSeconds = 12 * 3600;

tl::unexpected<base::Error> refused(const std::string& why) {
  return base::fail(base::Error(ErrorCode::configuration_invalid, why).in(openssl_error()));
}

Owned<BIO, BIO_free_all> text_source(const std::string& text) {
  return Owned<BIO, BIO_free_all>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Owned<X509, X509_free> next_certificate(BIO* source) {
  return Owned<X509, X509_free>(PEM_read_bio_X509(source, nullptr, nullptr, nullptr));
}

// A key behind a password cannot be used by a daemon; without this OpenSSL would ask on the terminal.
int no_password(char*, int, int, void*) { return -1; }

base::Result<void> use_certificate(SSL_CTX* ssl, const std::string& pem) {
  const auto source = text_source(pem);
  const auto leaf = next_certificate(source.get());
  if (!leaf) return refused("the TLS certificate file holds no certificate in PEM form");
  if (SSL_CTX_use_certificate(ssl, leaf.get()) != 1) return refused("the TLS certificate cannot be used: too weak, or damaged");
  while (auto link = next_certificate(source.get())) {
    if (SSL_CTX_add1_chain_cert(ssl, link.get()) != 1) return refused("the chain behind the TLS certificate cannot be used");
  }
  ERR_clear_error();  // the end of the text
  return {};
}

base::Result<void> use_key(SSL_CTX* ssl, const std::string& pem) {
  const auto source = text_source(pem);
  const Owned<EVP_PKEY, EVP_PKEY_free> key(PEM_read_bio_PrivateKey(source.get(), nullptr, no_password, nullptr));
  if (!key) return refused("the TLS key file holds no private key in PEM form without a password");
  if (SSL_CTX_use_PrivateKey(ssl, key.get()) != 1 || SSL_CTX_check_private_key(ssl) != 1) {
    return refused("the TLS key does not belong to the TLS certificate");
  }
  return {};
}

std::string alpn_list(const std::vector<std::string>& protocols) {
  std::string list;
  for (const auto& name : protocols) list += static_cast<char>(name.size()) + name;
  return list;
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void* context) {
  const auto& ours = static_cast<const TlsContext::State*>(context)->protocols;
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(ours.data()),
                                           static_cast<unsigned int>(ours.size()), offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool set_policy(SSL_CTX* ssl) {
  SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_PRIORITIZE_CHACHA | SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
  // Idle connections keep no buffers.
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_security_level(ssl, kSecurityLevel);
  // Sessions live in tickets alone: no cache that grows, none to share between threads.
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(ssl, kSessionSeconds);
  constexpr std::array<unsigned char, 5> kContext = {'b', 'e', 'r', 't', 'h'};
  return SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(ssl, kCiphers12) == 1 &&
         SSL_CTX_set_ciphersuites(ssl, kCiphers13) == 1 && SSL_CTX_set1_groups_list(ssl, kGroups) == 1 &&
         SSL_CTX_set_session_id_context(ssl, kContext.data(), kContext.size()) == 1 &&
         // One ticket a connection: clients of a registry that resume at all keep one.
         SSL_CTX_set_num_tickets(ssl, 1) == 1;
}

}  // namespace

std::string openssl_error() {
  std::string text;
  for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error()) {
    std::array<char, 256> line{};
    ERR_error_string_n(code, line.data(), line.size());
    text += (text.empty() ? "" : "; ") + std::string(line.data());
  }
  return text;
}

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;

base::Result<std::shared_ptr<const TlsContext>> TlsContext::make(const TlsIdentity& identity,
                                                                 const std::vector<std::string>& protocols,
                                                                 std::shared_ptr<TicketKeys> tickets) {
  ERR_clear_error();
  auto state = std::make_unique<State>();
  state->ssl.reset(SSL_CTX_new(TLS_server_method()));
  state->protocols = alpn_list(protocols);
  state->tickets = std::move(tickets);
  SSL_CTX* ssl = state->ssl.get();
  if (ssl == nullptr || !set_policy(ssl)) return refused("the TLS library refuses our settings");
  BERTH_CHECK_OK(use_certificate(ssl, identity.certificate_chain));
  BERTH_CHECK_OK(use_key(ssl, identity.private_key));
  if (!state->protocols.empty()) SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, state.get());
  use_ticket_keys(ssl, *state->tickets);
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(state)));
}

}  // namespace berth::net
