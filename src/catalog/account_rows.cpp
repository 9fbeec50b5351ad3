#include "catalog/account_rows.h"

namespace berth::catalog {

namespace {

std::optional<base::TimePoint> time_of(const Rows& rows, int column) {
  if (rows.is_null(column)) return std::nullopt;
  return base::from_unix_micros(rows.integer(column));
}

}  // namespace

User user_of(const Rows& rows) {
  return {rows.integer(0),
          std::string(rows.text(1)),
          std::string(rows.text(2)),
          static_cast<Standing>(rows.integer(3)),
          static_cast<Rank>(rows.integer(4)),
          base::from_unix_micros(rows.integer(5))};
}

Org org_of(const Rows& rows) { return {rows.integer(0), std::string(rows.text(1)), std::string(rows.text(2))}; }

Team team_of(const Rows& rows) { return {rows.integer(0), std::string(rows.text(1)), std::string(rows.text(2))}; }

Key key_of(const Rows& rows) {
  Key key;
  key.id = rows.integer(0);
  key.kind = static_cast<KeyKind>(rows.integer(1));
  key.user = rows.is_null(2) ? 0 : rows.integer(2);
  key.org = rows.is_null(3) ? 0 : rows.integer(3);
  key.name = std::string(rows.text(4));
  key.actions = split(rows.text(5));
  key.repositories = split(rows.text(6));
  key.created = base::from_unix_micros(rows.integer(7));
  key.expires = time_of(rows, 8);
  key.revoked = time_of(rows, 9);
  key.last_used = time_of(rows, 10);
  key.org_name = std::string(rows.text(11));
  return key;
}

std::string join(const std::vector<std::string>& items) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ",") + item;
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const auto comma = text.find(',');
    items.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return items;
}

Value time_or_null(const std::optional<base::TimePoint>& time) {
  if (!time) return std::monostate{};
  return base::to_unix_micros(*time);
}

}  // namespace berth::catalog
