// What every fuzz target shares: the entry point that libFuzzer and the replay driver call, and a check that aborts.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace berth::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// The text before the first newline, which is taken off `rest` together with it.
inline std::string_view take_line(std::string_view& rest) {
  const auto newline = rest.find('\n');
  const std::string_view line = rest.substr(0, newline);
  rest = newline == rest.npos ? std::string_view() : rest.substr(newline + 1);
  return line;
}

// An invariant of the code under test. Aborts, which both libFuzzer and ctest count as a find.
inline void expect(bool holds, const char* invariant) {
  if (holds) return;
  std::fprintf(stderr, "broken invariant: %s\n", invariant);
  std::abort();
}

}  // namespace berth::fuzz
