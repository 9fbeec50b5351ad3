#include "http/h2_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <utility>

#include "berth/base/log.h"
#include "berth/base/metrics.h"
#include "http/h2_callbacks.h"

namespace berth::http {

namespace {

constexpr std::size_t kSmallestRead = 4 * 1024;
constexpr std::size_t kLargestRead = 128 * 1024;
// nghttp2 gets so much at once; then what it queued is counted.
constexpr std::size_t kSlice = 16 * 1024;
// So many requests are begun in one turn of the loop; then its other connections have theirs. Of a read that has more, nghttp2 gets less at
// once than so many heads need.
constexpr std::size_t kHeadsPerTurn = 16;
constexpr std::size_t kSmallSlice = 256;
// Frames that wait to be sent beyond this come from a peer that makes us talk and does not listen.
constexpr std::size_t kQueued = 1000;
// How long our PING may take before we stop waiting for requests that are on their way.
constexpr std::chrono::milliseconds kPingWait{1'000};
constexpr net::Linger kAttackLinger{std::chrono::milliseconds(200), std::chrono::milliseconds(500)};
constexpr std::chrono::milliseconds kLastWordsWait{500};

}  // namespace

H2Session::H2Session(std::shared_ptr<Engine> engine, std::shared_ptr<LoopSlot> slot, std::shared_ptr<net::Connection> connection,
                     std::shared_ptr<InputBuffer> input)
    : engine_(std::move(engine)),
      slot_(std::move(slot)),
      connection_(std::move(connection)),
      input_(std::move(input)),
      guard_(engine_->limits.http2),
      work_(std::make_shared<int>(0)),
      read_wanted_(kSmallestRead),
      output_(engine_->h2_output),
      debt_(*slot_->loop, [this] { debt_over(); }),
      idle_(*slot_->loop, [this] { idle_over(); }),
      stall_(*slot_->loop, [this] { look_for_stall(); }) {}

H2Session::~H2Session() {
  windows_.reset();
  nghttp2_session_del(session_);
}

void H2Session::start() {
  slot_->sessions.insert(shared_from_this());
  session_ = open_h2_session(*this, engine_->limits);
  if (session_ == nullptr) {
    connection_->reset();
    return finish();
  }
  windows_.emplace(session_, engine_->h2_windows);
  idle_.set(engine_->limits.idle_timeout);
  take(input_->bytes());
  if (engine_->stopping) wind_down();
}

// --- bytes in ---

void H2Session::read() {
  if (read_capacity_ != read_wanted_) {
    read_buffer_ = std::make_unique_for_overwrite<std::byte[]>(read_wanted_);
    read_capacity_ = read_wanted_;
  }
  connection_->read_some({read_buffer_.get(), read_capacity_},
                         [self = shared_from_this()](const base::Result<std::size_t>& size) { self->received(size); });
}

void H2Session::received(const base::Result<std::size_t>& size) {
  if (phase_ == Phase::ended) return;
  if (!size || *size == 0) {
    connection_->close();
    return finish();
  }
  // A full buffer says that there is more; ten thousand idle connections need little ones.
  if (*size == read_capacity_) {
    read_wanted_ = std::min(4 * read_capacity_, kLargestRead);
  } else if (*size < read_capacity_ / 8) {
    read_wanted_ = std::max(read_capacity_ / 4, kSmallestRead);
  }
  take({read_buffer_.get(), *size});
}

// `bytes` stay where they are until all of them were taken; the next read begins then.
void H2Session::take(base::ByteView bytes) {
  std::string_view objection;
  std::size_t heads = 0;
  const bool allowed = scanner_.scan(bytes, [&](const H2FrameHeader& frame) {
    if (frame.type == H2FrameType::headers) ++heads;
    const auto found = guard_.received(frame);
    objection = found.value_or(std::string_view());
    return !found;
  });
  if (!allowed) return end_with(H2Code::enhance_your_calm, objection);
  untaken_ = bytes;
  slice_ = heads > kHeadsPerTurn ? kSmallSlice : kSlice;
  take_turn();
}

void H2Session::take_turn() {
  if (phase_ == Phase::ended) return;
  heads_this_turn_ = 0;
  while (!untaken_.empty()) {
    if (heads_this_turn_ >= kHeadsPerTurn) {
      // Refused only by a loop that stops, whose sessions were cut before.
      static_cast<void>(slot_->loop->post([self = shared_from_this()] { self->take_turn(); }));
      return;
    }
    const std::size_t size = std::min(untaken_.size(), slice_);
    if (!take_slice(untaken_.first(size))) return;
    untaken_ = untaken_.subspan(size);
  }
  input_.reset();
  if (windows_->crowded()) {
    for (const auto& [id, stream] : streams_) stream->push_body();
  }
  watch_debt();
  flush();
  if (phase_ != Phase::ended) read();
}

// False when the connection has ended.
bool H2Session::take_slice(base::ByteView bytes) {
  inside_ = true;
  const auto used = nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  inside_ = false;
  if (used == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS) object("continuations");
  if (used == NGHTTP2_ERR_FLOODED) object("frames");
  if (nghttp2_session_get_outbound_queue_size(session_) > kQueued) object("queue");
  if (!objection_.empty()) {
    end_with(H2Code::enhance_your_calm, objection_);
    return false;
  }
  if (used < 0) {
    end_with(used == NGHTTP2_ERR_NOMEM ? H2Code::internal_error : H2Code::protocol_error, "protocol");
    return false;
  }
  return true;
}

void H2Session::watch_debt() {
  const std::uint64_t debt = scanner_.owes() ? scanner_.debt() : UINT64_MAX;
  if (debt == debt_known_) return;
  debt_known_ = debt;
  if (debt == UINT64_MAX) {
    debt_.clear();
  } else {
    debt_.set(engine_->limits.header_timeout);
  }
}

void H2Session::debt_over() { end_with(H2Code::enhance_your_calm, "header_timeout"); }

// --- streams ---

// False when too many requests are still being worked on, those that were reset included: a reset is no way to free a place.
bool H2Session::stream_begins(std::int32_t id) {
  if (static_cast<std::size_t>(work_.use_count()) > 2 * std::size_t{engine_->limits.http2.streams}) return false;
  ++heads_this_turn_;
  idle_.clear();
  streams_.emplace(id, std::make_shared<H2Stream>(engine_, slot_->loop, *this, id, engine_->new_request(*connection_), work_));
  return true;
}

H2Stream* H2Session::find_stream(std::int32_t id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

void H2Session::stream_ended(std::int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  const std::shared_ptr<H2Stream> stream = std::move(found->second);
  streams_.erase(found);
  stream->detach();
  if (streams_.empty() && phase_ == Phase::open) idle_.set(engine_->limits.idle_timeout);
}

void H2Session::frame_sent(std::int32_t id, bool is_reset, std::uint32_t code, bool ends_stream) {
  if (is_reset && code != static_cast<std::uint32_t>(H2Code::no_error)) {
    if (const auto objection = guard_.reset_sent()) object(*objection);
  }
  if (!ends_stream) return;
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  answered_.push_back(found->second);
  found->second->answer_buffered();
}

void H2Session::object(std::string_view reason) {
  if (objection_.empty()) objection_ = reason;
}

void H2Session::send_continue(std::int32_t stream) { submit_h2_continue(session_, stream); }

void H2Session::send_head(H2Stream& stream, const Response& response, const ResponsePlan& plan, BodyFollows body,
                          H2Urgency urgency) {
  submit_h2_response(session_, stream, response, plan, engine_->clock.now(), body, urgency);
  if (std::exchange(stall_watched_, true)) return;
  stall_.set(engine_->limits.write_stall_timeout);
}

void H2Session::resume(std::int32_t stream) { nghttp2_session_resume_data(session_, stream); }

void H2Session::reset(std::int32_t stream, H2Code code) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, static_cast<std::uint32_t>(code));
}

// --- bytes out ---

void H2Session::flush() {
  if (inside_ || writing_ || phase_ == Phase::ended) return;
  output_.clear();
  inside_ = true;
  const int result = nghttp2_session_send(session_);
  inside_ = false;
  if (!objection_.empty()) return end_with(H2Code::enhance_your_calm, objection_);
  if (result != 0) return end_with(H2Code::internal_error, "protocol");
  if (output_.empty()) return settle();
  writing_ = true;
  ++writes_;
  if (!std::exchange(stall_watched_, true)) stall_.set(engine_->limits.write_stall_timeout);
  const std::array<base::ByteView, 1> pieces{output_.bytes()};
  connection_->write(pieces, net::Follows::nothing,
                     [self = shared_from_this()](const base::Result<void>& outcome) { self->written(outcome); });
}

void H2Session::written(const base::Result<void>& result) {
  writing_ = false;
  if (!last_words_.empty()) return say_last_words();
  if (phase_ == Phase::ended) return;
  if (!result) {
    connection_->reset();
    return finish();
  }
  for (const auto& stream : std::exchange(answered_, {})) stream->answer_sent();
  flush();
}

// Nothing to send for now.
void H2Session::settle() {
  output_.shrink();
  const bool over = nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
  if (over || (phase_ == Phase::leaving && streams_.empty())) close();
}

void H2Session::look_for_stall() {
  if (!last_words_.empty()) return connection_->reset();
  const bool same_write = writing_ && writes_ == writes_at_look_;
  if (same_write && connection_->sent() == sent_at_look_) {
    connection_->reset();
    return finish();
  }
  writes_at_look_ = writing_ ? writes_ : UINT64_MAX;
  sent_at_look_ = connection_->sent();
  for (const auto& [id, stream] : streams_) {
    if (stream->look_for_stall()) reset(id, H2Code::cancel);
  }
  stall_watched_ = writing_ || !streams_.empty();
  if (stall_watched_) stall_.set(engine_->limits.write_stall_timeout);
  flush();
}

// --- the end ---

// RFC 9113 §6.8: first a notice, so that requests that are on their way are still served; then, when the peer has surely seen it, the
// truth about the last one that is.
void H2Session::wind_down() {
  if (phase_ != Phase::open) return;
  phase_ = Phase::noticed;
  nghttp2_submit_shutdown_notice(session_);
  idle_.set(kPingWait);
  flush();
}

// Not before: nghttp2 lets a PING overtake.
void H2Session::goaway_sent() {
  if (phase_ != Phase::noticed) return;
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
}

void H2Session::ping_answered() { leave(); }

void H2Session::leave() {
  if (phase_ != Phase::noticed) return;
  phase_ = Phase::leaving;
  idle_.clear();
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR, nullptr,
                        0);
  flush();
}

void H2Session::idle_over() {
  if (phase_ == Phase::noticed) return leave();
  if (streams_.empty()) wind_down();
}

bool H2Session::cut() {
  if (phase_ == Phase::ended) return false;
  const bool in_progress = !streams_.empty();
  connection_->reset();
  finish();
  return in_progress;
}

void H2Session::close() {
  connection_->close_gently({});
  finish();
}

// Said by hand: nghttp2 may be in the middle of something that it will never finish.
void H2Session::end_with(H2Code code, std::string_view reason) {
  if (phase_ == Phase::ended) return;
  base::metrics::add(base::metrics::Metric::http2_ended, 1, {reason});
  base::log::debug("an HTTP/2 connection was ended", {{"peer", connection_->peer()}, {"reason", reason}});
  last_words_ = goaway_frame(session_, code);
  finish();
  stall_.set(kLastWordsWait);
  if (!writing_) say_last_words();
}

void H2Session::say_last_words() {
  auto words = std::make_shared<std::string>(std::exchange(last_words_, {}));
  stall_.clear();
  const std::array<base::ByteView, 1> pieces{base::as_bytes(*words)};
  connection_->write(pieces, net::Follows::nothing,
                     [connection = connection_, words](const base::Result<void>&) { connection->close_gently(kAttackLinger); });
}

void H2Session::finish() {
  if (phase_ == Phase::ended) return;
  phase_ = Phase::ended;
  debt_.clear();
  idle_.clear();
  stall_.clear();
  for (const auto& [id, stream] : std::exchange(streams_, {})) stream->detach();
  for (const auto& stream : std::exchange(answered_, {})) stream->answer_lost();
  windows_.reset();
  slot_->sessions.erase(shared_from_this());
}

}  // namespace berth::http
