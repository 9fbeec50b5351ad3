#include "api/memory.h"

#include <algorithm>
#include <span>
#include <utility>

#include "berth/auth/key_text.h"
#include "berth/base/ascii.h"
#include "berth/base/keyed_hash.h"
#include "berth/base/text_map.h"

namespace berth::api {

namespace {

// What an entry costs beside its text: nodes, strings, fields.
constexpr std::size_t kEntryBytes = 512;

std::size_t weight(const Question& question, const KnownAnswer& answer) {
  std::size_t bytes = kEntryBytes + question.text.size() + http::text_of(answer.response.body).size();
  for (const auto& [name, value] : answer.response.fields.all()) bytes += name.size() + value.size();
  return bytes;
}

// Questions that are longer are not worth their memory.
constexpr std::size_t kLongestQuestion = 8 * 1024;
// A file of so many bytes is read whole and kept; what is larger is sent by the kernel.
constexpr std::uint64_t kSmallFile = 16 * 1024;

// Tokens differ at their end, where the signature stands.
constexpr std::size_t kHashedOfCredential = 48;

enum class FieldUse : std::uint8_t { none, credential, condition };

// What a request field has to do with the answer of a route that may be recalled.
FieldUse read_field(std::string_view name) {
  struct Row {
    std::string_view name;
    FieldUse use;
  };
  static constexpr std::array kRows{
      Row{"authorization", FieldUse::credential},
      Row{"range", FieldUse::condition},
      Row{"if-range", FieldUse::condition},
      Row{"if-match", FieldUse::condition},
      Row{"if-none-match", FieldUse::condition},
      Row{"if-modified-since", FieldUse::condition},
      Row{"if-unmodified-since", FieldUse::condition},
  };
  for (const Row& row : kRows) {
    if (row.name.size() == name.size() &&
        std::equal(name.begin(), name.end(), row.name.begin(), [](char a, char b) { return (a | 0x20) == b; })) {
      return row.use;
    }
  }
  return FieldUse::none;
}

// A token runs out by itself, and stands in a question as it is. A password or a key would lie here in the clear until its entry is pushed
// out: a hash that nobody else can make stands for it.
bool is_token(std::string_view credential) {
  constexpr std::string_view kBearer = "bearer ";
  if (!base::equal_ignoring_case(credential.substr(0, kBearer.size()), kBearer)) return false;
  const auto text = credential.find_first_not_of(' ', kBearer.size());
  return text != std::string_view::npos && !auth::looks_like_key(credential.substr(text));
}

// What stands for a credential that is no token, behind a mark that no field can hold.
constexpr char kHashed = '\x01';
base::KeyedHash::Hash hash_of(std::string_view credential) {
  static const base::KeyedHash kHash;
  return kHash.of(credential);
}

}  // namespace

//   method LF authority LF target LF token as it was sent
//                                    %x01 hash              of any other credential
bool put_question(const http::Request& request, Question& question) {
  if (request.method != http::Method::get && request.method != http::Method::head) return false;
  if (request.has_body) return false;
  std::string_view credential;
  for (const auto& [name, value] : request.fields.all()) {
    switch (read_field(name)) {
      case FieldUse::none: break;
      case FieldUse::credential:
        if (!credential.empty() || value.empty()) return false;
        credential = value;
        break;
      case FieldUse::condition: return false;
    }
  }
  auto& text = question.text;
  text.clear();
  text.append(request.method == http::Method::get ? "G\n" : "H\n");
  text.append(request.authority).append("\n").append(request.target).append("\n");
  question.hash = base::TextHash()(text);
  if (credential.empty()) return text.size() <= kLongestQuestion;
  const std::size_t begin = text.size();
  if (is_token(credential)) {
    text.append(credential);
  } else {
    const auto hash = hash_of(credential);
    text.append(1, kHashed).append(hash.data(), hash.size());
  }
  const std::size_t hashed = std::min(text.size() - begin, kHashedOfCredential);
  question.hash = question.hash * 31 + base::TextHash()(std::string_view(text).substr(text.size() - hashed));
  return text.size() <= kLongestQuestion;
}

bool hold_as_text(http::Response& response, std::size_t limit) {
  if (auto* text = std::get_if<std::string>(&response.body)) {
    if (text->size() > limit) return false;
    response.body = std::make_shared<const std::string>(std::move(*text));
    return true;
  }
  if (const auto* file = std::get_if<http::FileBody>(&response.body)) {
    if (file->length > std::min(limit, kSmallFile)) return false;
    std::string text(file->length, '\0');
    const auto size = file->file->read(std::as_writable_bytes(std::span(text)), file->offset);
    if (!size || *size != text.size()) return false;
    response.body = std::make_shared<const std::string>(std::move(text));
    return true;
  }
  return std::holds_alternative<std::shared_ptr<const std::string>>(response.body) &&
         http::text_of(response.body).size() <= limit;
}

// Half of the budget is the young ones'.
void AnswerMemory::make_room(Shard& shard, std::size_t bytes) const {
  if (shard.young_bytes + bytes > shard_budget_ / 2) {
    shard.old = std::exchange(shard.young, {});
    shard.young_bytes = 0;
  }
  shard.young_bytes += bytes;
}

std::shared_ptr<const KnownAnswer> AnswerMemory::find(const Question& question) {
  return shard_of(question).with([&](Shard& shard) -> std::shared_ptr<const KnownAnswer> {
    if (const auto young = shard.young.find(question); young != shard.young.end()) return young->second;
    const auto old = shard.old.find(question);
    if (old == shard.old.end()) return nullptr;
    auto node = shard.old.extract(old);
    auto answer = node.mapped();
    make_room(shard, weight(question, *answer));
    shard.young.insert(std::move(node));
    return answer;
  });
}

void AnswerMemory::keep(Question question, std::shared_ptr<const KnownAnswer> answer) {
  const std::size_t bytes = weight(question, *answer);
  if (bytes > largest()) return;
  shard_of(question).with([&](Shard& shard) {
    const auto known = shard.young.find(question);
    if (known == shard.young.end()) {
      make_room(shard, bytes);
    } else {
      // The old size goes with the half; a slightly early turn is no harm.
      shard.young_bytes += bytes;
    }
    shard.young.insert_or_assign(std::move(question), std::move(answer));
  });
}

}  // namespace berth::api
