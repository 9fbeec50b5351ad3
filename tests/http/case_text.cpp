#include "http/case_text.h"

#include <algorithm>
#include <array>
#include <random>

#include "berth/base/bytes.h"
#include "berth/base/hash.h"
#include "berth/oci/digest.h"
#include "berth/oci/media_type.h"

namespace berth::test {

namespace {

using base::ErrorCode;
using base::HashAlgorithm;
using base::Result;

// Short names of the media types that cases write all the time.
constexpr auto kTypes = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"image", oci::media_types::kImageManifest},
    {"index", oci::media_types::kImageIndex},
    {"config", oci::media_types::kImageConfig},
    {"layer", "application/vnd.oci.image.layer.v1.tar"},
    {"empty", oci::media_types::kEmpty},
    {"docker-manifest", oci::media_types::kDockerManifest},
    {"docker-list", oci::media_types::kDockerManifestList},
    {"docker-config", oci::media_types::kDockerConfig},
    {"docker-layer", "application/vnd.docker.image.rootfs.diff.tar.gzip"},
    {"docker-foreign", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"},
    {"docker-schema1", oci::media_types::kDockerSchema1},
    {"docker-schema1-signed", oci::media_types::kDockerSchema1Signed},
});

tl::unexpected<base::Error> unknown(std::string_view expression) {
  return base::fail(ErrorCode::parameter_invalid, "{" + std::string(expression) + "} is nothing that a case knows");
}

std::string digest_of(HashAlgorithm algorithm, std::string_view text) {
  return oci::Digest::of_bytes(algorithm, base::as_bytes(text)).text();
}

// The same bytes in every run; printable, so that a failure can be read.
std::string bytes_of(std::size_t count, unsigned seed) {
  std::minstd_rand random(seed + 1);
  std::string bytes(count, '\0');
  for (char& c : bytes) c = static_cast<char>('a' + random() % 26);
  return bytes;
}

std::pair<std::string_view, std::string_view> split(std::string_view text, char at) {
  const auto end = std::min(text.find(at), text.size());
  return {text.substr(0, end), text.substr(std::min(end + 1, text.size()))};
}

bool is_name(std::string_view text) {
  return !text.empty() && text.front() >= 'a' && text.front() <= 'z' && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::optional<std::string_view> find_type(std::string_view name) {
  for (const auto& [key, type] : kTypes) {
    if (key == name) return type;
  }
  return std::nullopt;
}

// {bytes:COUNT} {bytes:COUNT:SEED} {repeat:COUNT:TEXT}
Result<std::string> generated(std::string_view function, std::string_view argument) {
  const auto [first, second] = split(argument, ':');
  const auto count = base::parse_decimal(first);
  if (!count) return unknown(std::string(function) + ':' + std::string(argument));
  if (function == "bytes") return bytes_of(*count, static_cast<unsigned>(base::parse_decimal(second).value_or(0)));
  std::string text;
  text.reserve(*count * second.size());
  for (std::uint64_t i = 0; i < *count; ++i) text += second;
  return text;
}

// {part:NAME:FIRST-LAST}, both inclusive
Result<std::string> part_of(std::string_view text, std::string_view range) {
  const auto [first, last] = split(range, '-');
  const auto from = base::parse_decimal(first);
  const auto to = base::parse_decimal(last);
  if (!from || !to || *from > *to || *to >= text.size()) return unknown("part:…:" + std::string(range));
  return std::string(text.substr(*from, *to - *from + 1));
}

}  // namespace

Variables::Variables(const std::string& org) {
  set("org", org);
  set("repo", org + "/repo");
}

Result<void> Variables::define_bodies(const TextCase& text_case) {
  for (const auto& [name, text] : text_case.bodies) {
    BERTH_TRY(auto expanded, expand(text));
    if (!bodies_.emplace(name, std::move(expanded)).second) {
      return base::fail(ErrorCode::parameter_invalid, "body " + name + " is defined twice");
    }
  }
  return {};
}

// A brace opens an expression only before a lower-case letter, and that word must be followed by '}' or ':': JSON's own braces never
// are, and neither are the counts of a regular expression.
Result<std::string> Variables::expand(std::string_view text) const {
  std::string out;
  while (!text.empty()) {
    const auto open = std::min(text.find('{'), text.size());
    out += text.substr(0, open);
    text.remove_prefix(open);
    if (text.empty()) break;
    const auto close = text.find('}');
    const auto inside = text.substr(1, close == std::string_view::npos ? 0 : close - 1);
    if (!is_name(split(inside, ':').first)) {
      out += '{';
      text.remove_prefix(1);
      continue;
    }
    BERTH_TRY(const auto value, value_of(inside));
    out += value;
    text.remove_prefix(close + 1);
  }
  return out;
}

Result<std::string> Variables::value_of(std::string_view expression) const {
  const auto [word, argument] = split(expression, ':');
  if (word.size() < expression.size()) return call(word, argument);
  const auto found = values_.find(word);
  if (found == values_.end()) return unknown(expression);
  return found->second;
}

Result<std::string> Variables::call(std::string_view function, std::string_view argument) const {
  if (function == "sha256") return digest_of(HashAlgorithm::sha256, argument);
  if (function == "sha512") return digest_of(HashAlgorithm::sha512, argument);
  if (function == "bytes" || function == "repeat") return generated(function, argument);
  const auto [first, second] = split(argument, ':');
  if (function == "type") {
    const auto type = find_type(first);
    return type ? Result<std::string>(std::string(*type)) : unknown("type:" + std::string(argument));
  }
  if (function == "descriptor") {
    const auto type = find_type(first);
    if (!type) return unknown("descriptor:" + std::string(argument));
    BERTH_TRY(const auto text, body(second));
    return R"("mediaType":")" + std::string(*type) + R"(","digest":")" + digest_of(HashAlgorithm::sha256, text) + R"(","size":)" +
           std::to_string(text.size());
  }
  BERTH_TRY(auto text, body(first));
  if (function == "body") return text;
  if (function == "digest") return digest_of(HashAlgorithm::sha256, text);
  if (function == "digest512") return digest_of(HashAlgorithm::sha512, text);
  if (function == "size") return std::to_string(text.size());
  if (function == "part") return part_of(text, second);
  return unknown(std::string(function) + ':' + std::string(argument));
}

Result<std::string> Variables::body(std::string_view name) const {
  const auto found = bodies_.find(name);
  if (found == bodies_.end()) return base::fail(ErrorCode::parameter_invalid, "there is no body " + std::string(name));
  return found->second;
}

}  // namespace berth::test
