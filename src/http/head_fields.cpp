#include "http/head_fields.h"

#include <algorithm>
#include <string>

#include "http/head_rules.h"
#include "http/text.h"

namespace berth::http {

base::Result<void> parse_fields(std::string_view lines, Fields& fields) {
  constexpr std::size_t kUsual = 8;
  fields.reserve(kUsual);
  while (lines != "\r\n") {
    const std::size_t end = lines.find('\r');
    const std::size_t colon = lines.find(':');
    if (end == std::string_view::npos || colon > end) return malformed("a header field has no colon behind its name");
    const std::string_view name = lines.substr(0, colon);
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_token_char)) {
      return malformed("the name of a header field has a character that is not allowed there");
    }
    fields.add(std::string(name), std::string(trim(lines.substr(colon + 1, end - colon - 1))));
    lines.remove_prefix(std::min(end + 2, lines.size()));
  }
  return {};
}

}  // namespace berth::http
