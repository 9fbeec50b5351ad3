// Manifests that must be refused: wrong fields, wrong types, and the confusion set (two readers would see two documents).
#include <gmock/gmock.h>

#include "unit/oci/manifest_json.h"

namespace berth::oci::test {
namespace {

using base::ErrorCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

struct Refused {
  const char* what;
  std::string text;
  std::string content_type;
  ErrorCode code;
  const char* message;  // part of it
};

void expect_all_refused(std::span<const Refused> cases) {
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    const auto manifest = parse(c.text, c.content_type);
    ASSERT_FALSE(manifest.has_value());
    EXPECT_EQ(manifest.error().code(), c.code) << manifest.error().message();
    EXPECT_THAT(manifest.error().message(), HasSubstr(c.message));
  }
}

const std::string kImage(media_types::kImageManifest);
const std::string kIndex(media_types::kImageIndex);
const std::string kDocker(media_types::kDockerManifest);
const std::string kList(media_types::kDockerManifestList);

std::string stating(const std::string& type) { return R"(,"mediaType":")" + type + R"(")"; }

TEST(ManifestRefused, Types) {
  const Refused cases[] = {
      {"text", image("[]"), "text/plain", ErrorCode::media_type_mismatch, "Content-Type: \"text/plain\" is not the type"},
      {"plain JSON", image("[]"), "application/json", ErrorCode::media_type_mismatch, "must be pushed as one of"},
      {"config type", image("[]"), std::string(media_types::kImageConfig), ErrorCode::media_type_mismatch, kImage.c_str()},
      {"no media type", image("[]"), "json", ErrorCode::media_type_mismatch, "Content-Type: \"json\" is not a media type"},
      {"two values", image("[]"), kImage + ", " + kIndex, ErrorCode::media_type_mismatch, "is not a media type"},
      {"mediaType is an unknown type", image("[]", stating("a/b")), kImage, ErrorCode::media_type_mismatch,
       "mediaType: \"a/b\" is not the type of a manifest"},
      {"the same without a header", image("[]", stating("a/b")), "", ErrorCode::media_type_mismatch, "must be pushed as one of"},
      {"mediaType in another case", image("[]", stating("Application/vnd.oci.image.manifest.v1+json")), kImage,
       ErrorCode::media_type_mismatch, "mediaType: \"Application"},
      {"mediaType with a parameter", image("[]", stating(kImage + ";a=b")), kImage, ErrorCode::media_type_mismatch,
       "mediaType: "},
      {"image pushed as index", image("[]", stating(kImage)), kIndex, ErrorCode::media_type_mismatch, "they must be the same"},
      {"index pushed as image", index("[]", stating(kIndex)), kImage, ErrorCode::media_type_mismatch, "they must be the same"},
      {"Docker pushed as OCI", image("[]", stating(kDocker)), kImage, ErrorCode::media_type_mismatch, "they must be the same"},
      {"OCI pushed as Docker", image("[]", stating(kImage)), kDocker, ErrorCode::media_type_mismatch, "they must be the same"},
      {"list pushed as OCI index", index("[]", stating(kList)), kIndex, ErrorCode::media_type_mismatch, "they must be the same"},
      {"mediaType a number", image("[]", R"(,"mediaType":5)"), kImage, ErrorCode::manifest_invalid,
       "mediaType: expected a string, found number"},
  };
  expect_all_refused(cases);
  const auto error = parse(image("[]"), "text/plain").error();
  EXPECT_THAT(error.message(), AllOf(HasSubstr(kImage), HasSubstr(kIndex), HasSubstr(kDocker), HasSubstr(kList)));
}

TEST(ManifestRefused, Schema1) {
  const std::string schema1 = R"({"schemaVersion":1,"name":"a","tag":"b","architecture":"amd64","fsLayers":[],"history":[]})";
  const Refused cases[] = {
      {"signed", schema1, std::string(media_types::kDockerSchema1Signed), ErrorCode::schema1_unsupported, "current client"},
      {"unsigned", schema1, std::string(media_types::kDockerSchema1), ErrorCode::schema1_unsupported, "current client"},
      {"type alone", "{}", std::string(media_types::kDockerSchema1), ErrorCode::schema1_unsupported, "push it again"},
      {"as a Docker manifest", schema1, kDocker, ErrorCode::schema1_unsupported, "push it again"},
      {"without a header", schema1, "", ErrorCode::schema1_unsupported, "push it again"},
      {"mediaType alone", image("[]", stating(std::string(media_types::kDockerSchema1Signed))), kDocker,
       ErrorCode::schema1_unsupported, "push it again"},
      {"version 1 in an OCI image", R"({"schemaVersion":1,"layers":[]})", kImage, ErrorCode::schema1_unsupported,
       "push it again"},
  };
  expect_all_refused(cases);
}

TEST(ManifestRefused, Json) {
  std::string deep = R"(,"x":)";
  for (int i = 0; i < 10'000; ++i) deep += '[';
  for (int i = 0; i < 10'000; ++i) deep += ']';
  std::string just_too_deep = R"(,"x":)" + std::string(32, '[') + std::string(32, ']');
  const Refused cases[] = {
      {"empty", "", kImage, ErrorCode::manifest_invalid, "cannot be read"},
      {"conformance: blablabla", "blablabla", kImage, ErrorCode::manifest_invalid, "cannot be read"},
      {"cut short", image("[]").substr(0, 100), kImage, ErrorCode::manifest_invalid, "cannot be read"},
      {"something behind", image("[]") + "{}", kImage, ErrorCode::manifest_invalid, "cannot be read"},
      {"byte order mark", "\xEF\xBB\xBF" + image("[]"), kImage, ErrorCode::manifest_invalid, "cannot be read"},
      {"NUL behind", image("[]") + std::string(1, '\0'), kImage, ErrorCode::manifest_invalid, "cannot be read"},
      {"comment", image("[]", ",/*x*/\"a\":1"), kImage, ErrorCode::manifest_invalid, "cannot be read"},
      {"trailing comma", image("[]", ","), kImage, ErrorCode::manifest_invalid, "cannot be read"},
      {"invalid UTF-8", image("[]", ",\"a\":\"\xFF\""), kImage, ErrorCode::manifest_invalid, "cannot be read"},
      {"NaN", image("[]", R"(,"a":NaN)"), kImage, ErrorCode::manifest_invalid, "cannot be read"},
      {"depth 10,000", image("[]", deep), kImage, ErrorCode::manifest_invalid, "nested deeper than 32"},
      {"depth 33", image("[]", just_too_deep), kImage, ErrorCode::manifest_invalid, "nested deeper than 32"},
      {"array", "[]", kImage, ErrorCode::manifest_invalid, "the manifest must be a JSON object, not array"},
      {"string", "\"x\"", kImage, ErrorCode::manifest_invalid, "not string"},
      {"null", "null", kImage, ErrorCode::manifest_invalid, "not null"},
      {"number", "5", kImage, ErrorCode::manifest_invalid, "not number"},
  };
  expect_all_refused(cases);
}

TEST(ManifestRefused, Confusion) {
  const std::string layers = "[" + descriptor() + "]";
  const std::string manifests = "[" + descriptor(kImage) + "]";
  const Refused cases[] = {
      // CVE-2021-41190: one document, two shapes
      {"image with manifests", image(layers, R"(,"manifests":)" + manifests), kImage, ErrorCode::manifest_invalid,
       "manifests: belongs to an index"},
      {"image with empty manifests", image(layers, R"(,"manifests":[])"), kImage, ErrorCode::manifest_invalid, "manifests: "},
      {"image with manifests null", image(layers, R"(,"manifests":null)"), kImage, ErrorCode::manifest_invalid, "manifests: "},
      {"Docker image with manifests", image(layers, R"(,"manifests":[])"), kDocker, ErrorCode::manifest_invalid, "manifests: "},
      {"index with layers", index(manifests, R"(,"layers":)" + layers), kIndex, ErrorCode::manifest_invalid,
       "layers: belongs to"},
      {"index with layers null", index(manifests, R"(,"layers":null)"), kIndex, ErrorCode::manifest_invalid,
       "layers: belongs to"},
      {"index with config", index(manifests, R"(,"config":)" + descriptor()), kIndex, ErrorCode::manifest_invalid,
       "config: belongs to"},
      {"list with config", index(manifests, R"(,"config":{})"), kList, ErrorCode::manifest_invalid, "config: belongs to"},
      {"both, no header", image(layers, R"(,"manifests":)" + manifests), "", ErrorCode::manifest_invalid,
       "manifests: belongs to"},
      {"both, mediaType of an index", image(layers, R"(,"manifests":)" + manifests + stating(kIndex)), "",
       ErrorCode::manifest_invalid, "config: belongs to"},
      {"fsLayers in an image", image(layers, R"(,"fsLayers":[])"), kImage, ErrorCode::manifest_invalid, "fsLayers: belongs to"},
      {"fsLayers in an index", index(manifests, R"(,"fsLayers":[])"), kIndex, ErrorCode::manifest_invalid,
       "fsLayers: belongs to"},
      {"neither, no header", R"({"schemaVersion":2})", "", ErrorCode::manifest_invalid, "neither config and layers"},
      // The same key twice
      {"layers twice", image(layers, R"(,"layers":[])"), kImage, ErrorCode::manifest_invalid, "layers"},
      {"mediaType twice, equal", image(layers, stating(kImage) + stating(kImage)), kImage, ErrorCode::manifest_invalid,
       "mediaType"},
      {"the second one escaped", image(layers, R"(,"l\u0061yers":[])"), kImage, ErrorCode::manifest_invalid, "layers"},
      {"twice inside a descriptor", image("[" + descriptor(kLayerType, kDigestA, R"(,"digest":")" + kDigestB + "\"") + "]"),
       kImage, ErrorCode::manifest_invalid, "digest"},
      {"twice in an unknown field", image(layers, R"(,"x":{"a":1,"a":2})"), kImage, ErrorCode::manifest_invalid, "duplicate"},
      {"twice in annotations", image(layers, R"(,"annotations":{"a":"1","a":"1"})"), kImage, ErrorCode::manifest_invalid,
       "duplicate"},
      // The same key in another case: Go's decoder ignores case
      {"Layers", image(layers, R"(,"Layers":[])"), kImage, ErrorCode::manifest_invalid,
       "\"Layers\" that some clients read as \"layers\""},
      {"MANIFESTS in an image", image(layers, R"(,"MANIFESTS":[])"), kImage, ErrorCode::manifest_invalid,
       "read as \"manifests\""},
      {"mediatype alone", image(layers, R"(,"mediatype":"a/b")"), kImage, ErrorCode::manifest_invalid, "read as \"mediaType\""},
      {"long s", image(layers, ",\"layer\xC5\xBF\":[]"), kImage, ErrorCode::manifest_invalid, "read as \"layers\""},
      {"Kelvin-free but long s first", image(layers, ",\"\xC5\xBFubject\":{}"), kImage, ErrorCode::manifest_invalid,
       "read as \"subject\""},
      {"Digest in a layer", image("[" + descriptor(kLayerType, kDigestA, R"(,"Digest":")" + kDigestB + "\"") + "]"), kImage,
       ErrorCode::manifest_invalid, "layers[0]: has a key \"Digest\""},
      {"SIZE in the subject", image(layers, R"(,"subject":)" + descriptor(kImage, kDigestA, R"(,"SIZE":1)")), kImage,
       ErrorCode::manifest_invalid, "subject: has a key \"SIZE\""},
  };
  expect_all_refused(cases);
}

TEST(ManifestRefused, TopLevelFields) {
  const std::string config = descriptor(media_types::kImageConfig, kDigestB);
  const Refused cases[] = {
      {"no schemaVersion", R"({"config":)" + config + R"(,"layers":[]})", kImage, ErrorCode::manifest_invalid,
       "schemaVersion: missing; it must be the number 2"},
      {"schemaVersion 3", R"({"schemaVersion":3})", kImage, ErrorCode::manifest_invalid, "schemaVersion: must be the number 2"},
      {"schemaVersion 0", R"({"schemaVersion":0})", kImage, ErrorCode::manifest_invalid, "schemaVersion: "},
      {"schemaVersion -2", R"({"schemaVersion":-2})", kImage, ErrorCode::manifest_invalid, "schemaVersion: "},
      {"schemaVersion 2.0", R"({"schemaVersion":2.0})", kImage, ErrorCode::manifest_invalid, "schemaVersion: "},
      {"schemaVersion 1.0", R"({"schemaVersion":1.0})", kImage, ErrorCode::manifest_invalid, "schemaVersion: "},
      {"schemaVersion \"2\"", R"({"schemaVersion":"2"})", kImage, ErrorCode::manifest_invalid, "schemaVersion: "},
      {"schemaVersion null", R"({"schemaVersion":null})", kImage, ErrorCode::manifest_invalid, "schemaVersion: missing"},
      {"no config", R"({"schemaVersion":2,"layers":[]})", kImage, ErrorCode::manifest_invalid, "config: missing"},
      {"config null", R"({"schemaVersion":2,"config":null,"layers":[]})", kImage, ErrorCode::manifest_invalid, "config: missing"},
      {"config a string", R"({"schemaVersion":2,"config":"x","layers":[]})", kImage, ErrorCode::manifest_invalid,
       "config: must be a JSON object, not string"},
      {"no layers", R"({"schemaVersion":2,"config":)" + config + "}", kImage, ErrorCode::manifest_invalid, "layers: missing"},
      {"layers an object", image("{}"), kImage, ErrorCode::manifest_invalid, "layers: expected an array, found object"},
      {"layers a string", image("\"x\""), kImage, ErrorCode::manifest_invalid, "layers: expected an array, found string"},
      {"no manifests", R"({"schemaVersion":2})", kIndex, ErrorCode::manifest_invalid, "manifests: missing"},
      {"manifests a number", index("5"), kIndex, ErrorCode::manifest_invalid, "manifests: expected an array, found number"},
      {"subject a string", image("[]", R"(,"subject":"x")"), kImage, ErrorCode::manifest_invalid,
       "subject: must be a JSON object"},
      {"subject empty", image("[]", R"(,"subject":{})"), kImage, ErrorCode::manifest_invalid, "subject.mediaType: missing"},
      {"annotation a number", image("[]", R"(,"annotations":{"a":1})"), kImage, ErrorCode::manifest_invalid,
       "annotations[\"a\"]: expected a string, found number"},
      {"annotation null", image("[]", R"(,"annotations":{"a":null})"), kImage, ErrorCode::manifest_invalid, "found null"},
      {"annotations an array", image("[]", R"(,"annotations":[])"), kImage, ErrorCode::manifest_invalid,
       "annotations: expected an object of strings, found array"},
      {"artifactType a number", image("[]", R"(,"artifactType":1)"), kImage, ErrorCode::manifest_invalid,
       "artifactType: expected"},
      {"artifactType no media type", image("[]", R"(,"artifactType":"sbom")"), kImage, ErrorCode::manifest_invalid,
       "artifactType: \"sbom\" is not a media type"},
  };
  expect_all_refused(cases);
}

TEST(ManifestRefused, Descriptors) {
  const auto third = [](const std::string& descriptor_json) {
    return image("[" + descriptor() + "," + descriptor() + "," + descriptor_json + "]");
  };
  const auto with = [&](const std::string& media_type, const std::string& digest, const std::string& size) {
    return third(R"({"mediaType":)" + media_type + R"(,"digest":)" + digest + R"(,"size":)" + size + "}");
  };
  const std::string type = "\"a/b\"";
  const std::string digest = "\"" + kDigestA + "\"";
  const auto invalid = ErrorCode::manifest_invalid;
  const Refused cases[] = {
      {"a string", third("\"x\""), kImage, invalid, "layers[2]: must be a JSON object, not string"},
      {"null", third("null"), kImage, invalid, "layers[2]: must be a JSON object, not null"},
      {"empty", third("{}"), kImage, invalid, "layers[2].mediaType: missing; expected a string"},
      {"mediaType a number", with("1", digest, "7"), kImage, invalid, "layers[2].mediaType: expected a string, found number"},
      {"mediaType empty", with("\"\"", digest, "7"), kImage, invalid, "layers[2].mediaType: \"\" is not a media type"},
      {"mediaType no media type", with("\"tar\"", digest, "7"), kImage, invalid, "layers[2].mediaType: \"tar\" is not"},
      {"no digest", third(R"({"mediaType":"a/b","size":7})"), kImage, invalid, "layers[2].digest: missing"},
      {"digest null", with(type, "null", "7"), kImage, invalid, "layers[2].digest: missing"},
      {"digest a number", with(type, "7", "7"), kImage, invalid, "layers[2].digest: expected a string"},
      {"digest empty", with(type, "\"\"", "7"), kImage, invalid, "layers[2].digest: \"\" is not a digest"},
      {"digest short", with(type, "\"sha256:abc\"", "7"), kImage, invalid, "layers[2].digest: \"sha256:abc\" is not a digest"},
      {"digest in upper case", with(type, "\"sha256:" + std::string(64, 'A') + "\"", "7"), kImage, invalid, "layers[2].digest: "},
      {"digest with NUL", with(type, "\"sha256:" + std::string(63, 'a') + "\\u0000\"", "7"), kImage, invalid,
       "layers[2].digest: "},
      {"another algorithm", with(type, "\"sha384:" + std::string(96, 'a') + "\"", "7"), kImage, invalid,
       "layers[2].digest: digest algorithm \"sha384\" is not supported"},
      {"no size", third(R"({"mediaType":"a/b","digest":)" + digest + "}"), kImage, invalid, "layers[2].size: missing"},
      {"size null", with(type, digest, "null"), kImage, invalid, "layers[2].size: missing"},
      {"size negative", with(type, digest, "-1"), kImage, invalid, "layers[2].size: expected a whole number of bytes"},
      {"size a fraction", with(type, digest, "7.5"), kImage, invalid, "layers[2].size: expected a whole number"},
      {"size 7.0", with(type, digest, "7.0"), kImage, invalid, "layers[2].size: expected a whole number"},
      {"size 7e0", with(type, digest, "7e0"), kImage, invalid, "layers[2].size: expected a whole number"},
      {"size a string", with(type, digest, "\"7\""), kImage, invalid, "layers[2].size: expected a whole number"},
      {"size true", with(type, digest, "true"), kImage, invalid, "found boolean"},
      {"size 2^63", with(type, digest, "9223372036854775808"), kImage, invalid, "layers[2].size: expected a whole number"},
      {"size 2^64", with(type, digest, "18446744073709551616"), kImage, invalid, "layers[2].size: expected a whole number"},
      {"urls a string", third(descriptor("a/b", kDigestA, R"(,"urls":"x")")), kImage, invalid,
       "layers[2].urls: expected an array"},
      {"urls of numbers", third(descriptor("a/b", kDigestA, R"(,"urls":["x",1])")), kImage, invalid,
       "layers[2].urls[1]: expected a string, found number"},
      {"data an object", third(descriptor("a/b", kDigestA, R"(,"data":{})")), kImage, invalid,
       "layers[2].data: expected a string"},
      {"platform a string", third(descriptor("a/b", kDigestA, R"(,"platform":"linux")")), kImage, invalid,
       "layers[2].platform: expected an object"},
      {"annotation a number", third(descriptor("a/b", kDigestA, R"(,"annotations":{"k":1})")), kImage, invalid,
       "layers[2].annotations[\"k\"]: expected a string"},
      {"artifactType no media type", third(descriptor("a/b", kDigestA, R"(,"artifactType":"x")")), kImage, invalid,
       "layers[2].artifactType: "},
      {"config's digest", R"({"schemaVersion":2,"config":{"mediaType":"a/b","digest":"x","size":1},"layers":[]})", kImage,
       invalid, "config.digest: \"x\" is not a digest"},
      {"a child's digest", index("[" + descriptor(kImage, "x") + "]"), kIndex, invalid, "manifests[0].digest: "},
      {"the subject's digest", image("[]", R"(,"subject":)" + descriptor(kImage, "x")), kImage, invalid, "subject.digest: "},
  };
  expect_all_refused(cases);
}

TEST(ManifestRefused, TooMuch) {
  std::string empties = "[{}";
  for (int i = 1; i < 100'000; ++i) empties += ",{}";
  empties += "]";
  std::string layers = "[" + descriptor();
  for (std::size_t i = 1; i <= kMaxManifestDescriptors; ++i) layers += "," + descriptor();
  layers += "]";
  std::string zeros = R"(,"x":[0)";
  for (int i = 1; i < 1'000'000; ++i) zeros += ",0";
  zeros += "]";
  const Refused cases[] = {
      {"100,000 empty layers", image(empties), kImage, ErrorCode::manifest_invalid, "layers: 100000 descriptors, at most 20000"},
      {"one too many", image(layers), kImage, ErrorCode::manifest_invalid, "layers: 20001 descriptors, at most 20000"},
      {"one too many in an index", index(layers), kIndex, ErrorCode::manifest_invalid, "manifests: 20001 descriptors"},
      {"a million values", image("[]", zeros), kImage, ErrorCode::manifest_invalid, "more than 150000 values"},
      {"5 MiB", image("[]") + std::string(5 * 1024 * 1024, ' '), kImage, ErrorCode::manifest_too_large, "at most 4194304"},
      {"5 MiB of another type", std::string(5 * 1024 * 1024, ' '), "text/plain", ErrorCode::manifest_too_large, "at most"},
  };
  expect_all_refused(cases);
}

TEST(ManifestRefused, MessagesAreShortAndPrintable) {
  const auto error = parse(image("[]", R"(,"artifactType":")" + std::string(100'000, 'x') + R"(\u0007ü")")).error();
  EXPECT_LT(error.message().size(), 400U);
  const auto wide = parse(image("[]", R"(,"annotations":{")" + std::string(100'000, 'k') + R"(":1})")).error();
  EXPECT_LT(wide.message().size(), 400U);
  EXPECT_THAT(wide.message(), StartsWith("annotations[\"kkk"));
}

}  // namespace
}  // namespace berth::oci::test
