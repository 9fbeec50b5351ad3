// The numbered files of schemas/sql, embedded by the build, and the runner that brings a database up to the newest.
#pragma once

#include <span>

namespace berth::catalog {

struct Migration {
  int number;
  const char* name;
  const char* sql;
};

// In the order of the numbers, starting at 1, without gaps.
std::span<const Migration> embedded_migrations();

}  // namespace berth::catalog
