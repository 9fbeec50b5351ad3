#include "http/wire_h2_client.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

namespace berth::test {

using http::H2FrameHeader;
using http::H2FrameType;

namespace {

constexpr std::int64_t kStartWindow = 65'535;

std::uint32_t number(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes.substr(0, 4)) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

// RFC 7541 §5.1 with a prefix of seven bits, and §5.2 without Huffman.
void append_text(std::string& to, std::string_view text) {
  std::size_t size = text.size();
  if (size < 127) {
    to.push_back(static_cast<char>(size));
  } else {
    to.push_back(127);
    for (size -= 127; size >= 128; size >>= 7) to.push_back(static_cast<char>(size % 128 + 128));
    to.push_back(static_cast<char>(size));
  }
  to.append(text);
}

}  // namespace

std::string be32(std::uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>(value >> shift & 0xff));
  return bytes;
}

std::string header_block(const H2Fields& fields) {
  std::string block;
  for (const auto& [name, value] : fields) {
    block.push_back(0);
    append_text(block, name);
    append_text(block, value);
  }
  return block;
}

H2Fields head_of(const std::string& method, const std::string& target, H2Fields more) {
  H2Fields fields{{":method", method}, {":scheme", "http"}, {":authority", "h"}, {":path", target}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

H2Client::H2Client(std::uint16_t port, const std::vector<std::pair<std::uint16_t, std::uint32_t>>& settings, H2Credit credit)
    : raw_(port), credit_(credit) {
  nghttp2_hd_inflate_new(&inflater_);
  raw_.send(http::kH2Preface);
  std::string payload;
  for (const auto& [id, value] : settings) {
    payload.push_back(static_cast<char>(id >> 8));
    payload.push_back(static_cast<char>(id & 0xff));
    payload += be32(value);
  }
  send(H2FrameType::settings, 0, 0, payload);
}

H2Client::~H2Client() { nghttp2_hd_inflate_del(inflater_); }

bool H2Client::send(H2FrameType type, std::uint8_t flags, std::int32_t stream, std::string_view payload) {
  const auto raw =
      http::write_frame_header({static_cast<std::uint32_t>(payload.size()), type, flags, static_cast<std::uint32_t>(stream)});
  std::string frame(raw.begin(), raw.end());
  frame += payload;
  return raw_.send(frame);
}

bool H2Client::headers(std::int32_t stream, const H2Fields& fields, std::uint8_t flags) {
  next_ = std::max(next_, stream + 2);
  const std::string block = header_block(fields);
  if (block.size() <= kFrame) return send(H2FrameType::headers, flags | H2FrameHeader::kEndHeaders, stream, block);
  bool sent = send(H2FrameType::headers, flags, stream, block.substr(0, kFrame));
  for (std::size_t at = kFrame; at < block.size(); at += kFrame) {
    const std::uint8_t last = at + kFrame >= block.size() ? H2FrameHeader::kEndHeaders : 0;
    sent = send(H2FrameType::continuation, last, stream, block.substr(at, kFrame));
  }
  return sent;
}

std::int32_t H2Client::request(const std::string& method, const std::string& target, H2Fields more, std::uint8_t flags) {
  const std::int32_t stream = next_;
  headers(stream, head_of(method, target, std::move(more)), flags);
  return stream;
}

std::int64_t H2Client::window(std::int32_t stream) const {
  const auto found = windows_.find(stream);
  return kStartWindow + (found == windows_.end() ? 0 : found->second);
}

bool H2Client::upload(std::int32_t stream, std::string_view body, std::size_t frame) {
  while (!body.empty()) {
    const bool open =
        read_until([&] { return std::min(window(stream), window(0)) > 0 || seen(stream).reset || seen(stream).whole; });
    if (!open || seen(stream).reset || seen(stream).whole) return false;
    const auto room = static_cast<std::size_t>(std::min(window(stream), window(0)));
    const std::size_t size = std::min({body.size(), room, frame});
    if (!data(stream, body.substr(0, size))) return false;
    windows_[stream] -= static_cast<std::int64_t>(size);
    windows_[0] -= static_cast<std::int64_t>(size);
    body.remove_prefix(size);
  }
  return data(stream, {}, kEnd);
}

bool H2Client::window_update(std::int32_t stream, std::uint32_t bytes) {
  return send(H2FrameType::window_update, 0, stream, be32(bytes));
}

bool H2Client::reset(std::int32_t stream, std::uint32_t code) { return send(H2FrameType::rst_stream, 0, stream, be32(code)); }

H2Reply H2Client::reply(std::int32_t stream) {
  read_until([&] { return seen(stream).whole || seen(stream).reset; });
  return seen(stream);
}

std::optional<H2Frame> H2Client::read_frame() {
  const std::string raw = raw_.read_exactly(H2FrameHeader::kSize);
  if (raw.size() < H2FrameHeader::kSize) return std::nullopt;
  std::array<std::uint8_t, H2FrameHeader::kSize> bytes{};
  std::copy(raw.begin(), raw.end(), bytes.begin());
  H2Frame frame{http::read_frame_header(bytes), {}};
  frame.payload = raw_.read_exactly(frame.header.length);
  if (frame.payload.size() < frame.header.length) return std::nullopt;
  note(frame);
  return frame;
}

void H2Client::note(const H2Frame& frame) {
  const auto stream = static_cast<std::int32_t>(frame.header.stream);
  H2Reply& reply = replies_[stream];
  switch (frame.header.type) {
    case H2FrameType::headers:
      note_fields(reply, frame.payload);
      reply.whole = frame.header.has(H2FrameHeader::kEndStream);
      break;
    case H2FrameType::data:
      reply.body += frame.payload;
      reply.data_sizes.push_back(frame.payload.size());
      reply.whole = frame.header.has(H2FrameHeader::kEndStream);
      if (credit_ == H2Credit::automatic && !frame.payload.empty()) {
        window_update(0, frame.header.length);
        if (!reply.whole) window_update(stream, frame.header.length);
      }
      break;
    case H2FrameType::rst_stream: reply.reset = number(frame.payload); break;
    case H2FrameType::window_update:
      ++window_updates_;
      windows_[stream] += number(frame.payload);
      break;
    case H2FrameType::settings:
      if (!frame.header.has(H2FrameHeader::kAck)) send(H2FrameType::settings, H2FrameHeader::kAck, 0);
      break;
    case H2FrameType::ping:
      if (frame.header.has(H2FrameHeader::kAck)) {
        pongs_.push_back(frame.payload);
      } else {
        send(H2FrameType::ping, H2FrameHeader::kAck, 0, frame.payload);
      }
      break;
    case H2FrameType::goaway:
      goaways_.emplace_back(number(frame.payload), number(std::string_view(frame.payload).substr(4)));
      break;
    default: break;
  }
}

void H2Client::note_fields(H2Reply& reply, const std::string& block) {
  const auto* at = reinterpret_cast<const std::uint8_t*>(block.data());
  std::size_t left = block.size();
  std::map<std::string, std::string> fields;
  for (;;) {
    nghttp2_nv field{};
    int flags = 0;
    const auto used = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, at, left, 1);
    if (used < 0) return;
    at += used;
    left -= static_cast<std::size_t>(used);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      fields[{reinterpret_cast<const char*>(field.name), field.namelen}] = {reinterpret_cast<const char*>(field.value),
                                                                            field.valuelen};
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
      nghttp2_hd_inflate_end_headers(inflater_);
      break;
    }
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && left == 0) break;
  }
  const int status = std::atoi(fields[":status"].c_str());
  if (status < 200) {
    reply.interim.push_back(status);
  } else {
    reply.status = status;
    reply.fields = std::move(fields);
  }
}

std::optional<std::uint32_t> H2Client::read_to_end() {
  while (read_frame()) {
  }
  if (goaways_.empty()) return std::nullopt;
  return goaways_.back().second;
}

}  // namespace berth::test
