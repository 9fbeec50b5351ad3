#include "berth/net/local.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "berth/base/fs.h"
#include "berth/base/log.h"
#include "berth/base/secret.h"
#include "berth/base/workers.h"

namespace berth::net {

using base::ErrorCode;
using base::Result;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t kAnswerers = 2;
constexpr std::size_t kWaiting = 16;
constexpr int kBacklog = 16;
constexpr std::size_t kLongestAnswer = 256UL << 20;
constexpr std::chrono::seconds kQuestionTime{10};
constexpr std::chrono::seconds kAnswerTime{30};

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  [[nodiscard]] int get() const { return value_; }

 private:
  int value_;
};

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return base::fail(ErrorCode::configuration_invalid, "the path " + path + " is longer than the name of a socket can be: " +
                                                            std::to_string(sizeof(address.sun_path) - 1) + " bytes");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

// False when `until` came first.
Result<bool> wait_for(int descriptor, short events, Steady::time_point until) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Steady::now()).count();
    if (left <= 0) return false;
    pollfd polled{descriptor, events, 0};
    const int count = poll(&polled, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (count > 0) return true;
    if (count < 0 && errno != EINTR) return base::fail(base::system_error(errno, "poll"));
  }
}

base::Error too_slow() { return {ErrorCode::timeout, "the other side does not go on"}; }

Result<void> say(int descriptor, std::string_view text, Steady::time_point until) {
  while (!text.empty()) {
    BERTH_TRY(const bool ready, wait_for(descriptor, POLLOUT, until));
    if (!ready) return base::fail(too_slow());
    const auto sent = send(descriptor, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      text.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN && errno != EINTR) {
      return base::fail(base::system_error(errno, "send"));
    }
  }
  shutdown(descriptor, SHUT_WR);
  return {};
}

// A text that is wiped when the scope ends: administrators set passwords through this.
class Wiped {
 public:
  explicit Wiped(std::string& text) : text_(text) {}
  ~Wiped() { base::wipe(text_); }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;

 private:
  std::string& text_;
};

// All until the other side has no more to say.
Result<std::string> hear(int descriptor, std::size_t most, Steady::time_point until) {
  std::string text;
  std::string piece(16UL * 1024, '\0');
  const Wiped wiped(piece);
  while (true) {
    BERTH_TRY(const bool ready, wait_for(descriptor, POLLIN, until));
    if (!ready) return base::fail(too_slow());
    const auto got = recv(descriptor, piece.data(), piece.size(), MSG_DONTWAIT);
    if (got == 0) return text;
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) continue;
      return base::fail(base::system_error(errno, "recv"));
    }
    text.append(piece, 0, static_cast<std::size_t>(got));
    if (text.size() > most) return base::fail(ErrorCode::body_too_large, "the other side says too much");
  }
}

// nullopt: neither our own user nor root.
std::optional<std::uint32_t> heard_user(int descriptor) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  if (peer.uid != geteuid() && peer.uid != 0) return std::nullopt;
  return peer.uid;
}

class Server final : public LocalServer {
 public:
  Server(std::string path, Descriptor listener, Descriptor wake, Answer answer)
      : path_(std::move(path)),
        listener_(std::move(listener)),
        wake_(std::move(wake)),
        answer_(std::move(answer)),
        workers_(kAnswerers, kWaiting),
        thread_([this] { accept_all(); }) {}

  ~Server() override {
    const std::uint64_t one = 1;
    if (write(wake_.get(), &one, sizeof one) != sizeof one) base::log::warning("the local socket's thread was not woken");
    thread_.join();
    workers_.stop();
    static_cast<void>(base::real_file_system().remove(path_));
  }

 private:
  void accept_all() {
    while (true) {
      pollfd polled[] = {{listener_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
      if (poll(polled, 2, -1) < 0 && errno != EINTR) return;
      if (polled[1].revents != 0) return;
      const int accepted = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (accepted < 0) continue;
      auto connection = std::make_shared<Descriptor>(accepted);
      // Too many at once: closed without an answer, which the client takes for "try again".
      if (!workers_.try_submit([this, connection] { serve(connection->get()); })) continue;
    }
  }

  void serve(int connection) const {
    const auto user = heard_user(connection);
    if (!user) return base::log::warning("somebody else's program asked at the local socket", {{"path", path_}});
    auto question = hear(connection, kLongestQuestion, Steady::now() + kQuestionTime);
    if (!question)
      return base::log::warning("a question at the local socket was not heard", {{"why", question.error().message()}});
    const Wiped wiped(*question);
    const auto said = say(connection, answer_(*question, *user), Steady::now() + kAnswerTime);
    if (!said) base::log::warning("an answer at the local socket was not taken", {{"why", said.error().message()}});
  }

  std::string path_;
  Descriptor listener_;
  Descriptor wake_;
  Answer answer_;
  base::Workers workers_;
  std::thread thread_;  // last: it uses all of them
};

}  // namespace

Result<std::unique_ptr<LocalServer>> serve_local(const std::string& path, LocalServer::Answer answer) {
  BERTH_TRY(const auto address, address_of(path));
  BERTH_TRY([[maybe_unused]] const bool removed, base::real_file_system().remove(path));
  Descriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  Descriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (listener.get() < 0 || wake.get() < 0) return base::fail(base::system_error(errno, "socket"));
  // Linux makes the file with the socket's own mode, so that there is no moment in which others could connect.
  if (fchmod(listener.get(), S_IRUSR | S_IWUSR) != 0) return base::fail(base::system_error(errno, "fchmod"));
  if (bind(listener.get(), generic(address), sizeof address) != 0) return base::fail(base::system_error(errno, "bind " + path));
  if (listen(listener.get(), kBacklog) != 0) return base::fail(base::system_error(errno, "listen " + path));
  return std::make_unique<Server>(path, std::move(listener), std::move(wake), std::move(answer));
}

Result<std::string> ask_local(const std::string& path, std::string_view question, std::chrono::milliseconds longest) {
  BERTH_TRY(const auto address, address_of(path));
  const Descriptor connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connection.get() < 0) return base::fail(base::system_error(errno, "socket"));
  const auto nobody = [&](int number) {
    return base::fail(
        base::Error(ErrorCode::busy, "nobody answers at " + path).in(base::system_error(number, "connect").context()));
  };
  if (connect(connection.get(), generic(address), sizeof address) != 0) return nobody(errno);
  const auto until = Steady::now() + longest;
  BERTH_CHECK_OK(say(connection.get(), question, until));
  BERTH_TRY(auto answer, hear(connection.get(), kLongestAnswer, until));
  if (answer.empty()) return nobody(ECONNRESET);
  return answer;
}

}  // namespace berth::net
