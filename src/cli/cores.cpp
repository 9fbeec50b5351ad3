#include "cli/cores.h"

#include <sys/prctl.h>

namespace berth::cli {

// Not RLIMIT_CORE: a core_pattern that begins with '|' hands cores to a program whatever that limit is (core(5)).
void set_cores(Cores cores) { prctl(PR_SET_DUMPABLE, cores == Cores::allowed ? 1 : 0); }

}  // namespace berth::cli
