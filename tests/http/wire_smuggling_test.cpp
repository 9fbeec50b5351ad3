// Requests that two readers could split differently (security.md B1.9, B3.18). Each is followed on the same connection by a canary that
// must never be executed: the answer is an error and the connection ends.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "http/wire_server.h"

namespace berth::test {
namespace {

struct Vector {
  std::string name;
  std::string bytes;
  int status = 400;
};

const std::string kCanary = "GET /canary HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kHost = "Host: h\r\n";

// A POST with these framing fields, then this body, then the canary.
Vector framed(const std::string& name, const std::string& fields, const std::string& body = "") {
  return {name, "POST /put HTTP/1.1\r\n" + kHost + fields + "\r\n" + body};
}
Vector chunked(const std::string& name, const std::string& body) {
  return framed("chunked: " + name, "Transfer-Encoding: chunked\r\n", body);
}
Vector line(const std::string& name, const std::string& request_line, int status = 400) {
  return {"line: " + name, request_line + "\r\n" + kHost + "\r\n", status};
}
Vector host(const std::string& name, const std::string& fields) {
  return {"host: " + name, "GET /a HTTP/1.1\r\n" + fields + "\r\n"};
}

std::vector<Vector> framing_vectors() {
  const std::string nul("Content-Length: 5\0\r\n", 20);
  return {
      framed("TE gzip with CL", "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", "hello"),
      framed("TE gzip", "Transfer-Encoding: gzip\r\n"),
      framed("TE xchunked", "Transfer-Encoding: xchunked\r\n"),
      framed("TE chunked, gzip", "Transfer-Encoding: chunked, gzip\r\n"),
      framed("TE gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
      framed("TE identity with CL", "Transfer-Encoding: identity\r\nContent-Length: 5\r\n", "hello"),
      framed("TE identity", "Transfer-Encoding: identity\r\n"),
      framed("TE empty", "Transfer-Encoding:\r\n"),
      framed("TE chunked twice in one", "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"),
      framed("TE chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      framed("TE chunked then identity", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
      framed("TE with a parameter", "Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"),
      framed("TE with a comma", "Transfer-Encoding: chunked,\r\n", "0\r\n\r\n"),
      framed("TE quoted", "Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"),
      framed("TE with a vertical tab", "Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n"),
      framed("TE with a space before the colon", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
      framed("TE folded", "Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"),
      framed("TE with a space before the name", "X: y\r\n Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      {"TE on HTTP/1.0", "POST /put HTTP/1.0\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      framed("CL then TE", "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG"),
      framed("TE then CL", "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", "0\r\n\r\nG"),
      framed("CL twice, equal", "Content-Length: 5\r\nContent-Length: 5\r\n", "hello"),
      framed("CL twice, different", "Content-Length: 0\r\nContent-Length: 5\r\n", "hello"),
      framed("CL list, equal", "Content-Length: 5, 5\r\n", "hello"),
      framed("CL list, different", "Content-Length: 5, 6\r\n", "hello"),
      framed("CL with a trailing comma", "Content-Length: 5,\r\n", "hello"),
      framed("CL with plus", "Content-Length: +5\r\n", "hello"),
      framed("CL negative", "Content-Length: -5\r\n", "hello"),
      framed("CL hexadecimal", "Content-Length: 0x5\r\n", "hello"),
      framed("CL with a point", "Content-Length: 5.0\r\n", "hello"),
      framed("CL with a space inside", "Content-Length: 5 5\r\n", "hello"),
      framed("CL empty", "Content-Length:\r\n", "hello"),
      framed("CL a word", "Content-Length: five\r\n", "hello"),
      framed("CL 2^64", "Content-Length: 18446744073709551616\r\n", "hello"),
      framed("CL 2^64+5", "Content-Length: 18446744073709551621\r\n", "hello"),
      framed("CL with a space before the colon", "Content-Length : 5\r\n", "hello"),
      framed("CL with a tab before the colon", "Content-Length\t: 5\r\n", "hello"),
      framed("CL folded", "Content-Length:\r\n\t5\r\n", "hello"),
      framed("CL with NUL", nul, "hello"),
      framed("CL in full-width digits", "Content-Length: \xef\xbc\x95\r\n", "hello"),
  };
}

std::vector<Vector> line_end_vectors() {
  return {
      framed("bare LF after a field", "X: y\nContent-Length: 5\r\n", "hello"),
      framed("bare CR in a value", "X: y\rContent-Length: 5\r\n", "hello"),
      framed("CR CR LF", "X: y\r\r\n"),
      framed("NUL in a value", std::string("X: a\0b\r\n", 8)),
      framed("NUL in a name", std::string("X\0Y: a\r\n", 8)),
      framed("control byte in a value", "X: a\x01z\r\n"),
      framed("folded value", "X: y\r\n z\r\n"),
      framed("no colon", "JustAWord\r\n"),
      framed("no name", ": value\r\n"),
      framed("space in a name", "X Y: z\r\n"),
      framed("name with a bracket", "X[]: z\r\n"),
      {"first field begins with a space", "GET /a HTTP/1.1\r\n " + kHost + "\r\n"},
      {"only LF everywhere", "GET /a HTTP/1.1\nHost: h\n\n"},
      {"LF after the request line", "GET /a HTTP/1.1\nHost: h\r\n\r\n"},
      {"CR after the request line", "GET /a HTTP/1.1\rHost: h\r\n\r\n"},
      {"two empty lines first", "\r\n\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"LF first", "\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n"},
  };
}

std::vector<Vector> chunk_vectors() {
  return {
      chunked("size no number", "xyz\r\nhello\r\n0\r\n\r\n"),
      chunked("size empty", "\r\nhello\r\n0\r\n\r\n"),
      chunked("size negative", "-5\r\nhello\r\n0\r\n\r\n"),
      chunked("size with plus", "+5\r\nhello\r\n0\r\n\r\n"),
      chunked("size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"),
      chunked("size with a space before", " 5\r\nhello\r\n0\r\n\r\n"),
      chunked("size with a space behind", "5 \r\nhello\r\n0\r\n\r\n"),
      chunked("size of 17 digits", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
      chunked("size with an underscore", "0_5\r\nhello\r\n0\r\n\r\n"),
      chunked("data longer than its size", "3\r\nhello\r\n0\r\n\r\n"),
      chunked("data shorter than its size", "8\r\nhello\r\n0\r\n\r\n"),
      chunked("no line end after the data", "5\r\nhello0\r\n\r\n"),
      chunked("LF after the size", "5\nhello\r\n0\r\n\r\n"),
      chunked("CR after the size", "5\rhello\r\n0\r\n\r\n"),
      chunked("LF after the data", "5\r\nhello\n0\r\n\r\n"),
      chunked("LF in an extension", "5;a\nhello\r\n0\r\n\r\n"),
      chunked("LF in a quoted extension", "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"),
      chunked("CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
      chunked("extension without a name", "5;\r\nhello\r\n0\r\n\r\n"),
      chunked("extension without a value", "5;a=\r\nhello\r\n0\r\n\r\n"),
      chunked("NUL in a quoted extension", std::string("5;a=\"\0\"\r\nhello\r\n0\r\n\r\n", 22)),
      chunked("CL in a trailer", "0\r\nContent-Length: 5\r\n\r\n"),
      chunked("TE in a trailer", "0\r\nTransfer-Encoding: chunked\r\n\r\n"),
      chunked("LF in a trailer", "0\r\nX: y\nZ: z\r\n\r\n"),
      chunked("NUL in a trailer", std::string("0\r\nX: \0\r\n\r\n", 11)),
      chunked("no name in a trailer", "0\r\n: y\r\n\r\n"),
  };
}

std::vector<Vector> target_and_host_vectors() {
  return {
      host("none", ""),
      host("twice, equal", "Host: h\r\nHost: h\r\n"),
      host("twice, different", "Host: h\r\nHost: other\r\n"),
      host("empty", "Host:\r\n"),
      host("two names", "Host: h other\r\n"),
      host("a list", "Host: h, other\r\n"),
      host("user", "Host: user@h\r\n"),
      host("a path", "Host: h/v2\r\n"),
      host("a scheme", "Host: http://h\r\n"),
      host("port out of range", "Host: h:65536\r\n"),
      host("port empty", "Host: h:\r\n"),
      host("port no number", "Host: h:80a\r\n"),
      host("open bracket", "Host: [::1\r\n"),
      host("not ASCII", "Host: h\xc3\xa9\r\n"),
      line("no version", "GET /a"),
      line("lower-case version", "GET /a http/1.1"),
      line("long version", "GET /a HTTP/1.1.1"),
      line("version with junk", "GET /a HTTP/1.1x"),
      line("HTTP/1.2", "GET /a HTTP/1.2", 505),
      line("HTTP/2.0", "GET /a HTTP/2.0", 505),
      line("HTTP/0.9", "GET /a HTTP/0.9", 505),
      line("two spaces", "GET  /a HTTP/1.1"),
      line("space in the target", "GET /a b HTTP/1.1"),
      line("tab for a space", "GET\t/a HTTP/1.1"),
      line("tab in the target", "GET /a\tb HTTP/1.1"),
      line("space at the end", "GET /a HTTP/1.1 "),
      line("space first", " GET /a HTTP/1.1"),
      line("not ASCII", "GET /\xc3\xa9 HTTP/1.1"),
      line("DEL", "GET /\x7f HTTP/1.1"),
      line("fragment", "GET /a#b HTTP/1.1"),
      line("no slash", "GET a HTTP/1.1"),
      line("absolute form of another host", "GET http://other/a HTTP/1.1"),
      line("absolute form with a user", "GET http://user@h/a HTTP/1.1"),
      line("absolute form of another port", "GET http://h:81/a HTTP/1.1"),
      line("absolute form of https", "GET https://h/a HTTP/1.1"),
      line("absolute form of nothing", "GET http:// HTTP/1.1"),
      line("authority form", "CONNECT h:443 HTTP/1.1"),
      line("star for GET", "GET * HTTP/1.1"),
      line("method with a bad character", "G@T /a HTTP/1.1"),
      line("method too long", std::string(33, 'G') + " /a HTTP/1.1"),
      {"nearly the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\r", 505},
      {"TLS hello", std::string("\x16\x03\x01\x02\x00\x01\x00", 7)},
      {"expectation", "GET /a HTTP/1.1\r\n" + kHost + "Expect: 100-continue, x\r\n\r\n", 417},
      {"expectation twice", "GET /a HTTP/1.1\r\n" + kHost + "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n", 417},
  };
}

class WireSmuggling : public WireTest {
 protected:
  void expect_refused(const std::vector<Vector>& vectors) {
    const auto record = take_bodies_at("/put");
    start();
    int accepted_bodies = 0;
    for (const Vector& vector : vectors) {
      SCOPED_TRACE(vector.name);
      RawClient client = connect();
      client.send(vector.bytes + kCanary);
      const RawReply reply = client.read_reply();
      EXPECT_EQ(reply.status, vector.status) << reply.head << reply.body;
      EXPECT_EQ(reply.field("connection"), "close");
      EXPECT_TRUE(client.at_end());
    }
    const auto targets = handler.targets();
    EXPECT_THAT(targets, ::testing::Each("/put"));  // a chunked body is found bad after its head was good
    accepted_bodies = static_cast<int>(targets.size());
    TearDown();
    EXPECT_EQ(record->get().finished, 0);
    EXPECT_EQ(record->get().abandoned, accepted_bodies);
  }
};

TEST_F(WireSmuggling, Framing) { expect_refused(framing_vectors()); }
TEST_F(WireSmuggling, LineEnds) { expect_refused(line_end_vectors()); }
TEST_F(WireSmuggling, Chunks) { expect_refused(chunk_vectors()); }
TEST_F(WireSmuggling, TargetsAndHosts) { expect_refused(target_and_host_vectors()); }

// The same bytes one by one: where a piece ends must not matter.
TEST_F(WireSmuggling, InSinglePieces) {
  const auto record = take_bodies_at("/put");
  start();
  for (const auto& vectors : {framing_vectors(), chunk_vectors()}) {
    for (const Vector& vector : vectors) {
      SCOPED_TRACE(vector.name);
      RawClient client = connect();
      for (const char c : vector.bytes + kCanary) {
        if (client.send_what_fits({&c, 1}) == 0) break;
      }
      EXPECT_EQ(client.read_reply().status, vector.status);
      EXPECT_TRUE(client.at_end());
    }
  }
  EXPECT_THAT(handler.targets(), ::testing::Each("/put"));
  EXPECT_EQ(record->get().finished, 0);
}

}  // namespace
}  // namespace berth::test
