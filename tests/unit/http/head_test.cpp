#include "http/head.h"

#include <gtest/gtest.h>

#include "http/head_scan.h"

namespace berth::http {
namespace {

base::Result<std::size_t> scan_whole(std::string_view bytes, HeadLimits limits = {}) { return HeadScanner(limits).scan(bytes); }

TEST(HeadScanner, FindsTheEndInAnyPieces) {
  const std::string_view bytes = "GET / HTTP/1.1\r\nHost: h\r\n\r\nrest";
  HeadScanner scanner{HeadLimits{}};
  for (std::size_t size = 0; size < 27; ++size) EXPECT_EQ(scanner.scan(bytes.substr(0, size)), std::size_t{0}) << size;
  EXPECT_EQ(scanner.scan(bytes), std::size_t{27});
  EXPECT_EQ(scan_whole(bytes), std::size_t{27});
}

TEST(HeadScanner, RefusesAtTheFirstBadLine) {
  for (const std::string_view bytes :
       {std::string_view("\x16"), std::string_view("GET / HTTP/1.1\n"), std::string_view("GET / HTTP/1.1\r\n\n"),
        std::string_view("G\rX\r\n"), std::string_view("GET / HTTP/1.1\r\nA: b\r\n c\r\n"),
        std::string_view("GET / HTTP/1.1\r\nA: \0\r\n", 22)}) {
    const auto result = scan_whole(bytes);
    ASSERT_FALSE(result) << bytes;
    EXPECT_EQ(result.error().code(), base::ErrorCode::request_malformed);
  }
}

TEST(HeadScanner, BoundsBytesAndFields) {
  const std::string line = "A: b\r\n";
  EXPECT_TRUE(scan_whole("G\r\n" + line + line, {100, 2}));
  EXPECT_EQ(scan_whole("G\r\n" + line + line + line, {100, 2}).error().code(), base::ErrorCode::header_too_large);
  EXPECT_EQ(scan_whole("G\r\n" + line + "\r\n", {11, 2}), std::size_t{11});
  EXPECT_EQ(scan_whole("G\r\n" + line + "\r\n", {10, 2}).error().code(), base::ErrorCode::header_too_large);
  EXPECT_EQ(scan_whole(std::string(11, 'G'), {10, 2}).error().code(), base::ErrorCode::header_too_large);
}

struct Parsed {
  Request request;
  base::Result<HeadFacts> facts;
};

Parsed parse(std::string_view head) {
  Request request;
  auto facts = parse_head(head, request);
  return {std::move(request), std::move(facts)};
}

TEST(Head, KnowsFraming) {
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: h\r\n\r\n").facts->framing, BodyFraming::none);
  const Parsed length = parse("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n");
  EXPECT_EQ(length.facts->framing, BodyFraming::length);
  EXPECT_EQ(length.request.content_length, 12u);
  EXPECT_TRUE(length.request.has_body);
  const Parsed zero = parse("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(zero.facts->framing, BodyFraming::none);
  EXPECT_EQ(zero.request.content_length, 0u);
  EXPECT_FALSE(zero.request.has_body);
  const Parsed chunked = parse("PUT / HTTP/1.1\r\nHost: h\r\ntransfer-encoding:  CHUNKED \r\n\r\n");
  EXPECT_EQ(chunked.facts->framing, BodyFraming::chunked);
  EXPECT_EQ(chunked.request.content_length, std::nullopt);
}

TEST(Head, KnowsWhetherToStay) {
  EXPECT_TRUE(parse("GET / HTTP/1.1\r\nHost: h\r\n\r\n").facts->keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: x\r\nConnection: y , CLOSE\r\n\r\n").facts->keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").facts->keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").facts->keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n").facts->keep_alive);
}

TEST(Head, ReducesAbsoluteTargets) {
  const auto target = [](const std::string& sent) {
    return parse("GET " + sent + " HTTP/1.1\r\nHost: h:80\r\n\r\n").request.target;
  };
  EXPECT_EQ(target("/a?b"), "/a?b");
  EXPECT_EQ(target("//a"), "//a");
  EXPECT_EQ(target("http://h:80/a?b"), "/a?b");
  EXPECT_EQ(target("HTTP://H:80"), "/");
  EXPECT_EQ(target("http://h:80?b"), "/?b");
  Request secure;
  secure.secure = true;
  EXPECT_TRUE(parse_head("GET https://h/a HTTP/1.1\r\nHost: h\r\n\r\n", secure));
  EXPECT_EQ(secure.target, "/a");
}

TEST(Head, AcceptsHosts) {
  for (const char* host : {"h", "registry.example.com", "a-b_c.d:5000", "127.0.0.1:0", "[::1]", "[2001:db8::1]:65535"}) {
    const Parsed parsed = parse("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    EXPECT_TRUE(parsed.facts) << host;
    EXPECT_EQ(parsed.request.authority, host);
  }
}

TEST(Head, KeepsWhatItUnderstoodBeforeAnError) {
  const Parsed parsed = parse("DELETE /v2/a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n");
  ASSERT_FALSE(parsed.facts);
  EXPECT_EQ(parsed.request.method, Method::delete_);
  EXPECT_EQ(parsed.request.target, "/v2/a");
}

TEST(Head, ReadsValuesAsSent) {
  const Parsed parsed = parse("GET / HTTP/1.1\r\nHost: h\r\nX:\t a \xc3\xa9  b \r\nY:\r\n\r\n");
  EXPECT_EQ(parsed.request.fields.find("x"), "a \xc3\xa9  b");
  EXPECT_EQ(parsed.request.fields.find("y"), "");
}

TEST(Head, RefusesFieldsThatTwoReadersCouldTakeDifferently) {
  const auto refused = [](const std::string& field) {
    const Parsed parsed = parse("GET / HTTP/1.1\r\nHost: h\r\n" + field + "\r\n\r\n");
    return !parsed.facts && parsed.facts.error().code() == base::ErrorCode::request_malformed;
  };
  EXPECT_FALSE(refused("X: y"));
  EXPECT_FALSE(refused("X:y:z"));
  EXPECT_FALSE(refused("!#$%&'*+-.^_`|~09azAZ: y"));
  for (const char* field : {"X", ": y", "X : y", "X\t: y", "X y: z", "X(: y", "\"X\": y", "X\xc3\xa9: y", "[X]: y", "X,: y"}) {
    EXPECT_TRUE(refused(field)) << field;
  }
}

// Lines are looked at in pieces: wherever it stands, and however long the line is, a control character is seen.
TEST(HeadScanner, RefusesControlCharactersWhereverTheyStand) {
  for (std::size_t size = 1; size <= 100; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string value(size, 'v');
      const auto taken = [&](char c) {
        value[at] = c;
        return scan_whole("GET / HTTP/1.1\r\nX: " + value + "\r\n\r\n").has_value();
      };
      for (const char c : {'\0', '\x01', '\x08', '\n', '\x0b', '\r', '\x1f', '\x7f'}) ASSERT_FALSE(taken(c)) << size << ' ' << at;
      for (const char c : {'\t', ' ', '!', '~', '\x80', '\xff'}) ASSERT_TRUE(taken(c)) << size << ' ' << at;
    }
  }
  EXPECT_FALSE(scan_whole("GET / HTTP/1.1\r\nX: a\tlong value with a tab and \x02 behind it\r\n\r\n"));
}

TEST(Head, NeverReadsBehindAHeadThatHasNoEnd) {
  for (const char* head : {"GET / HTTP/1.1", "GET / HTTP/1.1\r", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: h",
                           "GET / HTTP/1.1\r\nHost: h\r", "GET / HTTP/1.1\r\nHost: h\r\n", "GET / HTTP/1.1\r\nHost"}) {
    EXPECT_FALSE(parse(head).facts) << head;
  }
}

}  // namespace
}  // namespace berth::http
