// Letters to people, over the operator's mail server (SMTP, RFC 5321).
//
// What this is: a queue in memory and one thread that empties it. A letter that the server does not take is tried again twice, within minutes,
// and then given up and logged; a letter that waits when the process ends is lost, which whoever asked for it can repeat. What it is not: a
// mail server, or a way to anywhere but the one server of the settings. Threads: send() from any, it never blocks.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "berth/base/error.h"

namespace berth::outbound {

struct Mail {
  std::string to;  // one address
  std::string subject;
  std::string text;  // UTF-8, lines end in \n
};

// Whether the connection must be encrypted. smtps:// always is.
enum class MailTls : std::uint8_t { required, opportunistic, never };

struct MailOptions {
  std::string url;   // smtp://host:587 (STARTTLS) or smtps://host:465
  std::string from;  // one address
  std::string user;  // empty: no login
  std::string password;
  MailTls tls = MailTls::required;
  std::chrono::seconds timeout{60};  // of one try
  std::vector<std::chrono::milliseconds> retries{std::chrono::seconds(10),
                                                 std::chrono::seconds(120)};  // pauses before each further try
};

class Mailer {
 public:
  static constexpr std::size_t kWaiting = 1000;

  // Errors: configuration_invalid (libcurl is not there).
  static base::Result<std::unique_ptr<Mailer>> open(MailOptions options);
  // Cuts what is being sent.
  ~Mailer();
  Mailer(const Mailer&) = delete;
  Mailer& operator=(const Mailer&) = delete;

  // False when kWaiting letters wait already, or an address is none that can stand in a letter's head.
  [[nodiscard]] bool send(Mail mail);

 private:
  struct State;
  explicit Mailer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The letter as it goes over the wire: head, blank line, body in base64 (RFC 5322, RFC 2045 §6.8, RFC 2047). `date` and `id` as they stand in it.
std::string format_mail(const std::string& from, const Mail& mail, const std::string& date, const std::string& id);

}  // namespace berth::outbound
