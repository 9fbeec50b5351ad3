// Whether the kernel may write this process's memory into a file when it crashes.
//
// Memory holds passwords, keys and tokens of the moment, in buffers that no code of ours can wipe (the kernel's, TLS's, a parser's), so by
// default there is no core at all; neither may another process of the same user read the memory (prctl(2), PR_SET_DUMPABLE).
#pragma once

#include <cstdint>

namespace berth::cli {

enum class Cores : std::uint8_t { forbidden, allowed };

// Holds for all threads, also those that begin later.
void set_cores(Cores cores);

}  // namespace berth::cli
