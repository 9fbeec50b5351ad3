#include "support/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>

namespace berth::test {

namespace {

std::string session_text(SSL_SESSION* session) {
  unsigned char* bytes = nullptr;
  const int size = i2d_SSL_SESSION(session, &bytes);
  std::string text(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(std::max(size, 0)));
  OPENSSL_free(bytes);
  return text;
}

// Where the newest ticket of a connection is noted.
int keep_session(SSL* ssl, SSL_SESSION* session) {
  *static_cast<std::string*>(SSL_get_app_data(ssl)) = session_text(session);
  return 0;
}

int version_of(const std::string& name) {
  if (name == "1.1") return TLS1_1_VERSION;
  return name == "1.2" ? TLS1_2_VERSION : 0;
}

std::string first_error() {
  char text[256] = "";
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  ERR_clear_error();
  return text;
}

}  // namespace

struct TlsSession::State {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = nullptr;
  std::string session;
  ~State() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
};

TlsSession::TlsSession(int descriptor, const TlsOptions& options) : state_(new State) {
  SSL_CTX* context = state_->context;
  SSL_CTX_set_security_level(context, 0);  // the server has to refuse what is weak
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, version_of(options.newest));
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  if (!options.ciphers.empty()) SSL_CTX_set_cipher_list(context, options.ciphers.c_str());
  state_->ssl = SSL_new(context);
  SSL_set_app_data(state_->ssl, &state_->session);
  SSL_set_fd(state_->ssl, descriptor);
  std::string offered;
  for (const auto& name : options.protocols) offered += static_cast<char>(name.size()) + name;
  if (!offered.empty()) {
    SSL_set_alpn_protos(state_->ssl, reinterpret_cast<const unsigned char*>(offered.data()),
                        static_cast<unsigned int>(offered.size()));
  }
  if (options.session.empty()) return;
  const auto* bytes = reinterpret_cast<const unsigned char*>(options.session.data());
  SSL_SESSION* session = d2i_SSL_SESSION(nullptr, &bytes, static_cast<long>(options.session.size()));
  SSL_set_session(state_->ssl, session);
  SSL_SESSION_free(session);
}

TlsSession::~TlsSession() = default;

bool TlsSession::handshake() {
  ERR_clear_error();
  if (SSL_connect(state_->ssl) == 1) return true;
  error_ = first_error();
  return false;
}

ssize_t TlsSession::send(std::string_view bytes) {
  ERR_clear_error();
  const int size = SSL_write(state_->ssl, bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 30)));
  return size > 0 ? size : -1;
}

ssize_t TlsSession::receive(std::span<char> into) {
  ERR_clear_error();
  const int size = SSL_read(state_->ssl, into.data(), static_cast<int>(into.size()));
  if (size > 0) return size;
  const int error = SSL_get_error(state_->ssl, size);
  if (error == SSL_ERROR_WANT_READ) {
    errno = EAGAIN;
    return -1;
  }
  if (error == SSL_ERROR_SSL) error_ = first_error();
  return 0;
}

void TlsSession::end_sending() { SSL_shutdown(state_->ssl); }

std::string TlsSession::protocol() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(state_->ssl, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

int TlsSession::descriptor() const { return SSL_get_fd(state_->ssl); }
std::string TlsSession::version() const { return SSL_get_version(state_->ssl); }
std::string TlsSession::cipher() const { return SSL_get_cipher_name(state_->ssl); }
bool TlsSession::resumed() const { return SSL_session_reused(state_->ssl) == 1; }
bool TlsSession::ended_cleanly() const { return (SSL_get_shutdown(state_->ssl) & SSL_RECEIVED_SHUTDOWN) != 0; }
std::string TlsSession::session() const {
  // Up to TLS 1.2 the library does not call back for the new ticket of a session that was resumed.
  return SSL_version(state_->ssl) < TLS1_3_VERSION ? session_text(SSL_get_session(state_->ssl)) : state_->session;
}

std::string TlsSession::certificate() const {
  X509* certificate = SSL_get1_peer_certificate(state_->ssl);
  if (certificate == nullptr) return {};
  BIO* sink = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(sink, certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(sink, &data);
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free_all(sink);
  X509_free(certificate);
  return pem;
}

}  // namespace berth::test
