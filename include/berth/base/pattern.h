// Patterns as people write them for names of repositories and tags: '*' stands for any characters, '/' included, also none; where the
// caller says so, '?' for one. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace berth::base {

enum class QuestionMark : std::uint8_t { itself, any_character };

// The whole of `text`. Time: at most the product of both lengths.
bool matches_pattern(std::string_view pattern, std::string_view text, QuestionMark mark = QuestionMark::itself);
// One of a comma list of patterns; an empty list matches nothing.
bool matches_any_pattern(std::string_view list, std::string_view text);

}  // namespace berth::base
