// A content digest, parsed once at the edge and immutable: "sha256:<64 lower-case hex>" or "sha512:<128>".
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "berth/base/error.h"
#include "berth/base/hash.h"

namespace berth::oci {

class Digest {
 public:
  // Errors: digest_invalid (form; says what is wrong), digest_unsupported (a well-formed digest of another algorithm).
  // Spec: image-spec descriptor.md "Digests".
  static base::Result<Digest> parse(std::string_view text);
  // `hex` must be what Hasher::hex_digest() returned.
  static Digest of_hex(base::HashAlgorithm algorithm, std::string_view hex);
  static Digest of_bytes(base::HashAlgorithm algorithm, base::ByteView bytes);

  [[nodiscard]] base::HashAlgorithm algorithm() const { return algorithm_; }
  [[nodiscard]] std::string_view hex() const { return std::string_view(text_).substr(7); }  // both prefixes have 7 characters
  [[nodiscard]] const std::string& text() const { return text_; }

  friend bool operator==(const Digest& a, const Digest& b) { return a.text_ == b.text_; }
  friend std::strong_ordering operator<=>(const Digest& a, const Digest& b) { return a.text_ <=> b.text_; }

 private:
  Digest(base::HashAlgorithm algorithm, std::string text) : algorithm_(algorithm), text_(std::move(text)) {}
  base::HashAlgorithm algorithm_;
  std::string text_;
};

}  // namespace berth::oci

template <>
struct std::hash<berth::oci::Digest> {
  std::size_t operator()(const berth::oci::Digest& d) const noexcept { return std::hash<std::string>{}(d.text()); }
};
