// Answers that were given and may be given again, in memory: the short way of reads (ADR 0015).
//
// What this is: a bounded map from a question to its answer. An answer is good as long as the catalog has not changed (it carries the
// generation that was read before anything else was) and its time is not over. What this is not: a place of truth; everything in it can be
// dropped at any time. A question is everything that the answer depends on, the credential included, so a decision is recalled with it.
//
// Two halves: what is asked for moves to the young one; when that is full the old half is dropped and the young one becomes the old. Any
// thread; a loop thread takes a lock that is never held across I/O.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "berth/base/clock.h"
#include "berth/base/synced.h"
#include "berth/http/message.h"
#include "berth/service/pull_counter.h"

namespace berth::api {

struct KnownAnswer {
  http::Response response;  // 200, its body text
  std::uint64_t generation = 0;
  base::TimePoint until;
  std::shared_ptr<service::PullEntry> pull;  // counts it, when giving it is a pull
  std::string principal;                     // whose share of requests it is taken from (caller_limits.h)
};

// Everything that an answer depends on. Compared whole; `hash` is of a part, as a long credential costs a read more than the rest of it.
struct Question {
  std::string text;
  std::size_t hash = 0;
  friend bool operator==(const Question& a, const Question& b) { return a.hash == b.hash && a.text == b.text; }
};

class AnswerMemory {
 public:
  // Keeps at most about `budget` bytes; 0 keeps nothing.
  explicit AnswerMemory(std::size_t budget) : shard_budget_(budget / kShards) {}

  // The largest answer worth keeping, with its question.
  [[nodiscard]] std::size_t largest() const { return shard_budget_ / 4; }

  [[nodiscard]] std::shared_ptr<const KnownAnswer> find(const Question& question);
  void keep(Question question, std::shared_ptr<const KnownAnswer> answer);

 private:
  struct Hash {
    std::size_t operator()(const Question& question) const noexcept { return question.hash; }
  };
  using Map = std::unordered_map<Question, std::shared_ptr<const KnownAnswer>, Hash>;
  struct Shard {
    Map young;
    Map old;
    std::size_t young_bytes = 0;
  };
  static constexpr std::size_t kShards = 16;

  base::Synced<Shard>& shard_of(const Question& question) { return shards_[(question.hash >> 8) % kShards]; }
  void make_room(Shard& shard, std::size_t bytes) const;

  const std::size_t shard_budget_;
  std::array<base::Synced<Shard>, kShards> shards_;
};

// Writes the question that a request to a route with a memory is; no password and no key stands in it. False: it is not of that kind (it
// has a body or a condition, is no GET or HEAD, or is too long to be worth it).
bool put_question(const http::Request& request, Question& question);

// Makes the body a text that answers share, reading a small file into memory. False, and unchanged, when it is larger than `limit` or of
// another kind. Worker thread.
bool hold_as_text(http::Response& response, std::size_t limit);

}  // namespace berth::api
