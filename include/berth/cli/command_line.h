// The command line: `berth serve`, `berth config …`, `berth version`. CONTRACTS.md, Command line.
#pragma once

namespace berth::cli {

// Exit codes: 0 done, 1 the answer is no, 2 usage, 3 refused, 4 unreachable, 5 internal.
int run(int argc, char** argv);

}  // namespace berth::cli
