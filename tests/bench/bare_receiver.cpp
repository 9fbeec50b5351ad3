// The limit for pushes: receive, hash, write, sync, and nothing else. What a registry does beside that is what the benchmark shows.
//
//   bare_receiver PORT DIRECTORY
//
// Understands just enough of HTTP/1.1 to be spoken to by load_client: POST → 202 with a Location, PATCH → 202, PUT → 201 after fdatasync and the
// sync of the directory. One thread a connection receives and writes; one more hashes (the fastest of the plain arrangements, performance.md A1).
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "berth/base/hash.h"

namespace {

using namespace berth;

constexpr std::size_t kPiece = 512 * 1024;
constexpr std::size_t kPieces = 8;
constexpr std::size_t kSyncEvery = 64 * 1024 * 1024;

struct Piece {
  std::unique_ptr<char[]> data = std::make_unique<char[]>(kPiece);
  std::size_t size = 0;
};

// Pieces go round: free → filled and written → hashed → free.
class HashThread {
 public:
  HashThread() {
    for (std::size_t i = 0; i < kPieces; ++i) free_.push_back(std::make_unique<Piece>());
  }
  std::unique_ptr<Piece> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !free_.empty(); });
    auto piece = std::move(free_.front());
    free_.pop_front();
    return piece;
  }
  void hash(std::unique_ptr<Piece> piece) {
    std::lock_guard lock(mutex_);
    full_.push_back(std::move(piece));
    changed_.notify_all();
  }
  std::string finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return full_.empty() && free_.size() == kPieces; });
    auto digest = hasher_.hex_digest();
    hasher_ = base::Hasher(base::HashAlgorithm::sha256);
    return digest;
  }

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, stop, [&] { return !full_.empty(); });
      if (full_.empty()) return;
      auto piece = std::move(full_.front());
      full_.pop_front();
      lock.unlock();
      hasher_.update({reinterpret_cast<const std::byte*>(piece->data.get()), piece->size});
      lock.lock();
      free_.push_back(std::move(piece));
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::unique_ptr<Piece>> free_;
  std::deque<std::unique_ptr<Piece>> full_;
  base::Hasher hasher_{base::HashAlgorithm::sha256};
  std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};
};

std::atomic<unsigned> next_name{0};

class Receiver {
 public:
  Receiver(int descriptor, std::string directory) : descriptor_(descriptor), directory_(std::move(directory)) {}
  ~Receiver() {
    if (file_ >= 0) ::close(file_);
    ::close(descriptor_);
  }

  void run() {
    while (true) {
      std::size_t end = 0;
      while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        std::array<char, 8192> bytes;
        const ssize_t size = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
        if (size <= 0) return;
        buffer_.append(bytes.data(), static_cast<std::size_t>(size));
      }
      const std::string head = buffer_.substr(0, end);
      buffer_.erase(0, end + 4);
      const auto field = head.find("Content-Length: ");
      const std::size_t length = field == std::string::npos ? 0 : std::strtoull(head.c_str() + field + 16, nullptr, 10);
      if (!receive(length)) return;
      if (head.starts_with("PUT")) {
        if (!commit()) return;
        answer("201 Created");
      } else {
        answer("202 Accepted\r\nLocation: /upload");
      }
    }
  }

 private:
  bool receive(std::size_t left) {
    if (left > 0 && file_ < 0) {
      path_ = directory_ + "/" + std::to_string(next_name++);
      file_ = ::open(path_.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
      if (file_ < 0) return false;
    }
    while (left > 0) {
      auto piece = hasher_.take();
      const std::size_t want = std::min(left, kPiece);
      piece->size = std::min(want, buffer_.size());
      std::memcpy(piece->data.get(), buffer_.data(), piece->size);
      buffer_.erase(0, piece->size);
      while (piece->size < want) {
        const ssize_t size = ::recv(descriptor_, piece->data.get() + piece->size, want - piece->size, 0);
        if (size <= 0) return false;
        piece->size += static_cast<std::size_t>(size);
      }
      left -= want;
      if (::write(file_, piece->data.get(), want) != static_cast<ssize_t>(want)) return false;
      unsynced_ += want;
      if (unsynced_ >= kSyncEvery) {
        ::sync_file_range(file_, 0, 0, SYNC_FILE_RANGE_WRITE);
        unsynced_ = 0;
      }
      hasher_.hash(std::move(piece));
    }
    return true;
  }

  bool commit() {
    const std::string digest = hasher_.finish();
    if (file_ < 0 || ::fdatasync(file_) != 0) return false;
    ::close(file_);
    file_ = -1;
    if (::rename(path_.c_str(), (directory_ + "/" + digest).c_str()) != 0) return false;
    const int directory = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY);
    const bool synced = ::fsync(directory) == 0;
    ::close(directory);
    return synced;
  }

  void answer(const std::string& status) const {
    const std::string text = "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n";
    if (::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL) < 0) std::perror("send");
  }

  int descriptor_;
  std::string directory_;
  std::string buffer_;
  std::string path_;
  int file_ = -1;
  std::size_t unsynced_ = 0;
  HashThread hasher_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bare_receiver PORT DIRECTORY\n");
    return 2;
  }
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener, 64) != 0) {
    std::perror("bare_receiver");
    return 1;
  }
  while (true) {
    const int descriptor = ::accept(listener, nullptr, nullptr);
    if (descriptor < 0) return 1;
    std::thread([descriptor, directory = std::string(argv[2])] { Receiver(descriptor, directory).run(); }).detach();
  }
}
