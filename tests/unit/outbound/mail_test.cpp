#include "berth/outbound/mail.h"

#include <gtest/gtest.h>

#include "berth/base/sign.h"

namespace berth::outbound {
namespace {

std::string body_of(const std::string& letter) {
  std::string encoded;
  for (const char c : letter.substr(letter.find("\r\n\r\n") + 4)) {
    if (c != '\r' && c != '\n') encoded += c;
  }
  return base::from_base64(encoded).value_or("(no base64)");
}

TEST(MailText, HeadAndBody) {
  const auto letter = format_mail("from@example.com", {"to@example.com", "Hello", "one\ntwo\n"},
                                  "Mon, 30 Nov 2026 20:00:00 +0000", "id@example.com");
  EXPECT_EQ(letter.substr(0, letter.find("\r\n\r\n")),
            "Date: Mon, 30 Nov 2026 20:00:00 +0000\r\nFrom: <from@example.com>\r\nTo: <to@example.com>\r\nMessage-ID: "
            "<id@example.com>\r\nSubject: =?UTF-8?B?SGVsbG8=?=\r\nAuto-Submitted: auto-generated\r\nMIME-Version: "
            "1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64");
  EXPECT_EQ(body_of(letter), "one\r\ntwo\r\n");
}

// What people write ends no line of the head, and is cut between code points alone.
TEST(MailText, NothingThatPeopleWriteIsAHead) {
  const std::string subject = "x\r\nBcc: everybody@example.com\r\n" + std::string(60, 'a') + "\xc3\xbc\xc3\xbc";
  const auto letter = format_mail("f@x", {"t@x", subject, std::string(500, 'b')}, "now", "i@x");
  EXPECT_EQ(letter.find("Bcc"), std::string::npos);
  std::string decoded;
  std::size_t at = 0;
  while ((at = letter.find("=?UTF-8?B?", at)) != std::string::npos) {
    at += 10;
    const auto piece = base::from_base64(letter.substr(at, letter.find("?=", at) - at));
    ASSERT_TRUE(piece);
    EXPECT_NE(static_cast<unsigned char>(piece->front()) & 0xC0, 0x80) << "begins inside a code point";
    decoded += *piece;
  }
  EXPECT_EQ(decoded, subject);
  for (std::size_t line = 0, end; (end = letter.find("\r\n", line)) != std::string::npos; line = end + 2) {
    EXPECT_LE(end - line, 78U);
  }
}

TEST(Mailer, TakesNoAddressThatBreaksALine) {
  const auto mailer =
      Mailer::open({.url = "smtp://127.0.0.1:1", .from = "f@x", .user = {}, .password = {}, .tls = MailTls::never}).value();
  EXPECT_FALSE(mailer->send({"a@x>\r\nRCPT TO:<b@x", "s", "t"}));
  EXPECT_FALSE(mailer->send({"nobody", "s", "t"}));
}

// Where nobody listens a letter waits for its next try, and the end of the process for no letter.
TEST(Mailer, EndsAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  {
    const auto mailer =
        Mailer::open({.url = "smtp://127.0.0.1:1", .from = "f@x", .user = {}, .password = {}, .tls = MailTls::never}).value();
    EXPECT_TRUE(mailer->send({"a@x", "s", "t"}));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace berth::outbound
