#include "http/body_pump.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace berth::http {

namespace {

// Chunk headers must fit beside the content.
constexpr std::size_t kSmallestPiece = 4 * ChunkedDecoder::kMaxOverhead;

}  // namespace

BodyPump::BodyPump(std::shared_ptr<Engine> engine, std::shared_ptr<net::Connection> connection,
                   std::shared_ptr<InputBuffer> input, std::shared_ptr<Exchange> exchange, BodyFraming framing,
                   std::weak_ptr<Owner> owner)
    : engine_(std::move(engine)),
      connection_(std::move(connection)),
      input_(std::move(input)),
      exchange_(std::move(exchange)),
      framing_(framing),
      owner_(std::move(owner)),
      window_(*connection_->loop(), [this] { window_over(); }) {
  switch (framing_) {
    case BodyFraming::none: complete_ = true; break;
    case BodyFraming::length: remaining_ = exchange_->request().content_length.value_or(0); break;
    case BodyFraming::chunked: decoder_.emplace(); break;
  }
}

std::optional<std::uint64_t> BodyPump::missing() const {
  if (complete_) return 0;
  if (framing_ == BodyFraming::chunked) return std::nullopt;
  return remaining_ - std::min<std::uint64_t>(remaining_, input_->size());
}

void BodyPump::start() {
  mode_ = Mode::consuming;
  window_.set(engine_->limits.body_window);
  advance();
}

void BodyPump::drop_buffered() {
  while (!complete_ && !input_->empty() && !receiving_) {
    if (auto result = take_buffered(); !result) return;  // not complete, so the connection will end
    filling_->drop_content();
  }
}

void BodyPump::discard() {
  mode_ = Mode::discarding;
  window_bytes_ = 0;
  window_.set(engine_->limits.body_window);
  advance();
}

void BodyPump::stop() {
  mode_ = Mode::ended;
  window_.clear();
}

void BodyPump::advance() {
  while (mode_ == Mode::consuming || mode_ == Mode::discarding) {
    if (mode_ == Mode::consuming) {
      hand_over();
    } else if (!receiving_ && filling_ != nullptr) {
      filling_->drop_content();
    }
    if (complete_) {
      window_.clear();
      if (mode_ == Mode::discarding) {
        stop();
        if (const auto owner = owner_.lock()) owner->body_discarded();
      }
      return;
    }
    if (receiving_) return;
    if (filling_ == nullptr || (filling_->data && filling_->full())) {
      window_held_ = true;
      return;
    }
    if (input_->empty()) return read();
    if (auto result = take_buffered(); !result) return fail(std::move(result).error());
  }
}

void BodyPump::Piece::drop_content() {
  const std::size_t rest = raw_end - raw_begin;
  if (rest > 0) std::memmove(data.get(), data.get() + raw_begin, rest);
  ready = raw_begin = 0;
  raw_end = rest;
}

void BodyPump::allocate(Piece& piece) const {
  if (piece.data) return;
  piece.capacity = std::max(engine_->limits.body_buffer_bytes, kSmallestPiece);
  if (framing_ == BodyFraming::length) piece.capacity = std::min<std::uint64_t>(piece.capacity, remaining_);
  piece.data = std::make_unique_for_overwrite<std::byte[]>(piece.capacity);
}

void BodyPump::read() {
  allocate(*filling_);
  std::size_t room = filling_->capacity - filling_->raw_end;
  if (framing_ == BodyFraming::length) room = std::min<std::uint64_t>(room, remaining_);
  receiving_ = true;
  connection_->read_some({filling_->data.get() + filling_->raw_end, room},
                         [self = shared_from_this()](const base::Result<std::size_t>& size) {
                           self->receiving_ = false;
                           if (self->mode_ == Mode::ended) return;
                           if (!size || *size == 0) return self->lose();
                           if (auto result = self->took(*size); !result) return self->fail(std::move(result).error());
                           self->advance();
                         });
}

// What arrived together with the head.
base::Result<void> BodyPump::take_buffered() {
  allocate(*filling_);
  std::size_t room = filling_->capacity - filling_->raw_end;
  if (framing_ == BodyFraming::length) room = std::min<std::uint64_t>(room, remaining_);
  return took(input_->take({filling_->data.get() + filling_->raw_end, room}));
}

base::Result<void> BodyPump::took(std::size_t size) {
  window_bytes_ += size;
  filling_->raw_end += size;
  if (framing_ == BodyFraming::chunked) return decode(*filling_);
  filling_->ready = filling_->raw_begin = filling_->raw_end;
  received_ += size;
  remaining_ -= size;
  complete_ = remaining_ == 0;
  return {};
}

base::Result<void> BodyPump::decode(Piece& piece) {
  std::byte* const data = piece.data.get();
  const std::span<const std::byte> raw(data + piece.raw_begin, piece.raw_end - piece.raw_begin);
  BERTH_TRY(const ChunkedDecoder::Progress progress, decoder_->decode(raw, {data + piece.ready, piece.capacity - piece.ready}));
  piece.ready += progress.produced;
  received_ += progress.produced;
  const std::span<const std::byte> rest = raw.subspan(progress.consumed);
  if (decoder_->done()) {
    complete_ = true;
    input_->append(rest);
    piece.raw_begin = piece.raw_end = piece.ready;
    return {};
  }
  std::memmove(data + piece.ready, rest.data(), rest.size());
  piece.raw_begin = piece.ready;
  piece.raw_end = piece.ready + rest.size();
  return {};
}

void BodyPump::hand_over() {
  if (filling_ == nullptr || finishing_) return;
  Piece& piece = *filling_;
  if (complete_) {
    finishing_ = true;
    window_.clear();
    give(piece);
    exchange_->finish({piece.data.get(), piece.ready},
                      [self = shared_from_this()](Exchange::Answer answer) { self->finished(std::move(answer)); });
    return;
  }
  if (piece.ready == 0 || !piece.full()) return;
  // What is not decoded yet stays with us.
  input_->put_back({piece.data.get() + piece.raw_begin, piece.raw_end - piece.raw_begin});
  give(piece);
  exchange_->write({piece.data.get(), piece.ready},
                   [self = shared_from_this()](Exchange::Answer answer) { self->written(std::move(answer)); });
}

void BodyPump::give(Piece& piece) {
  filling_ = given_ == nullptr ? &other_than(piece) : nullptr;
  if (given_ == nullptr) given_ = &piece;
}

// The worker is done with the piece that it got first.
void BodyPump::returned() {
  Piece& piece = *given_;
  given_ = filling_ == nullptr ? &other_than(piece) : nullptr;
  piece.clear();
  if (filling_ == nullptr) filling_ = &piece;
}

void BodyPump::written(Exchange::Answer answer) {
  returned();
  if (mode_ == Mode::discarding) return advance();
  if (mode_ != Mode::consuming) return;
  if (!answer) return fail(std::move(answer).error());
  if (!*answer) return advance();
  mode_ = Mode::answered;
  window_.clear();
  if (const auto owner = owner_.lock()) owner->body_answered(std::move(**answer));
}

void BodyPump::finished(Exchange::Answer answer) {
  returned();
  if (mode_ != Mode::consuming) return;
  if (!answer || !*answer) {
    return fail(answer ? base::Error(base::ErrorCode::internal, "the request could not be answered") : std::move(answer).error());
  }
  stop();
  if (const auto owner = owner_.lock()) owner->body_answered(std::move(**answer));
}

void BodyPump::window_over() {
  if (mode_ != Mode::consuming && mode_ != Mode::discarding) return;
  if (receiving_ && !window_held_ && window_bytes_ < engine_->limits.body_min_bytes) {
    return fail(base::Error(base::ErrorCode::request_timeout, "the request body came too slowly"));
  }
  window_bytes_ = 0;
  window_held_ = !receiving_;
  window_.set(engine_->limits.body_window);
}

void BodyPump::fail(base::Error error) {
  stop();
  if (const auto owner = owner_.lock()) owner->body_failed(std::move(error));
}

void BodyPump::lose() {
  stop();
  if (const auto owner = owner_.lock()) owner->body_lost();
}

}  // namespace berth::http
