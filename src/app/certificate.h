// The certificate of the https listeners: the operator's files, or one of our own making.
//
// What every new connection is shown is an immutable context; reload() and renew() swap it as a whole, and connections that are open keep
// theirs. Any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/base/fs.h"
#include "berth/base/synced.h"
#include "berth/net/tls.h"
#include "berth/service/jobs.h"

namespace berth::app {

class Certificate {
 public:
  // Where a certificate comes from: its PEM texts as they are now. Errors: configuration_invalid, io_error, storage_full, internal.
  using Source = std::function<base::Result<net::TlsIdentity>()>;

  // Errors: those of the source, and of net::TlsContext::make().
  static base::Result<std::unique_ptr<Certificate>> open(Source source, std::vector<std::string> protocols,
                                                         const base::Clock& clock);

  [[nodiscard]] std::shared_ptr<const net::TlsContext> context() const;
  // Asks the source anew. What is the same as before changes nothing, and after an error everything stays as it was.
  base::Result<void> reload();

 private:
  Certificate(Source source, std::vector<std::string> protocols, const base::Clock& clock);

  const Source source_;
  const std::vector<std::string> protocols_;
  const base::Clock& clock_;
  const std::shared_ptr<net::TicketKeys> tickets_;
  struct Current {
    net::TlsIdentity identity;
    std::shared_ptr<const net::TlsContext> context;
  };
  base::Synced<Current> current_;
};

// The operator's files.
Certificate::Source certificate_files(base::FileSystem& fs, std::string certificate, std::string key);
// A self-signed certificate for `names`, kept in DIR/keys/tls-self-signed.pem (key and certificate) and made anew when it is missing, ends
// within 30 days, or lacks one of the names. DIR/keys/tls-self-signed.crt is the certificate alone, for clients that shall trust it.
Certificate::Source self_signed(base::FileSystem& fs, std::string data, std::vector<std::string> names, const base::Clock& clock);
// Reloads once a day, so that a self-signed certificate is renewed in a daemon that never restarts.
std::unique_ptr<service::Job> make_renewal(Certificate& certificate);

}  // namespace berth::app
