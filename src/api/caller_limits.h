// How much one caller may ask of the registry: requests a second and transfers at once, by address and by principal. More is answered 429.
//
// Why two: an address limit stands before authentication and guards it; a principal's limit is the fair share of an account, wherever it calls
// from. A limit of 0 is none. Requests are counted in a bucket that fills at the limit's rate and holds two seconds of it. Callers are forgotten in
// the order in which they fell silent when there are very many of them; whoever is forgotten begins with a full bucket. Any thread; a lock
// that nobody holds across I/O.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "berth/api/application.h"
#include "berth/base/clock.h"
#include "berth/base/error.h"
#include "berth/base/synced.h"
#include "berth/base/text_map.h"

namespace berth::api {

class CallerLimits {
 public:
  explicit CallerLimits(CallerLimitOptions options) : options_(options) {}

  // One more request. Errors: too_many_requests, with the seconds after which one would be taken.
  base::Result<void> request_from(std::string_view address, base::TimePoint now);
  base::Result<void> request_by(std::string_view principal, base::TimePoint now);
  // One more transfer, until the result is let go. nullptr: transfers have no limit. Errors: too_many_requests.
  base::Result<std::shared_ptr<void>> transfer(std::string_view address, std::string_view principal);

 private:
  struct Bucket {
    double left = 0;
    base::TimePoint at;
  };
  class Buckets {
   public:
    // Seconds until there is a request to be had; 0: it was taken.
    double take(std::string_view caller, double rate, base::TimePoint now);

   private:
    struct Shard {
      base::TextMap<Bucket> young;
      base::TextMap<Bucket> old;
    };
    static constexpr std::size_t kShards = 16;
    static constexpr std::size_t kCallersPerHalf = 4096;
    std::array<base::Synced<Shard>, kShards> shards_;
  };
  using Counts = base::Synced<base::TextMap<std::uint64_t>>;

  static base::Result<void> take(Buckets& buckets, std::string_view caller, std::uint64_t rate, base::TimePoint now);
  static base::Result<std::shared_ptr<void>> hold(const std::shared_ptr<Counts>& counts, std::string_view caller,
                                                  std::uint64_t limit);

  const CallerLimitOptions options_;
  Buckets addresses_;
  Buckets principals_;
  // Shared with the transfers that are under way, which may outlive the application.
  std::shared_ptr<Counts> transfers_of_addresses_ = std::make_shared<Counts>();
  std::shared_ptr<Counts> transfers_of_principals_ = std::make_shared<Counts>();
};

}  // namespace berth::api
