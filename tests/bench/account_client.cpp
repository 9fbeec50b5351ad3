// What bench.py's rows of accounts drive: pulls as fast as they go, wrong passwords at a steady rate, and requests with many keys.
// Prints one line of JSON.
//
//   account_client pulls   PORT CREDENTIAL CONNECTIONS SECONDS PATH…   GETs of the paths in turn
//   account_client guesses PORT CONNECTIONS RATE SECONDS SEED          Basic on /token with wrong passwords; 0: as fast as it goes; other SEED, other names
//   account_client keys    PORT FILE CONNECTIONS                       for each line "KEY REPOSITORY" of the file its list of tags
//
// The guesses come from ever new addresses of 127.0.0.0/8 and for ever new names, few enough for each that nobody is slowed down.
#include <sys/timerfd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <mutex>

#include "berth/base/sign.h"
#include "connection.h"

namespace {

using namespace berth;
using namespace berth::bench;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kGuessesPerAddress = 20;
constexpr std::size_t kKnownAccounts = 50;  // accounts.py makes guessed0@example.com and so on
constexpr std::size_t kGuessesPerKnownAccount = 5;

// A steady beat; rate 0: no waiting.
class Beat {
 public:
  Beat(double rate, double phase)
      : period_(rate == 0 ? 0 : static_cast<std::int64_t>(1e9 / rate)),
        due_(Clock::now() + std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(period_) * phase))),
        timer_(::timerfd_create(CLOCK_MONOTONIC, 0)) {}
  ~Beat() { ::close(timer_); }
  Beat(const Beat&) = delete;
  Beat& operator=(const Beat&) = delete;

  // Waits for the next beat, unless it is over already; when it was due.
  Clock::time_point next() {
    if (period_ == 0) return Clock::now();
    due_ += std::chrono::nanoseconds(period_);
    if (Clock::now() < due_) wait();
    return due_;
  }

 private:
  void wait() const {
    const auto at = std::chrono::duration_cast<std::chrono::nanoseconds>(due_.time_since_epoch()).count();
    const itimerspec wanted{{0, 0}, {at / 1'000'000'000, at % 1'000'000'000}};
    std::uint64_t beats = 0;
    if (::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &wanted, nullptr) != 0 || ::read(timer_, &beats, sizeof beats) < 0)
      fail("the timer failed");
  }

  std::int64_t period_;
  Clock::time_point due_;
  int timer_;
};

std::string get(std::string_view target, std::string_view credential) {
  std::string text = "GET " + std::string(target) + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n";
  if (!credential.empty()) text += "Authorization: " + std::string(credential) + "\r\n";
  return text + "\r\n";
}

// base has the other alphabet, without padding.
std::string basic(const std::string& user, const std::string& password) {
  std::string text = base::to_base64url(user + ':' + password);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return "Basic " + text;
}

struct Pulls {
  int port = 0;
  std::string credential;
  std::size_t connections = 1;
  double seconds = 1;
  std::vector<std::string> paths;
};

void pulls(const Pulls& wanted) {
  std::vector<std::string> requests;
  for (const auto& path : wanted.paths) requests.push_back(get(path, wanted.credential));
  std::atomic<std::size_t> done{0};
  const double seconds = together(wanted.connections, [&](std::size_t i, std::latch& ready) {
    Connection connection(wanted.port);
    const auto ask = [&](std::size_t number) {
      connection.send({requests[number % requests.size()], std::string_view()});
      expect(connection.read(), 200, "GET");
    };
    for (std::size_t k = 0; k < requests.size(); ++k) ask(k);
    ready.arrive_and_wait();
    const auto end = Clock::now() + std::chrono::duration<double>(wanted.seconds);
    std::size_t number = i;
    while (Clock::now() < end) ask(number++);
    done += number - i;
  });
  std::printf("{\"seconds\":%.3f,\"requests\":%zu}\n", seconds, done.load());
}

// 127.1.0.0 and on.
std::uint32_t address_number(std::size_t number) { return 0x7f010000U + static_cast<std::uint32_t>(number % 0xf00000U); }

void guesses(int port, std::size_t connections, double rate, double seconds, std::size_t seed) {
  std::atomic<std::size_t> next_address{seed * 1000};
  std::atomic<std::size_t> next_guess{0};
  std::atomic<std::size_t> refused{0};
  std::atomic<std::size_t> turned_away{0};
  const auto name_of = [&](std::size_t number) {
    const auto known = number / 10;
    if (number % 10 == 0 && known < kKnownAccounts * kGuessesPerKnownAccount) {
      return "guessed" + std::to_string(known % kKnownAccounts) + "@example.com";
    }
    return "nobody" + std::to_string(seed) + '.' + std::to_string(number) + "@example.com";
  };
  const double took = together(connections, [&](std::size_t i, std::latch& ready) {
    ready.arrive_and_wait();
    const auto count = static_cast<double>(connections);
    Beat beat(rate / count, static_cast<double>(i) / count);
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    for (auto due = beat.next(); due < end;) {
      Connection connection(port, address_number(next_address++));
      for (std::size_t k = 0; k < kGuessesPerAddress && due < end; ++k, due = beat.next()) {
        const auto credential = basic(name_of(next_guess++), "wrong password " + std::to_string(k));
        connection.send({get("/token?service=bench&scope=repository:acme/app:pull", credential), std::string_view()});
        const auto reply = connection.read();
        if (reply.status == 401) {
          ++refused;
        } else if (reply.status == 429) {
          ++turned_away;
        } else {
          fail("a wrong password was answered " + std::to_string(reply.status));
        }
      }
    }
  });
  std::printf("{\"seconds\":%.3f,\"requests\":%zu,\"refused\":%zu,\"turned_away\":%zu}\n", took,
              refused.load() + turned_away.load(), refused.load(), turned_away.load());
}

void keys(int port, const std::string& path, std::size_t connections) {
  std::vector<std::string> requests;
  std::ifstream lines(path);
  for (std::string key, repository; lines >> key >> repository;)
    requests.push_back(get("/v2/" + repository + "/tags/list", "Bearer " + key));
  std::atomic<std::size_t> next{0};
  const double seconds = together(connections, [&](std::size_t, std::latch& ready) {
    Connection connection(port);
    ready.arrive_and_wait();
    for (std::size_t number = next++; number < requests.size(); number = next++) {
      connection.send({requests[number], std::string_view()});
      expect(connection.read(), 200, "GET");
    }
  });
  std::printf("{\"seconds\":%.3f,\"requests\":%zu}\n", seconds, requests.size());
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> a(argv, argv + argc);
  const auto number = [&](std::size_t i) { return std::strtod(a[i].c_str(), nullptr); };
  const auto count = [&](std::size_t i) { return static_cast<std::size_t>(number(i)); };
  const auto port = argc > 2 ? static_cast<int>(number(2)) : 0;
  if (argc >= 7 && a[1] == "pulls") {
    pulls({port, a[3], count(4), number(5), {a.begin() + 6, a.end()}});
  } else if (argc == 7 && a[1] == "guesses") {
    guesses(port, count(3), number(4), number(5), count(6));
  } else if (argc == 5 && a[1] == "keys") {
    keys(port, a[3], count(4));
  } else {
    fail("see the comment at the top of account_client.cpp");
  }
  return 0;
}
