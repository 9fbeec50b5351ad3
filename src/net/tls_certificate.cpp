#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <utility>

#include <boost/asio/ip/address.hpp>

#include "berth/base/hash.h"
#include "net/tls_context.h"

namespace berth::net {

using base::ErrorCode;

namespace {

using Certificate = Owned<X509, X509_free>;

constexpr std::size_t kSerialBytes = 16;

tl::unexpected<base::Error> failed(std::string_view what) {
  return base::fail(base::Error(ErrorCode::internal, "a self-signed certificate could not be made").in(openssl_error()).in(what));
}

std::time_t seconds_of(base::TimePoint time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

bool is_address(const std::string& name) {
  boost::system::error_code error;
  boost::asio::ip::make_address(name, error);
  return !error;
}

// "DNS:localhost,IP:127.0.0.1"
std::string alternative_names(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  return text;
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
  std::string bytes = base::random_bytes(kSerialBytes);
  bytes[0] = static_cast<char>(bytes[0] & 0x7f);  // positive
  const Owned<BIGNUM, BN_free> number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_subject(X509* certificate) {
  constexpr std::string_view kName = "Berth (self-signed)";
  X509_NAME* name = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(kName.data()),
                                    static_cast<int>(kName.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

template <typename Write>
base::Result<std::string> pem_of(Write&& write) {
  const Owned<BIO, BIO_free_all> sink(BIO_new(BIO_s_mem()));
  if (!sink || write(sink.get()) != 1) return failed("PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(sink.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string address_of(const ASN1_OCTET_STRING* octets) {
  const unsigned char* data = ASN1_STRING_get0_data(octets);
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(octets));
  if (size == 4) {
    boost::asio::ip::address_v4::bytes_type bytes{};
    std::copy_n(data, size, bytes.begin());
    return boost::asio::ip::address_v4(bytes).to_string();
  }
  if (size == 16) {
    boost::asio::ip::address_v6::bytes_type bytes{};
    std::copy_n(data, size, bytes.begin());
    return boost::asio::ip::address_v6(bytes).to_string();
  }
  return {};
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> names;
  const Owned<GENERAL_NAMES, GENERAL_NAMES_free> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type == GEN_DNS) {
      names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                         static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      names.push_back(address_of(name->d.iPAddress));
    }
  }
  return names;
}

}  // namespace

base::Result<CertificateFacts> certificate_facts(const std::string& pem) {
  ERR_clear_error();
  const Owned<BIO, BIO_free_all> source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Certificate certificate(PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr));
  std::tm until{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &until) != 1) {
    return base::fail(base::Error(ErrorCode::configuration_invalid, "this is no certificate in PEM form").in(openssl_error()));
  }
  return CertificateFacts{base::TimePoint(std::chrono::seconds(timegm(&until))), names_of(certificate.get())};
}

base::Result<TlsIdentity> make_self_signed(const std::vector<std::string>& names, base::TimePoint now, std::chrono::hours valid) {
  ERR_clear_error();
  const Owned<EVP_PKEY, EVP_PKEY_free> key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  if (!key || !certificate) return failed("key");
  X509* made = certificate.get();
  // A clock that is a little behind is no reason to be refused.
  const std::time_t from = seconds_of(now - std::chrono::hours(1));
  const std::time_t until = seconds_of(now + valid);
  const bool filled = X509_set_version(made, X509_VERSION_3) == 1 && set_serial(made) && set_subject(made) &&
                      ASN1_TIME_set(X509_getm_notBefore(made), from) != nullptr &&
                      ASN1_TIME_set(X509_getm_notAfter(made), until) != nullptr && X509_set_pubkey(made, key.get()) == 1;
  if (!filled) return failed("fields");
  const bool extended = add_extension(made, NID_subject_alt_name, alternative_names(names)) &&
                        add_extension(made, NID_basic_constraints, "critical,CA:FALSE") &&
                        add_extension(made, NID_key_usage, "critical,digitalSignature") &&
                        add_extension(made, NID_ext_key_usage, "serverAuth");
  if (!extended) return failed("extensions");
  if (X509_sign(made, key.get(), EVP_sha256()) == 0) return failed("signature");
  TlsIdentity identity;
  BERTH_TRY(identity.certificate_chain, pem_of([&](BIO* sink) { return PEM_write_bio_X509(sink, made); }));
  BERTH_TRY(identity.private_key,
            pem_of([&](BIO* sink) { return PEM_write_bio_PrivateKey(sink, key.get(), nullptr, nullptr, 0, nullptr, nullptr); }));
  return identity;
}

}  // namespace berth::net
