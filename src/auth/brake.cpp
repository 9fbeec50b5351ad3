#include "auth/brake.h"

#include <algorithm>

#include "berth/base/sign.h"

namespace berth::auth {

namespace {

// One table for both.
constexpr char kAddress = '@';
constexpr char kAccount = '=';

}  // namespace

std::string Brake::name_of(char kind, std::string_view text) const {
  return base::hmac_sha256(secret_, kind + std::string(text)).substr(0, 16);
}

std::int64_t Brake::wait_of(const Windows& windows, const std::string& name, int most) const {
  const auto found = windows.find(name);
  if (found == windows.end() || found->second.failures < most) return 0;
  const auto left = found->second.start + kWindow - clock_.now();
  return std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::seconds>(left).count());
}

base::Result<void> Brake::check(std::string_view address, std::string_view account) const {
  const auto by_address = name_of(kAddress, address);
  const auto by_account = name_of(kAccount, account);
  const auto wait = windows_.with([&](const Windows& windows) {
    return std::max(wait_of(windows, by_address, kFailuresOfAddress), wait_of(windows, by_account, kFailuresOfAccount));
  });
  if (wait == 0) return {};
  return base::fail(base::Error(base::ErrorCode::too_many_requests, "too many wrong passwords; wait a minute, or use a key")
                        .with_retry_after(static_cast<unsigned>(wait)));
}

void Brake::count(Windows& windows, const std::string& name) const {
  const auto now = clock_.now();
  if (windows.size() >= kMost && !windows.contains(name)) {
    std::erase_if(windows, [&](const auto& entry) { return entry.second.start + kWindow <= now; });
    if (windows.size() >= kMost) windows.clear();
  }
  auto& window = windows[name];
  if (window.start + kWindow <= now) window = {now, 0};
  ++window.failures;
}

void Brake::count_failure(std::string_view address, std::string_view account) {
  const auto by_address = name_of(kAddress, address);
  const auto by_account = name_of(kAccount, account);
  windows_.with([&](Windows& windows) {
    count(windows, by_address);
    count(windows, by_account);
  });
}

}  // namespace berth::auth
