// A Server on 127.0.0.1 whose handler does what the test says, path by path.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "berth/base/clock.h"
#include "berth/base/synced.h"
#include "berth/base/workers.h"
#include "berth/http/server.h"
#include "support/raw_client.h"

namespace berth::test {

// A door that stays shut until the test opens it.
class Gate {
 public:
  void open() {
    state_.with([](bool& open) { open = true; });
    state_.notify_all();
  }
  void pass() {
    state_.wait([](bool open) { return open; }, [](bool) {});
  }

 private:
  base::Synced<bool> state_;
};

// What happened to a body, seen from the test.
struct BodyRecord {
  struct Facts {
    std::string content;
    std::size_t pieces = 0;
    std::size_t largest = 0;
    int finished = 0;
    int abandoned = 0;
  };
  base::Synced<Facts> facts;

  Facts get() {
    return facts.with([](const Facts& f) { return f; });
  }
  // Waits until the consumer was told the end, one way or the other.
  Facts wait_ended() {
    return facts.wait([](const Facts& f) { return f.finished + f.abandoned > 0; }, [](const Facts& f) { return f; });
  }
  void wait_pieces(std::size_t count) {
    facts.wait([&](const Facts& f) { return f.pieces >= count; }, [](const Facts&) {});
  }
};

// Takes a body into a record. `on_write` may block (a gate) or answer early.
class RecordingConsumer final : public http::BodyConsumer {
 public:
  // With the number of pieces so far.
  using OnWrite = std::function<std::optional<http::Response>(std::size_t)>;
  explicit RecordingConsumer(std::shared_ptr<BodyRecord> record, OnWrite on_write = nullptr)
      : record_(std::move(record)), on_write_(std::move(on_write)) {}
  std::optional<http::Response> write(base::ByteView bytes) override;
  http::Response finish() override;
  void abandon() override;

 private:
  std::shared_ptr<BodyRecord> record_;
  OnWrite on_write_;
};

// Gives the pieces one by one, then the end or an error.
class ListGenerator final : public http::Generator {
 public:
  enum class End : std::uint8_t { good, error };
  ListGenerator(std::vector<std::string> pieces, End end) : pieces_(std::move(pieces)), end_(end) {}
  base::Result<std::string> next() override;

 private:
  std::vector<std::string> pieces_;
  End end_;
  std::size_t at_ = 0;
};

class PathHandler final : public http::Handler {
 public:
  using Begin = std::function<http::Outcome(const http::Request&)>;
  // Before the server starts.
  void on(const std::string& path, Begin begin) { begins_[path] = std::move(begin); }

  // Before the server starts: what is at hand for a target.
  void at_hand(const std::string& target, http::Response response) {
    at_hand_[target] = std::make_shared<const http::Response>(std::move(response));
  }

  // Before the server starts: called first for each request that has no body, on its loop.
  void on_recall(std::function<void(const http::Request&)> look) { look_ = std::move(look); }

  std::shared_ptr<const http::Response> recall(const http::Request& request) override;
  http::Outcome begin(const http::Request& request) override;
  http::Response render_error(const http::Request& request, const base::Error& error) override;
  void account(const http::Request& request, const http::Account& account) override;

  // Targets in the order in which begin() saw them.
  std::vector<std::string> targets();
  // Accounts of the first `count` requests that ended, as soon as there are so many.
  std::vector<http::Account> wait_accounts(std::size_t count);

 private:
  struct Log {
    std::vector<std::string> targets;
    std::vector<http::Account> accounts;
  };
  std::map<std::string, Begin> begins_;
  std::map<std::string, std::shared_ptr<const http::Response>> at_hand_;
  std::function<void(const http::Request&)> look_ = [](const http::Request&) {};
  base::Synced<Log> log_;
};

class WireTest : public ::testing::Test {
 protected:
  Gate gate;  // the fixture's: a handler may still wait at it, or come to it, when the test has returned
  PathHandler handler;
  base::SystemClock clock;
  http::ServerOptions options{{{"127.0.0.1", 0}}, 1, {}};
  std::size_t worker_threads = 2;
  std::size_t queue_limit = 100;
  std::unique_ptr<base::Workers> workers;
  std::unique_ptr<http::Server> server;

  void start();
  RawClient connect() { return RawClient(server->endpoints().front().port); }
  // A path that takes bodies into a record and answers 201 with their length.
  std::shared_ptr<BodyRecord> take_bodies_at(const std::string& path, RecordingConsumer::OnWrite on_write = nullptr);
  void TearDown() override;
};

inline std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"; }
inline http::Response text(std::string body) { return {200, {{"Content-Type", "text/plain"}}, std::move(body), {}, false}; }
// Bytes that show a shift or a swap: no period that a buffer size could hide.
std::string pattern(std::size_t size);

}  // namespace berth::test
