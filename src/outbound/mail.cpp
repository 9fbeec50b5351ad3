#include "berth/outbound/mail.h"

#include <algorithm>
#include <atomic>
#include <ctime>
#include <deque>
#include <optional>
#include <thread>

#include "berth/base/bytes.h"
#include "berth/base/hash.h"
#include "berth/base/log.h"
#include "berth/base/metrics.h"
#include "berth/base/synced.h"
#include "outbound/curl_library.h"

namespace berth::outbound {

namespace {

using Steady = std::chrono::steady_clock;
using base::metrics::Metric;

constexpr std::chrono::seconds kConnect{10};
constexpr std::chrono::hours kIdle{1};

// Between angle brackets, in a line of its own: nothing that ends either.
bool is_address(std::string_view text) {
  return text.find('@') != std::string_view::npos && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '<' || c == '>';
         });
}

std::string date_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[64];
  const auto length = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &parts);
  return {text, length};
}

std::string domain_of(const std::string& address) { return address.substr(address.find('@') + 1); }

// What curl reads the letter from, and looks at while it works.
struct Sending {
  std::string_view rest;
  const std::atomic<bool>& stopping;
};

std::size_t read_letter(char* into, std::size_t size, std::size_t count, void* context) {
  auto& rest = static_cast<Sending*>(context)->rest;
  const auto length = std::min(size * count, rest.size());
  rest.copy(into, length);
  rest.remove_prefix(length);
  return length;
}

int look_around(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Sending*>(context)->stopping ? 1 : 0;
}

long tls_of(MailTls tls) {
  switch (tls) {
    case MailTls::required: return CURLUSESSL_ALL;
    case MailTls::opportunistic: return CURLUSESSL_TRY;
    case MailTls::never: return CURLUSESSL_NONE;
  }
  return CURLUSESSL_ALL;
}

}  // namespace

struct Mailer::State {
  struct Letter {
    Mail mail;
    std::size_t tries = 0;
    Steady::time_point due;
  };

  State(MailOptions o, const CurlLibrary& c) : options(std::move(o)), curl(c) {}

  const MailOptions options;
  const CurlLibrary& curl;
  std::atomic<bool> stopping = false;
  base::Synced<std::deque<Letter>> letters;
  std::thread thread;

  // The first letter whose time has come; waits for one.
  std::optional<Letter> next() {
    const auto due = [](const Letter& a, const Letter& b) { return a.due < b.due; };
    const auto pause = letters.with([&](auto& all) -> Steady::duration {
      if (all.empty()) return kIdle;
      return std::max<Steady::duration>(std::min_element(all.begin(), all.end(), due)->due - Steady::now(),
                                        Steady::duration::zero());
    });
    const auto ready = [&](auto& all) {
      return stopping || std::any_of(all.begin(), all.end(), [](const Letter& l) { return l.due <= Steady::now(); });
    };
    return letters.wait_for(pause, ready, [&](auto& all) -> std::optional<Letter> {
      const auto first = std::min_element(all.begin(), all.end(), due);
      if (stopping || first == all.end() || first->due > Steady::now()) return std::nullopt;
      Letter letter = std::move(*first);
      all.erase(first);
      return letter;
    });
  }

  void loop() {
    while (!stopping) {
      auto letter = next();
      if (letter) deliver(std::move(*letter));
    }
  }

  void deliver(Letter letter) {
    const auto problem = attempt(letter.mail);
    if (problem.empty()) return base::metrics::add(Metric::letters, 1, {"sent"});
    if (stopping) return;
    if (letter.tries < options.retries.size()) {
      letter.due = Steady::now() + options.retries[letter.tries++];
      base::metrics::add(Metric::letters, 1, {"tried"});
      base::log::warning("a letter was not taken; it is tried again", {{"problem", problem}});
      letters.with([&](auto& all) { all.push_back(std::move(letter)); });
      return;
    }
    base::metrics::add(Metric::letters, 1, {"failed"});
    base::log::error("a letter was given up", {{"problem", problem}});
  }

  // What went wrong; empty: the server has it.
  std::string attempt(const Mail& mail) {
    const auto text = format_mail(options.from, mail, date_now(),
                                  base::to_hex(base::as_bytes(base::random_bytes(16))) + '@' + domain_of(options.from));
    Sending sending{text, stopping};
    const std::unique_ptr<CURL, decltype(curl.easy_cleanup)> handle(curl.easy_init(), curl.easy_cleanup);
    const std::string to = '<' + mail.to + '>';
    const std::string from = '<' + options.from + '>';
    const std::unique_ptr<curl_slist, decltype(curl.slist_free_all)> recipients(curl.slist_append(nullptr, to.c_str()),
                                                                                curl.slist_free_all);
    if (!handle || !recipients) return "memory is short";
    const auto set = [&](CURLoption option, auto value) { curl.easy_setopt(handle.get(), option, value); };
    set(CURLOPT_URL, options.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(kConnect.count()));
    set(CURLOPT_TIMEOUT, static_cast<long>(options.timeout.count()));
    set(CURLOPT_USE_SSL, tls_of(options.tls));
    if (!options.user.empty()) {
      set(CURLOPT_USERNAME, options.user.c_str());
      set(CURLOPT_PASSWORD, options.password.c_str());
    }
    set(CURLOPT_MAIL_FROM, from.c_str());
    set(CURLOPT_MAIL_RCPT, recipients.get());
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, read_letter);
    set(CURLOPT_READDATA, &sending);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, look_around);
    set(CURLOPT_XFERINFODATA, &sending);
    const auto code = curl.easy_perform(handle.get());
    if (code == CURLE_OK) return {};
    long reply = 0;
    curl.easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &reply);
    return std::string(curl.easy_strerror(code)) +
           (reply != 0 ? " (the server said " + std::to_string(reply) + ')' : std::string());
  }
};

base::Result<std::unique_ptr<Mailer>> Mailer::open(MailOptions options) {
  BERTH_TRY(const auto* curl, get_curl());
  return std::unique_ptr<Mailer>(new Mailer(std::make_unique<State>(std::move(options), *curl)));
}

Mailer::Mailer(std::unique_ptr<State> state) : state_(std::move(state)) {
  state_->thread = std::thread([state = state_.get()] { state->loop(); });
}

Mailer::~Mailer() {
  // Under the lock, so that the thread does not miss it between looking and waiting.
  state_->letters.with([&](auto&) { state_->stopping = true; });
  state_->letters.notify_all();
  state_->thread.join();
}

bool Mailer::send(Mail mail) {
  if (!is_address(mail.to) || !is_address(state_->options.from)) return false;
  const bool taken = state_->letters.with([&](auto& all) {
    if (all.size() >= kWaiting) return false;
    all.push_back({std::move(mail), 0, Steady::now()});
    return true;
  });
  state_->letters.notify_all();
  return taken;
}

}  // namespace berth::outbound
