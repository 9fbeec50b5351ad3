// Runs one text case against a daemon and reports every difference as a GoogleTest failure, with file and line.
#pragma once

#include "http/case_file.h"
#include "support/http_client.h"

namespace berth::test {

void run_case(const TextCase& text_case, HttpVersion version);

}  // namespace berth::test
