#include "berth/oci/media_type.h"

#include <gmock/gmock.h>

namespace berth::oci {
namespace {

struct Accepted {
  std::string header;
  std::string type;
};

TEST(MediaType, KeepsTypeAndSubtypeInLowerCase) {
  const Accepted cases[] = {
      {std::string(media_types::kImageManifest), std::string(media_types::kImageManifest)},
      {"Application/VND.OCI.Image.Manifest.v1+JSON", std::string(media_types::kImageManifest)},
      {"application/json; charset=utf-8", "application/json"},
      {"application/json;charset=utf-8", "application/json"},
      {"application/json ; charset=\"a;b/c,d\"", "application/json"},
      {"application/json;", "application/json"},
      {"application/json;;; ==", "application/json"},
      {"  application/json\t", "application/json"},
      {"text/plain", "text/plain"},
      {"a/b", "a/b"},
      {"1/2", "1/2"},
      {"application/vnd.a!#$&-^_.+b", "application/vnd.a!#$&-^_.+b"},
      {std::string(127, 'a') + "/" + std::string(127, 'b'), std::string(127, 'a') + "/" + std::string(127, 'b')},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_media_type(c.header);
    ASSERT_TRUE(parsed.has_value()) << c.header;
    EXPECT_EQ(*parsed, c.type);
  }
}

TEST(MediaType, RefusesWhatIsNone) {
  const std::string cases[] = {
      "",
      " ",
      ";",
      "/",
      "application",
      "application/",
      "/json",
      "application/json/x",
      "application /json",
      "application/ json",
      "application/json charset=utf-8",
      "application/json, application/xml",
      "*/*",
      "application/*",
      ".application/json",
      "application/+json",
      "application/js(on",
      "application/js\"on",
      "application/js\non",
      std::string("application/js\0on", 17),
      "application/\xC3\xA4",
      "; application/json",
      std::string(128, 'a') + "/b",
      "a/" + std::string(128, 'b'),
  };
  for (const auto& header : cases) {
    const auto parsed = parse_media_type(header);
    ASSERT_FALSE(parsed.has_value()) << header;
    EXPECT_EQ(parsed.error().code(), base::ErrorCode::media_type_mismatch);
    EXPECT_THAT(parsed.error().message(), testing::HasSubstr("expected type/subtype"));
  }
}

}  // namespace
}  // namespace berth::oci
