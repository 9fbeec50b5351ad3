// What every connection must do, over each transport, and listeners.
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <future>

#include "unit/net/wire.h"

namespace berth::net {
namespace {

INSTANTIATE_TEST_SUITE_P(Over, Wire, ::testing::Values(Transport::tcp, Transport::tls), transport_name);

TEST_P(Wire, ReadsAndWrites) {
  serve([](std::shared_ptr<Connection> connection) {
    EXPECT_EQ(connection->peer(), "127.0.0.1");
    EXPECT_EQ(connection->secure(), GetParam() == Transport::tls);
    std::make_shared<Echo>(std::move(connection))->run();
  });
  test::RawClient client = connect();
  client.send("one");
  EXPECT_EQ(client.read_until(">"), "<one>");
  client.send("two");
  EXPECT_EQ(client.read_until(">"), "<two>");
  client.end_sending();
  EXPECT_TRUE(client.at_end());
}

TEST_P(Wire, WritesMoreThanTheKernelTakesAtOnce) {
  const std::string large(20'000'000, 'x');
  serve([&](std::shared_ptr<Connection> connection) {
    const std::array<base::ByteView, 2> pieces{base::as_bytes(large), base::as_bytes("end")};
    connection->write(pieces, Follows::nothing, [connection](base::Result<void> result) {
      EXPECT_TRUE(result);
      EXPECT_EQ(connection->sent(), 20'000'003u);
      connection->close_gently({});
    });
  });
  test::RawClient client = connect();
  const std::string read = client.read_to_end();
  EXPECT_EQ(read.size(), 20'000'003u);
  EXPECT_TRUE(read.ends_with("xend"));
}

TEST_P(Wire, TellsPendingCallsOfAClose) {
  std::promise<bool> told;
  std::array<std::byte, 10> buffer;
  serve([&](std::shared_ptr<Connection> connection) {
    connection->read_some(buffer, [&, connection](base::Result<std::size_t> size) { told.set_value(!size); });
    connection->close();
    connection->close();
  });
  test::RawClient client = connect();
  EXPECT_TRUE(told.get_future().get());
  EXPECT_TRUE(client.at_end());
}

TEST_P(Wire, GivesBackWhatItHeldWhenItIsReallyClosed) {
  auto held = std::make_shared<int>(1);
  std::weak_ptr<int> watch = held;
  std::promise<std::weak_ptr<Connection>> lingering;
  serve(
      [&](std::shared_ptr<Connection> connection) {
        connection->close_gently({std::chrono::seconds(60), std::chrono::seconds(60)});
        lingering.set_value(connection);
      },
      std::move(held));
  test::RawClient client = connect();
  EXPECT_TRUE(client.at_end());
  const std::weak_ptr<Connection> connection = lingering.get_future().get();
  EXPECT_FALSE(connection.expired());
  client.send("dropped");
  client.close();
  TearDown();
  EXPECT_TRUE(connection.expired());
}

TEST_P(Wire, LingersNoLongerThanToldWithASilentPeer) {
  std::promise<void> gone;
  struct Last {
    std::promise<void>& gone;
    ~Last() { gone.set_value(); }
  };
  auto last = std::shared_ptr<Last>(new Last{gone});
  listener->start({[this, last = std::move(last)](Socket socket) mutable {
                     establish(std::move(socket), std::exchange(last, nullptr),
                               [](const std::shared_ptr<Connection>& connection) {
                                 connection->close_gently({std::chrono::milliseconds(20), std::chrono::seconds(60)});
                               });
                   },
                   [] {}});
  test::RawClient client = connect();
  gone.get_future().wait();
}

TEST_P(Wire, ClosesWhatItCannotTakeAndGoesOn) {
  if (GetParam() != Transport::tcp) GTEST_SKIP() << "it is the listener that does this";
  serve([](std::shared_ptr<Connection> connection) { std::make_shared<Echo>(std::move(connection))->run(); });
  test::RawClient first = connect();
  first.send("a");
  EXPECT_EQ(first.read_until(">"), "<a>");
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  // The client's own socket is the last descriptor that the limit allows.
  const int next = ::dup(0);
  ::close(next);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(next) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  {
    test::RawClient refused = connect();
    EXPECT_TRUE(refused.at_end());
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  std::promise<void> told;  // the event comes right after the close, in the same turn of the loop
  ASSERT_TRUE(loop->post([&] { told.set_value(); }));
  told.get_future().wait();
  EXPECT_EQ(out_of_descriptors, 1);
  test::RawClient second = connect();
  second.send("b");
  EXPECT_EQ(second.read_until(">"), "<b>");
}

// --- files ---

INSTANTIATE_TEST_SUITE_P(Over, WireFile, ::testing::Values(Transport::tcp, Transport::tls), transport_name);

TEST_P(WireFile, GoesOutOfTheCacheWithoutAWorker) {
  const auto file = make_file();
  std::vector<std::byte> warm(content.size());
  ASSERT_TRUE(file->read(warm, 0));
  serve_file(file, content.size());
  test::RawClient client = connect();
  EXPECT_TRUE(client.read_to_end() == content);
  EXPECT_EQ(file->reads(), 1);
}

TEST_P(WireFile, IsReadInByAWorkerWhileTheLoopGoesOn) {
  const auto file = make_file();
  if (!forget(*file)) GTEST_SKIP() << "this file system keeps its pages";
  file->hold();
  serve_file(file, content.size());
  test::RawClient client = connect();
  file->wait_read();
  std::promise<void> alive;
  ASSERT_TRUE(loop->post([&] { alive.set_value(); }));
  alive.get_future().wait();
  file->let_go();
  EXPECT_TRUE(client.read_to_end() == content);
}

TEST_P(WireFile, AJobThatReadsMayOutliveTheLoop) {
  const auto file = make_file();
  if (!forget(*file)) GTEST_SKIP() << "this file system keeps its pages";
  file->hold();
  serve_file(file, content.size());
  test::RawClient client = connect();
  file->wait_read();
  Wire::TearDown();
  EXPECT_LT(client.read_to_end().size(), content.size());  // looking at the cache may have started a read-ahead
  file->let_go();
}

}  // namespace
}  // namespace berth::net
