#include "app/certificate.h"

#include <algorithm>
#include <utility>

#include "berth/base/log.h"
#include "berth/base/small_file.h"

namespace berth::app {

using base::ErrorCode;

namespace {

constexpr std::chrono::hours kValid{5 * 366 * 24};
constexpr std::chrono::hours kRenewBefore{30 * 24};
constexpr std::string_view kKeyMark = "-----BEGIN PRIVATE KEY-----";

class SelfSigned {
 public:
  SelfSigned(base::FileSystem& fs, std::string data, std::vector<std::string> names, const base::Clock& clock)
      : fs_(fs), folder_(std::move(data) + "/keys"), names_(std::move(names)), clock_(clock) {}

  base::Result<net::TlsIdentity> get() const {
    BERTH_TRY(auto kept, find());
    if (kept && good(*kept)) return std::move(*kept);
    BERTH_TRY(auto fresh, net::make_self_signed(names_, clock_.now(), kValid));
    BERTH_CHECK_OK(fs_.make_directory(folder_));
    BERTH_CHECK_OK(base::replace_small_file(fs_, folder_, "tls-self-signed.pem", fresh.certificate_chain + fresh.private_key));
    BERTH_CHECK_OK(base::replace_small_file(fs_, folder_, "tls-self-signed.crt", fresh.certificate_chain));
    base::log::info("made a self-signed certificate", {{"file", folder_ + "/tls-self-signed.crt"}});
    return fresh;
  }

 private:
  [[nodiscard]] base::Result<std::optional<net::TlsIdentity>> find() const {
    BERTH_TRY(const auto text, base::read_small_file(fs_, folder_ + "/tls-self-signed.pem"));
    const auto key = text ? text->find(kKeyMark) : std::string::npos;
    if (key == std::string::npos) return std::nullopt;
    return net::TlsIdentity{text->substr(0, key), text->substr(key)};
  }

  // Anything but a certificate that will do for a while is replaced: it is ours, and nobody else's content is lost.
  [[nodiscard]] bool good(const net::TlsIdentity& identity) const {
    const auto facts = net::certificate_facts(identity.certificate_chain);
    if (!facts || facts->not_after < clock_.now() + kRenewBefore) return false;
    return std::all_of(names_.begin(), names_.end(), [&](const std::string& name) {
      return std::find(facts->names.begin(), facts->names.end(), name) != facts->names.end();
    });
  }

  base::FileSystem& fs_;
  std::string folder_;
  std::vector<std::string> names_;
  const base::Clock& clock_;
};

base::Result<std::string> read_operator_file(base::FileSystem& fs, const std::string& path, std::string_view what) {
  BERTH_TRY(auto text, base::read_small_file(fs, path));
  if (text) return std::move(*text);
  return base::fail(ErrorCode::configuration_invalid, "there is no " + std::string(what) + " file " + path);
}

class Renewal final : public service::Job {
 public:
  explicit Renewal(Certificate& certificate) : certificate_(certificate) {}
  [[nodiscard]] std::string_view name() const override { return "certificate"; }
  [[nodiscard]] std::chrono::seconds interval() const override { return std::chrono::hours(24); }
  base::Result<void> run() override { return certificate_.reload(); }

 private:
  Certificate& certificate_;
};

}  // namespace

Certificate::Certificate(Source source, std::vector<std::string> protocols, const base::Clock& clock)
    : source_(std::move(source)),
      protocols_(std::move(protocols)),
      clock_(clock),
      tickets_(std::make_shared<net::TicketKeys>(clock)) {}

base::Result<std::unique_ptr<Certificate>> Certificate::open(Source source, std::vector<std::string> protocols,
                                                             const base::Clock& clock) {
  std::unique_ptr<Certificate> certificate(new Certificate(std::move(source), std::move(protocols), clock));
  BERTH_CHECK_OK(certificate->reload());
  return certificate;
}

std::shared_ptr<const net::TlsContext> Certificate::context() const {
  return current_.with([](const Current& current) { return current.context; });
}

base::Result<void> Certificate::reload() {
  BERTH_TRY(auto identity, source_());
  const bool same = current_.with([&](const Current& current) { return current.identity == identity; });
  BERTH_TRY(auto context, same ? base::Result<std::shared_ptr<const net::TlsContext>>(this->context())
                               : net::TlsContext::make(identity, protocols_, tickets_));
  BERTH_TRY(const auto facts, net::certificate_facts(identity.certificate_chain));
  current_.with([&](Current& current) { current = {std::move(identity), std::move(context)}; });
  const base::log::Fields fields = {{"not_after", base::format_rfc3339(facts.not_after)}};
  if (facts.not_after < clock_.now() + kRenewBefore) {
    base::log::warning("the certificate ends soon, or has ended", fields);
  } else if (!same) {
    base::log::info("certificate loaded", fields);
  }
  return {};
}

Certificate::Source certificate_files(base::FileSystem& fs, std::string certificate, std::string key) {
  return [&fs, certificate = std::move(certificate), key = std::move(key)]() -> base::Result<net::TlsIdentity> {
    net::TlsIdentity identity;
    BERTH_TRY(identity.certificate_chain, read_operator_file(fs, certificate, "certificate"));
    BERTH_TRY(identity.private_key, read_operator_file(fs, key, "key"));
    return identity;
  };
}

Certificate::Source self_signed(base::FileSystem& fs, std::string data, std::vector<std::string> names,
                                const base::Clock& clock) {
  return [maker = SelfSigned(fs, std::move(data), std::move(names), clock)] { return maker.get(); };
}

std::unique_ptr<service::Job> make_renewal(Certificate& certificate) { return std::make_unique<Renewal>(certificate); }

}  // namespace berth::app
