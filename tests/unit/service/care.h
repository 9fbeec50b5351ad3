// What tests of scrub, verify and backup do behind the store's and the catalog's back.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "unit/service/fixture.h"

namespace berth::service {

inline std::filesystem::path blob_path(const std::string& data, const oci::Digest& digest) {
  const std::string hex(digest.hex());
  return std::filesystem::path(data) / "blobs" / base::hash_algorithm_name(digest.algorithm()) / hex.substr(0, 2) / hex;
}

// Turns one bit of one byte over, in the file as it is: a hard link elsewhere sees it too.
inline void flip_byte(const std::filesystem::path& path, std::streamoff at) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  ASSERT_TRUE(file) << path;
  file.seekg(at);
  const char byte = static_cast<char>(file.get());
  file.seekp(at);
  file.put(static_cast<char>(byte ^ 0x10));
}

}  // namespace berth::service
