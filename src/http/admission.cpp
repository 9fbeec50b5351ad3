#include "http/admission.h"

#include <utility>

#include "berth/base/metrics.h"

namespace berth::http {

namespace {

// One IPv6 customer has a /64 at least: its addresses count as one. Text form, so cut after the fourth group (a "::" before it ends the
// prefix early, which only makes it shorter and so never splits one network in two).
std::string network_of(const std::string& address) {
  std::size_t groups = 0;
  for (std::size_t i = 0; i < address.size(); ++i) {
    if (address[i] != ':') continue;
    if (i + 1 < address.size() && address[i + 1] == ':' && i > 0) return address.substr(0, i);
    if (++groups == 4) return address.substr(0, i);
  }
  return address;
}

}  // namespace

class Admission::Token {
 public:
  Token(std::shared_ptr<State> state, std::string network) : state_(std::move(state)), network_(std::move(network)) {
    base::metrics::add(base::metrics::Metric::http_connections, 1);
  }
  ~Token() {
    base::metrics::add(base::metrics::Metric::http_connections, -1);
    state_->with([&](Counts& counts) {
      --counts.total;
      const auto entry = counts.by_address.find(network_);
      if (--entry->second == 0) counts.by_address.erase(entry);
    });
    state_->notify_all();
  }
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;

 private:
  std::shared_ptr<State> state_;
  std::string network_;
};

Admission::Admission(std::size_t total, std::size_t per_address)
    : total_(total), per_address_(per_address), state_(std::make_shared<State>()) {}

tl::expected<std::shared_ptr<void>, Refusal> Admission::admit(const std::string& address) {
  std::string network = network_of(address);
  const auto refusal = state_->with([&](Counts& counts) -> std::optional<Refusal> {
    if (counts.total >= total_) return Refusal::total;
    std::size_t& mine = counts.by_address[network];
    if (mine >= per_address_) {
      if (mine == 0) counts.by_address.erase(network);
      return Refusal::address;
    }
    ++mine;
    ++counts.total;
    return std::nullopt;
  });
  if (refusal) return tl::unexpected(*refusal);
  return std::make_shared<Token>(state_, std::move(network));
}

bool Admission::wait_empty(std::chrono::milliseconds at_most) {
  const auto empty = [](const Counts& counts) { return counts.total == 0; };
  return state_->wait_for(at_most, empty, empty);
}

}  // namespace berth::http
