#include "auth/key_ring.h"

#include "berth/base/hash.h"
#include "berth/base/json.h"
#include "berth/base/log.h"
#include "berth/base/small_file.h"

namespace berth::auth {

using base::ErrorCode;

namespace {

constexpr std::int64_t kMicros = 1'000'000;

base::Result<KeyRing::Entry> entry_of(const base::Json& json) {
  const auto wrong = [] {
    return base::fail(base::Error(ErrorCode::corrupt, "the key ring of tokens is damaged").in("keys/tokens.json"));
  };
  if (!json.is_object() || !json.contains("kid") || !json.contains("created") || !json.contains("seed")) return wrong();
  if (!json["kid"].is_string() || !json["created"].is_number_integer() || !json["seed"].is_string()) return wrong();
  const auto seed = base::from_base64url(json["seed"].get<std::string>());
  auto key = seed ? base::SigningKey::from_seed(*seed) : std::nullopt;
  if (!key) return wrong();
  return KeyRing::Entry{json["kid"].get<std::string>(), base::from_unix_micros(json["created"].get<std::int64_t>() * kMicros),
                        std::move(*key)};
}

}  // namespace

base::Result<std::unique_ptr<KeyRing>> KeyRing::open(base::FileSystem& fs, const std::string& directory,
                                                     const base::Clock& clock) {
  std::unique_ptr<KeyRing> ring(new KeyRing(fs, directory, clock));
  BERTH_TRY([[maybe_unused]] const bool made, fs.make_directory(directory));
  BERTH_CHECK_OK(ring->load());
  BERTH_CHECK_OK(ring->rotate_if_due());
  return ring;
}

base::Result<void> KeyRing::load() {
  BERTH_TRY(const auto text, base::read_small_file(fs_, directory_ + "/tokens.json"));
  if (!text) return {};
  const auto json = base::parse_json(*text);
  if (!json || !json->is_object() || !json->contains("keys") || !(*json)["keys"].is_array()) {
    return base::fail(base::Error(ErrorCode::corrupt, "the key ring of tokens is damaged").in("keys/tokens.json"));
  }
  Entries entries;
  for (const auto& item : (*json)["keys"]) {
    BERTH_TRY(auto entry, entry_of(item));
    entries.push_back(std::make_shared<const Entry>(std::move(entry)));
  }
  entries_.with([&](Entries& present) { present = std::move(entries); });
  return {};
}

base::Result<void> KeyRing::store(const Entries& entries) {
  auto list = base::OrderedJson::array();
  for (const auto& entry : entries) {
    list.push_back({{"kid", entry->kid},
                    {"created", base::to_unix_micros(entry->created) / kMicros},
                    {"seed", base::to_base64url(entry->key.seed())}});
  }
  return base::replace_small_file(fs_, directory_, "tokens.json", base::OrderedJson{{"keys", std::move(list)}}.dump(1) + '\n');
}

base::Result<void> KeyRing::rotate_if_due() {
  const auto now = clock_.now();
  auto entries = this->entries();
  if (!entries.empty() && entries.back()->created + kRotation > now) return {};
  std::erase_if(entries, [&](const auto& entry) { return entry->created + kRotation + kKept < now; });
  entries.push_back(std::make_shared<const Entry>(Entry{base::random_id(), now, base::SigningKey::generate()}));
  BERTH_CHECK_OK(store(entries));
  base::log::info("tokens are signed with a new key", {{"kid", entries.back()->kid}});
  entries_.with([&](Entries& present) { present = std::move(entries); });
  return {};
}

std::shared_ptr<const KeyRing::Entry> KeyRing::newest() const {
  return entries_.with([](const Entries& entries) { return entries.back(); });
}

std::shared_ptr<const KeyRing::Entry> KeyRing::find(std::string_view kid) const {
  return entries_.with([&](const Entries& entries) -> std::shared_ptr<const Entry> {
    for (const auto& entry : entries) {
      if (entry->kid == kid) return entry;
    }
    return nullptr;
  });
}

std::vector<std::shared_ptr<const KeyRing::Entry>> KeyRing::entries() const {
  return entries_.with([](const Entries& entries) { return entries; });
}

}  // namespace berth::auth
