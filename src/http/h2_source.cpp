#include "http/h2_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "berth/base/log.h"

namespace berth::http {

namespace {

// One job from disk: enough for a spinning one, little enough to wait for.
constexpr std::size_t kReadAhead = 256 * 1024;

base::Result<std::vector<std::byte>> read_part(const base::File& file, std::uint64_t offset, std::size_t size) {
  std::vector<std::byte> bytes(size);
  BERTH_TRY(const std::size_t got, file.read(bytes, offset));
  if (got != size) return base::fail(base::ErrorCode::corrupt, "a stored file is shorter than expected");
  return bytes;
}

}  // namespace

H2Source::H2Source(std::shared_ptr<Engine> engine, std::shared_ptr<net::Loop> loop, std::shared_ptr<Exchange> exchange, Body body,
                   std::string first, std::function<void()> ready)
    : engine_(std::move(engine)),
      loop_(std::move(loop)),
      exchange_(std::move(exchange)),
      body_(std::move(body)),
      ready_(std::move(ready)),
      piece_(std::move(first)) {
  generated_all_ = piece_.empty();
}

void H2Source::stop() {
  ready_ = nullptr;
  engine_->release_body(std::exchange(body_, std::string()));
}

H2Source::Supply H2Source::supply(std::span<std::byte> into) {
  if (failed_) return {State::failed, 0};
  Supply supply;
  if (auto* file = std::get_if<FileBody>(&body_)) {
    supply = supply_file(*file, into);
  } else if (auto* generator = std::get_if<std::shared_ptr<Generator>>(&body_)) {
    supply = supply_piece(*generator, into);
  } else {
    supply = supply_text(text_of(body_), into);
  }
  supplied_ += supply.size;
  return supply;
}

H2Source::Supply H2Source::supply_text(std::string_view text, std::span<std::byte> into) {
  const std::string_view rest = text.substr(supplied_);
  const std::size_t size = std::min(rest.size(), into.size());
  std::memcpy(into.data(), rest.data(), size);
  return {size == rest.size() ? State::end : State::more, size};
}

H2Source::Supply H2Source::supply_file(FileBody& file, std::span<std::byte> into) {
  const std::uint64_t rest = file.length - supplied_;
  if (rest == 0) return {State::end, 0};
  into = into.first(std::min<std::uint64_t>(into.size(), rest));
  std::size_t size = 0;
  if (ahead_used_ < ahead_.size()) {
    size = std::min(into.size(), ahead_.size() - ahead_used_);
    std::memcpy(into.data(), ahead_.data() + ahead_used_, size);
    ahead_used_ += size;
    if (ahead_used_ == ahead_.size()) ahead_ = {};
  } else if (const auto cached = file.file->read_cached(into, file.offset + supplied_)) {
    size = *cached;
  } else {
    return read_ahead(file);
  }
  return {size == rest ? State::end : State::more, size};
}

// The job holds the file, whose descriptor must not be closed under it, but not the stream, which only its loop may end.
H2Source::Supply H2Source::read_ahead(const FileBody& file) {
  const std::uint64_t offset = file.offset + supplied_;
  const std::size_t size = std::min<std::uint64_t>(kReadAhead, file.length - supplied_);
  auto job = [weak = weak_from_this(), loop = loop_, held = file.file, offset, size]() mutable {
    auto result = std::make_shared<base::Result<std::vector<std::byte>>>(read_part(*held, offset, size));
    held.reset();
    static_cast<void>(loop->post([weak, result] {
      if (const auto self = weak.lock()) self->read_ahead_done(std::move(*result));
    }));
  };
  waits_ = true;
  if (engine_->workers.submit_continuation(std::move(job))) return {State::later, 0};
  return fail(base::Error(base::ErrorCode::busy, "no worker is free to read from disk"));
}

void H2Source::read_ahead_done(base::Result<std::vector<std::byte>> bytes) {
  waits_ = false;
  if (bytes) {
    ahead_ = std::move(*bytes);
    ahead_used_ = 0;
  } else {
    fail(bytes.error());
  }
  awake();
}

H2Source::Supply H2Source::supply_piece(std::shared_ptr<Generator> generator, std::span<std::byte> into) {
  if (generated_all_) return {State::end, 0};
  if (piece_used_ < piece_.size()) {
    const std::size_t size = std::min(into.size(), piece_.size() - piece_used_);
    std::memcpy(into.data(), piece_.data() + piece_used_, size);
    piece_used_ += size;
    return {State::more, size};
  }
  waits_ = true;
  exchange_->next(std::move(generator),
                  [self = shared_from_this()](base::Result<std::string> piece) { self->piece_made(std::move(piece)); });
  return {State::later, 0};
}

void H2Source::piece_made(base::Result<std::string> piece) {
  waits_ = false;
  if (piece) {
    piece_ = std::move(*piece);
    piece_used_ = 0;
    generated_all_ = piece_.empty();
  } else {
    fail(piece.error());
  }
  awake();
}

H2Source::Supply H2Source::fail(const base::Error& error) {
  base::log::error("a response was cut", {{"request_id", exchange_->request().id},
                                          {"code", base::error_code_name(error.code())},
                                          {"what", error.message()},
                                          {"context", error.context()}});
  failed_ = true;
  return {State::failed, 0};
}

void H2Source::awake() {
  if (ready_) ready_();
}

}  // namespace berth::http
