// The fields of one JSON object of a manifest, read with their types checked. Every error is manifest_invalid and names the field by
// its path in the document ("layers[3].digest").
//
// A null counts as an absent field: that is how clients written in Go spell an empty slice, map or byte string.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "berth/base/error.h"
#include "berth/base/json.h"

namespace berth::oci {

// `path` empty: the document itself.
tl::unexpected<base::Error> manifest_invalid(std::string_view path, std::string_view what);

class JsonFields {
 public:
  // `known`: every field that anyone will read. A key that differs from one of them in case alone is refused: Go's decoder would take it
  // for that field, this one would not, and the two would see two documents.
  // `value` must outlive the object.
  static base::Result<JsonFields> read(const base::Json& value, std::string path, std::span<const std::string_view> known);

  // The key stands in the object, whatever its value.
  [[nodiscard]] bool has(std::string_view key) const { return object_->contains(key); }
  // nullptr when absent or null.
  [[nodiscard]] const base::Json* find(std::string_view key) const;
  [[nodiscard]] std::string path_of(std::string_view key) const;

  [[nodiscard]] base::Result<std::string> required_string(std::string_view key) const;
  // Empty when absent.
  [[nodiscard]] base::Result<std::string> optional_string(std::string_view key) const;
  // type/subtype by RFC 6838, parameters allowed, kept as written. Empty when absent and not required.
  [[nodiscard]] base::Result<std::string> required_media_type(std::string_view key) const;
  [[nodiscard]] base::Result<std::string> optional_media_type(std::string_view key) const;
  // 0 … 2^63 - 1.
  [[nodiscard]] base::Result<std::uint64_t> required_size(std::string_view key) const;
  // Strings to strings; empty when absent.
  [[nodiscard]] base::Result<std::map<std::string, std::string>> optional_string_map(std::string_view key) const;
  // The array, nullptr when it is null; it must be there.
  [[nodiscard]] base::Result<const base::Json*> required_array(std::string_view key) const;
  // Its number of elements, all strings; 0 when absent.
  [[nodiscard]] base::Result<std::size_t> count_strings(std::string_view key) const;
  // Must be an object if it is there.
  [[nodiscard]] base::Result<void> check_optional_object(std::string_view key) const;

 private:
  JsonFields(const base::Json& object, std::string path) : object_(&object), path_(std::move(path)) {}
  [[nodiscard]] tl::unexpected<base::Error> wrong_type(std::string_view key, std::string_view expected) const;

  const base::Json* object_;
  std::string path_;
};

}  // namespace berth::oci
