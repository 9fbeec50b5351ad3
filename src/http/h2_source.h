// The body of one HTTP/2 response, as bytes that can be had on the loop at once, or later.
//
// A text is here. A file is read from the page cache; what is not there a worker reads ahead. A generator's pieces a worker makes.
// Loop thread.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "http/engine.h"
#include "http/exchange.h"

namespace berth::http {

class H2Source : public std::enable_shared_from_this<H2Source> {
 public:
  enum class State : std::uint8_t { more, end, later, failed };
  struct Supply {
    State state = State::more;
    std::size_t size = 0;
  };

  // `ready` is called after a supply() that said later, once, never inside that call, and not after stop(). `first` is the first piece
  // of a generator.
  H2Source(std::shared_ptr<Engine> engine, std::shared_ptr<net::Loop> loop, std::shared_ptr<Exchange> exchange, Body body,
           std::string first, std::function<void()> ready);

  // The next bytes; with `end` the last ones (perhaps none).
  Supply supply(std::span<std::byte> into);
  // Nobody will ask again.
  void stop();

  // A worker has to bring something before anything can be sent.
  [[nodiscard]] bool waits() const { return waits_; }
  [[nodiscard]] std::uint64_t supplied() const { return supplied_; }

 private:
  Supply supply_text(std::string_view text, std::span<std::byte> into);
  Supply supply_file(FileBody& file, std::span<std::byte> into);
  Supply supply_piece(std::shared_ptr<Generator> generator, std::span<std::byte> into);
  Supply read_ahead(const FileBody& file);
  void read_ahead_done(base::Result<std::vector<std::byte>> bytes);
  void piece_made(base::Result<std::string> piece);
  Supply fail(const base::Error& error);
  void awake();

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<net::Loop> loop_;
  std::shared_ptr<Exchange> exchange_;
  Body body_;
  std::function<void()> ready_;
  std::uint64_t supplied_ = 0;
  std::string piece_;  // of a generator
  std::size_t piece_used_ = 0;
  std::vector<std::byte> ahead_;  // of a file
  std::size_t ahead_used_ = 0;
  bool waits_ = false;
  bool failed_ = false;
  bool generated_all_ = false;
};

}  // namespace berth::http
