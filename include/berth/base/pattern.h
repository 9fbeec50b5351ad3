// Patterns as people write them for names of repositories and tags: '*' stands for any characters, '/' included, also none. Pure.
#pragma once

#include <string_view>

namespace berth::base {

// The whole of `text`. Time: at most the product of both lengths.
bool matches_pattern(std::string_view pattern, std::string_view text);
// One of a comma list of patterns; an empty list matches nothing.
bool matches_any_pattern(std::string_view list, std::string_view text);

}  // namespace berth::base
