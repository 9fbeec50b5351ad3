#include "oci/json_fields.h"

#include <algorithm>
#include <limits>

#include "berth/base/ascii.h"
#include "berth/oci/media_type.h"
#include "oci/text.h"

namespace berth::oci {

namespace {

using base::Json;
using base::Result;

constexpr std::size_t kLongestKnownKey = 16;
constexpr std::size_t kLongestFoldedCharacter = 3;
// The two characters outside ASCII that fold to ASCII letters: LATIN SMALL LETTER LONG S and KELVIN SIGN.
constexpr std::string_view kLongS = "\xC5\xBF";
constexpr std::string_view kKelvin = "\xE2\x84\xAA";

// The key as a decoder that ignores case compares it.
std::string fold_case(std::string_view key) {
  std::string folded;
  for (std::size_t at = 0; at < key.size(); ++at) {
    if (key.substr(at).starts_with(kLongS)) {
      folded += 's';
      at += kLongS.size() - 1;
    } else if (key.substr(at).starts_with(kKelvin)) {
      folded += 'k';
      at += kKelvin.size() - 1;
    } else {
      folded += base::lower_ascii(key[at]);
    }
  }
  return folded;
}

// The known field that `key` is another spelling of, or empty.
std::string_view misspelt_field(std::string_view key, std::span<const std::string_view> known) {
  if (key.size() > kLongestKnownKey * kLongestFoldedCharacter) return {};
  if (std::find(known.begin(), known.end(), key) != known.end()) return {};
  const std::string folded = fold_case(key);
  for (const std::string_view field : known) {
    if (field.size() == folded.size() && fold_case(field) == folded) return field;
  }
  return {};
}

}  // namespace

tl::unexpected<base::Error> manifest_invalid(std::string_view path, std::string_view what) {
  std::string message = path.empty() ? std::string("the manifest") : std::string(path);
  message += path.empty() ? " " : ": ";
  message += what;
  return base::fail(base::ErrorCode::manifest_invalid, std::move(message));
}

Result<JsonFields> JsonFields::read(const Json& value, std::string path, std::span<const std::string_view> known) {
  if (!value.is_object()) return manifest_invalid(path, std::string("must be a JSON object, not ") + value.type_name());
  for (const auto& [key, unused] : value.get_ref<const Json::object_t&>()) {
    if (const auto field = misspelt_field(key, known); !field.empty()) {
      return manifest_invalid(path, "has a key " + show(key) + " that some clients read as \"" + std::string(field) +
                                        "\"; write it exactly so, or name it otherwise");
    }
  }
  return JsonFields(value, std::move(path));
}

const Json* JsonFields::find(std::string_view key) const {
  const auto at = object_->find(key);
  return at == object_->end() || at->is_null() ? nullptr : &*at;
}

std::string JsonFields::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

tl::unexpected<base::Error> JsonFields::wrong_type(std::string_view key, std::string_view expected) const {
  const Json* value = find(key);
  if (value == nullptr) return manifest_invalid(path_of(key), "missing; expected " + std::string(expected));
  return manifest_invalid(path_of(key), "expected " + std::string(expected) + ", found " + value->type_name());
}

Result<std::string> JsonFields::required_string(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr || !value->is_string()) return wrong_type(key, "a string");
  return value->get_ref<const std::string&>();
}

Result<std::string> JsonFields::optional_string(std::string_view key) const {
  return find(key) == nullptr ? std::string() : required_string(key);
}

Result<std::string> JsonFields::required_media_type(std::string_view key) const {
  BERTH_TRY(std::string text, required_string(key));
  if (const auto parsed = parse_media_type(text); !parsed) return manifest_invalid(path_of(key), parsed.error().message());
  return text;
}

Result<std::string> JsonFields::optional_media_type(std::string_view key) const {
  BERTH_TRY(std::string text, optional_string(key));
  return text.empty() ? std::move(text) : required_media_type(key);
}

Result<std::uint64_t> JsonFields::required_size(std::string_view key) const {
  constexpr std::string_view kExpected = "a whole number of bytes from 0 to 9223372036854775807";
  const Json* value = find(key);
  if (value == nullptr) return wrong_type(key, kExpected);
  if (!value->is_number_unsigned()) {
    return manifest_invalid(path_of(key), "expected " + std::string(kExpected) + ", found " +
                                              (value->is_number() ? "another number" : value->type_name()));
  }
  const auto size = value->get<std::uint64_t>();
  if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return wrong_type(key, kExpected);
  return size;
}

Result<std::map<std::string, std::string>> JsonFields::optional_string_map(std::string_view key) const {
  std::map<std::string, std::string> map;
  const Json* value = find(key);
  if (value == nullptr) return map;
  if (!value->is_object()) return wrong_type(key, "an object of strings");
  for (const auto& [name, text] : value->get_ref<const Json::object_t&>()) {
    if (!text.is_string()) {
      return manifest_invalid(path_of(key) + "[" + show(name) + "]", std::string("expected a string, found ") + text.type_name());
    }
    map.emplace_hint(map.end(), name, text.get_ref<const std::string&>());
  }
  return map;
}

Result<const Json*> JsonFields::required_array(std::string_view key) const {
  if (!has(key)) return wrong_type(key, "an array");
  const Json* value = find(key);
  if (value != nullptr && !value->is_array()) return wrong_type(key, "an array");
  return value;
}

Result<std::size_t> JsonFields::count_strings(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::size_t{0};
  if (!value->is_array()) return wrong_type(key, "an array of strings");
  for (std::size_t i = 0; i < value->size(); ++i) {
    if (!(*value)[i].is_string()) {
      return manifest_invalid(path_of(key) + "[" + std::to_string(i) + "]",
                              std::string("expected a string, found ") + (*value)[i].type_name());
    }
  }
  return value->size();
}

Result<void> JsonFields::check_optional_object(std::string_view key) const {
  if (const Json* value = find(key); value != nullptr && !value->is_object()) return wrong_type(key, "an object");
  return {};
}

}  // namespace berth::oci
