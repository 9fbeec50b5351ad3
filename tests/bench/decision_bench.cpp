// How long the policy takes to say who somebody is and whether he may: a key as it stands in a request, then one question on a repository. The
// catalog is a stopped daemon's, filled by accounts.py. Prints one line of JSON, times in microseconds.
//
//   decision_bench DIR FILE SAMPLE      the file has a line "KEY REPOSITORY" for each user
//
//   first   SAMPLE users whom this process has not seen: key, user, grants and place are read from their rows
//   again   the same, once more
//   random  SAMPLE users, drawn from all, after everybody was there once
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "berth/auth/accounts.h"
#include "berth/base/log.h"
#include "berth/catalog/sqlite_catalog.h"

namespace {

using namespace berth;

struct Asker {
  std::string key;
  std::string repository;
};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "decision_bench: %s\n", what.c_str());
  std::exit(1);
}

template <typename T>
T or_fail(base::Result<T> result) {
  if (!result) fail(result.error().message() + ": " + result.error().context());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

class Bench {
 public:
  explicit Bench(const std::string& directory)
      : catalog_(
            or_fail(catalog::open_sqlite_catalog({.path = directory + "/catalog.sqlite", .vfs = "", .audit_key = ""}, clock_))),
        policy_(
            or_fail(auth::make_account_policy({.key_directory = directory + "/keys", .default_org = "main", .service = "bench"},
                                              *catalog_, base::real_file_system(), witness_, clock_))) {}

  void ask(const Asker& asker) {
    const auto principal = or_fail(
        policy_->authenticate(auth::BearerCredential{base::Secret(asker.key)}, {.address = "192.0.2.1"}, auth::Expired::refused));
    or_fail(policy_->check(principal, auth::Action::registry_pull, {.repository = asker.repository}));
  }

  // "NAME":{…}
  std::string measure(const char* name, const std::vector<const Asker*>& askers) {
    using Clock = std::chrono::steady_clock;
    std::vector<double> times;
    times.reserve(askers.size());
    for (const auto* asker : askers) {
      const auto began = Clock::now();
      ask(*asker);
      times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - began).count());
    }
    double sum = 0;
    for (const double time : times) sum += time;
    std::sort(times.begin(), times.end());
    const auto at = [&](double share) { return times[static_cast<std::size_t>(static_cast<double>(times.size() - 1) * share)]; };
    std::array<char, 200> text{};
    std::snprintf(text.data(), text.size(), "\"%s\":{\"mean\":%.2f,\"p50\":%.2f,\"p99\":%.2f}", name,
                  sum / static_cast<double>(times.size()), at(0.5), at(0.99));
    return text.data();
  }

 private:
  base::SystemClock clock_;
  auth::NoWitness witness_;
  std::unique_ptr<catalog::Catalog> catalog_;
  std::unique_ptr<auth::AccountPolicy> policy_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) fail("see the comment at the top of decision_bench.cpp");
  base::log::configure(base::log::Format::text, base::log::Level::warning);
  std::vector<Asker> all;
  std::ifstream lines(argv[2]);
  for (Asker one; lines >> one.key >> one.repository;) all.push_back(one);
  std::mt19937 random(1);
  std::shuffle(all.begin(), all.end(), random);
  std::vector<const Asker*> sample;
  const auto count = static_cast<std::size_t>(std::strtoull(argv[3], nullptr, 10));
  for (std::size_t i = 0; i < std::min(count, all.size()); ++i) sample.push_back(&all[i]);
  if (sample.empty()) fail("nobody is in the file");
  Bench bench(argv[1]);
  const auto first = bench.measure("first", sample);
  const auto again = bench.measure("again", sample);
  for (const auto& one : all) bench.ask(one);
  for (auto& one : sample) one = &all[random() % all.size()];
  std::printf("{%s,%s,%s}\n", first.c_str(), again.c_str(), bench.measure("random", sample).c_str());
  return 0;
}
