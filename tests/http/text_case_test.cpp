// Registers every case of tests/http/cases once per protocol, as <protocol>/<file>.<title>, and once more with accounts, as
// http1_accounts/<file>.<title>, and runs what GoogleTest selects.
#include <gtest/gtest.h>

#include <cctype>

#include "berth/base/log.h"
#include "http/case_file.h"
#include "http/case_runner.h"
#include "http/daemons.h"

namespace {

using berth::test::Access;
using berth::test::HttpVersion;
using berth::test::Protocol;
using berth::test::TextCase;
using berth::test::Wire;

// The protocols that every case is run over. A further one = one more line.
constexpr Protocol kProtocols[] = {
    {"http1", HttpVersion::http1_1, Wire::plain},
    {"h2c", HttpVersion::http2, Wire::plain},
    {"tls_http1", HttpVersion::http1_1, Wire::tls},
    {"tls_http2", HttpVersion::http2, Wire::tls},
    {"http1", HttpVersion::http1_1, Wire::plain, Access::accounts},
};

class CaseTest : public ::testing::Test {
 public:
  CaseTest(const TextCase& text_case, const Protocol& protocol) : case_(text_case), protocol_(protocol) {}
  void TestBody() override { berth::test::run_case(case_, protocol_); }

 private:
  const TextCase& case_;
  const Protocol& protocol_;
};

// A file that cannot be read is a test that fails, not a binary without tests.
class UnreadableTest : public ::testing::Test {
 public:
  explicit UnreadableTest(std::string why) : why_(std::move(why)) {}
  void TestBody() override { FAIL() << why_; }

 private:
  std::string why_;
};

class StopDaemons : public ::testing::Environment {
 public:
  void TearDown() override { EXPECT_TRUE(berth::test::stop_variants()) << "a daemon had to cut a request at its end"; }
};

std::string test_name(const std::string& title) {
  std::string name;
  for (const char c : title) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}

void register_cases() {
  static const auto cases = berth::test::load_cases(BERTH_SOURCE_DIR "/tests/http/cases");
  if (!cases) {
    ::testing::RegisterTest("text_cases", "can_be_read", nullptr, nullptr, __FILE__, __LINE__,
                            [why = cases.error().message()] { return new UnreadableTest(why); });
    return;
  }
  for (const auto& protocol : kProtocols) {
    for (const auto& text_case : *cases) {
      const bool accounts = protocol.access == Access::accounts;
      if (!text_case.protocol.empty() && text_case.protocol != protocol.name) continue;
      if (accounts && text_case.open_only()) continue;
      const std::string suite = std::string(protocol.name) + (accounts ? "_accounts/" : "/") + text_case.file;
      const std::string file = std::string(BERTH_SOURCE_DIR "/tests/http/cases/") + text_case.file + ".txt";
      ::testing::RegisterTest(suite.c_str(), test_name(text_case.title).c_str(), nullptr, nullptr, file.c_str(),
                              static_cast<int>(text_case.line),
                              [&text_case, &protocol] { return new CaseTest(text_case, protocol); });
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  ::testing::AddGlobalTestEnvironment(new StopDaemons);
  berth::base::log::configure(berth::base::log::Format::text, berth::base::log::Level::off);
  register_cases();
  return RUN_ALL_TESTS();
}
