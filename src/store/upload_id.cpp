#include <algorithm>

#include "berth/base/hash.h"
#include "berth/store/blob_store.h"

namespace berth::store {

base::Result<UploadId> UploadId::parse(std::string_view text) {
  constexpr std::size_t kLength = 32;
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (text.size() != kLength || !std::all_of(text.begin(), text.end(), is_hex)) {
    return base::fail(base::ErrorCode::upload_unknown, "an upload id has 32 lower-case hexadecimal digits");
  }
  return UploadId(std::string(text));
}

UploadId UploadId::random() { return UploadId(base::random_id()); }

}  // namespace berth::store
