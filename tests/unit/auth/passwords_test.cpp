#include "berth/auth/passwords.h"

#include <gtest/gtest.h>

#include <atomic>
#include <ctime>
#include <thread>
#include <vector>

namespace berth::auth {
namespace {

using base::ErrorCode;

TEST(Passwords, OnlyTheRightOneFits) {
  Passwords passwords;
  const auto hash = passwords.hash("a long password").value();
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << hash;
  EXPECT_NE(passwords.hash("a long password").value(), hash) << "the salt differs";
  EXPECT_EQ(passwords.verify("a long password", hash).value(), PasswordMatch::yes);
  EXPECT_EQ(passwords.verify("a long passworD", hash).value(), PasswordMatch::no);
  EXPECT_EQ(passwords.verify("", hash).value(), PasswordMatch::no);
  EXPECT_EQ(passwords.verify("a long password", "").value(), PasswordMatch::no);
  EXPECT_EQ(passwords.verify("a long password", "$argon2id$v=19$m=19456").value(), PasswordMatch::no);
  EXPECT_EQ(passwords.verify_nobody("a long password").value(), PasswordMatch::no);
}

// Whoever is not there must not be told by the time that the answer takes.
TEST(Passwords, NobodyCostsWhatAUserCosts) {
  Passwords passwords;
  const auto hash = passwords.hash("a long password").value();
  const auto cost = [](const auto& check) {
    const auto before = std::clock();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(check(), PasswordMatch::no);
    return std::clock() - before;
  };
  const auto user = cost([&] { return passwords.verify("another password", hash).value(); });
  const auto nobody = cost([&] { return passwords.verify_nobody("another password").value(); });
  EXPECT_GT(nobody, user / 4);
  EXPECT_GT(user, nobody / 4);
}

// A flood waits in a queue of its own, and what does not fit is told to come back.
TEST(Passwords, TheQueueHasABound) {
  Passwords passwords;
  std::atomic<int> refused = 0;
  std::atomic<int> checked = 0;
  std::vector<std::thread> flood;
  for (int i = 0; i < 100; ++i) {
    flood.emplace_back([&] {
      const auto answer = passwords.verify_nobody("guess");
      if (answer) {
        ++checked;
      } else {
        EXPECT_EQ(answer.error().code(), ErrorCode::too_many_requests);
        EXPECT_EQ(answer.error().retry_after(), 1U);
        ++refused;
      }
    });
  }
  for (auto& one : flood) one.join();
  EXPECT_GT(refused, 0);
  EXPECT_GT(checked, 0);
  EXPECT_LE(checked, 100 - refused);
}

TEST(Passwords, HaveAForm) {
  EXPECT_TRUE(check_password_form("twelve chars"));
  for (const auto& text : {std::string("eleven char"), std::string(1025, 'x'), std::string("with a\nline break")}) {
    EXPECT_FALSE(check_password_form(text)) << text.size();
  }
  EXPECT_TRUE(check_password_form(random_password()));
  EXPECT_NE(random_password(), random_password());
}

}  // namespace
}  // namespace berth::auth
