// Input: the size of the pieces in decimal, a newline, the bytes of an HTTP/2 connection after its preface.
//
// A whole session on a loop of its own, with a connection that is made of the input and a handler that takes bodies, answers at once, or
// with a generator. What must hold: the session ends with its connection, no consumer is forgotten, and what was sent is frames.
#include <algorithm>
#include <atomic>
#include <string>

#include "berth/base/log.h"
#include "berth/base/synced.h"
#include "berth/base/workers.h"
#include "fuzz/fuzz.h"
#include "http/h2_frames.h"
#include "http/h2_session.h"
#include "http/input_buffer.h"

namespace {

using namespace berth;
using fuzz::expect;

struct Consumers {
  std::size_t begun = 0;
  std::size_t ended = 0;
};

class CountingConsumer final : public http::BodyConsumer {
 public:
  explicit CountingConsumer(base::Synced<Consumers>& counts) : counts_(counts) {
    counts_.with([](Consumers& c) { ++c.begun; });
  }
  ~CountingConsumer() override {
    expect(over_ || answered_, "a consumer is told its end");
    counts_.with([](Consumers& c) { ++c.ended; });
    counts_.notify_all();
  }
  std::optional<http::Response> write(base::ByteView bytes) override {
    expect(!over_ && !answered_ && bytes.size() <= 1 << 20, "a consumer gets bytes in pieces and before its end");
    total_ += bytes.size();
    if (total_ < 200'000) return std::nullopt;
    answered_ = true;
    return http::Response{507, {}, std::string("full"), {}, false};
  }
  http::Response finish() override {
    end();
    return {201, {}, std::to_string(total_), {}, false};
  }
  void abandon() override { end(); }

 private:
  void end() {
    expect(!over_ && !answered_, "a consumer ends once");
    over_ = true;
  }

  base::Synced<Consumers>& counts_;
  std::uint64_t total_ = 0;
  bool over_ = false;
  bool answered_ = false;
};

class TwoPieces final : public http::Generator {
 public:
  base::Result<std::string> next() override { return left_-- > 0 ? std::string(20'000, 'g') : std::string(); }

 private:
  int left_ = 2;
};

class FuzzHandler final : public http::Handler {
 public:
  std::shared_ptr<const http::Response> recall(const http::Request& request) override {
    expect(!request.has_body, "only what has no body is answered from memory");
    if (request.path() != "/r") return nullptr;
    return std::make_shared<const http::Response>(http::Response{200, {}, std::string("recalled"), {}, false});
  }
  http::Outcome begin(const http::Request& request) override {
    expect(request.target.front() == '/' || request.target == "*", "a target is a path or a star");
    expect(!request.authority.empty(), "a request names its host");
    for (const auto& [name, value] : request.fields.all()) {
      expect(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a value has no line end");
    }
    if (request.method == http::Method::put) return std::make_unique<CountingConsumer>(consumers);
    if (request.path() == "/g") return http::Response{200, {}, std::make_shared<TwoPieces>(), {}, false};
    return http::Response{200, {{"Type", "text"}}, std::string(100'000, 't'), {}, false};
  }
  http::Response render_error(const http::Request&, const base::Error& error) override {
    return {400, {}, error.message(), {}, false};
  }
  void account(const http::Request&, const http::Account& account) override {
    expect(account.status == 0 || account.status >= 200, "an account has a final status");
  }

  base::Synced<Consumers> consumers;
};

class InputConnection final : public net::Connection, public std::enable_shared_from_this<InputConnection> {
 public:
  InputConnection(std::shared_ptr<net::Loop> loop, std::string_view input, std::size_t step, base::Synced<bool>& closed)
      : loop_(std::move(loop)), input_(input), step_(step), closed_(closed) {}

  void read_some(std::span<std::byte> into, ReadDone done) override {
    later([self = shared_from_this(), into, done = std::move(done)] {
      const std::size_t size = std::min({into.size(), self->step_, self->input_.size()});
      std::copy_n(reinterpret_cast<const std::byte*>(self->input_.data()), size, into.begin());
      self->input_.remove_prefix(size);
      done(size);
    });
  }
  void write(std::span<const base::ByteView> pieces, net::Follows, WriteDone done) override {
    for (const auto& piece : pieces) output += base::as_text(piece);
    sent_ = output.size();
    later([done = std::move(done)] { done({}); });
  }
  void send_file(net::FileRange, net::Offload, WriteDone) override { expect(false, "HTTP/2 sends no file by itself"); }
  [[nodiscard]] std::uint64_t sent() const override { return sent_; }
  void close() override {
    closed_.with([](bool& closed) { closed = true; });
    closed_.notify_all();
  }
  void reset() override { close(); }
  void close_gently(net::Linger) override { close(); }
  [[nodiscard]] const std::string& peer() const override { return peer_; }
  [[nodiscard]] bool secure() const override { return false; }
  [[nodiscard]] const std::shared_ptr<net::Loop>& loop() const override { return loop_; }

  std::string output;

 private:
  void later(net::Loop::Task task) { static_cast<void>(loop_->post(std::move(task))); }

  std::shared_ptr<net::Loop> loop_;
  std::string_view input_;
  const std::size_t step_;
  base::Synced<bool>& closed_;
  std::uint64_t sent_ = 0;
  std::string peer_ = "127.0.0.1";
};

void check_frames(std::string_view output) {
  while (!output.empty()) {
    expect(output.size() >= http::H2FrameHeader::kSize, "what was sent is frames");
    std::array<std::uint8_t, http::H2FrameHeader::kSize> raw{};
    std::copy_n(output.begin(), raw.size(), raw.begin());
    const auto header = http::read_frame_header(raw);
    expect(header.length <= 16384 && output.size() >= raw.size() + header.length, "a frame is whole and fits");
    output.remove_prefix(raw.size() + header.length);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The workers last: at the end of the process they are joined while what their jobs speak to still stands.
  static FuzzHandler handler;
  static base::SystemClock clock;
  static base::Workers workers(1, 1000);
  static const bool quiet = [] {
    base::log::configure(base::log::Format::text, base::log::Level::off);
    return true;
  }();
  static_cast<void>(quiet);
  std::string_view bytes = fuzz::as_text(data, size);
  const std::size_t step = std::clamp<std::uint64_t>(base::parse_decimal(fuzz::take_line(bytes)).value_or(1), 1, 1 << 20);

  base::Synced<bool> closed;
  const auto slot = std::make_shared<http::LoopSlot>();
  slot->loop = net::Loop::start();
  const auto connection = std::make_shared<InputConnection>(slot->loop, bytes, step, closed);
  const auto engine = std::make_shared<http::Engine>(handler, workers, clock, http::Limits{});
  static_cast<void>(slot->loop->post([&] {
    auto input = std::make_shared<http::InputBuffer>();
    input->append(base::as_bytes(http::kH2Preface));
    std::make_shared<http::H2Session>(engine, slot, connection, input)->start();
  }));
  closed.wait([](bool is) { return is; }, [](bool) {});
  slot->loop->stop();
  expect(slot->sessions.empty(), "a session ends with its connection");
  check_frames(connection->output);
  handler.consumers.wait([](const Consumers& c) { return c.begun == c.ended; }, [](const Consumers&) {});
  return 0;
}
