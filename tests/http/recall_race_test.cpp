// Answers from memory against writers: nobody is told less than what was acknowledged before he asked (ADR 0015). Also under TSan.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "berth/base/bytes.h"
#include "berth/base/log.h"
#include "http/client_test.h"
#include "http/daemons.h"
#include "support/temporary_directory.h"

namespace berth::test {
namespace {

constexpr int kWrites = 200;
constexpr int kReaders = 3;
constexpr const char* kImageManifest = "application/vnd.oci.image.manifest.v1+json";

std::string manifest(int number) {
  return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
         digest_of("{}") + R"(","size":2},"layers":[],"annotations":{"number":")" + std::to_string(number) + R"("}})";
}

std::optional<std::uint64_t> number_in(std::string_view body) {
  constexpr std::string_view kBefore = R"("number":")";
  const auto at = body.find(kBefore);
  if (at == std::string_view::npos) return std::nullopt;
  const auto rest = body.substr(at + kBefore.size());
  return base::parse_decimal(rest.substr(0, rest.find('"')));
}

class RecallRace : public ClientTest {
 protected:
  void SetUp() override {
    daemon_ = serve(directory_.path(), {{app::Setting::loop_threads, "2"}});
    ASSERT_TRUE(daemon_);
    base::log::configure(base::log::Format::text, base::log::Level::warning);  // tens of thousands of requests
    url_ = daemon_->urls().front();
  }

  TemporaryDirectory directory_;
  std::unique_ptr<app::Daemon> daemon_;
  std::string url_;
};

TEST_P(RecallRace, NobodyReadsLessThanWasAcknowledged) {
  HttpClient writer(url_, HttpVersion::http1_1);
  ASSERT_EQ(writer.send({"POST", "/v2/acme/recall/blobs/uploads/?digest=" + digest_of("{}"), credential(), "{}"})->status, 201);
  std::atomic<std::uint64_t> acknowledged{0};
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> reads{0};
  const auto put = [&](int number) {
    auto fields = credential();
    fields.emplace_back("Content-Type", kImageManifest);
    const auto reply = writer.send({"PUT", "/v2/acme/recall/manifests/latest", fields, manifest(number)});
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->status, 201) << reply->body;
    acknowledged = static_cast<std::uint64_t>(number);
  };
  put(1);
  std::vector<std::jthread> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.emplace_back([&] {
      HttpClient reader(url_, HttpVersion::http1_1);
      while (!over) {
        const auto least = acknowledged.load();
        const auto reply = reader.send({"GET", "/v2/acme/recall/manifests/latest", credential(), {}});
        ASSERT_TRUE(reply);
        ASSERT_EQ(reply->status, 200) << reply->body;
        const auto number = number_in(reply->body);
        ASSERT_TRUE(number) << reply->body;
        ASSERT_GE(*number, least);
        ++reads;
      }
    });
  }
  // Each write is read several times before the next, so that most readings are recalled ones.
  for (int number = 2; number <= kWrites; ++number) {
    const auto enough = reads.load() + 2 * kReaders;
    while (reads < enough && !HasFailure()) std::this_thread::yield();
    put(number);
  }
  over = true;
}

INSTANTIATE_TEST_SUITE_P(Access, RecallRace, with_and_without_accounts(), name_of_access);

}  // namespace
}  // namespace berth::test
