#include "app/mail.h"

#include "berth/base/fs.h"
#include "berth/service/members.h"

namespace berth::app {

using base::ErrorCode;

namespace {

outbound::MailTls tls_of(std::string_view text) {
  if (text == "never") return outbound::MailTls::never;
  return text == "opportunistic" ? outbound::MailTls::opportunistic : outbound::MailTls::required;
}

base::Result<std::string> password_of(const std::string& path) {
  if (path.empty()) return std::string();
  BERTH_TRY(const auto text, base::read_small_file(base::real_file_system(), path));
  if (!text) return base::fail(ErrorCode::configuration_invalid, "smtp_password_file names " + path + ", which is not there");
  return text->substr(0, text->find_first_of("\r\n"));
}

}  // namespace

base::Result<std::unique_ptr<outbound::Mailer>> make_mailer(const Settings& settings) {
  outbound::MailOptions options;
  options.url = settings.text(Setting::smtp_url);
  if (options.url.empty()) return nullptr;
  if (!options.url.starts_with("smtp://") && !options.url.starts_with("smtps://")) {
    return base::fail(ErrorCode::configuration_invalid, "smtp_url must begin with smtp:// or smtps://");
  }
  const auto from = service::parse_email(settings.text(Setting::smtp_from));
  if (!from) return base::fail(ErrorCode::configuration_invalid, "smtp_url needs smtp_from, the address that letters come from");
  options.from = *from;
  options.user = settings.text(Setting::smtp_user);
  BERTH_TRY(options.password, password_of(settings.text(Setting::smtp_password_file)));
  options.tls = tls_of(settings.text(Setting::smtp_tls));
  return outbound::Mailer::open(std::move(options));
}

}  // namespace berth::app
