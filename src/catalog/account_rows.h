// Rows of accounts as structs, and lists as the text of a column.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/catalog/accounts.h"
#include "catalog/sqlite.h"

namespace berth::catalog {

// Each in the order of the columns that its statements in queries.h name.
User user_of(const Rows& rows);
Org org_of(const Rows& rows);
Team team_of(const Rows& rows);
Key key_of(const Rows& rows);

// A column holds a list as its items with commas between; no item of ours holds one.
std::string join(const std::vector<std::string>& items);
std::vector<std::string> split(std::string_view text);

Value time_or_null(const std::optional<base::TimePoint>& time);

}  // namespace berth::catalog
