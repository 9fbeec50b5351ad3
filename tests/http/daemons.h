// Daemons of this process, one for each variant that a case can ask for, started when the first case asks and stopped at the end.
//
// A daemon listens on a free loopback port and has a temporary data directory of its own. Not thread-safe: tests run one after another.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "berth/app/daemon.h"
#include "support/temporary_directory.h"

namespace berth::test {

// Who may come: everybody, or accounts.
enum class Access : std::uint8_t { open, accounts };

// What cases on a daemon with accounts log in with: {admin} a key of the platform administrator, {owner} and {reader} keys in organisation
// acme of owner@example.com (ORG_OWNER) and reader@example.com (REGISTRY_READ); {password} is everybody's, {first} that of
// new@example.com, which must be changed.
using Words = std::map<std::string, std::string>;

using SettingValues = std::vector<std::pair<app::Setting, std::string>>;

// Starts a daemon on `data`, on a free port of 127.0.0.1, with no disk reserve; `more` comes on top. With accounts there must be an
// administrator.
base::Result<std::unique_ptr<app::Daemon>> start_test_daemon(const std::string& data, const SettingValues& more = {},
                                                             Access access = Access::open);
// Makes the people of Words on data that no daemon uses yet.
base::Result<Words> make_people(const std::string& data);

// Which of a daemon's two listeners: plain, or with a certificate of its own making.
enum class Wire : std::uint8_t { plain, tls };
// The address of the shared daemon of a variant ("default", "full", "sparse", "read_only"; "accounts" is "default" with accounts).
// Errors: configuration_invalid (no such variant), those of app::start_daemon().
base::Result<std::string> url_of_variant(std::string_view variant, Wire wire = Wire::plain, Access access = Access::open);
// Empty without accounts.
const Words& words_of_variant(std::string_view variant, Access access = Access::open);
bool is_variant(std::string_view variant);
// Stops every shared daemon; false when one had to cut something.
bool stop_variants();

}  // namespace berth::test
