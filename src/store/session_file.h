// The file that makes an upload a session: whose it is, how it is hashed, and a checkpoint to hash on from.
//
// What this is: bytes ↔ values, pure. What it is not: the upload's offset, which is the length of its data file and nothing else.
// Two blocks with a CRC each: the header is written once when the session starts; the checkpoint after it is overwritten in
// place, so a torn write of it costs a second reading of the data, never the session. Both are bound to the upload's id, as files of
// ended uploads are written over (upload_folders.h): what another upload left in the file is neither a header nor a checkpoint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "berth/base/clock.h"
#include "berth/base/hash.h"
#include "berth/store/blob_store.h"

namespace berth::store {

struct SessionHeader {
  base::HashAlgorithm algorithm = base::HashAlgorithm::sha256;
  UploadOwner owner;
  base::TimePoint started;
  std::string upload;  // the id's text
  friend bool operator==(const SessionHeader&, const SessionHeader&) = default;
};

// The hasher after the first `offset` bytes. Promise of whoever writes one: those bytes are on the disk (synced) already, so that
// after a power loss the state never speaks of bytes that the file has lost.
struct Checkpoint {
  std::uint64_t offset = 0;
  std::string hash_state;  // Hasher::save_state()
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

struct Session {
  SessionHeader header;
  std::uint64_t checkpoint_position = 0;  // where in the file the checkpoint block belongs
  std::optional<Checkpoint> checkpoint;   // nullopt: none written yet, or not readable
};

// No session file is longer; reading stops here.
inline constexpr std::size_t kSessionFileLimit = 64UL * 1024;

std::string encode_session_header(const SessionHeader& header);
// `upload` is the id's text.
std::string encode_checkpoint(const Checkpoint& checkpoint, std::string_view upload);
// nullopt when the header is not one of ours: the owner is unknown, so nobody may go on with this upload. Whoever reads the file of an
// upload compares header.upload with its id.
std::optional<Session> parse_session(std::string_view file);

}  // namespace berth::store
