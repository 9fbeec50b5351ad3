// Brings a database file to the newest format. Each migration is one transaction together with the version it reaches, so that a kill
// at any point leaves the format before or after it, never between.
#pragma once

#include <span>
#include <string>

#include "berth/base/error.h"
#include "catalog/migrations.h"
#include "catalog/sqlite.h"

namespace berth::catalog {

// "BRTH", in the file's header: tells our file from another program's.
inline constexpr std::int64_t kApplicationId = 0x42525448;

// `path` is the database's, for the copy that is kept before a format ≥ 1 is changed: "<path>.before-<version>", durable before the
// first change. Errors: configuration_invalid (a newer format, both numbers named; or another program's file), corrupt, io_error,
// storage_full.
base::Result<void> migrate(Connection& connection, const std::string& path, std::span<const Migration> migrations);

// Copies the whole database to the new file `target`, durably: it is whole or has not its name. Errors: corrupt, io_error, storage_full.
base::Result<void> copy_database(Connection& connection, const std::string& target);

// What stands in the file now: the number of its format, 0 for an empty file. Errors: configuration_invalid (another program's file, or
// a format newer than `newest`).
base::Result<std::int64_t> read_format(Connection& connection, std::int64_t newest);

// The directory that a file's name stands in, for syncing it.
std::string directory_of(const std::string& path);

}  // namespace berth::catalog
