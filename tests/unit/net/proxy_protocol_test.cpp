#include "net/proxy_protocol.h"

#include <sys/socket.h>

#include <future>

#include <gtest/gtest.h>

#include "berth/net/proxy.h"
#include "support/raw_client.h"

namespace berth::net {
namespace {

using State = ProxyHeader::State;
using Carried = ProxyHeader::Carried;
using namespace std::string_literals;

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

// Version 2 with a body behind the fixed part.
std::string binary(unsigned char command, unsigned char family, const std::string& body) {
  return kSignature + static_cast<char>(command) + static_cast<char>(family) + static_cast<char>(body.size() >> 8) +
         static_cast<char>(body.size() & 255) + body;
}
const std::string kFour("\xc0\x00\x02\x01\xc6\x33\x64\x01\xdc\x04\x01\xbb", 12);
const std::string kSix = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01" + "\x20\x01\x0d\xb8"s + std::string(11, '\0') +
                         "\x02" + "\xdc\x04\x01\xbb"s;
std::string extension(unsigned char type, const std::string& value) {
  return std::string(1, static_cast<char>(type)) + static_cast<char>(value.size() >> 8) + static_cast<char>(value.size() & 255) +
         value;
}

void expect_peer(const std::string& header, const std::string& peer, Carried carried = Carried::unsaid) {
  const auto parsed = parse_proxy_header(header + "GET / HTTP/1.1");
  EXPECT_EQ(parsed.state, State::complete);
  EXPECT_EQ(parsed.size, header.size());
  EXPECT_EQ(parsed.peer, peer);
  EXPECT_EQ(parsed.carried, carried);
  for (std::size_t size = 0; size < header.size(); ++size) {
    EXPECT_EQ(parse_proxy_header(header.substr(0, size)).state, State::incomplete) << size;
  }
}

TEST(ProxyProtocol, AsText) {
  expect_peer("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", "192.0.2.1");
  expect_peer("PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n", "2001:db8::1");
  expect_peer("PROXY UNKNOWN\r\n", "");
  expect_peer("PROXY UNKNOWN ffff:f:f:f:f:f:f:f ffff:f:f:f:f:f:f:f 65535 65535\r\n", "");
}

TEST(ProxyProtocol, AsBytes) {
  expect_peer(binary(0x21, 0x11, kFour), "192.0.2.1");
  expect_peer(binary(0x21, 0x21, kSix), "2001:db8::1");
  expect_peer(binary(0x21, 0x21, std::string(10, '\0') + "\xff\xff\xc0\x00\x02\x01"s + std::string(20, '\0')), "192.0.2.1");
  expect_peer(binary(0x20, 0x00, ""), "");
  expect_peer(binary(0x20, 0x11, kFour), "");                  // LOCAL: a health check of the proxy's own
  expect_peer(binary(0x21, 0x31, std::string(216, 'x')), "");  // a Unix socket
  expect_peer(binary(0x21, 0x11, kFour + extension(0x20, "\x01\0\0\0\0"s)), "192.0.2.1", Carried::tls);
  expect_peer(binary(0x21, 0x11, kFour + extension(0x05, "id") + extension(0x20, "\x00\0\0\0\0"s)), "192.0.2.1", Carried::plain);
}

TEST(ProxyProtocol, SomethingElse) {
  for (const auto& bytes : {"GET / HTTP/1.1"s, "PRI * HTTP/2.0"s, "POST /"s, "\x16\x03\x01"s, "\r\nGET /"s, "\n"s}) {
    EXPECT_EQ(parse_proxy_header(bytes).state, State::absent) << bytes;
  }
  for (const auto& bytes : {""s, "P"s, "PRO"s, "\r"s, "\r\n\r\n"s})
    EXPECT_EQ(parse_proxy_header(bytes).state, State::incomplete) << bytes;
}

TEST(ProxyProtocol, Malformed) {
  const std::string cases[] = {
      "PROXY \r\n",
      "PROXY TCP4\r\n",
      "PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n",
      "PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n",
      "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
      "PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n",
      "PROXY TCP6 fe80::1%eth0 2001:db8::2 1 2\r\n",
      "PROXY  TCP4 192.0.2.1 198.51.100.1 1 2\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.1 -1 2\r\n",
      "PROXY " + std::string(200, 'x'),
      binary(0x11, 0x11, kFour),               // version 1 in the binary form
      binary(0x22, 0x11, kFour),               // no such command
      binary(0x21, 0x11, kFour.substr(0, 8)),  // too short for its family
      binary(0x21, 0x21, kFour),
      binary(0x21, 0x11, kFour + "\x20"),                            // half an extension
      binary(0x21, 0x11, kFour + std::string("\x20\x00\x09xx", 5)),  // longer than the header
      binary(0x21, 0x11, kFour + extension(0x20, "abc")),
      binary(0x21, 0x11, std::string(4000, 'x')),
  };
  for (const auto& bytes : cases) EXPECT_EQ(parse_proxy_header(bytes).state, State::malformed) << bytes;
}

// --- on the wire ---

class ProxyWire : public ::testing::Test {
 protected:
  std::shared_ptr<Loop> loop = Loop::start();
  std::shared_ptr<Listener> listener = std::move(*Listener::open(loop, "127.0.0.1", 0));
  std::promise<base::Result<Socket>> told;
  std::shared_ptr<ProxyIntroduction> introduction;

  void serve(std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
    listener->start({[this, deadline](Socket socket) {
                       introduction = introduce(loop, std::move(socket), deadline,
                                                [this](base::Result<Socket> result) { told.set_value(std::move(result)); });
                     },
                     [] {}});
  }
  base::Result<Socket> result() { return told.get_future().get(); }
  static std::string first_bytes(Socket socket) {
    std::string bytes(100, '\0');
    const int descriptor = socket.release();
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(::recv(descriptor, bytes.data(), bytes.size(), 0), 0)));
    const Socket closes(descriptor, {});
    return bytes;
  }
  void TearDown() override {
    listener->close();
    loop->stop();
  }
};

TEST_F(ProxyWire, TakesTheHeaderOffAndNothingElse) {
  serve();
  test::RawClient client(listener->port());
  const std::string header = binary(0x21, 0x11, kFour + extension(0x20, "\x01\0\0\0\0"s));
  for (const char byte : header) client.send({&byte, 1});
  client.send("GET /");
  auto socket = result();
  ASSERT_TRUE(socket) << socket.error().message();
  EXPECT_EQ(socket->peer(), "192.0.2.1");
  EXPECT_EQ(socket->way(), Socket::Way::tls_to_proxy);
  EXPECT_EQ(first_bytes(std::move(*socket)), "GET /");
}

TEST_F(ProxyWire, LeavesOtherBytesAlone) {
  serve();
  test::RawClient client(listener->port());
  client.send("GET / HTTP/1.1");
  auto socket = result();
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->peer(), "127.0.0.1");
  EXPECT_EQ(first_bytes(std::move(*socket)), "GET / HTTP/1.1");
}

TEST_F(ProxyWire, EndsWithWhoeverSaysNothingOrHalf) {
  serve(std::chrono::milliseconds(20));
  test::RawClient client(listener->port());
  client.send("PROXY TCP4 ");
  EXPECT_EQ(result().error().code(), base::ErrorCode::timeout);
  EXPECT_TRUE(client.at_end());
}

TEST_F(ProxyWire, EndsWithWhoeverLeavesInTheMiddle) {
  serve();
  test::RawClient client(listener->port());
  client.send("PROXY TCP4 ");
  client.end_sending();
  EXPECT_EQ(result().error().code(), base::ErrorCode::io_error);
}

TEST_F(ProxyWire, RefusesWhatIsMalformed) {
  serve();
  test::RawClient client(listener->port());
  client.send("PROXY TCP4 nonsense\r\n");
  EXPECT_EQ(result().error().code(), base::ErrorCode::io_error);
}

}  // namespace
}  // namespace berth::net
