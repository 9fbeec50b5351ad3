// A client that costs as little as a client can, so that a benchmark measures the server. Plain HTTP/1.1 on 127.0.0.1; blocking sockets, one
// thread a connection. Prints one line of JSON: {"seconds":…,"bytes":…,"requests":…}.
//
// LOAD_AUTHORIZATION in the environment is sent with every request, as the field Authorization.
//
//   load_client pull   PORT PATH CONNECTIONS REPEATS [RANGE_BYTES TOTAL_BYTES]   bodies are dropped in the kernel (MSG_TRUNC)
//   load_client push   PORT REPOSITORY put|patch|chunks BYTES CONNECTIONS SEED   one blob a connection; digests are made before the clock starts
//   load_client blobs  PORT REPOSITORY COUNT CONNECTIONS SEED                    blobs of 4 KiB by POST and PUT
//   load_client images PORT REPOSITORY COUNT CONNECTIONS SEED                    config, two layers of 4 KiB, manifest by tag
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "berth/base/hash.h"
#include "connection.h"

namespace {

using namespace berth;
using namespace berth::bench;

constexpr std::size_t kMiB = 1 << 20;
constexpr std::size_t kChunk = 16 * kMiB;
constexpr std::size_t kSmall = 4096;

// The line of the credential, or nothing.
const std::string& credential() {
  static const std::string line = [] {
    const char* value = std::getenv("LOAD_AUTHORIZATION");
    return value == nullptr ? std::string() : "Authorization: " + std::string(value) + "\r\n";
  }();
  return line;
}

struct Totals {
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> requests{0};
};

std::string request(std::string_view method, std::string_view target, std::size_t length, std::string_view fields = {}) {
  return std::string(method) + ' ' + std::string(target) +
         " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " + std::to_string(length) +
         "\r\nContent-Type: application/octet-stream\r\n" + credential() + std::string(fields) + "\r\n";
}

// Locations come as paths or as URLs.
std::string path_of(const std::string& location) {
  const auto scheme = location.find("://");
  return scheme == std::string::npos ? location : location.substr(location.find('/', scheme + 3));
}

// Blob contents of our own making: a block of noise whose first bytes tell seed and place.
class Content {
 public:
  Content(std::uint64_t seed, std::size_t size) : seed_(seed), size_(size), block_(base::random_bytes(std::min(size, kMiB))) {
    base::Hasher hasher(base::HashAlgorithm::sha256);
    for (std::size_t at = 0; at < size_; at += kMiB) {
      const auto piece = pieces(at);
      for (const auto part : piece) hasher.update(base::as_bytes(part));
    }
    digest_ = "sha256:" + hasher.hex_digest();
  }
  [[nodiscard]] const std::string& digest() const { return digest_; }

  // The bytes [offset, offset + 1 MiB), in two parts; good until the next call.
  std::array<std::string_view, 2> pieces(std::size_t offset) {
    const std::array<std::uint64_t, 2> mark{seed_, offset};
    std::memcpy(mark_.data(), mark.data(), mark_.size());
    const std::size_t length = std::min(kMiB, size_ - offset);
    return {std::string_view(mark_.data(), mark_.size()), std::string_view(block_).substr(0, length - mark_.size())};
  }

  void send(Connection& connection, std::size_t from, std::size_t to) {
    for (std::size_t at = from; at < to; at += kMiB) connection.send(pieces(at));
  }

 private:
  std::uint64_t seed_;
  std::size_t size_;
  std::string block_;
  std::string digest_;
  std::array<char, 16> mark_{};
};

void report(double seconds, const Totals& totals) {
  std::printf("{\"seconds\":%.6f,\"bytes\":%llu,\"requests\":%llu}\n", seconds,
              static_cast<unsigned long long>(totals.bytes.load()), static_cast<unsigned long long>(totals.requests.load()));
}

void pull(int port, const std::string& path, std::size_t connections, std::size_t repeats, std::size_t range, std::size_t total) {
  Totals totals;
  std::atomic<std::size_t> next{0};
  const double seconds = together(connections, [&](std::size_t, std::latch& ready) {
    Connection connection(port);
    ready.arrive_and_wait();
    const auto get = [&](const std::string& fields, int status) {
      connection.send({"GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + credential() + fields + "\r\n", std::string_view()});
      const Reply reply = connection.read();
      expect(reply, status, "GET");
      totals.bytes += reply.length;
      ++totals.requests;
    };
    if (range == 0) {
      for (std::size_t i = 0; i < repeats; ++i) get("", 200);
      return;
    }
    const std::size_t parts = (total + range - 1) / range;
    for (std::size_t part = next++; part < parts * repeats; part = next++) {
      const std::size_t from = part % parts * range;
      get("Range: bytes=" + std::to_string(from) + "-" + std::to_string(std::min(from + range, total) - 1) + "\r\n", 206);
    }
  });
  report(seconds, totals);
}

std::string begin_upload(Connection& connection, const std::string& repository) {
  connection.send({request("POST", "/v2/" + repository + "/blobs/uploads/", 0), std::string_view()});
  const Reply reply = connection.read();
  expect(reply, 202, "POST");
  return path_of(reply.location);
}

std::string with_digest(const std::string& location, const std::string& digest) {
  return location + (location.find('?') == std::string::npos ? '?' : '&') + "digest=" + digest;
}

void push_blob(Connection& connection, const std::string& repository, Content& content, std::size_t size, std::string_view mode) {
  std::string location = begin_upload(connection, repository);
  const std::size_t step = mode == "chunks" ? kChunk : size;
  if (mode != "put") {
    for (std::size_t at = 0; at < size; at += step) {
      const std::size_t end = std::min(size, at + step);
      const std::string range = "Content-Range: " + std::to_string(at) + "-" + std::to_string(end - 1) + "\r\n";
      connection.send({request("PATCH", location, end - at, mode == "chunks" ? range : std::string()), std::string_view()});
      content.send(connection, at, end);
      const Reply reply = connection.read();
      expect(reply, 202, "PATCH");
      location = path_of(reply.location);
    }
  }
  connection.send({request("PUT", with_digest(location, content.digest()), mode == "put" ? size : 0), std::string_view()});
  if (mode == "put") content.send(connection, 0, size);
  expect(connection.read(), 201, "PUT");
}

void push(int port, const std::string& repository, const std::string& mode, std::size_t size, std::size_t connections,
          std::uint64_t seed) {
  Totals totals;
  const double seconds = together(connections, [&](std::size_t i, std::latch& ready) {
    Content content(seed * 1000 + i, size);
    Connection connection(port);
    ready.arrive_and_wait();
    push_blob(connection, repository, content, size, mode);
    totals.bytes += size;
    ++totals.requests;
  });
  report(seconds, totals);
}

void small_pushes(int port, const std::string& repository, std::size_t count, std::size_t connections, std::uint64_t seed,
                  bool images) {
  Totals totals;
  const std::size_t each = count / connections;
  const double seconds = together(connections, [&](std::size_t i, std::latch& ready) {
    const std::size_t blobs = images ? 3 : 1;
    std::vector<Content> contents;
    for (std::size_t k = 0; k < each * blobs; ++k) contents.emplace_back(((seed * 100 + i) << 32) + k, kSmall);
    const std::string own = repository + std::to_string(i);
    Connection connection(port);
    ready.arrive_and_wait();
    for (std::size_t k = 0; k < each; ++k) {
      for (std::size_t b = 0; b < blobs; ++b) push_blob(connection, own, contents[k * blobs + b], kSmall, "put");
      ++totals.requests;
      if (!images) continue;
      const auto described = [&](const char* type, std::size_t b) {
        return R"({"mediaType":"application/vnd.oci.image.)" + std::string(type) + R"(","digest":")" +
               contents[k * blobs + b].digest() + R"(","size":)" + std::to_string(kSmall) + "}";
      };
      const std::string manifest = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)" +
                                   described("config.v1+json", 0) + R"(,"layers":[)" + described("layer.v1.tar+gzip", 1) + "," +
                                   described("layer.v1.tar+gzip", 2) + "]}";
      const std::string head = "PUT /v2/" + own + "/manifests/v" + std::to_string(k) +
                               " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\n"
                               "Content-Length: " +
                               std::to_string(manifest.size()) + "\r\n" + credential() + "\r\n";
      connection.send({head, manifest});
      expect(connection.read(), 201, "PUT of a manifest");
    }
  });
  report(seconds, totals);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> a(argv, argv + argc);
  const auto number = [&](std::size_t i) { return static_cast<std::size_t>(std::strtoull(a[i].c_str(), nullptr, 10)); };
  const auto port = argc > 2 ? static_cast<int>(number(2)) : 0;
  if (argc >= 6 && a[1] == "pull") {
    pull(port, a[3], number(4), number(5), argc > 7 ? number(6) : 0, argc > 7 ? number(7) : 0);
  } else if (argc == 8 && a[1] == "push") {
    push(port, a[3], a[4], number(5), number(6), number(7));
  } else if (argc == 7 && (a[1] == "blobs" || a[1] == "images")) {
    small_pushes(port, a[3], number(4), number(5), number(6), a[1] == "images");
  } else {
    fail("see the comment at the top of load_client.cpp");
  }
  return 0;
}
