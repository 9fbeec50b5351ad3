#include "http/wire_server.h"

namespace berth::test {

std::optional<http::Response> RecordingConsumer::write(base::ByteView bytes) {
  const std::size_t pieces = record_->facts.with([&](BodyRecord::Facts& facts) {
    facts.content.append(base::as_text(bytes));
    facts.largest = std::max(facts.largest, bytes.size());
    return ++facts.pieces;
  });
  record_->facts.notify_all();
  return on_write_ ? on_write_(pieces) : std::nullopt;
}

http::Response RecordingConsumer::finish() {
  const std::size_t size = record_->facts.with([](BodyRecord::Facts& facts) {
    ++facts.finished;
    return facts.content.size();
  });
  record_->facts.notify_all();
  return {201, {}, std::to_string(size), {}, false};
}

void RecordingConsumer::abandon() {
  record_->facts.with([](BodyRecord::Facts& facts) { ++facts.abandoned; });
  record_->facts.notify_all();
}

base::Result<std::string> ListGenerator::next() {
  if (at_ < pieces_.size()) return pieces_[at_++];
  if (end_ == End::error) return base::fail(base::ErrorCode::io_error, "the disk is on fire");
  return std::string();
}

std::shared_ptr<const http::Response> PathHandler::recall(const http::Request& request) {
  look_(request);
  const auto known = at_hand_.find(request.target);
  return known == at_hand_.end() ? nullptr : known->second;
}

http::Outcome PathHandler::begin(const http::Request& request) {
  log_.with([&](Log& log) { log.targets.push_back(request.target); });
  const auto entry = begins_.find(std::string(request.path()));
  if (entry != begins_.end()) return entry->second(request);
  return text("ok " + request.target);
}

http::Response PathHandler::render_error(const http::Request&, const base::Error& error) {
  static const std::map<base::ErrorCode, int> kStatus{
      {base::ErrorCode::request_malformed, 400},  {base::ErrorCode::request_timeout, 408},
      {base::ErrorCode::header_too_large, 431},   {base::ErrorCode::http_version_unsupported, 505},
      {base::ErrorCode::expectation_failed, 417}, {base::ErrorCode::busy, 503},
      {base::ErrorCode::shutting_down, 503}};
  const auto row = kStatus.find(error.code());
  http::Response response{
      row == kStatus.end() ? 500 : row->second, {}, std::string(base::error_code_name(error.code())), {}, false};
  if (error.retry_after()) response.fields.add("Retry-After", std::to_string(*error.retry_after()));
  return response;
}

void PathHandler::account(const http::Request&, const http::Account& account) {
  log_.with([&](Log& log) { log.accounts.push_back(account); });
  log_.notify_all();
}

std::vector<std::string> PathHandler::targets() {
  return log_.with([](const Log& log) { return log.targets; });
}

std::vector<http::Account> PathHandler::wait_accounts(std::size_t count) {
  return log_.wait([&](const Log& log) { return log.accounts.size() >= count; }, [](const Log& log) { return log.accounts; });
}

void WireTest::start() {
  workers = std::make_unique<base::Workers>(worker_threads, queue_limit);
  auto started = http::start_server(options, handler, *workers, clock);
  ASSERT_TRUE(started) << started.error().message();
  server = std::move(*started);
}

std::shared_ptr<BodyRecord> WireTest::take_bodies_at(const std::string& path, RecordingConsumer::OnWrite on_write) {
  auto record = std::make_shared<BodyRecord>();
  handler.on(path, [record, on_write](const http::Request&) -> http::Outcome {
    return std::make_unique<RecordingConsumer>(record, on_write);
  });
  return record;
}

void WireTest::TearDown() {
  if (server) server->drain(std::chrono::milliseconds(0));
  if (workers) workers->stop();
  server.reset();
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  std::uint64_t state = 88172645463325252ULL;
  for (std::size_t i = 0; i < size; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    text[i] = static_cast<char>(state >> 32);
  }
  return text;
}

}  // namespace berth::test
