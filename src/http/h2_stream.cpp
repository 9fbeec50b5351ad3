#include "http/h2_stream.h"
#include "http/forwarded.h"

#include <utility>

#include "berth/base/log.h"

namespace berth::http {

namespace {

// Manifests, listings, errors: they go before layers.
constexpr std::uint64_t kSmall = 64 * 1024;
// How long the rest of a body that nobody wants may come after the answer.
constexpr std::chrono::milliseconds kRestWait{1'000};

// An answer from memory, whose text stays where it is.
Response copy_of(const std::shared_ptr<const Response>& at_hand) {
  Response response;
  response.status = at_hand->status;
  response.fields = at_hand->fields;
  response.head_length = at_hand->head_length;
  response.label = at_hand->label;
  if (const auto* text = std::get_if<std::string>(&at_hand->body)) {
    response.body = std::shared_ptr<const std::string>(at_hand, text);
  } else {
    response.body = at_hand->body;
  }
  return response;
}

}  // namespace

H2Stream::H2Stream(std::shared_ptr<Engine> engine, std::shared_ptr<net::Loop> loop, H2Wire& wire, std::int32_t id, Request blank,
                   std::shared_ptr<void> counted)
    : engine_(std::move(engine)),
      loop_(std::move(loop)),
      wire_(&wire),
      id_(id),
      head_({engine_->limits.header_bytes, engine_->limits.header_fields}),
      blank_(std::move(blank)),
      counted_(std::move(counted)) {}

// --- the request ---

void H2Stream::head_arrived(H2End end) {
  const auto facts = head_.finish(end, blank_);
  apply_forwarded(blank_, engine_->trusted_proxies);
  had_head_ = facts.has_value() || facts.error().code() == base::ErrorCode::expectation_failed;
  exchange_ = std::make_shared<Exchange>(engine_, loop_, std::move(blank_), std::move(counted_));
  upload_ = std::make_shared<H2Upload>(engine_, loop_, exchange_, id_, wire_->windows(), *this);
  if (end == H2End::ended) upload_->end_arrived();
  if (!facts) return reject(facts.error());
  expects_continue_ = facts->expects_continue;
  if (end == H2End::ended) {
    if (const auto at_hand = engine_->handler.recall(exchange_->request())) return respond(copy_of(at_hand));
  }
  begin();
}

void H2Stream::begin() {
  phase_ = Phase::working;
  if (exchange_->begin([self = shared_from_this()](Exchange::Answer answer) { self->begun(std::move(answer)); })) return;
  reject(engine_->no_worker());
}

void H2Stream::begun(Exchange::Answer answer) {
  if (!answer) {
    reject(answer.error());
  } else if (*answer) {
    respond(std::move(**answer));
  } else {
    phase_ = Phase::body;
    // A client that did not wait needs no invitation.
    if (expects_continue_ && upload_->received() == 0 && !upload_->complete()) wire_->send_continue(id_);
    upload_->start();
  }
  wire_->flush();
}

void H2Stream::data_arrived(base::ByteView bytes) {
  upload_->arrived(bytes);
  if (rest_ && upload_->received() - received_at_answer_ > engine_->limits.drain_bytes) end_rest();
}

void H2Stream::body_arrived() { upload_->end_arrived(); }

void H2Stream::push_body() {
  if (upload_) upload_->push();
}

void H2Stream::body_answered(Response response) {
  respond(std::move(response));
  wire_->flush();
}

void H2Stream::body_failed(base::Error error) {
  exchange_->leave();
  reject(error);
  wire_->flush();
}

void H2Stream::body_credited() { wire_->flush(); }

// --- the answer ---

void H2Stream::reject(const base::Error& error) { respond(engine_->reject(exchange_->request(), error)); }

void H2Stream::respond(Response response) {
  upload_->discard();
  response_ = std::move(response);
  plan_ = plan_response(response_, exchange_->request());
  const auto* generator = std::get_if<std::shared_ptr<Generator>>(&response_.body);
  if (generator == nullptr || plan_.framing == ResponseFraming::none) return send_head({});
  // The first piece is made before the head is sent, so that an early failure still gets a proper error answer.
  phase_ = Phase::making;
  exchange_->next(*generator,
                  [self = shared_from_this()](base::Result<std::string> piece) { self->first_piece(std::move(piece)); });
}

void H2Stream::first_piece(base::Result<std::string> piece) {
  if (piece) {
    send_head(std::move(*piece));
  } else {
    base::log::error("a response could not be made", {{"request_id", request().id}, {"what", piece.error().message()}});
    respond(engine_->handler.render_error(request(), piece.error()));
  }
  wire_->flush();
}

void H2Stream::send_head(std::string first) {
  phase_ = Phase::answering;
  const bool body = plan_.framing != ResponseFraming::none && body_length(response_.body) != std::uint64_t{0};
  const std::uint64_t length = plan_.content_length.value_or(UINT64_MAX);
  Body content = std::exchange(response_.body, std::string());
  if (body) {
    source_ =
        std::make_shared<H2Source>(engine_, loop_, exchange_, std::move(content), std::move(first), [weak = weak_from_this()] {
          const auto self = weak.lock();
          if (!self || self->phase_ != Phase::answering) return;
          self->wire_->resume(self->id_);
          self->wire_->flush();
        });
  } else {
    engine_->release_body(std::move(content));
  }
  head_sent_ = true;
  wire_->send_head(*this, response_, plan_, body ? H2Wire::BodyFollows::yes : H2Wire::BodyFollows::no,
                   length <= kSmall ? H2Urgency::small : H2Urgency::bulk);
}

H2Source::Supply H2Stream::supply(std::span<std::byte> into) {
  if (!source_) return {H2Source::State::failed, 0};
  return source_->supply(into);
}

void H2Stream::answer_buffered() {
  phase_ = Phase::sent;
  if (upload_->complete()) return;
  // The peer may stop sending what nobody reads (RFC 9113 §8.1), and is told so. Not at once: clients that are told while they send (curl
  // 7.88) take the reset for the answer. Most end by themselves when they have read it.
  received_at_answer_ = upload_->received();
  rest_.emplace(*loop_, [this] { end_rest(); });
  rest_->set(kRestWait);
}

void H2Stream::end_rest() {
  if (phase_ != Phase::sent || upload_->complete()) return;
  rest_->clear();
  wire_->reset(id_, H2Code::no_error);
  wire_->flush();
}

void H2Stream::answer_sent() { account(Completeness::whole); }

void H2Stream::answer_lost() { account(Completeness::cut); }

bool H2Stream::look_for_stall() {
  if (phase_ != Phase::answering || !source_ || source_->waits()) return false;
  const std::uint64_t supplied = source_->supplied();
  const bool stalled = supplied == supplied_at_look_;
  supplied_at_look_ = supplied;
  return stalled;
}

// --- the end ---

void H2Stream::detach() {
  if (phase_ == Phase::detached) return;
  const bool answered = phase_ == Phase::sent;
  phase_ = Phase::detached;
  rest_.reset();
  counted_.reset();
  if (upload_) upload_->stop();
  if (source_) source_->stop();
  if (exchange_) {
    // An answer that stands in the output buffer is told of when it was sent.
    if (!answered) account(Completeness::cut);
    exchange_->leave();
  }
  wire_ = nullptr;
}

void H2Stream::account(Completeness completeness) {
  if (!had_head_) return;
  Account account;
  account.complete = completeness == Completeness::whole;
  account.request_bytes = upload_->received();
  account.status = head_sent_ ? response_.status : 0;
  account.label = response_.label;
  if (source_) account.response_bytes = source_->supplied();
  account.duration = exchange_->age();
  exchange_->account(account);
}

}  // namespace berth::http
