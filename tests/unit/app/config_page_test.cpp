#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "berth/app/settings.h"

namespace berth::app {
namespace {

TEST(ConfigPage, IsCurrent) {
  std::ifstream stream(BERTH_SOURCE_DIR "/docs/config.md", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_TRUE(text == config_page()) << "docs/config.md is not what the settings say: run ./deploy/dev gen and commit the result";
}

TEST(ConfigPage, NamesEverySetting) {
  const auto page = config_page();
  for (const auto& row : setting_rows()) EXPECT_NE(page.find("| `" + std::string(row.key) + "` |"), std::string::npos) << row.key;
}

}  // namespace
}  // namespace berth::app
