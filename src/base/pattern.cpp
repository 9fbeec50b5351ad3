#include "berth/base/pattern.h"

namespace berth::base {

bool matches_pattern(std::string_view pattern, std::string_view text, QuestionMark mark) {
  const auto fits = [mark](char wanted, char found) {
    return wanted == found || (wanted == '?' && mark == QuestionMark::any_character);
  };
  // After a star, the shortest stretch that lets the rest match is tried first; a later star makes earlier choices final.
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && fits(pattern[p], text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool matches_any_pattern(std::string_view list, std::string_view text) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto pattern = list.substr(0, comma);
    if (!pattern.empty() && matches_pattern(pattern, text)) return true;
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return false;
}

}  // namespace berth::base
