#include "store/session_file.h"

#include "berth/base/bytes.h"

namespace berth::store {
namespace {

constexpr std::string_view kMagic = "BERTHUP";
constexpr char kVersion = 2;
constexpr std::size_t kUploadAt = 28;
constexpr std::size_t kUploadBytes = 32;
constexpr std::size_t kHeaderFixedBytes = kUploadAt + kUploadBytes;
constexpr std::size_t kCheckpointFixedBytes = 12;
constexpr std::size_t kCrcBytes = 4;
// More than any hasher's state; keeps a damaged length from being believed.
constexpr std::uint64_t kHashStateLimit = 4096;

void put_number(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

std::uint64_t get_number(std::string_view in, std::size_t position, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;) value = (value << 8) | static_cast<unsigned char>(in[position + i]);
  return value;
}

std::uint32_t crc_of(std::string_view block, std::string_view upload) {
  return base::crc32(base::as_bytes(std::string(block).append(upload)));
}

void put_crc(std::string& block, std::string_view upload) { put_number(block, crc_of(block, upload), kCrcBytes); }

// `length` bytes of `file` when a right CRC of them and of `upload` follows.
std::optional<std::string_view> checked_block(std::string_view file, std::uint64_t length, std::string_view upload) {
  if (file.size() < kCrcBytes || file.size() - kCrcBytes < length) return std::nullopt;
  const std::string_view block = file.substr(0, length);
  if (get_number(file, length, kCrcBytes) != crc_of(block, upload)) return std::nullopt;
  return block;
}

std::optional<Checkpoint> parse_checkpoint(std::string_view file, std::string_view upload) {
  if (file.size() < kCheckpointFixedBytes) return std::nullopt;
  const std::uint64_t state_bytes = get_number(file, 8, 4);
  if (state_bytes > kHashStateLimit) return std::nullopt;
  const auto block = checked_block(file, kCheckpointFixedBytes + state_bytes, upload);
  if (!block) return std::nullopt;
  return Checkpoint{get_number(*block, 0, 8), std::string(block->substr(kCheckpointFixedBytes))};
}

}  // namespace

// Header block; numbers are little-endian.
//
//   at  bytes
//    0   7   "BERTHUP"
//    7   1   version, 2
//    8   1   algorithm: 0 sha256, 1 sha512
//    9   3   zero
//   12   8   started, microseconds since 1970 (two's complement)
//   20   4   length of the repository's name, R
//   24   4   length of the principal's name, P
//   28  32   the upload's id
//   60   R   repository
//   …    P   principal
//   …    4   CRC-32 of everything before, and of the id once more
std::string encode_session_header(const SessionHeader& header) {
  std::string block(kMagic);
  block.push_back(kVersion);
  put_number(block, static_cast<std::uint64_t>(header.algorithm), 1);
  put_number(block, 0, 3);
  put_number(block, static_cast<std::uint64_t>(base::to_unix_micros(header.started)), 8);
  put_number(block, header.owner.repository.size(), 4);
  put_number(block, header.owner.principal.size(), 4);
  block += header.upload;
  block += header.owner.repository;
  block += header.owner.principal;
  put_crc(block, header.upload);
  return block;
}

// Checkpoint block, right after the header block; numbers are little-endian.
//
//   at  bytes
//    0   8   offset
//    8   4   length of the hasher's state, S
//   12   S   the state after `offset` bytes; S is the same for all checkpoints of a session
//   …    4   CRC-32 of this block before here and of the upload's id
std::string encode_checkpoint(const Checkpoint& checkpoint, std::string_view upload) {
  std::string block;
  put_number(block, checkpoint.offset, 8);
  put_number(block, checkpoint.hash_state.size(), 4);
  block += checkpoint.hash_state;
  put_crc(block, upload);
  return block;
}

std::optional<Session> parse_session(std::string_view file) {
  if (file.size() < kHeaderFixedBytes || file.size() > kSessionFileLimit) return std::nullopt;
  if (!file.starts_with(kMagic) || file[kMagic.size()] != kVersion) return std::nullopt;
  const std::uint64_t repository_bytes = get_number(file, 20, 4);
  const std::uint64_t principal_bytes = get_number(file, 24, 4);
  const std::string_view upload = file.substr(kUploadAt, kUploadBytes);
  const auto block = checked_block(file, kHeaderFixedBytes + repository_bytes + principal_bytes, upload);
  if (!block) return std::nullopt;

  const std::uint64_t algorithm = get_number(*block, 8, 1);
  if (algorithm > static_cast<std::uint64_t>(base::HashAlgorithm::sha512)) return std::nullopt;
  Session session;
  session.header.algorithm = static_cast<base::HashAlgorithm>(algorithm);
  session.header.started = base::from_unix_micros(static_cast<std::int64_t>(get_number(*block, 12, 8)));
  session.header.upload = upload;
  session.header.owner.repository = block->substr(kHeaderFixedBytes, repository_bytes);
  session.header.owner.principal = block->substr(kHeaderFixedBytes + repository_bytes);
  session.checkpoint_position = block->size() + kCrcBytes;
  session.checkpoint = parse_checkpoint(file.substr(session.checkpoint_position), upload);
  return session;
}

}  // namespace berth::store
