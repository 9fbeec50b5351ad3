// Questions over a socket that is a file: whole, bounded, for its owner alone.
#include "berth/net/local.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "support/temporary_directory.h"

namespace berth::net {
namespace {

using base::ErrorCode;

constexpr std::chrono::seconds kPatience{20};

class Local : public ::testing::Test {
 protected:
  std::unique_ptr<LocalServer> serve(LocalServer::Answer answer) { return serve_local(path(), std::move(answer)).value(); }
  [[nodiscard]] std::string path() const { return directory_.path() + "/berth.sock"; }
  test::TemporaryDirectory directory_;
};

TEST_F(Local, AnswersWhatIsAsked) {
  const auto server = serve([](const std::string& question, std::uint32_t user) {
    EXPECT_EQ(user, geteuid());
    return "you said " + question;
  });
  EXPECT_EQ(ask_local(path(), "hello", kPatience).value(), "you said hello");
  const std::string large(LocalServer::kLongestQuestion, 'x');
  EXPECT_EQ(ask_local(path(), large, kPatience).value().size(), large.size() + 9);
  struct stat info{};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(Local, SeveralAskAtOnce) {
  std::atomic<int> answered{0};
  const auto server = serve([&](const std::string& question, std::uint32_t) {
    ++answered;
    return question;
  });
  std::vector<std::thread> askers;
  for (int i = 0; i < 8; ++i) {
    askers.emplace_back([&, i] { EXPECT_EQ(ask_local(path(), std::to_string(i), kPatience).value_or("?"), std::to_string(i)); });
  }
  for (auto& asker : askers) asker.join();
  EXPECT_EQ(answered, 8);
}

TEST_F(Local, NobodyThereIsBusy) {
  EXPECT_EQ(ask_local(path(), "x", kPatience).error().code(), ErrorCode::busy);
  {
    const auto server = serve([](const std::string&, std::uint32_t) { return std::string("x"); });
  }
  EXPECT_NE(access(path().c_str(), F_OK), 0) << "the file goes with its server";
}

TEST_F(Local, AFileThatWasLeftIsReplaced) {
  const int left = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path().c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(left);
  EXPECT_EQ(ask_local(path(), "x", kPatience).error().code(), ErrorCode::busy) << "nobody listens any more";
  const auto server = serve([](const std::string&, std::uint32_t) { return std::string("again"); });
  EXPECT_EQ(ask_local(path(), "x", kPatience).value(), "again");
}

TEST_F(Local, TooMuchIsNotAnswered) {
  const auto server = serve([](const std::string&, std::uint32_t) { return std::string("x"); });
  EXPECT_FALSE(ask_local(path(), std::string(2 * LocalServer::kLongestQuestion, 'x'), kPatience));
  EXPECT_EQ(ask_local(path(), "still there?", kPatience).value(), "x");
}

TEST_F(Local, ANameThatIsTooLongIsSaid) {
  const auto refused =
      serve_local("/tmp/" + std::string(120, 'x'), [](const std::string&, std::uint32_t) { return std::string(); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::configuration_invalid);
}

TEST_F(Local, AClientThatSaysNothingKeepsNobodyWaitingAtTheEnd) {
  auto server = serve([](const std::string& question, std::uint32_t) { return question; });
  EXPECT_EQ(ask_local(path(), "q", kPatience).value(), "q");
  server.reset();
  EXPECT_EQ(ask_local(path(), "q", kPatience).error().code(), ErrorCode::busy);
}

}  // namespace
}  // namespace berth::net
