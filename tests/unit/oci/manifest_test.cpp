// Manifests that must be taken, and what is read from them. What must be refused stands in manifest_refused_test.cpp.
#include "berth/oci/manifest.h"

#include <gmock/gmock.h>

#include "unit/oci/manifest_json.h"

namespace berth::oci::test {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Manifest, ReadsAnImage) {
  const auto manifest = parse(R"({"schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "artifactType": "application/vnd.cncf.model.manifest.v1+json",
    "config": )" + descriptor("application/vnd.cncf.model.config.v1+json", kDigestB) +
                              R"(,
    "layers": [)" +
                              descriptor("application/vnd.cncf.model.weight.v1.raw", kDigestA,
                                         R"(,"annotations":{"org.cncf.model.filepath":"a/b.safetensors"},"artifactType":"a/b")") +
                              "," + descriptor("text/plain; charset=utf-8", kDigest512) + R"(],
    "subject": )" + descriptor(media_types::kImageManifest, kDigest512) +
                              R"(,
    "annotations": {"b": "2", "a": "1"}})");
  ASSERT_TRUE(manifest.has_value()) << manifest.error().message();
  EXPECT_EQ(manifest->shape, ManifestShape::image);
  EXPECT_EQ(manifest->media_type, media_types::kImageManifest);
  EXPECT_EQ(manifest->artifact_type, "application/vnd.cncf.model.manifest.v1+json");
  EXPECT_EQ(manifest->config->media_type, "application/vnd.cncf.model.config.v1+json");
  EXPECT_EQ(manifest->config->digest.text(), kDigestB);
  EXPECT_EQ(manifest->config->size, 7U);
  ASSERT_EQ(manifest->layers.size(), 2U);
  EXPECT_EQ(manifest->layers[0].digest.text(), kDigestA);
  EXPECT_EQ(manifest->layers[0].artifact_type, "a/b");
  EXPECT_THAT(manifest->layers[0].annotations, ElementsAre(Pair("org.cncf.model.filepath", "a/b.safetensors")));
  EXPECT_EQ(manifest->layers[1].media_type, "text/plain; charset=utf-8");
  EXPECT_EQ(manifest->layers[1].digest.algorithm(), base::HashAlgorithm::sha512);
  EXPECT_TRUE(manifest->manifests.empty());
  EXPECT_EQ(manifest->subject->digest.text(), kDigest512);
  EXPECT_THAT(manifest->annotations, ElementsAre(Pair("a", "1"), Pair("b", "2")));
}

TEST(Manifest, ReadsAnIndex) {
  const auto manifest = parse(
      index("[" + descriptor(media_types::kImageManifest, kDigestA, R"(,"platform":{"os":"linux","architecture":"amd64"})") +
                "," + descriptor(media_types::kImageIndex, kDigestB, R"(,"artifactType":"a/b")") + "]",
            R"(,"subject":)" + descriptor(media_types::kImageIndex, kDigestA)),
      media_types::kImageIndex);
  ASSERT_TRUE(manifest.has_value()) << manifest.error().message();
  EXPECT_EQ(manifest->shape, ManifestShape::index);
  EXPECT_EQ(manifest->media_type, media_types::kImageIndex);
  EXPECT_FALSE(manifest->config.has_value());
  EXPECT_TRUE(manifest->layers.empty());
  ASSERT_EQ(manifest->manifests.size(), 2U);
  EXPECT_EQ(manifest->manifests[0].media_type, media_types::kImageManifest);
  EXPECT_EQ(manifest->manifests[1].artifact_type, "a/b");
  EXPECT_TRUE(manifest->subject.has_value());
}

TEST(Manifest, NamesTheArtifactForReferrers) {
  const auto of = [](const std::string& text, std::string_view type) { return parse(text, type)->referrer_artifact_type(); };
  EXPECT_EQ(of(image("[]", R"(,"artifactType":"a/own")"), media_types::kImageManifest), "a/own");
  EXPECT_EQ(of(image("[]"), media_types::kImageManifest), media_types::kImageConfig);
  EXPECT_EQ(of(image("[]", R"(,"artifactType":"")"), media_types::kImageManifest), media_types::kImageConfig);
  EXPECT_EQ(of(index("[]", R"(,"artifactType":"a/own")"), media_types::kImageIndex), "a/own");
  EXPECT_EQ(of(index("[]"), media_types::kImageIndex), "");
}

struct Taken {
  const char* what;
  std::string text;
  std::string content_type;
  std::string_view served_as;
};

TEST(Manifest, TakesEveryFormThatClientsWrite) {
  const std::string image_type(media_types::kImageManifest);
  const std::string index_type(media_types::kImageIndex);
  const std::string docker_type(media_types::kDockerManifest);
  const std::string list_type(media_types::kDockerManifestList);
  const auto stating = [](const std::string& type) { return R"(,"mediaType":")" + type + R"(")"; };
  const std::string layer = "[" + descriptor() + "]";
  const Taken cases[] = {
      {"no mediaType", image(layer), image_type, media_types::kImageManifest},
      {"mediaType like the header", image(layer, stating(image_type)), image_type, media_types::kImageManifest},
      {"mediaType null", image(layer, R"(,"mediaType":null)"), image_type, media_types::kImageManifest},
      {"mediaType empty", image(layer, R"(,"mediaType":"")"), image_type, media_types::kImageManifest},
      {"header with parameters", image(layer), image_type + "; charset=utf-8", media_types::kImageManifest},
      {"header in upper case", image(layer), "Application/VND.oci.image.manifest.v1+JSON", media_types::kImageManifest},
      {"no header, mediaType decides", image(layer, stating(docker_type)), "", media_types::kDockerManifest},
      {"no header, mediaType of a list", index("[]", stating(list_type)), "", media_types::kDockerManifestList},
      {"no header, shape of an image", image(layer), "", media_types::kImageManifest},
      {"no header, shape of an index", index("[]"), " ", media_types::kImageIndex},
      {"Docker image", image(layer, stating(docker_type)), docker_type, media_types::kDockerManifest},
      {"Docker image without mediaType", image(layer), docker_type, media_types::kDockerManifest},
      {"Docker list", index("[" + descriptor(docker_type) + "]", stating(list_type)), list_type,
       media_types::kDockerManifestList},
      {"no layers", image("[]"), image_type, media_types::kImageManifest},
      {"layers null, as Go writes an empty slice", image("null"), image_type, media_types::kImageManifest},
      {"empty index", index("[]"), index_type, media_types::kImageIndex},
      {"manifests null", index("null"), index_type, media_types::kImageIndex},
      {"the same layer twice", image("[" + descriptor() + "," + descriptor() + "]"), image_type, media_types::kImageManifest},
      {"data in a descriptor", image("[" + descriptor(kLayerType, kDigestA, R"(,"data":"e30=")") + "]"), image_type,
       media_types::kImageManifest},
      {"nulls for absent fields",
       image("[" + descriptor(kLayerType, kDigestA, R"(,"data":null,"urls":null,"annotations":null,"platform":null,"x":null)") +
                 "]",
             R"(,"subject":null,"annotations":null,"artifactType":null)"),
       image_type, media_types::kImageManifest},
      {"fields nobody knows",
       image("[" + descriptor(kLayerType, kDigestA, R"(,"newUnspecifiedField":[1,{"digest":5}])") + "]",
             R"(,"org.example.custom":{"layers":[],"manifests":[]},"history":[])"),
       image_type, media_types::kImageManifest},
      {"annotations empty", image("[]", R"(,"annotations":{})"), image_type, media_types::kImageManifest},
      {"blanks around", " \r\n\t" + image("[]") + "\n\n", image_type, media_types::kImageManifest},
      {"two spaces behind: only the digest differs", image("[]") + "  ", image_type, media_types::kImageManifest},
      {"an Ollama layer", image("[" + descriptor("application/vnd.ollama.image.model") + "]", stating(docker_type)), docker_type,
       media_types::kDockerManifest},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    const auto manifest = parse(c.text, c.content_type);
    ASSERT_TRUE(manifest.has_value()) << manifest.error().message();
    EXPECT_EQ(manifest->media_type, c.served_as);
  }
}

TEST(Manifest, MarksLayersWhoseBytesNeedNotBeHere) {
  struct Case {
    std::string type;
    bool expected;
  };
  const Case cases[] = {
      {"application/vnd.oci.image.layer.nondistributable.v1.tar", true},
      {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", true},
      {"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", true},
      {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", true},
      {"application/vnd.docker.image.rootfs.foreign.diff.tar", true},
      {"application/vnd.oci.image.layer.v1.tar+gzip", false},
      {"application/vnd.docker.image.rootfs.diff.tar.gzip", false},
      {"application/vnd.oci.image.layer.nondistributablev1.tar", false},
  };
  for (const auto& c : cases) {
    const auto manifest = parse(image("[" + descriptor(c.type) + "]"));
    ASSERT_TRUE(manifest.has_value()) << c.type;
    EXPECT_EQ(manifest->layers[0].non_distributable, c.expected) << c.type;
  }
}

TEST(Manifest, SeesUrls) {
  const auto has_urls = [](std::string_view extra) {
    return parse(image("[" + descriptor(kLayerType, kDigestA, extra) + "]"))->layers[0].has_urls;
  };
  EXPECT_FALSE(has_urls(""));
  EXPECT_FALSE(has_urls(R"(,"urls":[])"));
  EXPECT_TRUE(has_urls(R"(,"urls":["https://example.com/a"])"));
}

TEST(Manifest, TakesSizesUpToWhatGoClientsCanRead) {
  const auto with_size = [](const std::string& size) {
    return parse(image(R"([{"mediaType":"a/b","digest":")" + kDigestA + R"(","size":)" + size + "}]"));
  };
  EXPECT_EQ(with_size("0")->layers[0].size, 0U);
  EXPECT_EQ(with_size("9223372036854775807")->layers[0].size, 9223372036854775807U);
}

std::string many_descriptors(std::size_t count) {
  std::string list = "[";
  for (std::size_t i = 0; i < count; ++i) list += (i == 0 ? "" : ",") + descriptor();
  return list + "]";
}

TEST(Manifest, TakesAsManyDescriptorsAsAllowed) {
  const auto manifest = parse(image(many_descriptors(kMaxManifestDescriptors)));
  ASSERT_TRUE(manifest.has_value()) << manifest.error().message();
  EXPECT_EQ(manifest->layers.size(), kMaxManifestDescriptors);
}

// The conformance suite's large manifest: 390 annotations of 10,000 bytes.
TEST(Manifest, TakesLargeAnnotations) {
  std::string annotations = R"(,"annotations":{)";
  for (int i = 0; i < 390; ++i) {
    annotations += (i == 0 ? "" : ",") + ("\"org.example." + std::to_string(i)) + "\":\"" + std::string(10'000, 'x') + "\"";
  }
  const auto manifest = parse(image("[]", annotations + "}"));
  ASSERT_TRUE(manifest.has_value()) << manifest.error().message();
  EXPECT_EQ(manifest->annotations.size(), 390U);
}

TEST(Manifest, TakesExactlyTheLargestSize) {
  std::string text = image("[]");
  text.append(kMaxManifestBytes - text.size(), ' ');
  EXPECT_TRUE(parse(text).has_value());
  text += ' ';
  const auto refused = parse(text);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), base::ErrorCode::manifest_too_large);
}

}  // namespace
}  // namespace berth::oci::test
