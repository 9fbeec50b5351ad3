// Runs one text case against a daemon and reports every difference as a GoogleTest failure, with file and line.
#pragma once

#include "http/case_file.h"
#include "http/daemons.h"
#include "support/http_client.h"

namespace berth::test {

// What a case is spoken over.
struct Protocol {
  const char* name;
  HttpVersion version;
  Wire wire;
  // With accounts, what a case leaves unsaid is asked by the platform administrator, in an organisation made for it.
  Access access = Access::open;
};

void run_case(const TextCase& text_case, const Protocol& protocol);

}  // namespace berth::test
