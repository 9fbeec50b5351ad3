#include "http/h2_callbacks.h"

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "http/h2_session.h"
#include "http/text.h"

namespace berth::http {

namespace {

// A header block that decompresses to so many times what a request may have is a bomb.
constexpr std::size_t kBombFactor = 8;

std::string_view text_of(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }
std::uint8_t* raw(char* text) { return reinterpret_cast<std::uint8_t*>(text); }

}  // namespace

struct H2Callbacks {
  static H2Session& of(void* user) { return *static_cast<H2Session*>(user); }

  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    H2Session& self = of(user);
    self.header_block_ = 0;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST || self.stream_begins(frame->hd.stream_id)) return 0;
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    H2Session& self = of(user);
    self.header_block_ += name_size + value_size + 32;
    if (self.header_block_ > kBombFactor * self.engine_->limits.header_bytes) {
      self.object("header_list");
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    // Trailers say nothing that anybody here asks for.
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    if (H2Stream* stream = self.find_stream(frame->hd.stream_id)) {
      stream->head().add(text_of(name, name_size), text_of(value, value_size));
    }
    return 0;
  }

  static int on_invalid_header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t*, std::size_t,
                               const std::uint8_t*, std::size_t, std::uint8_t, void*) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_PROTOCOL_ERROR);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int on_frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    H2Session& self = of(user);
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) self.ping_answered();
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    H2Stream* stream = self.find_stream(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      stream->head_arrived(ends ? H2End::ended : H2End::open);
    } else if (ends) {
      stream->body_arrived();
    }
    return 0;
  }

  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                     void* user) {
    H2Stream* stream = of(user).find_stream(id);
    if (stream == nullptr || !stream->has_head()) {
      nghttp2_session_consume_connection(session, size);
    } else {
      stream->data_arrived({reinterpret_cast<const std::byte*>(data), size});
    }
    return 0;
  }

  static int on_stream_close(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
    of(user).stream_ended(id);
    return 0;
  }

  static int on_frame_send(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    const bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    const bool is_reset = frame->hd.type == NGHTTP2_RST_STREAM;
    if (frame->hd.type == NGHTTP2_GOAWAY) of(user).goaway_sent();
    of(user).frame_sent(frame->hd.stream_id, is_reset, is_reset ? frame->rst_stream.error_code : 0,
                        carries && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0);
    return 0;
  }

  static ssize_t send(nghttp2_session*, const std::uint8_t* data, std::size_t size, int, void* user) {
    H2Session& self = of(user);
    if (self.output_.full()) return NGHTTP2_ERR_WOULDBLOCK;
    self.output_.append({reinterpret_cast<const std::byte*>(data), size});
    return static_cast<ssize_t>(size);
  }

  // The bytes go where send_data() puts the frame header in front of them: nghttp2 calls it next, and nothing in between.
  static ssize_t read(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t length, std::uint32_t* flags,
                      nghttp2_data_source* source, void* user) {
    auto& stream = *static_cast<H2Stream*>(source->ptr);
    const std::span<std::byte> room = of(user).output_.room(H2FrameHeader::kSize + length);
    const H2Source::Supply supply = stream.supply(room.subspan(H2FrameHeader::kSize));
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    switch (supply.state) {
      case H2Source::State::later: return NGHTTP2_ERR_DEFERRED;
      case H2Source::State::failed: return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
      case H2Source::State::end: *flags |= NGHTTP2_DATA_FLAG_EOF; break;
      case H2Source::State::more: break;
    }
    return static_cast<ssize_t>(supply.size);
  }

  static int send_data(nghttp2_session*, nghttp2_frame*, const std::uint8_t* header, std::size_t length, nghttp2_data_source*,
                       void* user) {
    H2Session& self = of(user);
    std::memcpy(self.output_.room(H2FrameHeader::kSize + length).data(), header, H2FrameHeader::kSize);
    self.output_.commit(H2FrameHeader::kSize + length);
    self.guard_.moved(length);
    return self.output_.full() ? NGHTTP2_ERR_PAUSE : 0;
  }

  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* made = nullptr;
    if (nghttp2_session_callbacks_new(&made) != 0) return nullptr;
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(made, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(made, on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, on_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, on_frame_send);
    nghttp2_session_callbacks_set_send_callback(made, send);
    nghttp2_session_callbacks_set_send_data_callback(made, send_data);
    return made;
  }
};

namespace {

nghttp2_option* make_options() {
  nghttp2_option* options = nullptr;
  if (nghttp2_option_new(&options) != 0) return nullptr;
  nghttp2_option_set_no_auto_window_update(options, 1);
  nghttp2_option_set_no_closed_streams(options, 1);
  // Counted by H2Guard, which says ENHANCE_YOUR_CALM; this is behind it.
  nghttp2_option_set_stream_reset_rate_limit(options, 1000, 33);
  return options;
}

// The fields of an answer in nghttp2's form: names in lower case, everything in one text that stays until they are submitted.
class FieldList final : public FieldSink {
 public:
  explicit FieldList(int status) { add(":status", std::to_string(status), NGHTTP2_NV_FLAG_NONE); }

  void field(std::string_view name, std::string_view value) override {
    // The id is another one each time: not worth a place in the compression table.
    add(name, value, equal_ignoring_case(name, "x-request-id") ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE);
  }

  const std::vector<nghttp2_nv>& list() {
    char* at = text_.data();
    for (nghttp2_nv& entry : list_) {
      entry.name = raw(at);
      entry.value = raw(at + entry.namelen);
      at += entry.namelen + entry.valuelen;
    }
    return list_;
  }

 private:
  void add(std::string_view name, std::string_view value, std::uint8_t flags) {
    for (const char c : name) text_.push_back(lower_ascii(c));
    text_.append(value);
    list_.push_back({nullptr, nullptr, name.size(), value.size(), flags});
  }

  std::string text_;
  std::vector<nghttp2_nv> list_;
};

}  // namespace

nghttp2_session* open_h2_session(H2Session& owner, const Limits& limits) {
  static nghttp2_session_callbacks* const kCallbacks = H2Callbacks::make();
  static nghttp2_option* const kOptions = make_options();
  nghttp2_session* session = nullptr;
  if (kCallbacks == nullptr || kOptions == nullptr) return nullptr;
  if (nghttp2_session_server_new2(&session, kCallbacks, &owner, kOptions) != 0) return nullptr;
  const std::array<nghttp2_settings_entry, 3> settings{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.http2.streams},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.header_bytes)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  return session;
}

void submit_h2_continue(nghttp2_session* session, std::int32_t stream) {
  FieldList fields(100);
  nghttp2_submit_headers(session, NGHTTP2_FLAG_NONE, stream, nullptr, fields.list().data(), fields.list().size(), nullptr);
}

void submit_h2_response(nghttp2_session* session, H2Stream& stream, const Response& response, const ResponsePlan& plan,
                        base::TimePoint now, H2Wire::BodyFollows body, H2Urgency urgency) {
  FieldList fields(response.status);
  visit_fields(response, plan, stream.request(), now, fields);
  // Incremental: streams of one urgency take turns frame by frame. What the client wishes does not count: it could starve others of its
  // own behind a gateway.
  nghttp2_extpri priority{urgency == H2Urgency::small ? 1U : 3U, 1};
  nghttp2_session_change_extpri_stream_priority(session, stream.id(), &priority, 1);
  nghttp2_data_provider provider{{.ptr = &stream}, H2Callbacks::read};
  const auto& list = fields.list();
  nghttp2_submit_response(session, stream.id(), list.data(), list.size(), body == H2Wire::BodyFollows::yes ? &provider : nullptr);
}

std::string goaway_frame(nghttp2_session* session, H2Code code) {
  return goaway_frame(static_cast<std::uint32_t>(nghttp2_session_get_last_proc_stream_id(session)),
                      static_cast<std::uint32_t>(code));
}

}  // namespace berth::http
