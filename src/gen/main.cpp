// Writes the generated documents below the folder that is given: `berth_gen <repository root>`. ./deploy/dev gen runs it; a test compares.
#include <cstdio>
#include <string>
#include <utility>

#include "berth/api/documents.h"
#include "berth/app/admin.h"
#include "berth/app/settings.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: berth_gen FOLDER\n");
    return 2;
  }
  const std::pair<const char*, std::string> files[] = {
      {"docs/api.md", berth::api::api_page()},         {"docs/errors.md", berth::api::errors_page()},
      {"docs/metrics.md", berth::api::metrics_page()}, {"docs/config.md", berth::app::config_page()},
      {"docs/admin.md", berth::app::admin_page()},     {"schemas/openapi.json", berth::api::openapi_json()},
  };
  for (const auto& [name, text] : files) {
    const auto path = std::string(argv[1]) + '/' + name;
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr || std::fwrite(text.data(), 1, text.size(), file) != text.size() || std::fclose(file) != 0) {
      std::fprintf(stderr, "berth_gen: cannot write %s\n", path.c_str());
      return 1;
    }
  }
  return 0;
}
