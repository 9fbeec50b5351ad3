// Counts of pulls as rows, over a connection; record_pulls inside the caller's write transaction.
#pragma once

#include <span>
#include <string_view>

#include "berth/catalog/collection.h"
#include "berth/catalog/usage.h"
#include "catalog/sqlite.h"

namespace berth::catalog {

base::Result<void> record_pulls(Connection& connection, std::span<const PullCount> pulls);
base::Result<std::optional<PullStatistics>> find_pulls(Connection& connection, std::string_view repository,
                                                       std::string_view subject, std::int64_t since_day);

// Takes away what at most `limit` days before `before` counted, and with the last day of a tag or manifest that is gone its sum.
base::Result<void> forget_pulls(Connection& connection, std::int64_t before, std::size_t limit, Marked& marked);

}  // namespace berth::catalog
