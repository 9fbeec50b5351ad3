#include "http/h1_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "http/forwarded.h"

namespace berth::http {

namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kEmptyLine = "\r\n";

}  // namespace

H1Session::H1Session(std::shared_ptr<Engine> engine, std::shared_ptr<LoopSlot> slot, std::shared_ptr<net::Connection> connection,
                     std::shared_ptr<InputBuffer> input)
    : engine_(std::move(engine)),
      slot_(std::move(slot)),
      connection_(std::move(connection)),
      input_(std::move(input)),
      scanner_({engine_->limits.header_bytes, engine_->limits.header_fields}),
      deadline_(*slot_->loop, [this] { deadline_over(); }) {}

void H1Session::start() {
  slot_->sessions.insert(shared_from_this());
  next_request();
}

// --- the head ---

void H1Session::next_request() {
  exchange_.reset();
  pump_.reset();
  sender_.reset();
  at_hand_.reset();
  facts_ = {};
  had_empty_line_ = head_deadline_set_ = had_head_ = continue_sent_ = body_broken_ = false;
  scanner_ = HeadScanner({engine_->limits.header_bytes, engine_->limits.header_fields});
  input_->shrink();
  phase_ = input_->empty() ? Phase::idle : Phase::head;
  if (engine_->stopping) {
    connection_->close_gently({});
    return finish();
  }
  deadline_.set(engine_->limits.idle_timeout);
  read_head();
}

// One empty line before a request is an old client's habit (RFC 9112 §2.2); two are not.
H1Session::EmptyLine H1Session::skip_empty_line() {
  if (had_empty_line_) return EmptyLine::none;
  if (input_->text() == "\r") return EmptyLine::half;
  if (input_->text().starts_with(kEmptyLine)) {
    had_empty_line_ = true;
    input_->consume(kEmptyLine.size());
  }
  return EmptyLine::none;
}

void H1Session::read_head() {
  if (skip_empty_line() == EmptyLine::none) {
    const base::Result<std::size_t> length = scanner_.scan(input_->text());
    if (!length) return reject(length.error());
    if (*length > 0) return head_complete(*length);
  }
  // Set only for a head that comes in pieces: most come whole, and the timer stays where it is.
  if (!input_->empty() && !std::exchange(head_deadline_set_, true)) deadline_.set(engine_->limits.header_timeout);
  connection_->read_some(input_->space(),
                         [self = shared_from_this()](const base::Result<std::size_t>& size) { self->received(size); });
}

void H1Session::received(const base::Result<std::size_t>& size) {
  if (phase_ != Phase::idle && phase_ != Phase::head) return;
  if (!size || *size == 0) {
    connection_->close();
    return finish();
  }
  input_->commit(*size);
  phase_ = Phase::head;
  read_head();
}

// What a head that cannot be parsed names all the same, so that its error is said in the dialect of the face that was called. A guess
// from the first line, for nothing else: the request is refused.
std::string H1Session::presumed_target() const {
  constexpr std::size_t kLongest = 256;
  const std::string_view line = input_->text().substr(0, kLongest);
  const std::size_t begin = line.find(" /");
  if (begin == std::string_view::npos) return {};
  const std::string_view rest = line.substr(begin + 1);
  const auto ends = [](char c) { return c <= ' ' || c > '~'; };
  return std::string(rest.begin(), std::find_if(rest.begin(), rest.end(), ends));
}

void H1Session::head_complete(std::size_t length) {
  deadline_.clear();
  Request request = engine_->new_request(*connection_);
  const base::Result<HeadFacts> facts = parse_head(input_->text().substr(0, length), request);
  if (request.target.empty()) request.target = presumed_target();
  apply_forwarded(request, engine_->trusted_proxies);
  input_->consume(length);
  had_head_ = facts.has_value() || facts.error().code() == base::ErrorCode::expectation_failed;
  if (facts && facts->framing == BodyFraming::none) {
    facts_ = *facts;
    if (auto response = engine_->handler.recall(request)) return answer_at_hand(std::move(request), std::move(response));
  }
  exchange_ = std::make_shared<Exchange>(engine_, slot_->loop, std::move(request));
  if (!facts) return reject(facts.error());
  facts_ = *facts;
  dispatch();
}

// The way over a worker costs more than the answer itself when that is in memory (ADR 0015).
void H1Session::answer_at_hand(Request request, std::shared_ptr<const Response> response) {
  phase_ = Phase::responding;
  H1AtHand& answer = at_hand_.emplace();
  answer.began = std::chrono::steady_clock::now();
  answer.request = std::move(request);
  answer.response = std::move(response);
  const bool keep = facts_.keep_alive && !answer.response->close && !engine_->stopping;
  answer.persistence = keep ? Persistence::keep : Persistence::close;
  const ResponsePlan plan = plan_response(*answer.response, answer.request);
  answer.head = format_head(*answer.response, plan, answer.request, answer.persistence, answer.request.received);
  std::string_view body;
  if (plan.framing != ResponseFraming::none) body = text_of(answer.response->body);
  answer.body_bytes = body.size();
  answer.sent_at_look = connection_->sent();
  deadline_.set(engine_->limits.write_stall_timeout);
  const std::array<base::ByteView, 2> pieces{base::as_bytes(answer.head), base::as_bytes(body)};
  connection_->write(pieces, net::Follows::nothing,
                     [self = shared_from_this()](const base::Result<void>& result) { self->at_hand_written(result); });
}

void H1Session::at_hand_written(const base::Result<void>& result) {
  if (phase_ != Phase::responding) return;
  account(result ? Completeness::whole : Completeness::cut);
  if (!result) {
    connection_->reset();
    return finish();
  }
  if (at_hand_->persistence == Persistence::keep) return next_request();
  connection_->close_gently({});
  finish();
}

void H1Session::dispatch() {
  phase_ = Phase::working;
  const bool begun = exchange_->begin([self = shared_from_this()](Exchange::Answer answer) { self->begun(std::move(answer)); });
  if (begun) return;
  make_pump();
  Response response = engine_->reject(exchange_->request(), engine_->no_worker());
  const Persistence persistence = persistence_for(response);
  respond(std::move(response), persistence);
}

void H1Session::begun(Exchange::Answer answer) {
  if (!answer) return reject(std::move(answer).error());
  make_pump();
  if (*answer) {
    const Persistence persistence = persistence_for(**answer);
    return respond(std::move(**answer), persistence);
  }
  // A client that did not wait needs no invitation.
  if (facts_.expects_continue && input_->empty()) return send_continue();
  start_body();
}

// --- the body ---

void H1Session::send_continue() {
  phase_ = Phase::continuing;
  deadline_.set(engine_->limits.write_stall_timeout);
  const std::array<base::ByteView, 1> pieces{base::as_bytes(kContinue)};
  connection_->write(pieces, net::Follows::nothing, [self = shared_from_this()](const base::Result<void>& result) {
    if (self->phase_ != Phase::continuing) return;
    if (!result) {
      self->connection_->close();
      return self->finish();
    }
    self->start_body();
  });
}

void H1Session::make_pump() {
  pump_ = std::make_shared<BodyPump>(engine_, connection_, input_, exchange_, facts_.framing, weak_from_this());
}

void H1Session::start_body() {
  phase_ = Phase::body;
  continue_sent_ = true;
  deadline_.clear();
  pump_->start();
}

void H1Session::body_answered(Response response) {
  const Persistence persistence = persistence_for(response);
  respond(std::move(response), persistence);
}

void H1Session::body_failed(base::Error error) {
  switch (phase_) {
    case Phase::body: exchange_->leave(); return reject(std::move(error));
    case Phase::discarding: connection_->close_gently({}); return finish();
    default: body_broken_ = true;
  }
}

void H1Session::body_lost() {
  switch (phase_) {
    case Phase::body:
    case Phase::discarding: connection_->close(); return finish();
    default: body_broken_ = true;
  }
}

void H1Session::body_discarded() {
  if (phase_ == Phase::discarding) next_request();
}

// --- the answer ---

void H1Session::reject(base::Error error) {
  if (!exchange_) {
    Request request = engine_->new_request(*connection_);
    request.target = presumed_target();
    exchange_ = std::make_shared<Exchange>(engine_, slot_->loop, std::move(request));
  }
  respond(engine_->reject(exchange_->request(), error), Persistence::close);
}

Persistence H1Session::persistence_for(const Response& response) {
  const bool wanted = facts_.keep_alive && !response.close && !engine_->stopping;
  return wanted && body_allows_reuse() ? Persistence::keep : Persistence::close;
}

// The next request can be found only behind the whole body. A client that still waits for "100 Continue" may or may not send its body
// now; nobody could tell that body from the next request.
bool H1Session::body_allows_reuse() {
  pump_->drop_buffered();
  if (pump_->complete()) return true;
  if (facts_.expects_continue && !continue_sent_) return false;
  const auto missing = pump_->missing();
  return missing && *missing <= engine_->limits.drain_bytes;
}

void H1Session::respond(Response response, Persistence persistence) {
  phase_ = Phase::responding;
  deadline_.clear();
  sender_ = std::make_shared<ResponseSender>(engine_, connection_, exchange_);
  sender_->send(std::move(response), persistence, [weak = weak_from_this()](const base::Result<void>& result) {
    if (const auto self = weak.lock()) self->responded(result);
  });
  if (persistence == Persistence::keep && !pump_->complete()) pump_->discard();
}

void H1Session::responded(const base::Result<void>& result) {
  if (phase_ != Phase::responding) return;
  account(result ? Completeness::whole : Completeness::cut);
  if (!result) return finish();  // the sender has reset the connection
  if (sender_->persistence() == Persistence::close || body_broken_) {
    connection_->close_gently({});
    return finish();
  }
  if (!pump_->complete()) {
    phase_ = Phase::discarding;
    return;
  }
  next_request();
}

// --- the end ---

void H1Session::deadline_over() {
  switch (phase_) {
    case Phase::head: return reject(base::Error(base::ErrorCode::request_timeout, "the request header came too slowly"));
    case Phase::idle:
    case Phase::continuing: connection_->close(); return finish();
    case Phase::responding:
      if (!at_hand_) return;
      if (connection_->sent() == at_hand_->sent_at_look) return connection_->reset();
      at_hand_->sent_at_look = connection_->sent();
      return deadline_.set(engine_->limits.write_stall_timeout);
    default: return;
  }
}

void H1Session::wind_down() {
  if (phase_ != Phase::idle) return;
  connection_->close_gently(kIdleLinger);
  finish();
}

bool H1Session::cut() {
  if (phase_ == Phase::ended) return false;
  const bool in_progress = phase_ != Phase::idle && phase_ != Phase::head && phase_ != Phase::discarding;
  // Whoever has a part of an answer must not take it for the whole.
  connection_->reset();
  finish();
  return in_progress;
}

void H1Session::finish() {
  if (phase_ == Phase::ended) return;
  phase_ = Phase::ended;
  deadline_.clear();
  if (pump_) pump_->stop();
  if (sender_) sender_->stop();
  account(Completeness::cut);
  if (exchange_) exchange_->leave();
  slot_->sessions.erase(shared_from_this());
}

void H1Session::account(Completeness completeness) {
  if (!had_head_) return;
  Account account;
  account.complete = completeness == Completeness::whole;
  if (at_hand_) {
    had_head_ = false;
    account.status = at_hand_->response->status;
    account.label = at_hand_->response->label;
    account.response_bytes = account.complete ? at_hand_->body_bytes : 0;
    account.duration = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - at_hand_->began);
    return engine_->handler.account(at_hand_->request, account);
  }
  if (!exchange_) return;
  if (pump_) account.request_bytes = pump_->received();
  if (sender_) {
    account.status = sender_->status();
    account.response_bytes = sender_->body_bytes();
    account.label = sender_->label();
  }
  account.duration = exchange_->age();
  exchange_->account(account);
}

}  // namespace berth::http
