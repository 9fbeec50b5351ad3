#include "oci/text.h"

#include "berth/base/bytes.h"

namespace berth::oci {

namespace {
constexpr std::size_t kShownBytes = 80;
}  // namespace

std::string show(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, kShownBytes)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c < 0x20 || c > 0x7e) {
      out += "\\x";
      out += base::to_hex(base::as_bytes({&c, 1}));
    } else {
      out += c;
    }
  }
  if (text.size() > kShownBytes) out += "...";
  out += '"';
  return out;
}

std::string_view trim_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace berth::oci
