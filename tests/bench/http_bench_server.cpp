// The http module alone, for measurements with curl, wrk and the discarding client: no store, no catalog.
//
//   http_bench_server PORT LOOPS WORKERS FILE
//   GET /file    FILE by sendfile            GET /small   500 bytes from memory
//   PUT /null    takes a body and drops it   GET /chunks  1 GB from a generator, 256 KiB a piece
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "berth/base/fs.h"
#include "berth/base/workers.h"
#include "berth/http/server.h"

namespace {

using namespace berth;

class Discard final : public http::BodyConsumer {
 public:
  std::optional<http::Response> write(base::ByteView bytes) override {
    size_ += bytes.size();
    return std::nullopt;
  }
  http::Response finish() override { return {201, {}, std::to_string(size_) + "\n", {}, false}; }
  void abandon() override {}

 private:
  std::uint64_t size_ = 0;
};

class Repeat final : public http::Generator {
 public:
  base::Result<std::string> next() override {
    if (left_ == 0) return std::string();
    --left_;
    return std::string(256 * 1024, 'x');
  }

 private:
  int left_ = 4000;
};

class BenchHandler final : public http::Handler {
 public:
  BenchHandler(std::shared_ptr<const base::File> file, std::uint64_t size) : file_(std::move(file)), size_(size) {}

  std::shared_ptr<const http::Response> recall(const http::Request&) override { return nullptr; }
  http::Outcome begin(const http::Request& request) override {
    const std::string_view path = request.path();
    if (path == "/small") return http::Response{200, {{"Content-Type", "application/json"}}, small_, {}, false};
    if (path == "/file") return http::Response{200, {}, http::FileBody{file_, 0, size_}, {}, false};
    if (path == "/null") return std::make_unique<Discard>();
    if (path == "/chunks")
      return http::Response{200, {}, std::shared_ptr<http::Generator>(std::make_shared<Repeat>()), {}, false};
    return http::Response{404, {}, std::string(), {}, false};
  }
  http::Response render_error(const http::Request&, const base::Error& error) override {
    return {500, {}, error.message() + "\n", {}, false};
  }
  void account(const http::Request&, const http::Account&) override {}

 private:
  std::shared_ptr<const base::File> file_;
  std::uint64_t size_;
  std::shared_ptr<const std::string> small_ = std::make_shared<const std::string>(500, '{');
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: http_bench_server PORT LOOPS WORKERS FILE\n");
    return 2;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  auto opened = base::real_file_system().open(argv[4], base::OpenMode::read);
  if (!opened || !*opened) {
    std::fprintf(stderr, "cannot open %s\n", argv[4]);
    return 1;
  }
  const std::shared_ptr<const base::File> file = std::move(*opened);
  BenchHandler handler(file, file->size().value_or(0));
  base::Workers workers(std::strtoul(argv[3], nullptr, 10), 10'000);
  const base::SystemClock clock;
  const http::ServerOptions options{
      {{"127.0.0.1", static_cast<std::uint16_t>(std::atoi(argv[1]))}}, std::strtoul(argv[2], nullptr, 10), {}};
  auto server = http::start_server(options, handler, workers, clock);
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().message().c_str());
    return 1;
  }
  int signal = 0;
  sigwait(&ends, &signal);
  (*server)->drain(std::chrono::seconds(5));
  workers.stop();
  return 0;
}
