// What tests of blob stores say to a store, in few words: bytes to push, pushing them, reading them back.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "berth/store/blob_store.h"

namespace berth::test {

inline store::UploadOwner owner() { return {.repository = "team/model", .principal = "user:42"}; }

// `size` bytes that differ for each seed and are the same in every run.
inline std::string bytes_of(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

inline oci::Digest digest_of(std::string_view bytes, base::HashAlgorithm algorithm = base::HashAlgorithm::sha256) {
  return oci::Digest::of_bytes(algorithm, base::as_bytes(bytes));
}

// The bytes that a reader stands for.
inline std::string read_all(const store::BlobReader& reader) {
  std::string bytes(reader.length, '\0');
  const auto count = reader.file->read(std::as_writable_bytes(std::span(bytes)), reader.offset);
  EXPECT_TRUE(count.has_value());
  bytes.resize(count.value_or(0));
  return bytes;
}

// The whole of a blob, whatever its file's size; nullopt when it is not there.
inline std::optional<std::string> content_of(const store::BlobStore& store, const oci::Digest& digest) {
  const auto info = store.find(digest);
  EXPECT_TRUE(info.has_value());
  if (!info || !*info) return std::nullopt;
  const auto reader = store.open(digest, (*info)->size);
  EXPECT_TRUE(reader.has_value());
  if (!reader) return std::nullopt;
  return read_all(*reader);
}

// What uploads have left in the store's directory: sessions, and kept folders with more in them than their session file.
inline std::size_t traces_of_uploads(const std::string& directory) {
  namespace stdfs = std::filesystem;
  std::size_t count = 0;
  for (const auto& folder : stdfs::directory_iterator(directory + "/uploads")) {
    const bool kept = folder.path().filename().string().starts_with("free-");
    count += kept && !stdfs::exists(folder.path() / "data") ? 0 : 1;
  }
  return count;
}

enum class UploadKind : std::uint8_t { session, single };

inline base::Result<std::unique_ptr<store::Upload>> begin(store::BlobStore& store, UploadKind kind,
                                                          base::HashAlgorithm algorithm = base::HashAlgorithm::sha256) {
  return kind == UploadKind::session ? store.begin_upload(owner(), algorithm) : store.begin_single_upload(owner(), algorithm);
}

// A whole push in one chunk, under the digest `expected`.
inline base::Result<store::BlobInfo> push(store::BlobStore& store, UploadKind kind, std::string_view bytes,
                                          const oci::Digest& expected) {
  BERTH_TRY(const auto upload, begin(store, kind, expected.algorithm()));
  BERTH_CHECK_OK(upload->append(base::as_bytes(bytes)));
  return upload->commit(expected);
}

}  // namespace berth::test
