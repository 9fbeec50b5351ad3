#include "http/response_sender.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "berth/base/log.h"

namespace berth::http {

namespace {

std::string hex_size(std::size_t size) {
  std::array<char, 20> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), size, 16);
  return std::string(text.data(), end.ptr) + "\r\n";
}

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace

ResponseSender::ResponseSender(std::shared_ptr<Engine> engine, std::shared_ptr<net::Connection> connection,
                               std::shared_ptr<Exchange> exchange)
    : engine_(std::move(engine)),
      connection_(std::move(connection)),
      exchange_(std::move(exchange)),
      stall_(*connection_->loop(), [this] { look_for_stall(); }) {}

void ResponseSender::send(Response response, Persistence persistence, Done done) {
  response_ = std::move(response);
  persistence_ = persistence;
  done_ = std::move(done);
  plan();
  const bool generated = std::holds_alternative<std::shared_ptr<Generator>>(response_.body);
  if (generated && plan_.framing != ResponseFraming::none) return ask_generator();
  start();
}

void ResponseSender::stop() {
  stall_.clear();
  done_ = nullptr;
}

void ResponseSender::plan() {
  plan_ = plan_response(response_, exchange_->request());
  if (plan_.framing == ResponseFraming::until_close) persistence_ = Persistence::close;
}

void ResponseSender::start() {
  head_ = format_head(response_, plan_, exchange_->request(), persistence_, engine_->clock.now());
  started_ = true;
  sent_before_ = connection_->sent();
  begin_wait();
  if (plan_.framing == ResponseFraming::none) return start_text({});
  if (std::holds_alternative<FileBody>(response_.body)) return start_file();
  if (std::holds_alternative<std::shared_ptr<Generator>>(response_.body)) return send_piece();
  start_text(text_of(response_.body));
}

void ResponseSender::start_text(std::string_view body) {
  const std::array<base::ByteView, 2> pieces{base::as_bytes(head_), base::as_bytes(body)};
  connection_->write(pieces, net::Follows::nothing,
                     [self = shared_from_this()](base::Result<void> result) { self->end(std::move(result)); });
}

void ResponseSender::start_file() {
  const std::array<base::ByteView, 1> pieces{base::as_bytes(head_)};
  const bool empty = std::get<FileBody>(response_.body).length == 0;
  connection_->write(
      pieces, empty ? net::Follows::nothing : net::Follows::more, [self = shared_from_this()](base::Result<void> result) {
        const FileBody& body = std::get<FileBody>(self->response_.body);
        if (!result || body.length == 0) return self->end(std::move(result));
        self->connection_->send_file(
            {body.file, body.offset, body.length},
            [engine = self->engine_](std::function<void()> job) { return engine->workers.submit_continuation(std::move(job)); },
            [self](base::Result<void> sent) { self->end(std::move(sent)); });
      });
}

void ResponseSender::ask_generator() {
  waits_for_peer_ = false;
  exchange_->next(std::get<std::shared_ptr<Generator>>(response_.body),
                  [self = shared_from_this()](base::Result<std::string> piece) { self->take_piece(std::move(piece)); });
}

void ResponseSender::take_piece(base::Result<std::string> piece) {
  if (!piece) {
    log_failure("a response could not be made to its end", piece.error());
    if (started_) return end(base::fail(base::ErrorCode::io_error, "the response ends here"));
    response_ = engine_->handler.render_error(exchange_->request(), piece.error());
    plan();
    return start();
  }
  piece_ = std::move(*piece);
  generated_ += piece_.size();
  if (!started_) return start();
  begin_wait();
  send_piece();
}

// [head] [size CRLF piece CRLF] or, at the end, [0 CRLF CRLF]
void ResponseSender::send_piece() {
  const bool last = piece_.empty();
  const bool chunked = plan_.framing == ResponseFraming::chunked;
  std::array<base::ByteView, 4> pieces;
  std::size_t count = 0;
  if (!head_.empty()) pieces[count++] = base::as_bytes(head_);
  if (chunked && last) pieces[count++] = base::as_bytes(kLastChunk);
  if (!last) {
    chunk_header_ = hex_size(piece_.size());
    if (chunked) pieces[count++] = base::as_bytes(chunk_header_);
    pieces[count++] = base::as_bytes(piece_);
    if (chunked) pieces[count++] = base::as_bytes(kLineEnd);
  }
  connection_->write(std::span(pieces).first(count), net::Follows::nothing,
                     [self = shared_from_this(), last](base::Result<void> result) {
                       if (!result || last) return self->end(std::move(result));
                       self->head_.clear();
                       self->ask_generator();
                     });
}

void ResponseSender::log_failure(std::string_view event, const base::Error& error) const {
  base::log::error(event, {{"request_id", exchange_->request().id},
                           {"code", base::error_code_name(error.code())},
                           {"what", error.message()},
                           {"context", error.context()}});
}

std::uint64_t ResponseSender::body_bytes() const {
  if (!started_ || plan_.framing == ResponseFraming::none) return 0;
  if (plan_.framing != ResponseFraming::length) return generated_;
  const std::uint64_t sent = connection_->sent() - sent_before_;
  return sent - std::min<std::uint64_t>(sent, head_.size());
}

void ResponseSender::end(base::Result<void> result) {
  waits_for_peer_ = false;
  stall_.clear();
  if (!result) {
    // A peer that went away is no event; anything else is ours.
    if (result.error().code() != base::ErrorCode::io_error) log_failure("a response was cut", result.error());
    connection_->reset();
  }
  engine_->release_body(std::move(response_.body));
  if (const Done done = std::exchange(done_, nullptr)) done(std::move(result));
}

void ResponseSender::begin_wait() {
  waits_for_peer_ = true;
  sent_at_look_ = connection_->sent();
  stall_.set(engine_->limits.write_stall_timeout);
}

void ResponseSender::look_for_stall() {
  if (!done_) return;
  if (waits_for_peer_ && connection_->sent() == sent_at_look_) return connection_->reset();
  sent_at_look_ = connection_->sent();
  stall_.set(engine_->limits.write_stall_timeout);
}

}  // namespace berth::http
