#include "contract/blob_store_contract.h"

#include <gmock/gmock.h>

#include <map>
#include <random>

#include "support/store_content.h"

namespace berth::test {
namespace {

using base::ErrorCode;
using base::HashAlgorithm;
using namespace std::chrono_literals;

constexpr UploadKind kBothKinds[] = {UploadKind::session, UploadKind::single};

template <typename T>
std::optional<ErrorCode> code_of(const base::Result<T>& result) {
  return result ? std::nullopt : std::optional(result.error().code());
}

base::TimePoint now() { return base::SystemClock().now(); }

TEST_P(BlobStoreContract, ACommittedBlobIsFoundAndRead) {
  for (const auto kind : kBothKinds) {
    const std::string bytes = bytes_of(5000, static_cast<unsigned>(kind));
    const auto digest = digest_of(bytes);
    EXPECT_EQ(content_of(store(), digest), std::nullopt);
    const auto info = push(store(), kind, bytes, digest);
    ASSERT_TRUE(info) << info.error().message();
    EXPECT_EQ(info->digest, digest);
    EXPECT_EQ(info->size, bytes.size());
    EXPECT_EQ(content_of(store(), digest), bytes);
    under_test().reopen();
    EXPECT_EQ(content_of(store(), digest), bytes);
  }
  EXPECT_EQ(under_test().traces_of_uploads(), 0U);
}

TEST_P(BlobStoreContract, ABlobMayBeEmpty) {
  for (const auto kind : kBothKinds) {
    const auto digest = digest_of("", kind == UploadKind::session ? HashAlgorithm::sha256 : HashAlgorithm::sha512);
    ASSERT_TRUE(push(store(), kind, "", digest));
    EXPECT_EQ(content_of(store(), digest), "");
  }
}

TEST_P(BlobStoreContract, OneCallTakesAsMuchAsTheCallerHas) {
  const std::string bytes = bytes_of(5'000'001, 7);
  const auto digest = digest_of(bytes, HashAlgorithm::sha512);
  ASSERT_TRUE(push(store(), UploadKind::session, bytes, digest));
  EXPECT_EQ(content_of(store(), digest), bytes);
}

TEST_P(BlobStoreContract, TheDigestMayBeOfAnotherAlgorithmThanTheSession) {
  for (const auto kind : kBothKinds) {
    for (const auto& [session, closing] :
         {std::pair(HashAlgorithm::sha256, HashAlgorithm::sha512), std::pair(HashAlgorithm::sha512, HashAlgorithm::sha256)}) {
      const std::string bytes = bytes_of(700'000, 3);
      auto upload = begin(store(), kind, session);
      ASSERT_TRUE(upload);
      EXPECT_EQ((*upload)->status().algorithm, session);
      ASSERT_TRUE((*upload)->append(base::as_bytes(bytes)));
      ASSERT_TRUE((*upload)->commit(digest_of(bytes, closing)));
      EXPECT_EQ(content_of(store(), digest_of(bytes, closing)), bytes);

      auto wrong = begin(store(), kind, session);
      ASSERT_TRUE(wrong);
      ASSERT_TRUE((*wrong)->append(base::as_bytes("other")));
      EXPECT_EQ(code_of((*wrong)->commit(digest_of(bytes, closing))), ErrorCode::digest_mismatch);
    }
  }
}

TEST_P(BlobStoreContract, BytesUnderAWrongDigestAreRefusedAndForgotten) {
  for (const auto kind : kBothKinds) {
    const auto expected = digest_of("what was promised");
    auto upload = begin(store(), kind);
    ASSERT_TRUE(upload);
    ASSERT_TRUE((*upload)->append(base::as_bytes("what came")));
    const auto info = (*upload)->commit(expected);
    ASSERT_EQ(code_of(info), ErrorCode::digest_mismatch);
    EXPECT_THAT(info.error().message(), ::testing::HasSubstr(expected.text()));
    EXPECT_THAT(info.error().message(), ::testing::HasSubstr(digest_of("what came").text()));
    EXPECT_EQ(content_of(store(), expected), std::nullopt);
    EXPECT_EQ(content_of(store(), digest_of("what came")), std::nullopt);
    EXPECT_EQ(code_of(store().get_upload((*upload)->status().id)), ErrorCode::upload_unknown);
    EXPECT_EQ(under_test().traces_of_uploads(), 0U);
  }
}

TEST_P(BlobStoreContract, AnEndedUploadTakesNothingMore) {
  enum class End : std::uint8_t { commit, mismatch, discard };
  for (const auto kind : kBothKinds) {
    for (const auto end : {End::commit, End::mismatch, End::discard}) {
      auto upload = begin(store(), kind);
      ASSERT_TRUE(upload);
      ASSERT_TRUE((*upload)->append(base::as_bytes("x")));
      switch (end) {
        case End::commit: EXPECT_TRUE((*upload)->commit(digest_of("x"))); break;
        case End::mismatch: EXPECT_FALSE((*upload)->commit(digest_of("y"))); break;
        case End::discard: EXPECT_TRUE((*upload)->discard()); break;
      }
      EXPECT_EQ(code_of((*upload)->append(base::as_bytes("x"))), ErrorCode::upload_unknown);
      EXPECT_EQ(code_of((*upload)->suspend()), ErrorCode::upload_unknown);
      EXPECT_EQ(code_of((*upload)->commit(digest_of("x"))), ErrorCode::upload_unknown);
      EXPECT_EQ(code_of((*upload)->discard()), ErrorCode::upload_unknown);
      EXPECT_EQ(code_of(store().resume_upload((*upload)->status().id)), ErrorCode::upload_unknown);
      EXPECT_EQ(under_test().traces_of_uploads(), 0U);
    }
  }
}

TEST_P(BlobStoreContract, ASessionIsTakenUpWhereItStands) {
  const std::string bytes = bytes_of(9000, 1);
  auto upload = store().begin_upload(owner(), HashAlgorithm::sha512);
  ASSERT_TRUE(upload);
  const auto id = (*upload)->status().id;
  EXPECT_EQ((*upload)->offset(), 0U);
  ASSERT_TRUE((*upload)->append(base::as_bytes(bytes).first(4321)));
  EXPECT_EQ((*upload)->offset(), 4321U);
  ASSERT_TRUE((*upload)->suspend());
  upload->reset();
  under_test().reopen();

  auto resumed = store().resume_upload(id);
  ASSERT_TRUE(resumed) << resumed.error().message();
  EXPECT_EQ((*resumed)->status().id, id);
  EXPECT_EQ((*resumed)->status().owner, owner());
  EXPECT_EQ((*resumed)->status().algorithm, HashAlgorithm::sha512);
  EXPECT_EQ((*resumed)->offset(), 4321U);
  ASSERT_TRUE((*resumed)->append(base::as_bytes(bytes).subspan(4321)));
  ASSERT_TRUE((*resumed)->commit(digest_of(bytes, HashAlgorithm::sha512)));
  EXPECT_EQ(content_of(store(), digest_of(bytes, HashAlgorithm::sha512)), bytes);
  EXPECT_EQ(under_test().traces_of_uploads(), 0U);
}

TEST_P(BlobStoreContract, ASessionWithoutBytesIsTakenUpToo) {
  auto upload = store().begin_upload(owner(), HashAlgorithm::sha256);
  ASSERT_TRUE(upload);
  const auto id = (*upload)->status().id;
  upload->reset();
  auto resumed = store().resume_upload(id);
  ASSERT_TRUE(resumed);
  EXPECT_EQ((*resumed)->offset(), 0U);
  ASSERT_TRUE((*resumed)->commit(digest_of("")));
  EXPECT_EQ(content_of(store(), digest_of("")), "");
}

TEST_P(BlobStoreContract, AnyCuttingIntoChunksAndRequestsGivesTheSameBlob) {
  std::mt19937 random(20261124);
  for (int round = 0; round < 30; ++round) {
    const std::string bytes = bytes_of(random() % 40'000, static_cast<unsigned>(round));
    auto upload = store().begin_upload(owner(), HashAlgorithm::sha256);
    ASSERT_TRUE(upload);
    const auto id = (*upload)->status().id;
    while ((*upload)->offset() < bytes.size()) {
      const auto rest = base::as_bytes(bytes).subspan((*upload)->offset());
      ASSERT_TRUE((*upload)->append(rest.first(std::min<std::size_t>(rest.size(), random() % 3000))));
      const auto before = (*upload)->offset();
      if (random() % 4 == 0) {
        if (random() % 2 == 0) {
          ASSERT_TRUE((*upload)->suspend());
        }
        upload->reset();
        if (random() % 4 == 0) under_test().reopen();
        upload = store().resume_upload(id);
        ASSERT_TRUE(upload);
        ASSERT_EQ((*upload)->offset(), before);
      }
    }
    ASSERT_TRUE((*upload)->commit(digest_of(bytes)));
    ASSERT_EQ(content_of(store(), digest_of(bytes)), bytes);
  }
}

TEST_P(BlobStoreContract, ASessionHasOneWriter) {
  auto upload = store().begin_upload(owner(), HashAlgorithm::sha256);
  ASSERT_TRUE(upload);
  const auto id = (*upload)->status().id;
  EXPECT_EQ(code_of(store().resume_upload(id)), ErrorCode::upload_busy);
  ASSERT_TRUE((*upload)->append(base::as_bytes("ab")));
  upload->reset();
  auto second = store().resume_upload(id);
  ASSERT_TRUE(second);
  EXPECT_EQ(code_of(store().resume_upload(id)), ErrorCode::upload_busy);
  ASSERT_TRUE((*second)->append(base::as_bytes("c")));
  ASSERT_TRUE((*second)->commit(digest_of("abc")));
}

TEST_P(BlobStoreContract, WhereASessionStandsIsToldAlsoWhileItIsWrittenTo) {
  const auto start = now() - 1min;
  auto upload = store().begin_upload(owner(), HashAlgorithm::sha512);
  ASSERT_TRUE(upload);
  const auto id = (*upload)->status().id;
  for (const bool open : {true, false}) {
    if (open) {
      const auto fresh = store().get_upload(id);
      ASSERT_TRUE(fresh);
      EXPECT_EQ(fresh->offset, 0U);
      ASSERT_TRUE((*upload)->append(base::as_bytes("four")));
    } else {
      upload->reset();
    }
    const auto status = store().get_upload(id);
    ASSERT_TRUE(status);
    EXPECT_EQ(status->id, id);
    EXPECT_EQ(status->owner, owner());
    EXPECT_EQ(status->algorithm, HashAlgorithm::sha512);
    EXPECT_EQ(status->offset, 4U);
    EXPECT_GE(status->last_activity, start);
    EXPECT_LE(status->last_activity, now() + 1min);
  }
}

TEST_P(BlobStoreContract, UnknownIdsAreUnknown) {
  EXPECT_EQ(code_of(store().resume_upload(store::UploadId::random())), ErrorCode::upload_unknown);
  EXPECT_EQ(code_of(store().get_upload(store::UploadId::random())), ErrorCode::upload_unknown);
}

TEST_P(BlobStoreContract, ASingleUploadIsSeenByNobodyAndLeavesNothing) {
  auto upload = store().begin_single_upload(owner(), HashAlgorithm::sha256);
  ASSERT_TRUE(upload);
  ASSERT_TRUE((*upload)->append(base::as_bytes(bytes_of(5000, 1))));
  ASSERT_TRUE((*upload)->suspend());
  EXPECT_EQ(code_of(store().get_upload((*upload)->status().id)), ErrorCode::upload_unknown);
  upload->reset();
  EXPECT_EQ(under_test().traces_of_uploads(), 0U);
}

TEST_P(BlobStoreContract, RangesOfABlobAreRead) {
  const std::string bytes = "0123456789";
  const auto digest = digest_of(bytes);
  ASSERT_TRUE(push(store(), UploadKind::session, bytes, digest));
  const auto read = [&](std::uint64_t offset, std::uint64_t length) {
    const auto reader = store().open(digest, bytes.size(), oci::ByteRange{offset, length});
    EXPECT_TRUE(reader);
    if (!reader) return std::string();
    EXPECT_EQ(reader->size, bytes.size());
    EXPECT_EQ(reader->offset, offset);
    return read_all(*reader);
  };
  EXPECT_EQ(read(0, 1), "0");
  EXPECT_EQ(read(9, 1), "9");
  EXPECT_EQ(read(2, 5), "23456");
  EXPECT_EQ(read(0, 10), bytes);
  for (const auto& outside : {oci::ByteRange{0, 11}, {10, 1}, {11, 1}, {~0ULL, 2}, {2, ~0ULL}}) {
    EXPECT_EQ(code_of(store().open(digest, bytes.size(), outside)), ErrorCode::range_invalid) << outside.offset;
  }
}

TEST_P(BlobStoreContract, WhatIsMissingOrDamagedIsSaidSo) {
  const auto digest = digest_of("content");
  EXPECT_EQ(code_of(store().open(digest, 7)), ErrorCode::blob_unknown);
  ASSERT_TRUE(push(store(), UploadKind::single, "content", digest));
  EXPECT_TRUE(store().open(digest, 7));
  EXPECT_EQ(code_of(store().open(digest, 8)), ErrorCode::corrupt);
  under_test().overwrite_blob(digest, "conten");
  EXPECT_EQ(code_of(store().open(digest, 7)), ErrorCode::corrupt);
}

TEST_P(BlobStoreContract, PushingAgainHeals) {
  const auto digest = digest_of("content");
  for (const auto kind : kBothKinds) {
    for (const std::string_view damage : {"cOntent", "cont", ""}) {
      ASSERT_TRUE(push(store(), UploadKind::session, "content", digest));
      under_test().overwrite_blob(digest, damage);
      EXPECT_EQ(content_of(store(), digest), damage);
      ASSERT_TRUE(push(store(), kind, "content", digest));
      EXPECT_EQ(content_of(store(), digest), "content");
      EXPECT_EQ(under_test().traces_of_uploads(), 0U);
    }
  }
}

TEST_P(BlobStoreContract, ARemovedBlobIsGoneButOpenReadersKeepIt) {
  const auto digest = digest_of("content");
  ASSERT_TRUE(push(store(), UploadKind::session, "content", digest));
  const auto reader = store().open(digest, 7);
  ASSERT_TRUE(reader);
  const auto removed = store().remove(digest);
  ASSERT_TRUE(removed);
  EXPECT_TRUE(*removed);
  EXPECT_EQ(content_of(store(), digest), std::nullopt);
  EXPECT_EQ(read_all(*reader), "content");
  const auto again = store().remove(digest);
  ASSERT_TRUE(again);
  EXPECT_FALSE(*again);
  ASSERT_TRUE(push(store(), UploadKind::session, "content", digest));
  EXPECT_EQ(content_of(store(), digest), "content");
}

TEST_P(BlobStoreContract, ADamagedBlobIsQuarantinedUntilItIsPushedAgain) {
  const auto digest = digest_of("content");
  ASSERT_TRUE(push(store(), UploadKind::session, "content", digest));
  under_test().overwrite_blob(digest, "cOntent");
  const auto seen = store().open(digest, 7);
  ASSERT_TRUE(seen);
  EXPECT_EQ(store().discard_quarantined(digest).value_or(true), false);
  EXPECT_TRUE(store().list_quarantined().value().empty());
  EXPECT_TRUE(store().quarantine(digest, *seen).value_or(false));
  EXPECT_EQ(code_of(store().open(digest, 7)), ErrorCode::blob_unknown);
  EXPECT_EQ(content_of(store(), digest), std::nullopt);
  EXPECT_EQ(read_all(*seen), "cOntent");
  EXPECT_FALSE(store().quarantine(digest, *seen).value_or(true)) << "there is nothing any more";
  under_test().reopen();
  EXPECT_EQ(content_of(store(), digest), std::nullopt);

  ASSERT_TRUE(push(store(), UploadKind::single, "content", digest));
  EXPECT_EQ(content_of(store(), digest), "content");
  EXPECT_EQ(store().list_quarantined().value(), std::vector{digest});
  EXPECT_TRUE(store().discard_quarantined(digest).value_or(false));
  EXPECT_TRUE(store().list_quarantined().value().empty());
  EXPECT_FALSE(store().discard_quarantined(digest).value_or(true));
  int visits = 0;
  ASSERT_TRUE(store().for_each([&](const store::BlobInfo&) { return ++visits > 0; }));
  EXPECT_EQ(visits, 1);
}

TEST_P(BlobStoreContract, WhatWasPushedAgainMeanwhileIsNotQuarantined) {
  const auto digest = digest_of("content");
  for (const auto kind : kBothKinds) {
    ASSERT_TRUE(push(store(), UploadKind::session, "content", digest));
    under_test().overwrite_blob(digest, "cOntent");
    const auto seen = store().open(digest, 7);
    ASSERT_TRUE(seen);
    ASSERT_TRUE(push(store(), kind, "content", digest));
    EXPECT_FALSE(store().quarantine(digest, *seen).value_or(true));
    EXPECT_EQ(content_of(store(), digest), "content");
  }
}

TEST_P(BlobStoreContract, EveryBlobIsVisitedOnce) {
  std::map<std::string, std::uint64_t> expected;
  for (unsigned i = 0; i < 20; ++i) {
    const std::string bytes = bytes_of(i, i);
    const auto digest = digest_of(bytes, i % 3 == 0 ? HashAlgorithm::sha512 : HashAlgorithm::sha256);
    ASSERT_TRUE(push(store(), UploadKind::single, bytes, digest));
    expected[digest.text()] = i;
  }
  std::map<std::string, std::uint64_t> seen;
  ASSERT_TRUE(store().for_each([&](const store::BlobInfo& blob) { return seen.emplace(blob.digest.text(), blob.size).second; }));
  EXPECT_EQ(seen, expected);

  int visits = 0;
  ASSERT_TRUE(store().for_each([&](const store::BlobInfo&) { return ++visits < 3; }));
  EXPECT_EQ(visits, 3);
}

TEST_P(BlobStoreContract, OldSessionsExpireUnlessSomebodyWrites) {
  const auto start = [&](std::string_view bytes) {
    auto upload = store().begin_upload(owner(), HashAlgorithm::sha256);
    EXPECT_TRUE(upload);
    EXPECT_TRUE((*upload)->append(base::as_bytes(bytes)));
    return std::move(*upload);
  };
  const auto with_bytes = start("abc")->status().id;
  const auto without = start("")->status().id;
  auto open = start("def");
  EXPECT_EQ(store().expire_uploads(now() - 1h).value_or(99), 0U);
  EXPECT_TRUE(store().get_upload(with_bytes));

  EXPECT_EQ(store().expire_uploads(now() + 1h).value_or(99), 2U);
  EXPECT_EQ(code_of(store().get_upload(with_bytes)), ErrorCode::upload_unknown);
  EXPECT_EQ(code_of(store().resume_upload(without)), ErrorCode::upload_unknown);
  ASSERT_TRUE(open->append(base::as_bytes("ghi")));
  ASSERT_TRUE(open->commit(digest_of("defghi")));
  EXPECT_EQ(under_test().traces_of_uploads(), 0U);
}

TEST_P(BlobStoreContract, SpaceIsTold) {
  const auto space = store().space();
  ASSERT_TRUE(space);
  EXPECT_GT(space->total_bytes, 0U);
  EXPECT_LE(space->free_bytes, space->total_bytes);
}

INSTANTIATE_TEST_SUITE_P(Stores, BlobStoreContract, ::testing::ValuesIn(all_stores()), store_kind_name);

}  // namespace
}  // namespace berth::test
