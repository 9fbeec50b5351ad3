#include "net/tls_connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/post.hpp>

#include "net/loop_core.h"
#include "net/page_cache.h"

namespace berth::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// What a loop's connections share, one after the other: nothing stays in here when a callback has returned.
struct Scratch {
  static constexpr std::size_t kPlain = 256 * 1024;
  static constexpr std::size_t kReceived = 128 * 1024;
  std::unique_ptr<std::byte[]> plain = std::make_unique_for_overwrite<std::byte[]>(kPlain);
  std::unique_ptr<std::byte[]> received = std::make_unique_for_overwrite<std::byte[]>(kReceived);
  std::vector<std::byte> records;  // made in this turn
};

Scratch& scratch() {
  thread_local Scratch scratch;
  return scratch;
}

// What a job reads in at once where the disk has to be asked.
constexpr std::uint64_t kReadIn = 1 << 20;
// Above this a vector's memory is given back when it is empty.
constexpr std::size_t kKeptCapacity = 4096;

TlsSocketConnection& connection_of(BIO* bio) { return *static_cast<TlsSocketConnection*>(BIO_get_data(bio)); }

int bio_read(BIO* bio, char* into, std::size_t room, std::size_t* size) {
  BIO_clear_retry_flags(bio);
  *size = connection_of(bio).take_arrived({reinterpret_cast<std::byte*>(into), room});
  if (*size > 0) return 1;
  BIO_set_retry_read(bio);
  return 0;
}

int bio_write(BIO* bio, const char* data, std::size_t size, std::size_t* written) {
  BIO_clear_retry_flags(bio);
  connection_of(bio).add_output({reinterpret_cast<const std::byte*>(data), size});
  *written = size;
  return 1;
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO* make_bio(TlsSocketConnection* connection) {
  static BIO_METHOD* const kMethod = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "berth");
    BIO_meth_set_read_ex(method, bio_read);
    BIO_meth_set_write_ex(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
    return method;
  }();
  BIO* bio = BIO_new(kMethod);
  BIO_set_data(bio, connection);
  BIO_set_init(bio, 1);
  return bio;
}

tl::unexpected<base::Error> broken(std::string_view what) {
  return base::fail(base::Error(base::ErrorCode::io_error, std::string(what)).in(openssl_error()));
}

tl::unexpected<base::Error> cut_off() {
  return base::fail(base::ErrorCode::io_error, "the peer's stream stopped without the end that TLS wants");
}

void give_back(std::vector<std::byte>& bytes) {
  bytes.clear();
  if (bytes.capacity() > kKeptCapacity) std::vector<std::byte>().swap(bytes);
}

}  // namespace

std::shared_ptr<Connection> accept_tls(std::shared_ptr<Loop> loop, Socket socket, std::shared_ptr<void> held,
                                       std::shared_ptr<const TlsContext> context, std::chrono::milliseconds deadline,
                                       HandshakeDone done) {
  auto connection =
      std::make_shared<TlsSocketConnection>(std::move(loop), std::move(socket), std::move(held), std::move(context));
  connection->start_handshake(deadline, std::move(done));
  return connection;
}

TlsSocketConnection::TlsSocketConnection(std::shared_ptr<Loop> loop, Socket socket, std::shared_ptr<void> held,
                                         std::shared_ptr<const TlsContext> context)
    : SocketConnection(std::move(loop), std::move(socket), std::move(held)), context_(std::move(context)) {}

TlsSocketConnection::~TlsSocketConnection() { TlsSocketConnection::close(); }

// --- the handshake ---

void TlsSocketConnection::start_handshake(std::chrono::milliseconds deadline, HandshakeDone done) {
  const auto expired = [weak = weak_from_this()] {
    const auto self = std::static_pointer_cast<TlsSocketConnection>(weak.lock());
    if (self) self->end_handshake(base::fail(base::ErrorCode::timeout, "the TLS handshake took too long"));
  };
  handshake_ = std::unique_ptr<HandshakeState>(new HandshakeState{Deadline(*loop_, expired), std::move(done)});
  if (!open_) {
    asio::post(loop_->core().context, [self = self()] { self->end_handshake(connection_closed()); });
    return;
  }
  handshake_->deadline.set(deadline);
  receive();
}

// A session costs 50 KB before it has agreed on anything, so there is none for a peer that does not even send its first record to the end.
bool TlsSocketConnection::begin_session() {
  constexpr std::size_t kHeader = 5;
  constexpr std::byte kHandshakeRecord{0x16};
  kept_.insert(kept_.end(), arrived_.begin(), arrived_.end());
  arrived_ = kept_;
  const bool looks_like_tls = kept_.front() == kHandshakeRecord;
  if (looks_like_tls && kept_.size() < kHeader) return false;
  const auto byte = [&](std::size_t at) { return std::to_integer<std::size_t>(kept_[at]); };
  if (looks_like_tls && kept_.size() < kHeader + std::min(byte(3) << 8 | byte(4), kRecord)) return false;
  ERR_clear_error();
  ssl_.reset(SSL_new(context_->state().ssl.get()));
  if (!ssl_) return true;
  BIO* bio = make_bio(this);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
  return true;
}

void TlsSocketConnection::continue_handshake() {
  if (!ssl_ && !begin_session()) return receive();
  if (!ssl_) return end_handshake(broken("the TLS library has no memory"));
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  const int error = SSL_get_error(ssl_.get(), result);
  if (result != 1 && error != SSL_ERROR_WANT_READ) {
    failed_ = true;
    auto failure = broken("the TLS handshake failed");
    static_cast<void>(send_now());  // the alert
    return end_handshake(std::move(failure));
  }
  keep_arrived();
  if (flush() == Output::failed) return end_handshake(connection_closed());
  if (result != 1) return receive();
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  protocol_.assign(reinterpret_cast<const char*>(name), size);
  end_handshake(SSL_session_reused(ssl_.get()) == 1 ? TlsHandshake::resumed : TlsHandshake::full);
}

void TlsSocketConnection::end_handshake(base::Result<TlsHandshake> result) {
  const auto state = std::exchange(handshake_, nullptr);
  if (!state) return;
  if (!result) {
    failed_ = true;
    close();
  }
  state->done(std::move(result));
}

// --- input ---

std::size_t TlsSocketConnection::take_arrived(std::span<std::byte> into) {
  const std::size_t size = std::min(into.size(), arrived_.size());
  if (size > 0) std::memcpy(into.data(), arrived_.data(), size);
  arrived_ = arrived_.subspan(size);
  return size;
}

void TlsSocketConnection::read_some(std::span<std::byte> into, ReadDone done) {
  assert(!reading_.done);
  reading_ = {into, std::move(done)};
  const bool at_hand = !usable() || failed_ || peer_ended_ || !kept_.empty() || SSL_pending(ssl_.get()) > 0;
  if (!at_hand) return receive();
  asio::post(loop_->core().context, [self = self()] { self->continue_read(); });
}

void TlsSocketConnection::receive() {
  socket_.async_read_some(asio::buffer(first_bytes_),
                          [self = self()](const error_code& error, std::size_t size) { self->received(error, size); });
}

void TlsSocketConnection::received(const error_code& error, std::size_t size) {
  if (!usable()) return handshake_ ? end_handshake(connection_closed()) : end_read(connection_closed());
  if (error) {
    auto failure = error == asio::error::eof ? cut_off() : connection_lost(error);
    return handshake_ ? end_handshake(std::move(failure)) : end_read(std::move(failure));
  }
  arrived_ = base::ByteView(first_bytes_).first(size);
  more_in_kernel_ = size == first_bytes_.size();
  handshake_ ? continue_handshake() : continue_read();
}

// Straight from the kernel, for a reader that wants `wanted` bytes more. False: nothing there; if that is the end, the next read will tell.
bool TlsSocketConnection::receive_more(std::size_t wanted) {
  if (!std::exchange(more_in_kernel_, false)) return false;
  // Records are a little longer than what is in them; asking for much more would leave bytes over that have to be kept.
  const std::size_t room = std::min(Scratch::kReceived, wanted + wanted / 512 + 512);
  const ssize_t size = ::recv(socket_.native_handle(), scratch().received.get(), room, 0);
  if (size <= 0) return false;
  more_in_kernel_ = static_cast<std::size_t>(size) == room;
  arrived_ = {scratch().received.get(), static_cast<std::size_t>(size)};
  return true;
}

void TlsSocketConnection::continue_read() {
  if (!reading_.done) return;
  if (!usable()) return end_read(connection_closed());
  if (arrived_.empty()) arrived_ = kept_;
  std::size_t filled = 0;
  Input input = decrypt(filled);
  while (input == Input::wanted && receive_more(reading_.into.size() - filled)) input = decrypt(filled);
  keep_arrived();
  auto failure = input == Input::failed ? broken("the peer's TLS records make no sense") : connection_closed();
  if (flush() == Output::failed) failed_ = true;
  if (filled > 0) return end_read(filled);
  if (input == Input::ended) return end_read(std::size_t{0});
  if (failed_) return end_read(std::move(failure));
  receive();
}

// As much as there is, into the reader's room behind `filled`.
TlsSocketConnection::Input TlsSocketConnection::decrypt(std::size_t& filled) {
  if (failed_) return Input::failed;
  if (peer_ended_) return Input::ended;
  while (filled < reading_.into.size()) {
    ERR_clear_error();
    std::size_t size = 0;
    const int result = SSL_read_ex(ssl_.get(), reading_.into.data() + filled, reading_.into.size() - filled, &size);
    if (result == 1) {
      filled += size;
      continue;
    }
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ: return Input::wanted;
      case SSL_ERROR_ZERO_RETURN: peer_ended_ = true; return Input::ended;
      default: failed_ = true; return Input::failed;
    }
  }
  return Input::full;
}

void TlsSocketConnection::keep_arrived() {
  if (arrived_.empty()) return give_back(kept_);
  std::vector<std::byte> rest(arrived_.begin(), arrived_.end());
  kept_.swap(rest);
  arrived_ = {};
}

void TlsSocketConnection::end_read(base::Result<std::size_t> result) {
  const ReadDone done = std::exchange(reading_.done, nullptr);
  if (done) done(std::move(result));
}

// --- output ---

void TlsSocketConnection::add_output(base::ByteView records) {
  std::vector<std::byte>& target = waiting_ ? unsent_ : scratch().records;
  target.insert(target.end(), records.begin(), records.end());
}

void TlsSocketConnection::took(std::size_t size) {
  unsent_begin_ += size;
  if (unsent_begin_ < unsent_.size()) return;
  unsent_begin_ = 0;
  give_back(unsent_);
}

// Records are longer than what is in them, so this is exact only when none is left.
void TlsSocketConnection::note_sent() { sent_ = std::max(sent_, encrypted_ - std::min<std::uint64_t>(encrypted_, unsent())); }

// What waited and what was made in this turn, in one system call; what the kernel does not take, waits.
TlsSocketConnection::Output TlsSocketConnection::send_now() {
  if (waiting_) return Output::blocked;
  std::vector<std::byte>& fresh = scratch().records;
  std::array<iovec, 2> parts{iovec{unsent_.data() + unsent_begin_, unsent()}, iovec{fresh.data(), fresh.size()}};
  const std::size_t total = unsent() + fresh.size();
  if (total == 0) return Output::gone;
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  ssize_t size = 0;
  do {
    size = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
  } while (size < 0 && errno == EINTR);
  if (size < 0 && errno != EAGAIN) {
    failed_ = true;
    fresh.clear();
    return Output::failed;
  }
  std::size_t taken = size < 0 ? 0 : static_cast<std::size_t>(size);
  const bool all = taken == total;
  const std::size_t of_fresh = taken > unsent() ? taken - unsent() : 0;
  if (unsent() > 0) took(std::min(taken, unsent()));
  unsent_.insert(unsent_.end(), fresh.begin() + static_cast<std::ptrdiff_t>(of_fresh), fresh.end());
  fresh.clear();
  note_sent();
  return all ? Output::gone : Output::blocked;
}

TlsSocketConnection::Output TlsSocketConnection::flush() {
  const Output output = send_now();
  if (output == Output::blocked && !std::exchange(waiting_, true)) {
    socket_.async_wait(asio::ip::tcp::socket::wait_write, [self = self()](const error_code&) { self->writable(); });
  }
  return output;
}

void TlsSocketConnection::writable() {
  waiting_ = false;
  const Output output = open_ ? flush() : Output::failed;
  if (output == Output::blocked) return;
  if (ending_) {
    if (output == Output::failed) return close();
    ending_ = false;
    return end_output();
  }
  if (writing_.done) return continue_write();
  if (file_) continue_file();
}

void TlsSocketConnection::adapt_turn(Output output) {
  turn_ = output == Output::gone ? std::min(2 * turn_, kLargestTurn) : std::max(turn_ / 2, kRecord);
}

bool TlsSocketConnection::encrypt(base::ByteView bytes) {
  ERR_clear_error();
  std::size_t size = 0;
  if (failed_ || SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size) != 1) {
    failed_ = true;
    scratch().records.clear();  // of nobody else's session
    return false;
  }
  encrypted_ += size;
  return true;
}

// Small neighbours share a record: a header and a short body are one.
std::size_t TlsSocketConnection::copy_small_pieces() {
  std::size_t size = 0;
  while (!writing_.empty() && size < kRecord) {
    base::ByteView& piece = writing_.pieces[writing_.first];
    const std::size_t part = std::min(piece.size(), kRecord - size);
    std::memcpy(scratch().plain.get() + size, piece.data(), part);
    size += part;
    piece = piece.subspan(part);
    if (piece.empty()) ++writing_.first;
  }
  return size;
}

bool TlsSocketConnection::encrypt_pieces(std::size_t at_most) {
  for (std::size_t total = 0; !writing_.empty() && total < at_most;) {
    base::ByteView& piece = writing_.pieces[writing_.first];
    const bool last = writing_.first + 1 == writing_.count;
    if (piece.size() < kRecord && !last) {
      const std::size_t size = copy_small_pieces();
      if (!encrypt({scratch().plain.get(), size})) return false;
      total += size;
      continue;
    }
    // Whole records, from where the bytes lie.
    std::size_t size = std::min(piece.size(), at_most);
    if (!last || size < piece.size()) size -= size % kRecord;
    if (!encrypt(piece.first(size))) return false;
    total += size;
    piece = piece.subspan(size);
    if (piece.empty()) ++writing_.first;
  }
  return true;
}

void TlsSocketConnection::write(std::span<const base::ByteView> pieces, Follows follows, WriteDone done) {
  assert(!writing_.done && !file_ && pieces.size() <= kPieces);
  writing_.first = writing_.count = 0;
  for (const base::ByteView& piece : pieces) {
    if (!piece.empty()) writing_.pieces[writing_.count++] = piece;
  }
  writing_.follows = follows;
  writing_.done = std::move(done);
  asio::post(loop_->core().context, [self = self()] { self->continue_write(); });
}

void TlsSocketConnection::continue_write() {
  if (!writing_.done) return;
  if (!usable()) return end_write(connection_closed());
  if (!encrypt_pieces(turn_)) return end_write(broken("the TLS session is broken"));
  if (writing_.empty() && writing_.follows == Follows::more && !waiting_) {
    // They go out with what follows.
    std::vector<std::byte>& fresh = scratch().records;
    unsent_.insert(unsent_.end(), fresh.begin(), fresh.end());
    fresh.clear();
    return end_write({});
  }
  const Output output = flush();
  if (output == Output::failed) return end_write(connection_closed());
  adapt_turn(output);
  if (output == Output::blocked) return;
  if (writing_.empty()) return end_write({});
  asio::post(loop_->core().context, [self = self()] { self->continue_write(); });
}

void TlsSocketConnection::end_write(base::Result<void> result) {
  const WriteDone done = std::exchange(writing_.done, nullptr);
  done(std::move(result));
}

// The next bytes of the file into the scratch, whole records but for the last; nullopt when a job reads them in first, or the file has ended.
std::optional<std::size_t> TlsSocketConnection::read_turn() {
  FileSend& send = *file_;
  const int descriptor = send.rest.file->descriptor();
  const bool here = send.rest.offset < send.resident_until;
  const std::uint64_t limit = here ? std::min(send.rest.length, send.resident_until - send.rest.offset) : send.rest.length;
  const std::span<std::byte> plain(scratch().plain.get(), std::min<std::uint64_t>(limit, turn_));
  const ssize_t got = here ? ::pread(descriptor, plain.data(), plain.size(), static_cast<off_t>(send.rest.offset))
                           : read_cached(descriptor, plain, send.rest.offset);
  if (got < 0 && !here) {
    read_in(std::min(send.rest.length, kReadIn));
    return std::nullopt;
  }
  if (got < 0) {
    end_file(base::fail(base::system_error(errno, "pread").as(base::ErrorCode::corrupt, "a stored file cannot be read")));
    return std::nullopt;
  }
  if (got == 0) {
    end_file(base::fail(base::ErrorCode::corrupt, "a stored file is shorter than expected"));
    return std::nullopt;
  }
  const auto size = static_cast<std::size_t>(got);
  return size < plain.size() && size > kRecord ? size - size % kRecord : size;
}

void TlsSocketConnection::continue_file() {
  if (!file_ || file_->reading_in) return;
  FileSend& send = *file_;
  if (!usable()) return end_file(connection_closed());
  if (send.rest.length == 0 && unsent() == 0) return end_file({});
  if (send.rest.length > 0) {
    const auto size = read_turn();
    if (!size) return;
    if (!encrypt({scratch().plain.get(), *size})) return end_file(broken("the TLS session is broken"));
    send.rest.offset += *size;
    send.rest.length -= *size;
  }
  const Output output = flush();
  if (output == Output::failed) return end_file(connection_closed());
  adapt_turn(output);
  if (output == Output::blocked) return;
  if (send.rest.length == 0) return end_file({});
  post_continue_file();
}

// --- the end ---

// close_notify: what the peer has is the whole.
void TlsSocketConnection::say_goodbye() {
  if (!ssl_ || failed_ || handshake_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

void TlsSocketConnection::close() {
  if (!open_) return;
  // In the middle of a write there is no whole.
  if (usable() && !writing_.done && !file_ && !waiting_) {
    say_goodbye();
    static_cast<void>(send_now());
  }
  SocketConnection::close();
  ssl_.reset();
}

void TlsSocketConnection::close_gently(Linger limits) {
  if (!usable()) return;
  say_goodbye();
  begin_linger(limits);
  switch (flush()) {
    case Output::gone: return end_output();
    case Output::blocked: ending_ = true; return;
    case Output::failed: return close();
  }
}

}  // namespace berth::net
