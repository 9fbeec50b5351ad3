#include "berth/oci/media_type.h"

#include "berth/base/ascii.h"
#include "oci/text.h"

namespace berth::oci {

namespace {

constexpr std::size_t kMaxRestrictedName = 127;

constexpr bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// restricted-name of RFC 6838 §4.2.
bool is_restricted_name(std::string_view text) {
  if (text.empty() || text.size() > kMaxRestrictedName || !is_alphanumeric(text.front())) return false;
  for (const char c : text) {
    if (!is_alphanumeric(c) && std::string_view("!#$&-^_.+").find(c) == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace

base::Result<std::string> parse_media_type(std::string_view header) {
  const std::string_view essence = trim_blanks(header.substr(0, header.find(';')));
  const auto slash = essence.find('/');
  if (slash == essence.npos || !is_restricted_name(essence.substr(0, slash)) || !is_restricted_name(essence.substr(slash + 1))) {
    return base::fail(base::ErrorCode::media_type_mismatch,
                      show(header) +
                          " is not a media type: expected type/subtype, each 1 to 127 letters, digits or !#$&-^_.+ "
                          "that begin with a letter or digit");
  }
  return base::lower_ascii(essence);
}

}  // namespace berth::oci
