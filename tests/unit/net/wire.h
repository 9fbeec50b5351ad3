// Connections over real sockets on 127.0.0.1, plain and over TLS: what every transport must do is tested over both.
#pragma once

#include <sys/uio.h>

#include <fcntl.h>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include <gmock/gmock.h>

#include "berth/base/clock.h"
#include "berth/base/fs.h"
#include "berth/base/synced.h"
#include "berth/base/workers.h"
#include "berth/net/listener.h"
#include "berth/net/tls.h"
#include "support/raw_client.h"
#include "support/temporary_directory.h"

namespace berth::net {

enum class Transport : std::uint8_t { tcp, tls };
inline std::string transport_name(const ::testing::TestParamInfo<Transport>& info) {
  return info.param == Transport::tcp ? "tcp" : "tls";
}

// A certificate for this machine; made once.
inline const TlsIdentity& test_identity() {
  static const TlsIdentity kIdentity =
      *make_self_signed({"localhost", "127.0.0.1"}, base::SystemClock().now(), std::chrono::hours(24));
  return kIdentity;
}

// A listener that gives each connection to the test's function, on the loop.
class Wire : public ::testing::TestWithParam<Transport> {
 protected:
  using With = std::function<void(std::shared_ptr<Connection>)>;

  base::SystemClock clock;
  std::shared_ptr<TicketKeys> tickets = std::make_shared<TicketKeys>(clock);
  std::shared_ptr<const TlsContext> context = *TlsContext::make(test_identity(), {"http/1.1"}, tickets);
  std::shared_ptr<Loop> loop = Loop::start();
  std::shared_ptr<Listener> listener = std::move(*Listener::open(loop, "127.0.0.1", 0));
  std::atomic<int> out_of_descriptors{0};

  // On the loop: what a server does with an accepted socket.
  void establish(Socket socket, std::shared_ptr<void> held, With with) const {
    if (GetParam() == Transport::tcp) return with(make_tcp_connection(loop, std::move(socket), std::move(held)));
    auto made = std::make_shared<std::shared_ptr<Connection>>();
    *made = accept_tls(loop, std::move(socket), std::move(held), context, std::chrono::seconds(20),
                       [made, with = std::move(with)](const base::Result<TlsHandshake>& result) {
                         const auto connection = std::exchange(*made, nullptr);
                         if (result) with(connection);
                       });
  }
  void serve(With with, std::shared_ptr<void> held = nullptr) {
    listener->start(
        {[this, with, held](Socket socket) { establish(std::move(socket), held, with); }, [this] { ++out_of_descriptors; }});
  }
  test::RawClient connect() {
    test::RawClient client(listener->port());
    if (GetParam() == Transport::tls) {
      test::TlsSession& session = client.start_tls();
      EXPECT_TRUE(session.handshake()) << session.error();
    }
    return client;
  }
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

}  // namespace berth::net
