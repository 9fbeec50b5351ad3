// Much in both directions, in pieces of every size, to peers that take their time.
#include <future>

#include "unit/net/wire.h"

namespace berth::net {
namespace {

// No period that a buffer or a record could hide.
std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (char& c : text) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

// Takes everything into one text, with room for `room` bytes at a time.
struct Sink : std::enable_shared_from_this<Sink> {
  Sink(std::shared_ptr<Connection> c, std::size_t room) : connection(std::move(c)), buffer(room) {}
  std::shared_ptr<Connection> connection;
  std::vector<std::byte> buffer;
  std::string text;
  std::promise<base::Result<std::string>> all;

  void run() {
    connection->read_some(buffer, [self = shared_from_this()](base::Result<std::size_t> size) {
      if (!size) return self->all.set_value(base::fail(size.error()));
      if (*size == 0) return self->all.set_value(std::move(self->text));
      self->text.append(base::as_text(base::ByteView(self->buffer).first(*size)));
      self->run();
    });
  }
};

class Transfer : public WireFile {};
INSTANTIATE_TEST_SUITE_P(Over, Transfer, ::testing::Values(Transport::tcp, Transport::tls), transport_name);

class TransferIn : public Transfer {
 protected:
  std::promise<std::shared_ptr<Sink>> sink;

  void take(std::size_t room) {
    serve([this, room](std::shared_ptr<Connection> connection) {
      auto made = std::make_shared<Sink>(std::move(connection), room);
      made->run();
      sink.set_value(made);
    });
  }
  base::Result<std::string> taken() { return sink.get_future().get()->all.get_future().get(); }
};
INSTANTIATE_TEST_SUITE_P(Over, TransferIn, ::testing::Values(Transport::tcp, Transport::tls), transport_name);

TEST_P(TransferIn, LargeRoom) {
  const std::string sent = pattern(20'000'000);
  take(256 * 1024);
  test::RawClient client = connect();
  ASSERT_TRUE(client.send(sent));
  client.end_sending();
  const auto got = taken();
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_TRUE(*got == sent);
}

TEST_P(TransferIn, SmallRoom) {
  const std::string sent = pattern(300'000);
  take(7);
  test::RawClient client = connect();
  ASSERT_TRUE(client.send(sent));
  client.end_sending();
  const auto got = taken();
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_TRUE(*got == sent);
}

TEST_P(TransferIn, PiecesOfTenThousandBytes) {
  const std::string sent = pattern(2'000'000);
  take(256 * 1024);
  test::RawClient client = connect();
  for (std::size_t at = 0; at < sent.size(); at += 10'000) ASSERT_TRUE(client.send(std::string_view(sent).substr(at, 10'000)));
  client.end_sending();
  const auto got = taken();
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_TRUE(*got == sent);
}

TEST_P(TransferIn, BothWaysAtOnce) {
  const std::string text = pattern(8'000'000);
  std::promise<std::shared_ptr<Sink>> made;
  serve([&](std::shared_ptr<Connection> connection) {
    auto both = std::make_shared<Sink>(connection, 64 * 1024);
    both->run();
    made.set_value(both);
    const std::array<base::ByteView, 1> pieces{base::as_bytes(text)};
    connection->write(pieces, Follows::nothing, [connection](base::Result<void> result) { EXPECT_TRUE(result); });
  });
  test::RawClient client = connect();
  // In turns, since the client is one thread: what is under way on either side stays below what the kernel holds.
  std::string back;
  for (std::size_t at = 0; at < text.size(); at += 50'000) {
    ASSERT_TRUE(client.send(std::string_view(text).substr(at, 50'000)));
    back += client.read_exactly(50'000);
  }
  client.end_sending();
  EXPECT_TRUE(back == text);
  const auto got = made.get_future().get()->all.get_future().get();
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_TRUE(*got == text);
}

// Every way in which pieces can meet the borders of records.
TEST_P(Transfer, PiecesOfAllSizes) {
  const std::string text = pattern(400'000);
  const std::array<std::size_t, 9> sizes{1, 16'383, 16'384, 0, 40'000, 5, 100'000, 3, 200'000};
  std::vector<base::ByteView> pieces;
  std::size_t total = 0;
  for (const std::size_t size : sizes) {
    pieces.push_back(base::as_bytes(text).subspan(total, size));
    total += size;
  }
  serve([&](std::shared_ptr<Connection> connection) {
    connection->write(pieces, Follows::nothing, [connection, total](base::Result<void> result) {
      EXPECT_TRUE(result);
      EXPECT_EQ(connection->sent(), total);
      connection->close_gently({});
    });
  });
  test::RawClient client = connect();
  EXPECT_TRUE(client.read_to_end() == text.substr(0, total));
}

TEST_P(Transfer, AHeadAndAFileInOneStream) {
  content = pattern(5'000'000);
  const auto file = make_file();
  const std::string head = "the head;";
  serve([&, file](std::shared_ptr<Connection> connection) {
    const std::array<base::ByteView, 1> pieces{base::as_bytes(head)};
    connection->write(pieces, Follows::more, [this, connection, file](base::Result<void> written) {
      EXPECT_TRUE(written);
      connection->send_file(
          {file, 5, content.size() - 10},
          [this](std::function<void()> job) { return workers.submit_continuation(std::move(job)); },
          [this, connection](base::Result<void> sent) {
            EXPECT_TRUE(sent);
            EXPECT_EQ(connection->sent(), 9 + content.size() - 10);
            connection->close_gently({});
          });
    });
  });
  test::RawClient client = connect();
  std::string read;
  while (true) {
    const std::string piece = client.read_exactly(10'000);
    read += piece;
    if (piece.size() < 10'000) break;
  }
  EXPECT_TRUE(read == head + content.substr(5, content.size() - 10));
}

TEST_P(Transfer, AFileThatIsTooShortIsNoWhole) {
  const auto file = make_file();
  std::promise<base::ErrorCode> told;
  serve([&, file](std::shared_ptr<Connection> connection) {
    connection->send_file(
        {file, 0, content.size() + 1}, [this](std::function<void()> job) { return workers.submit_continuation(std::move(job)); },
        [&, connection](base::Result<void> sent) {
          told.set_value(sent ? base::ErrorCode::internal : sent.error().code());
          connection->reset();
        });
  });
  test::RawClient client = connect();
  EXPECT_LE(client.read_to_end().size(), content.size());
  EXPECT_EQ(told.get_future().get(), base::ErrorCode::corrupt);
}

TEST_P(Transfer, APeerThatIsGoneEndsAFile) {
  content = pattern(30'000'000);
  const auto file = make_file();
  std::promise<base::ErrorCode> told;
  serve([&, file](std::shared_ptr<Connection> connection) {
    connection->send_file(
        {file, 0, content.size()}, [this](std::function<void()> job) { return workers.submit_continuation(std::move(job)); },
        [&, connection](base::Result<void> sent) { told.set_value(sent ? base::ErrorCode::internal : sent.error().code()); });
  });
  test::RawClient client = connect();
  EXPECT_EQ(client.read_exactly(100'000).size(), 100'000U);
  client.reset();
  EXPECT_EQ(told.get_future().get(), base::ErrorCode::io_error);
}

}  // namespace
}  // namespace berth::net
