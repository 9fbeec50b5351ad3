#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "berth/app/daemon.h"
#include "berth/base/log.h"
#include "cli/commands.h"
#include "cli/cores.h"
#include "cli/exit_codes.h"

namespace berth::cli {

namespace {

// Blocked before the first thread starts, so that every thread inherits it and only the main one waits.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

void configure_log(const app::Settings& settings) {
  const auto format = settings.text(app::Setting::log_format) == "json" ? base::log::Format::json : base::log::Format::text;
  base::log::configure(format, base::log::find_level(settings.text(app::Setting::log_level)).value_or(base::log::Level::info));
}

// glibc gives every thread an arena of its own, each keeps what a large manifest once needed, and the threshold above which memory goes
// straight back to the kernel rises with what is freed. One arena and a fixed threshold bound what hostile manifests leave behind.
void bound_memory() {
  constexpr int kGivenBackAtOnce = 512 * 1024;
  mallopt(M_ARENA_MAX, 1);                      // NOLINT(concurrency-mt-unsafe): before the first thread
  mallopt(M_MMAP_THRESHOLD, kGivenBackAtOnce);  // NOLINT(concurrency-mt-unsafe)
}

// A connection is a descriptor, and a shell's soft limit of 1,024 is far below the setting `connections`. A refusal leaves it as it is:
// the listener then tells clients that there are too many.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int serve(const ServeArguments& arguments) {
  const auto settings = load(arguments);
  if (!settings) return report(settings.error());
  umask(077);
  if (settings->boolean(app::Setting::core_dumps)) set_cores(Cores::allowed);
  bound_memory();
  raise_descriptor_limit();
  configure_log(*settings);
  const auto signals = block_signals();
  auto daemon = app::start_daemon(*settings);
  if (!daemon) return report(daemon.error());
  if (settings->boolean(app::Setting::open)) {
    base::log::warning(
        "serving with --open: no accounts, everything is allowed to everybody who reaches this machine's loopback");
  }
  for (const auto& url : (*daemon)->urls()) std::printf("berth: listening on %s\n", url.c_str());
  // Secrets go to a person's eyes or stay in the file; never into whatever collects a service's output.
  if (const auto& first = (*daemon)->first_administrator(); first && isatty(STDOUT_FILENO) == 1) {
    std::printf("berth: the first administrator (also in first-admin.json of the data directory):\n%s", first->c_str());
  }
  std::fflush(stdout);
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) (*daemon)->reload();
  base::log::info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  const bool clean = (*daemon)->stop();
  base::log::info("stopped", {{"requests_cut", !clean}});
  return kDone;
}

}  // namespace berth::cli
