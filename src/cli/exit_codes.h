#pragma once

#include "berth/base/error.h"

namespace berth::cli {

// CONTRACTS.md, Command line.
enum ExitCode : int { kDone = 0, kNo = 1, kUsage = 2, kRefused = 3, kUnreachable = 4, kInternal = 5 };

// Prints "berth: <message>" on standard error and says which code the process ends with.
int report(const base::Error& error);

}  // namespace berth::cli
