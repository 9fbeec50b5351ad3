// What TLS adds: the handshake, ALPN, tickets, ends that say whether they are one, certificates.
#include <sys/socket.h>

#include <future>

#include <gmock/gmock.h>

#include "unit/net/wire.h"

namespace berth::net {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class Tls : public ::testing::Test {
 protected:
  base::ManualClock clock{base::SystemClock().now()};
  std::shared_ptr<TicketKeys> tickets = std::make_shared<TicketKeys>(clock);
  base::Synced<std::shared_ptr<const TlsContext>> current{make({"h2", "http/1.1"})};
  std::shared_ptr<Loop> loop = Loop::start();
  std::shared_ptr<Listener> listener = std::move(*Listener::open(loop, "127.0.0.1", 0));
  std::chrono::milliseconds deadline{20'000};
  std::promise<base::Result<TlsHandshake>> first;  // how the first handshake ended

  std::shared_ptr<const TlsContext> make(std::vector<std::string> protocols) {
    return *TlsContext::make(test_identity(), std::move(protocols), tickets);
  }

  // Each connection echoes, or does what `with` does.
  void serve(std::function<void(std::shared_ptr<Connection>)> with = nullptr) {
    auto told = std::make_shared<bool>(false);
    listener->start({[this, told, with](Socket socket) {
                       auto made = std::make_shared<std::shared_ptr<Connection>>();
                       const auto context = current.with([](const auto& c) { return c; });
                       *made = accept_tls(loop, std::move(socket), nullptr, context, deadline,
                                          [this, told, with, made](const base::Result<TlsHandshake>& result) {
                                            auto connection = std::exchange(*made, nullptr);
                                            if (!std::exchange(*told, true)) first.set_value(result);
                                            if (!result) return;
                                            if (with) return with(connection);
                                            std::make_shared<Echo>(std::move(connection))->run();
                                          });
                     },
                     [] {}});
  }
  test::RawClient connect() { return test::RawClient(listener->port()); }
  base::Result<TlsHandshake> first_handshake() { return first.get_future().get(); }

  // A whole connection; whether it was resumed, and the ticket that it got.
  std::pair<bool, std::string> visit(const std::string& session, const std::string& newest = {}) {
    test::RawClient client = connect();
    test::TlsSession& tls = client.start_tls({.newest = newest, .session = session});
    EXPECT_TRUE(tls.handshake()) << tls.error();
    client.send("x");
    EXPECT_EQ(client.read_until(">"), "<x>");
    return {tls.resumed(), tls.session()};
  }
  void TearDown() override {
    listener->close();
    loop->stop();
  }
};

TEST_F(Tls, ChoosesWhatItPrefersOfWhatIsOffered) {
  serve();
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"http/1.1", "h2"}, "h2"}, {{"http/1.1"}, "http/1.1"}, {{"spdy/3", "http/1.1"}, "http/1.1"}, {{}, ""}};
  for (const auto& [offered, chosen] : cases) {
    test::RawClient client = connect();
    test::TlsSession& tls = client.start_tls({.protocols = offered});
    ASSERT_TRUE(tls.handshake()) << tls.error();
    EXPECT_EQ(tls.protocol(), chosen);
    EXPECT_EQ(tls.version(), "TLSv1.3");
    EXPECT_EQ(tls.cipher(), "TLS_AES_128_GCM_SHA256");
  }
}

TEST_F(Tls, ItsConnectionKnowsWhatWasChosen) {
  std::promise<std::string> chosen;
  serve([&](const std::shared_ptr<Connection>& connection) { chosen.set_value(std::string(connection->protocol())); });
  test::RawClient client = connect();
  ASSERT_TRUE(client.start_tls({.protocols = {"h2"}}).handshake());
  EXPECT_EQ(chosen.get_future().get(), "h2");
}

TEST_F(Tls, RefusesAClientThatOffersOnlyOthers) {
  serve();
  test::RawClient client = connect();
  test::TlsSession& tls = client.start_tls({.protocols = {"spdy/3"}});
  EXPECT_FALSE(tls.handshake());
  EXPECT_THAT(tls.error(), HasSubstr("no application protocol"));
  EXPECT_EQ(first_handshake().error().code(), base::ErrorCode::io_error);
}

TEST_F(Tls, SpeaksNothingOldAndNothingWeak) {
  serve();
  {
    test::RawClient client = connect();
    EXPECT_FALSE(client.start_tls({.newest = "1.1"}).handshake());
  }
  for (const char* cipher :
       {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "aNULL", "DHE-RSA-AES128-GCM-SHA256"}) {
    test::RawClient client = connect();
    EXPECT_FALSE(client.start_tls({.newest = "1.2", .ciphers = cipher}).handshake()) << cipher;
  }
  for (const char* cipher : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"}) {
    test::RawClient client = connect();
    test::TlsSession& tls = client.start_tls({.newest = "1.2", .ciphers = cipher});
    EXPECT_TRUE(tls.handshake()) << cipher << ": " << tls.error();
    EXPECT_EQ(tls.cipher(), cipher);
  }
}

// --- tickets ---

TEST_F(Tls, ResumesWithATicketWhileItsKeyIsKnown) {
  serve();
  for (const char* newest : {"", "1.2"}) {
    const auto [at_first, ticket] = visit({}, newest);
    EXPECT_FALSE(at_first);
    ASSERT_FALSE(ticket.empty());
    EXPECT_TRUE(visit(ticket, newest).first);
  }
}

// The library compares the age of a ticket with the real clock, so that what moves here is our keys alone.
TEST_F(Tls, AReplacedKeyStillOpensAndBringsANewTicket) {
  serve();
  for (const char* newest : {"", "1.2"}) {
    const std::string old_ticket = visit({}, newest).second;
    clock.advance(std::chrono::hours(13));
    visit({}, newest);  // seals with a new key
    const auto [resumed, new_ticket] = visit(old_ticket, newest);
    EXPECT_TRUE(resumed) << newest;
    ASSERT_FALSE(new_ticket.empty());
    EXPECT_NE(new_ticket, old_ticket);
    clock.advance(std::chrono::hours(12));
    EXPECT_FALSE(visit(old_ticket, newest).first) << "its key is forgotten";
    EXPECT_TRUE(visit(new_ticket, newest).first);
  }
}

TEST_F(Tls, AReloadEndsNoSession) {
  serve();
  const std::string ticket = visit({}).second;
  current.with([&](auto& c) { c = make({"http/1.1"}); });
  EXPECT_TRUE(visit(ticket).first);
}

TEST_F(Tls, ATicketOfAnotherDaemonIsNoError) {
  serve();
  const std::string ticket = visit({}).second;
  tickets = std::make_shared<TicketKeys>(clock);
  current.with([&](auto& c) { c = make({"http/1.1"}); });
  EXPECT_FALSE(visit(ticket).first);
}

// --- handshakes that come to nothing ---

TEST_F(Tls, AStalledHandshakeEnds) {
  deadline = std::chrono::milliseconds(30);
  serve();
  test::RawClient client = connect();
  client.send(std::string_view("\x16\x03\x01\x02\x00\x01\x00", 7));  // the beginning of a ClientHello
  const auto result = first_handshake();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), base::ErrorCode::timeout);
  EXPECT_TRUE(client.at_end());
}

TEST_F(Tls, PlainTextIsNoHandshake) {
  serve();
  test::RawClient client = connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto result = first_handshake();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), base::ErrorCode::io_error);
  EXPECT_THAT(result.error().context(), HasSubstr("http request"));
  client.read_to_end();
}

TEST_F(Tls, APeerThatLeavesInTheMiddle) {
  serve();
  test::RawClient client = connect();
  client.send(std::string_view("\x16\x03\x01\x02\x00", 5));
  client.close();
  EXPECT_EQ(first_handshake().error().code(), base::ErrorCode::io_error);
}

TEST_F(Tls, ALoopThatStopsTellsAHandshake) {
  serve();
  test::RawClient client = connect();
  client.send(std::string_view("\x16\x03\x01\x02\x00", 5));
  std::promise<void> accepted;
  ASSERT_TRUE(loop->post([&] { accepted.set_value(); }));
  accepted.get_future().wait();
  loop->stop();
}

// --- the end ---

class TlsEnd : public Tls {
 protected:
  std::array<std::byte, 100> buffer;
  std::promise<base::Result<std::size_t>> end;

  void read_to_end(const std::shared_ptr<Connection>& connection) {
    connection->read_some(buffer, [this, connection](base::Result<std::size_t> size) {
      if (size && *size > 0) return read_to_end(connection);
      end.set_value(std::move(size));
      connection->close();
    });
  }
  void serve_reader() {
    serve([this](const std::shared_ptr<Connection>& connection) { read_to_end(connection); });
  }
};

TEST_F(TlsEnd, SaidByThePeer) {
  serve_reader();
  test::RawClient client = connect();
  test::TlsSession& tls = client.start_tls();
  ASSERT_TRUE(tls.handshake());
  client.send("all");
  client.end_sending();
  const auto result = end.get_future().get();
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(*result, 0U);
  EXPECT_TRUE(client.at_end());
  EXPECT_TRUE(tls.ended_cleanly());
}

TEST_F(TlsEnd, AStreamThatJustStopsIsCut) {
  serve_reader();
  test::RawClient client = connect();
  ASSERT_TRUE(client.start_tls().handshake());
  client.send("half of");
  client.close();  // the socket's end without the session's
  const auto result = end.get_future().get();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), base::ErrorCode::io_error);
}

TEST_F(TlsEnd, ForgedRecordsAreRefused) {
  serve_reader();
  test::RawClient client = connect();
  int outside = -1;
  {
    test::TlsSession& tls = client.start_tls();
    ASSERT_TRUE(tls.handshake());
    outside = tls.descriptor();
  }
  const std::string forged = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x');
  ASSERT_EQ(::send(outside, forged.data(), forged.size(), MSG_NOSIGNAL), static_cast<ssize_t>(forged.size()));
  const auto result = end.get_future().get();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), base::ErrorCode::io_error);
}

TEST_F(TlsEnd, AGentleEndIsSaidAndAResetIsNot) {
  for (const bool gentle : {true, false}) {
    SCOPED_TRACE(gentle);
    TearDown();
    loop = Loop::start();
    listener = std::move(*Listener::open(loop, "127.0.0.1", 0));
    first = {};
    serve([&](const std::shared_ptr<Connection>& connection) {
      const std::array<base::ByteView, 1> pieces{base::as_bytes("last words")};
      connection->write(pieces, Follows::nothing, [&, connection](const base::Result<void>&) {
        gentle ? connection->close_gently({}) : connection->reset();
      });
    });
    test::RawClient client = connect();
    test::TlsSession& tls = client.start_tls();
    ASSERT_TRUE(tls.handshake());
    const std::string text = client.read_to_end();
    EXPECT_TRUE(!gentle || text == "last words") << text;
    EXPECT_EQ(tls.ended_cleanly(), gentle);
  }
}

// --- what a context is made of ---

TEST(TlsContext, SaysWhatIsWrongWithItsFiles) {
  const base::SystemClock clock;
  const auto tickets = std::make_shared<TicketKeys>(clock);
  const auto other = *make_self_signed({"localhost"}, clock.now(), std::chrono::hours(24));
  const auto& good = test_identity();
  const std::string locked =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAg=\n-----END ENCRYPTED PRIVATE "
      "KEY-----\n";
  const std::pair<TlsIdentity, const char*> cases[] = {
      {{"", good.private_key}, "no certificate"},
      {{"not PEM", good.private_key}, "no certificate"},
      {{good.certificate_chain, ""}, "no private key"},
      {{good.certificate_chain, locked}, "without a password"},
      {{good.certificate_chain, other.private_key}, "does not belong"},
  };
  for (const auto& [identity, words] : cases) {
    const auto context = net::TlsContext::make(identity, {}, tickets);
    ASSERT_FALSE(context) << words;
    EXPECT_EQ(context.error().code(), base::ErrorCode::configuration_invalid);
    EXPECT_THAT(context.error().message(), HasSubstr(words));
  }
  EXPECT_TRUE(net::TlsContext::make(good, {}, tickets));
}

TEST(SelfSigned, IsGoodForItsNamesAndItsTime) {
  const auto now = base::SystemClock().now();
  const auto identity = make_self_signed({"localhost", "registry.example", "127.0.0.1", "::1"}, now, std::chrono::hours(48));
  ASSERT_TRUE(identity) << identity.error().message();
  const auto facts = certificate_facts(identity->certificate_chain);
  ASSERT_TRUE(facts);
  EXPECT_THAT(facts->names, UnorderedElementsAre("localhost", "registry.example", "127.0.0.1", "::1"));
  EXPECT_LT(facts->not_after - now, std::chrono::hours(49));
  EXPECT_GT(facts->not_after - now, std::chrono::hours(47));
  EXPECT_FALSE(certificate_facts("nothing"));
}

}  // namespace
}  // namespace berth::net
