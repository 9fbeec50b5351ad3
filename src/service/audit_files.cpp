#include "berth/service/audit_files.h"

#include <algorithm>

#include "berth/base/hash.h"
#include "berth/base/json.h"
#include "berth/base/log.h"
#include "berth/base/sign.h"
#include "berth/base/small_file.h"

namespace berth::service {

using base::ErrorCode;
using base::Result;
using catalog::AuditHead;

namespace {

constexpr std::string_view kKey = "audit.key";
constexpr std::string_view kHead = kAuditHeadFile;
constexpr std::string_view kLost = "audit.head.lost-";
constexpr std::size_t kKeyBytes = 32;

std::string keys_of(const std::string& data) { return data + "/keys"; }
std::string path_of(const std::string& data, std::string_view name) { return keys_of(data) + '/' + std::string(name); }

auto damaged(std::string_view name) {
  return base::fail(base::Error(ErrorCode::corrupt, "a file of the audit log is damaged").in("keys/" + std::string(name)));
}

}  // namespace

Result<std::optional<std::string>> find_audit_key(base::FileSystem& fs, const std::string& data) {
  BERTH_TRY(const auto text, base::read_small_file(fs, path_of(data, kKey)));
  if (!text) return std::nullopt;
  auto key = base::from_base64url(text->substr(0, text->find('\n')));
  if (!key || key->size() != kKeyBytes) return damaged(kKey);
  return key;
}

Result<std::string> open_audit_key(base::FileSystem& fs, const std::string& data) {
  BERTH_TRY([[maybe_unused]] const bool made, fs.make_directory(keys_of(data)));
  BERTH_TRY(auto known, find_audit_key(fs, data));
  if (known) return *std::move(known);
  BERTH_TRY(const auto head, fs.find_info(path_of(data, kHead)));
  if (head) {
    return base::fail(
        ErrorCode::configuration_invalid,
        "the key of the audit log, keys/audit.key, is gone: bring it back from a backup; or take keys/audit.head away to "
        "begin anew, and nothing that was written before can be verified any more");
  }
  auto key = base::random_bytes(kKeyBytes);
  BERTH_CHECK_OK(base::replace_small_file(fs, keys_of(data), std::string(kKey), base::to_base64url(key) + '\n'));
  return key;
}

std::string format_audit_head(const AuditHead& head) {
  return base::OrderedJson{{"count", head.count}, {"hash", head.hash}}.dump();
}

std::optional<AuditHead> parse_audit_head(std::string_view text) {
  const auto json = base::parse_json(text);
  if (!json || !json->is_object() || !json->contains("count") || !json->contains("hash")) return std::nullopt;
  const auto& count = (*json)["count"];
  const auto& hash = (*json)["hash"];
  if (!count.is_number_unsigned() || !hash.is_string()) return std::nullopt;
  return AuditHead{count.get<std::int64_t>(), hash.get<std::string>()};
}

Result<std::optional<AuditHead>> read_audit_head(base::FileSystem& fs, const std::string& data) {
  BERTH_TRY(const auto text, base::read_small_file(fs, path_of(data, kHead)));
  if (!text) return std::nullopt;
  auto head = parse_audit_head(*text);
  if (!head) return damaged(kHead);
  return head;
}

Result<void> write_audit_head(base::FileSystem& fs, const std::string& data, const AuditHead& head) {
  return base::replace_small_file(fs, keys_of(data), std::string(kHead), format_audit_head(head) + '\n');
}

Result<void> keep_lost_head(base::FileSystem& fs, const std::string& data, base::TimePoint now) {
  const std::string name = std::string(kLost) + std::to_string(base::to_unix_micros(now));
  BERTH_TRY(const auto there, fs.find_info(path_of(data, kHead)));
  if (!there) return base::replace_small_file(fs, keys_of(data), name, "there was none\n");
  BERTH_CHECK_OK(fs.rename(path_of(data, kHead), path_of(data, name)));
  return fs.sync_directory(keys_of(data));
}

Result<std::vector<std::string>> list_lost_heads(base::FileSystem& fs, const std::string& data) {
  BERTH_TRY(auto names, fs.list(keys_of(data)));
  std::erase_if(names, [](const std::string& name) { return !name.starts_with(kLost); });
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace berth::service
