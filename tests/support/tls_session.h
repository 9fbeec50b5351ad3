// The client's side of TLS over a connected, blocking socket: for tests that look at the handshake, and for RawClient.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace berth::test {

struct TlsOptions {
  std::vector<std::string> protocols;  // offered by ALPN
  std::string newest;                  // "1.1", "1.2"; empty: the library's
  std::string ciphers;                 // up to TLS 1.2, as OpenSSL names them; empty: the library's
  std::string session;                 // of TlsSession::session(), to be resumed
};

class TlsSession {
 public:
  TlsSession(int descriptor, const TlsOptions& options);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Any certificate is taken. False: refused, see error().
  bool handshake();
  // -1 with errno as send(2) and recv(2); 0 from receive(): the end, clean or not.
  ssize_t send(std::string_view bytes);
  ssize_t receive(std::span<char> into);
  // Says that nothing more comes (close_notify).
  void end_sending();

  [[nodiscard]] std::string protocol() const;  // what ALPN chose
  [[nodiscard]] std::string version() const;   // "TLSv1.3"
  [[nodiscard]] std::string cipher() const;
  [[nodiscard]] bool resumed() const;
  // Whether the peer has said that nothing more comes.
  [[nodiscard]] bool ended_cleanly() const;
  // The last ticket that came with what was read; empty: none.
  [[nodiscard]] std::string session() const;
  [[nodiscard]] std::string certificate() const;  // PEM
  [[nodiscard]] const std::string& error() const { return error_; }
  // The socket, for bytes that are no TLS.
  [[nodiscard]] int descriptor() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string error_;
};

}  // namespace berth::test
