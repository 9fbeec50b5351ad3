// Connection over TLS. OpenSSL never touches the socket: it reads what has arrived and writes into a buffer, so that many records share one
// system call, and the loop decides when.
//
//   write, send_file ─► records of a turn, in the loop's scratch ─► one send ─┬─ all taken: the next turn, after the others had theirs
//                                                                            └─ the rest into `unsent_`: when the socket is writable
//   read_some ─► up to 2 KiB into `first_bytes_` (an idle connection has no other buffer); when these are full, as much more as the reader
//                takes, by way of the loop's scratch
//
// A turn grows while the peer takes all of it and shrinks when it does not: a slow peer costs a record or two, not the largest turn.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/socket_connection.h"
#include "net/tls_context.h"

namespace berth::net {

class TlsSocketConnection final : public SocketConnection {
 public:
  TlsSocketConnection(std::shared_ptr<Loop> loop, Socket socket, std::shared_ptr<void> held,
                      std::shared_ptr<const TlsContext> context);
  ~TlsSocketConnection() override;

  // Once, at the beginning.
  void start_handshake(std::chrono::milliseconds deadline, HandshakeDone done);

  void read_some(std::span<std::byte> into, ReadDone done) override;
  void write(std::span<const base::ByteView> pieces, Follows follows, WriteDone done) override;
  void close() override;
  void close_gently(Linger linger) override;
  [[nodiscard]] bool secure() const override { return true; }
  [[nodiscard]] std::string_view protocol() const override { return protocol_; }

  // What OpenSSL reads and writes, by way of its BIO.
  std::size_t take_arrived(std::span<std::byte> into);
  void add_output(base::ByteView records);

 private:
  static constexpr std::size_t kRecord = 16 * 1024;
  static constexpr std::size_t kFirstTurn = 2 * kRecord;
  static constexpr std::size_t kLargestTurn = 16 * kRecord;

  enum class Output : std::uint8_t { gone, blocked, failed };
  enum class Input : std::uint8_t { full, wanted, ended, failed };
  struct HandshakeState {
    Deadline deadline;
    HandshakeDone done;
  };
  struct Gather {
    std::array<base::ByteView, kPieces> pieces;
    std::size_t first = 0;
    std::size_t count = 0;
    Follows follows = Follows::nothing;
    WriteDone done;
    [[nodiscard]] bool empty() const { return first == count; }
  };
  struct Reading {
    std::span<std::byte> into;
    ReadDone done;
  };

  [[nodiscard]] std::shared_ptr<TlsSocketConnection> self() {
    return std::static_pointer_cast<TlsSocketConnection>(shared_from_this());
  }
  // False: the first record is not whole.
  bool begin_session();
  void continue_handshake();
  void end_handshake(base::Result<TlsHandshake> result);

  // input
  void receive();
  void received(const boost::system::error_code& error, std::size_t size);
  [[nodiscard]] bool receive_more(std::size_t wanted);
  void continue_read();
  Input decrypt(std::size_t& filled);
  void keep_arrived();
  void end_read(base::Result<std::size_t> result);

  // output
  bool encrypt(base::ByteView bytes);
  bool encrypt_pieces(std::size_t at_most);
  std::size_t copy_small_pieces();
  void continue_write();
  void end_write(base::Result<void> result);
  void continue_file() override;
  std::optional<std::size_t> read_turn();
  // Sends what there is, without waiting; then with it.
  Output send_now();
  Output flush();
  void adapt_turn(Output output);
  void writable();
  [[nodiscard]] std::size_t unsent() const { return unsent_.size() - unsent_begin_; }
  void took(std::size_t size);
  void note_sent();
  void say_goodbye();

  std::shared_ptr<const TlsContext> context_;
  OwnedSsl ssl_;
  std::string protocol_;
  std::unique_ptr<HandshakeState> handshake_;
  bool failed_ = false;  // the session is broken: no more of it, not even a goodbye

  Reading reading_;
  std::array<std::byte, 2048> first_bytes_;
  base::ByteView arrived_;       // not yet read by OpenSSL; lies in first_bytes_, kept_ or the scratch
  std::vector<std::byte> kept_;  // of what arrived, while nobody reads
  bool more_in_kernel_ = false;  // the last receive was full
  bool peer_ended_ = false;      // close_notify

  Gather writing_;
  std::vector<std::byte> unsent_;  // records that the kernel did not take, or that wait for others to join them
  std::size_t unsent_begin_ = 0;
  bool waiting_ = false;  // until the socket is writable
  bool ending_ = false;   // close_gently(), once the records are gone
  std::size_t turn_ = kFirstTurn;
  std::uint64_t encrypted_ = 0;  // bytes of the owner
};

}  // namespace berth::net
