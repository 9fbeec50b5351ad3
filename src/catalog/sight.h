// Lists of repositories that cost what they show. Several statements: the caller has a transaction around them.
#pragma once

#include <cstddef>
#include <string_view>

#include "berth/base/error.h"
#include "berth/catalog/catalog.h"
#include "berth/catalog/sight.h"
#include "catalog/sqlite.h"

namespace berth::catalog {

base::Result<NamePage> list_repositories_in(Connection& connection, const Sight& sight, std::string_view after,
                                            std::size_t limit);

}  // namespace berth::catalog
