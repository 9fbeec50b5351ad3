#include "http/h2_upload.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace berth::http {

namespace {

constexpr std::size_t kFirstPiece = 16 * 1024;
// One that is written, and one that waits for its turn with the worker (exchange.h).
constexpr std::size_t kGiven = 2;
constexpr std::uint32_t kFirstStep = 256 * 1024;
// An upload that could fill its window in this time gets a wider one: the round trip may be as long.
constexpr std::chrono::milliseconds kQuickFill{250};

}  // namespace

H2Upload::H2Upload(std::shared_ptr<Engine> engine, const std::shared_ptr<net::Loop>& loop, std::shared_ptr<Exchange> exchange,
                   std::int32_t stream, H2Windows& windows, Owner& owner)
    : engine_(std::move(engine)),
      exchange_(std::move(exchange)),
      stream_(stream),
      windows_(&windows),
      owner_(&owner),
      period_(*loop, [this] { period_over(); }) {}

// --- from the connection ---

void H2Upload::arrived(base::ByteView bytes) {
  received_ += bytes.size();
  period_bytes_ += bytes.size();
  windows_->arrived(bytes.size());
  if (mode_ == Mode::dropping) return windows_->credit(stream_, bytes.size());
  held_ += bytes.size();
  append(bytes);
  if (held_ * 2 >= width_) period_held_ = true;
  hand_over(Haste::none);
}

void H2Upload::end_arrived() {
  complete_ = true;
  period_.clear();
  hand_over(Haste::none);
}

void H2Upload::append(base::ByteView bytes) {
  while (!bytes.empty()) {
    Piece& piece = room();
    const std::size_t taken = std::min(bytes.size(), piece.capacity - piece.size);
    std::memcpy(piece.data.get() + piece.size, bytes.data(), taken);
    piece.size += taken;
    bytes = bytes.subspan(taken);
  }
}

// The piece to fill, with room for at least one byte. A body that has shown its size gets whole pieces at once.
H2Upload::Piece& H2Upload::room() {
  const std::size_t full = engine_->limits.body_buffer_bytes;
  if (pieces_.empty() || pieces_.back().size >= full) {
    pieces_.push_back(std::exchange(spare_, {}));
    pieces_.back().size = 0;
  }
  Piece& piece = pieces_.back();
  if (piece.size == piece.capacity) grow(piece);
  return piece;
}

void H2Upload::grow(Piece& piece) const {
  const std::size_t full = engine_->limits.body_buffer_bytes;
  const std::size_t wanted = received_ > full ? full : std::max(kFirstPiece, 2 * piece.capacity);
  const std::size_t capacity = std::max<std::size_t>(std::min(wanted, full), 1);
  auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
  if (piece.size > 0) std::memcpy(larger.get(), piece.data.get(), piece.size);
  piece.data = std::move(larger);
  piece.capacity = capacity;
}

// --- to the consumer ---

void H2Upload::start() {
  mode_ = Mode::consuming;
  widened_ = Clock::now();
  const std::uint64_t expected = exchange_->request().content_length.value_or(UINT64_MAX);
  if (!complete_) {
    period_bytes_ = 0;
    period_held_ = held_ * 2 >= width_;
    period_.set(engine_->limits.body_window);
    if (expected > width_) width_ = windows_->widen(stream_, width_, std::min(kFirstStep, engine_->limits.http2.stream_window));
  }
  hand_over(Haste::none);
}

void H2Upload::push() { hand_over(Haste::push); }

void H2Upload::hand_over(Haste haste) {
  while (mode_ == Mode::consuming && given_.size() < kGiven && !finishing_) {
    if (complete_ && pieces_.size() <= 1) {
      finishing_ = true;
      exchange_->finish(give_front().bytes(),
                        [self = shared_from_this()](Exchange::Answer answer) { self->finished(std::move(answer)); });
      return;
    }
    if (pieces_.empty()) return;
    const std::size_t enough = std::min<std::size_t>(engine_->limits.body_buffer_bytes, width_ / 2);
    const bool due = pieces_.size() > 1 || pieces_.front().size >= enough || haste == Haste::push;
    if (!due || pieces_.front().size == 0) return;
    exchange_->write(give_front().bytes(),
                     [self = shared_from_this()](Exchange::Answer answer) { self->written(std::move(answer)); });
  }
}

// An empty piece when there is none.
const H2Upload::Piece& H2Upload::give_front() {
  given_.emplace_back();
  if (pieces_.empty()) return given_.back();
  given_.back() = std::move(pieces_.front());
  pieces_.pop_front();
  return given_.back();
}

// The worker is done with the piece that it got first.
H2Upload::Piece H2Upload::take_back() {
  Piece piece = std::move(given_.front());
  given_.pop_front();
  return piece;
}

void H2Upload::written(Exchange::Answer answer) {
  Piece piece = take_back();
  if (mode_ != Mode::consuming) return;
  held_ -= piece.size;
  windows_->credit(stream_, piece.size);
  since_widened_ += piece.size;
  if (piece.capacity == engine_->limits.body_buffer_bytes) spare_ = std::move(piece);
  if (!answer) return owner_->body_failed(std::move(answer).error());
  if (*answer) return owner_->body_answered(std::move(**answer));
  widen_window();
  hand_over(windows_->crowded() ? Haste::push : Haste::none);
  owner_->body_credited();
}

void H2Upload::finished(Exchange::Answer answer) {
  take_back();
  if (mode_ != Mode::consuming) return;
  if (!answer) return owner_->body_failed(std::move(answer).error());
  if (!*answer) return owner_->body_failed(base::Error(base::ErrorCode::internal, "the request could not be answered"));
  owner_->body_answered(std::move(**answer));
}

// In large steps: a window that grows with each update would be updated too often.
void H2Upload::widen_window() {
  const std::uint32_t largest = engine_->limits.http2.stream_window;
  if (complete_ || width_ >= largest || since_widened_ < width_) return;
  const auto now = Clock::now();
  const auto per_window = (now - widened_) * width_ / since_widened_;
  if (per_window < kQuickFill) width_ = windows_->widen(stream_, width_, std::min(2 * width_, largest));
  since_widened_ = 0;
  widened_ = now;
}

// --- the end ---

void H2Upload::drop_pieces() {
  const std::size_t bytes = std::exchange(held_, 0);
  if (bytes > 0) windows_->credit(stream_, bytes);
  pieces_.clear();
  spare_ = {};
}

void H2Upload::discard() {
  if (mode_ == Mode::dropping || mode_ == Mode::ended) return;
  mode_ = Mode::dropping;
  period_.clear();
  drop_pieces();
}

void H2Upload::stop() {
  if (mode_ == Mode::ended) return;
  drop_pieces();
  mode_ = Mode::ended;
  period_.clear();
  windows_->ended(width_);
  windows_ = nullptr;
  owner_ = nullptr;
}

// As BodyPump's: only a peer that could send and did not is too slow.
void H2Upload::period_over() {
  if (mode_ != Mode::consuming || complete_) return;
  const bool holds_peer = held_ * 2 >= width_ || windows_->crowded();
  if (!period_held_ && !holds_peer && period_bytes_ < engine_->limits.body_min_bytes) {
    return owner_->body_failed(base::Error(base::ErrorCode::request_timeout, "the request body came too slowly"));
  }
  period_bytes_ = 0;
  period_held_ = holds_peer;
  period_.set(engine_->limits.body_window);
}

}  // namespace berth::http
