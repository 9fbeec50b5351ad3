#include "berth/base/sign.h"
#include "berth/outbound/mail.h"

namespace berth::outbound {

namespace {

std::string base64(std::string_view bytes) {
  std::string text = base::to_base64url(bytes);
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

// One encoded word holds 42 bytes, so that a line of the head has 78 characters at most; the text is cut between code points.
std::string encoded_words(std::string_view text) {
  constexpr std::size_t kMost = 42;
  std::string words;
  while (!text.empty()) {
    std::size_t end = std::min(kMost, text.size());
    while (end < text.size() && end > 1 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    words += (words.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") + base64(text.substr(0, end)) + "?=";
    text.remove_prefix(end);
  }
  return words;
}

std::string lines_of_base64(std::string_view text) {
  constexpr std::size_t kLine = 76;
  const std::string whole = base64(text);
  std::string lines;
  for (std::size_t at = 0; at < whole.size(); at += kLine) lines += whole.substr(at, kLine) + "\r\n";
  return lines;
}

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    if (c != '\r') out += c;
  }
  return out;
}

}  // namespace

std::string format_mail(const std::string& from, const Mail& mail, const std::string& date, const std::string& id) {
  return "Date: " + date + "\r\nFrom: <" + from + ">\r\nTo: <" + mail.to + ">\r\nMessage-ID: <" + id +
         ">\r\nSubject: " + encoded_words(mail.subject) +
         "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
         "Content-Transfer-Encoding: base64\r\n\r\n" +
         lines_of_base64(with_crlf(mail.text));
}

}  // namespace berth::outbound
