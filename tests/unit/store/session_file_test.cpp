#include "store/session_file.h"

#include <gtest/gtest.h>

#include "berth/base/bytes.h"

namespace berth::store {
namespace {

using base::HashAlgorithm;

const std::string kUpload = "0123456789abcdef0123456789abcdef";

SessionHeader header() {
  return {HashAlgorithm::sha512, {"team/model", "user:42"}, base::from_unix_micros(1'795'000'000'123'456), kUpload};
}

Checkpoint checkpoint() {
  base::Hasher hasher(HashAlgorithm::sha512);
  hasher.update(base::as_bytes("abc"));
  return {3, hasher.save_state()};
}

TEST(SessionFile, ReadsWhatItWrites) {
  const std::string file = encode_session_header(header());
  const auto fresh = parse_session(file);
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->header, header());
  EXPECT_EQ(fresh->checkpoint, std::nullopt);
  EXPECT_EQ(fresh->checkpoint_position, file.size());

  const auto later = parse_session(file + encode_checkpoint(checkpoint(), kUpload));
  ASSERT_TRUE(later);
  EXPECT_EQ(later->header, header());
  EXPECT_EQ(later->checkpoint, checkpoint());
}

TEST(SessionFile, HasTheLayoutThatIsDrawn) {
  const SessionHeader small{HashAlgorithm::sha256, {"r", "pq"}, base::from_unix_micros(0x0102), kUpload};
  const std::string file = encode_session_header(small);
  EXPECT_EQ(base::to_hex(base::as_bytes(file).first(63)),
            "42455254485550"
            "02"
            "00"
            "000000"
            "0201000000000000"
            "01000000"
            "02000000"
            "3031323334353637383961626364656630313233343536373839616263646566"
            "72"
            "7071");
  EXPECT_EQ(file.size(), 67U);
  const std::string block = encode_checkpoint({0x0304, "state"}, kUpload);
  EXPECT_EQ(base::to_hex(base::as_bytes(block).first(17)),
            "0403000000000000"
            "05000000"
            "7374617465");
  EXPECT_EQ(block.size(), 21U);
}

TEST(SessionFile, TimesBefore1970AndEmptyNamesSurvive) {
  const SessionHeader odd{HashAlgorithm::sha256, {"", ""}, base::from_unix_micros(-5), kUpload};
  const auto session = parse_session(encode_session_header(odd));
  ASSERT_TRUE(session);
  EXPECT_EQ(session->header, odd);
}

TEST(SessionFile, CheckpointsOfOneSessionHaveOneLength) {
  base::Hasher hasher(HashAlgorithm::sha256);
  const std::size_t length = encode_checkpoint({0, hasher.save_state()}, kUpload).size();
  hasher.update(base::as_bytes(std::string(1000, 'x')));
  EXPECT_EQ(encode_checkpoint({1000, hasher.save_state()}, kUpload).size(), length);
}

// Wherever a file is cut or a byte of it is wrong: the header decides alone whether there is a session, and a checkpoint is whole
// or absent.
TEST(SessionFile, DamageToTheCheckpointCostsTheCheckpointAlone) {
  const std::string head = encode_session_header(header());
  const std::string file = head + encode_checkpoint(checkpoint(), kUpload);
  for (std::size_t length = 0; length < file.size(); ++length) {
    const auto session = parse_session(std::string_view(file).substr(0, length));
    ASSERT_EQ(session.has_value(), length >= head.size()) << length;
    if (session) {
      EXPECT_EQ(session->checkpoint, std::nullopt) << length;
    }
  }
  for (std::size_t at = 0; at < file.size(); ++at) {
    std::string damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    const auto session = parse_session(damaged);
    ASSERT_EQ(session.has_value(), at >= head.size()) << at;
    if (session) {
      EXPECT_EQ(session->checkpoint, std::nullopt) << at;
    }
  }
}

// Session files of ended uploads are written over: what lies behind the new header is not this upload's.
TEST(SessionFile, ACheckpointOfAnotherUploadIsNone) {
  const auto session = parse_session(encode_session_header(header()) + encode_checkpoint(checkpoint(), std::string(32, 'f')));
  ASSERT_TRUE(session);
  EXPECT_EQ(session->checkpoint, std::nullopt);
}

TEST(SessionFile, TooLongIsNotOurs) {
  EXPECT_FALSE(parse_session(encode_session_header(header()) + std::string(kSessionFileLimit, 'x')));
  EXPECT_FALSE(
      parse_session(encode_session_header({HashAlgorithm::sha256, {"r", std::string(kSessionFileLimit, 'p')}, {}, kUpload})));
}

}  // namespace
}  // namespace berth::store
