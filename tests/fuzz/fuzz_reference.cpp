// Input: one text, read as a repository name, a tag, a digest, a reference and a media type.
#include <string>

#include "berth/base/json.h"
#include "berth/oci/media_type.h"
#include "berth/oci/names.h"
#include "fuzz/fuzz.h"

namespace {

using namespace berth;
using fuzz::expect;

void check_error(const base::Error& error) {
  expect(!error.message().empty() && error.message().size() < 1000, "a message is there and does not grow with the input");
  for (const char c : error.message()) expect(c >= 0x20 && c <= 0x7e, "a message is printable ASCII");
}

// Safe as a path below a folder: no part that is empty, hidden or leads upwards, nothing that needs an escape.
bool is_safe_path(std::string_view text) {
  if (text.empty() || text.front() == '/' || text.back() == '/') return false;
  if (text.find("//") != text.npos || text.find("..") != text.npos || text.front() == '.' || text.find("/.") != text.npos)
    return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-/") == text.npos;
}

void check_name(std::string_view text) {
  const auto name = oci::RepositoryName::parse(text);
  if (!name) return check_error(name.error());
  expect(name->text() == text, "a name is kept as it was given");
  expect(is_safe_path(text) && text.size() <= oci::kMaxRepositoryNameLength, "a name is safe as a path");
  expect(name->org().size() <= oci::kMaxOrgLength && name->team().size() <= oci::kMaxOrgLength, "org and team are bounded");
  std::string prefix(name->org());
  if (!name->team().empty()) prefix += "/" + std::string(name->team());
  if (!prefix.empty()) expect(text.starts_with(prefix + "/"), "org and team are the first parts");
  for (const auto word : oci::reserved_org_names()) {
    expect(text != word && !text.starts_with(std::string(word) + "/"), "no name stands where the API answers");
  }
}

void check_tag(std::string_view text) {
  const auto tag = oci::Tag::parse(text);
  if (!tag) return check_error(tag.error());
  expect(tag->text() == text && !text.empty() && text.size() <= 128, "a tag is kept as it was given");
  expect(text.find_first_of("/:%\\ ") == text.npos && text.front() != '.', "a tag is one safe path part");
}

void check_digest(std::string_view text) {
  const auto digest = oci::Digest::parse(text);
  if (!digest) return check_error(digest.error());
  expect(digest->text() == text, "a digest is kept as it was given");
  expect(digest->hex().size() == (digest->algorithm() == base::HashAlgorithm::sha256 ? 64 : 128),
         "its length is the algorithm's");
  expect(base::from_hex(digest->hex()).has_value(), "it is lower-case hexadecimal");
  expect(oci::Digest::of_hex(digest->algorithm(), digest->hex()) == *digest, "its parts make it again");
}

void check_reference(std::string_view text) {
  const auto reference = oci::parse_reference(text);
  if (!reference) return check_error(reference.error());
  expect(oci::reference_text(*reference) == text, "a reference is kept as it was given");
  expect(oci::Tag::parse(text).has_value() != oci::Digest::parse(text).has_value(), "nothing is both a tag and a digest");
}

void check_media_type(std::string_view text) {
  const auto type = oci::parse_media_type(text);
  if (!type) return check_error(type.error());
  expect(type->size() >= 3 && type->size() <= 255, "a media type is bounded");
  expect(type->find_first_of("; \t,\"ABCDEFGHIJKLMNOPQRSTUVWXYZ") == type->npos, "no parameters, lower case");
  expect(oci::parse_media_type(*type) == *type, "parsing twice changes nothing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  check_name(text);
  check_tag(text);
  check_digest(text);
  check_reference(text);
  check_media_type(text);
  return 0;
}
