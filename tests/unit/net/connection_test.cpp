// Connections and listeners over real sockets on 127.0.0.1.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <future>
#include <memory>

#include <gmock/gmock.h>

#include "berth/base/fs.h"
#include "berth/base/synced.h"
#include "berth/base/workers.h"
#include "berth/net/listener.h"
#include "support/raw_client.h"
#include "support/temporary_directory.h"

namespace berth::net {
namespace {

// A listener that gives each accepted connection to the test's function, on the loop.
class Wire : public ::testing::Test {
 protected:
  std::shared_ptr<Loop> loop = Loop::start();
  std::shared_ptr<Listener> listener = std::move(*Listener::open(loop, "127.0.0.1", 0));
  std::atomic<int> out_of_descriptors{0};

  void serve(std::function<void(std::shared_ptr<Connection>)> with, std::shared_ptr<void> held = nullptr) {
    listener->start({[this, with, held](Socket socket) { with(make_tcp_connection(loop, std::move(socket), held)); },
                     [this] { ++out_of_descriptors; }});
  }
  test::RawClient connect() { return test::RawClient(listener->port()); }
  void TearDown() override {
    listener->close();
    loop->stop();
  }
};

// Sends back what comes, until the end.
struct Echo : std::enable_shared_from_this<Echo> {
  explicit Echo(std::shared_ptr<Connection> c) : connection(std::move(c)) {}
  std::shared_ptr<Connection> connection;
  std::array<std::byte, 100> buffer;

  void run() {
    connection->read_some(buffer, [self = shared_from_this()](base::Result<std::size_t> size) {
      if (!size || *size == 0) return self->connection->close();
      const std::array<base::ByteView, 3> pieces{base::as_bytes("<"), base::ByteView(self->buffer).first(*size),
                                                 base::as_bytes(">")};
      self->connection->write(pieces, Follows::nothing, [self](base::Result<void> written) {
        if (written) self->run();
      });
    });
  }
};

TEST_F(Wire, ReadsAndWrites) {
  serve([](std::shared_ptr<Connection> connection) {
    EXPECT_EQ(connection->peer(), "127.0.0.1");
    EXPECT_FALSE(connection->secure());
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

TEST_F(Wire, WritesMoreThanTheKernelTakesAtOnce) {
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

TEST_F(Wire, TellsPendingCallsOfAClose) {
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

TEST_F(Wire, GivesBackWhatItHeldWhenItIsReallyClosed) {
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

TEST_F(Wire, LingersNoLongerThanToldWithASilentPeer) {
  std::promise<void> gone;
  struct Last {
    std::promise<void>& gone;
    ~Last() { gone.set_value(); }
  };
  auto last = std::shared_ptr<Last>(new Last{gone});
  listener->start({[this, last = std::move(last)](Socket socket) mutable {
                     make_tcp_connection(loop, std::move(socket), std::exchange(last, nullptr))
                         ->close_gently({std::chrono::milliseconds(20), std::chrono::seconds(60)});
                   },
                   [] {}});
  test::RawClient client = connect();
  gone.get_future().wait();
}

TEST_F(Wire, ClosesWhatItCannotTakeAndGoesOn) {
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

// Counts what is read through it, and lets reads wait.
class WatchedFile final : public base::File {
 public:
  explicit WatchedFile(std::unique_ptr<base::File> under) : under_(std::move(under)) {}
  base::Result<void> write(base::ByteView bytes, std::uint64_t offset) override { return under_->write(bytes, offset); }
  base::Result<std::size_t> read(std::span<std::byte> into, std::uint64_t offset) const override {
    reads_.with([](State& state) { ++state.reads; });
    reads_.notify_all();
    reads_.wait([](const State& state) { return !state.held; }, [](State&) {});
    return under_->read(into, offset);
  }
  [[nodiscard]] base::Result<std::uint64_t> size() const override { return under_->size(); }
  base::Result<void> truncate(std::uint64_t size) override { return under_->truncate(size); }
  base::Result<void> sync_data() override { return under_->sync_data(); }
  void start_writeback(std::uint64_t, std::uint64_t) override {}
  base::Result<bool> try_lock() override { return true; }
  [[nodiscard]] int descriptor() const override { return under_->descriptor(); }

  void hold() {
    reads_.with([](State& state) { state.held = true; });
  }
  void let_go() {
    reads_.with([](State& state) { state.held = false; });
    reads_.notify_all();
  }
  void wait_read() {
    reads_.wait([](const State& state) { return state.reads > 0; }, [](State&) {});
  }
  [[nodiscard]] int reads() const {
    return reads_.with([](State& state) { return state.reads; });
  }

 private:
  struct State {
    int reads = 0;
    bool held = false;
  };
  std::unique_ptr<base::File> under_;
  mutable base::Synced<State> reads_;
};

class WireFile : public Wire {
 protected:
  test::TemporaryDirectory directory;
  base::Workers workers{2, 10};
  std::string content = std::string(3'000'000, 'a') + std::string(1'000'000, 'b');

  std::shared_ptr<WatchedFile> make_file() {
    auto& fs = base::real_file_system();
    auto file = std::make_shared<WatchedFile>(std::move(*fs.open(directory.path() + "/file", base::OpenMode::create)));
    EXPECT_TRUE(file->write(base::as_bytes(content), 0));
    EXPECT_TRUE(file->sync_data());
    return file;
  }
  // Throws the file out of the page cache; false where the file system cannot (tmpfs).
  static bool forget(const WatchedFile& file) {
    posix_fadvise(file.descriptor(), 0, 0, POSIX_FADV_DONTNEED);
    char byte = 0;
    iovec into{&byte, 1};
    return preadv2(file.descriptor(), &into, 1, 0, RWF_NOWAIT) < 0;
  }
  void serve_file(std::shared_ptr<const base::File> file, std::uint64_t length) {
    serve([this, file, length](std::shared_ptr<Connection> connection) {
      connection->send_file(
          {file, 0, length}, [this](std::function<void()> job) { return workers.submit_continuation(std::move(job)); },
          [connection](base::Result<void>) { connection->close_gently({}); });
    });
  }
  void TearDown() override {
    Wire::TearDown();
    workers.stop();
  }
};

TEST_F(WireFile, GoesOutOfTheCacheWithoutAWorker) {
  const auto file = make_file();
  std::vector<std::byte> warm(content.size());
  ASSERT_TRUE(file->read(warm, 0));
  serve_file(file, content.size());
  test::RawClient client = connect();
  EXPECT_TRUE(client.read_to_end() == content);
  EXPECT_EQ(file->reads(), 1);
}

TEST_F(WireFile, IsReadInByAWorkerWhileTheLoopGoesOn) {
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

TEST_F(WireFile, AJobThatReadsMayOutliveTheLoop) {
  const auto file = make_file();
  if (!forget(*file)) GTEST_SKIP() << "this file system keeps its pages";
  file->hold();
  serve_file(file, content.size());
  test::RawClient client = connect();
  file->wait_read();
  Wire::TearDown();
  EXPECT_TRUE(client.read_to_end().empty());
  file->let_go();
}

}  // namespace
}  // namespace berth::net
