#include "http/protocol_choice.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "http/h1_session.h"
#include "http/h2_frames.h"
#include "http/h2_session.h"
#include "http/input_buffer.h"

namespace berth::http {

namespace {

// A connection that has not said yet what it speaks.
class Opening final : public Session, public std::enable_shared_from_this<Opening> {
 public:
  Opening(std::shared_ptr<Engine> engine, std::shared_ptr<LoopSlot> slot, std::shared_ptr<net::Connection> connection)
      : engine_(std::move(engine)),
        slot_(std::move(slot)),
        connection_(std::move(connection)),
        deadline_(*slot_->loop, [this] { deadline_over(); }) {}

  void start() override {
    slot_->sessions.insert(shared_from_this());
    deadline_.set(engine_->limits.idle_timeout);
    read();
  }

  void wind_down() override {
    if (!input_->empty()) return;
    connection_->close_gently(kIdleLinger);
    finish();
  }

  bool cut() override {
    connection_->reset();
    finish();
    return false;
  }

 private:
  void read() {
    connection_->read_some(input_->space(),
                           [self = shared_from_this()](const base::Result<std::size_t>& size) { self->received(size); });
  }

  void received(const base::Result<std::size_t>& size) {
    if (ended_) return;
    if (!size || *size == 0) {
      connection_->close();
      return finish();
    }
    const bool first = input_->empty();
    input_->commit(*size);
    switch (spoken_by(input_->text())) {
      case Spoken::http1: return hand_over<H1Session>();
      case Spoken::http2: return hand_over<H2Session>();
      case Spoken::unclear: break;
    }
    if (first) deadline_.set(engine_->limits.header_timeout);
    read();
  }

  template <typename Speaker>
  void hand_over() {
    finish();
    std::make_shared<Speaker>(engine_, slot_, connection_, input_)->start();
  }

  void deadline_over() {
    connection_->close();
    finish();
  }

  void finish() {
    if (std::exchange(ended_, true)) return;
    deadline_.clear();
    slot_->sessions.erase(shared_from_this());
  }

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<LoopSlot> slot_;
  std::shared_ptr<net::Connection> connection_;
  std::shared_ptr<InputBuffer> input_ = std::make_shared<InputBuffer>();
  bool ended_ = false;
  net::Deadline deadline_;
};

}  // namespace

Spoken spoken_by(std::string_view first_bytes) {
  const std::size_t size = std::min(first_bytes.size(), kH2Preface.size());
  if (first_bytes.substr(0, size) != kH2Preface.substr(0, size)) return Spoken::http1;
  return size == kH2Preface.size() ? Spoken::http2 : Spoken::unclear;
}

void start_session(std::shared_ptr<Engine> engine, std::shared_ptr<LoopSlot> slot, std::shared_ptr<net::Connection> connection) {
  const std::string_view agreed = connection->protocol();
  auto input = std::make_shared<InputBuffer>();
  if (agreed == "h2")
    return std::make_shared<H2Session>(std::move(engine), std::move(slot), std::move(connection), std::move(input))->start();
  if (agreed == "http/1.1") {
    return std::make_shared<H1Session>(std::move(engine), std::move(slot), std::move(connection), std::move(input))->start();
  }
  std::make_shared<Opening>(std::move(engine), std::move(slot), std::move(connection))->start();
}

}  // namespace berth::http
