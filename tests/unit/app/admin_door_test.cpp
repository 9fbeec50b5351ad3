// `berth admin` beside a running daemon: the same rows, the same answers, seen by the daemon at once.
#include <gtest/gtest.h>

#include <algorithm>

#include "app/admin_door.h"
#include "berth/app/daemon.h"
#include "support/temporary_directory.h"

namespace berth::app {
namespace {

using base::ErrorCode;

class AdminDoor : public ::testing::Test {
 protected:
  [[nodiscard]] Settings settings(const char* open = "false") const {
    SettingsSources sources;
    sources.command_line = {{Setting::data, directory_.path()},  {Setting::listen, "127.0.0.1:0"}, {Setting::open, open},
                            {Setting::loop_threads, "1"},        {Setting::worker_threads, "2"},   {Setting::disk_reserve, "0"},
                            {Setting::disk_reserve_percent, "0"}};
    return load_settings(sources).value();
  }
  base::Result<base::OrderedJson> admin(std::string_view object, std::string_view verb,
                                        const std::map<std::string, std::string>& words = {}) const {
    const auto rows = admin_rows();
    const auto row =
        std::find_if(rows.begin(), rows.end(), [&](const auto& one) { return one.object == object && one.verb == verb; });
    AdminArguments arguments;
    for (const auto& [name, value] : words) arguments.set(name, {value});
    return administer(settings(), *row, arguments);
  }
  test::TemporaryDirectory directory_;
};

TEST_F(AdminDoor, SaysTheSameWithADaemonAndWithout) {
  for (const auto* open : {"false", "true"}) {
    auto daemon = start_daemon(settings(open)).value();
    const auto suffix = std::string(open);
    ASSERT_TRUE(admin("org", "create", {{"org", "acme" + suffix}}));
    const auto made = admin("user", "create", {{"email", suffix + "@x"}});
    ASSERT_TRUE(made);
    EXPECT_EQ((*made)["password"].get<std::string>().size(), 24U);
    const auto again = admin("org", "create", {{"org", "acme" + suffix}});
    ASSERT_FALSE(again);
    const auto users = admin("user", "list").value();
    EXPECT_TRUE(admin("gc", "", {{"dry-run", "true"}})) << "with the daemon's own collector";
    EXPECT_TRUE(admin("gc", ""));
    EXPECT_TRUE(daemon->stop());
    daemon.reset();
    EXPECT_EQ(admin("user", "list").value(), users);
    const auto offline = admin("org", "create", {{"org", "acme" + suffix}});
    ASSERT_FALSE(offline);
    EXPECT_EQ(offline.error().code(), again.error().code());
    EXPECT_EQ(offline.error().message(), again.error().message());
  }
}

TEST_F(AdminDoor, RefusesWhatIsNoCommand) {
  const auto daemon = start_daemon(settings("true")).value();
  const auto ask = [&](const std::string& question) {
    return net::ask_local(admin_socket(directory_.path()), question, std::chrono::seconds(20)).value_or("");
  };
  for (const std::string question :
       {"", "{}", "[]", "null", "x", R"({"object":"user","verb":"fly","arguments":{}})", R"({"object":"user","verb":"list"})",
        R"({"object":"user","verb":"list","arguments":{"x":["y"]}})",
        R"({"object":"org","verb":"create","arguments":{"org":"acme"}})",
        R"({"object":["org"],"verb":{},"arguments":{"org":[1]}})"}) {
    EXPECT_TRUE(ask(question).starts_with("{\"error\":{\"code\":")) << question << ' ' << ask(question);
  }
  EXPECT_EQ(admin("org", "list").value(), base::OrderedJson::array());
}

TEST_F(AdminDoor, ALockWithoutADaemonBehindItIsBusy) {
  {
    const auto daemon = start_daemon(settings("true")).value();
    EXPECT_TRUE(daemon->stop());
    // Stopped, and still holding its data.
    const auto refused = admin("org", "list");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::busy);
  }
  EXPECT_TRUE(admin("org", "list"));
}

}  // namespace
}  // namespace berth::app
