#include "fault/store_script.h"

#include <algorithm>

namespace berth::test {

using base::HashAlgorithm;

std::vector<base::Error> StoreScript::run(store::BlobStore& store) {
  errors_.clear();
  push_session(store, bytes_of(5000, 1), HashAlgorithm::sha256, HashAlgorithm::sha256);
  push_single(store, bytes_of(2000, 2), HashAlgorithm::sha256);
  push_session(store, bytes_of(3000, 3), HashAlgorithm::sha256, HashAlgorithm::sha512);
  push_single(store, bytes_of(5000, 1), HashAlgorithm::sha256);  // is there already
  push_session(store, bytes_of(2000, 2), HashAlgorithm::sha256, HashAlgorithm::sha256);
  push_wrong(store, UploadKind::session);
  push_wrong(store, UploadKind::single);
  remove(store, bytes_of(2000, 2));
  push_single(store, "", HashAlgorithm::sha512);
  return errors_;
}

void StoreScript::note_commit(const std::string& bytes, HashAlgorithm algorithm, bool acknowledged) {
  const auto digest = digest_of(bytes, algorithm);
  contents_[digest] = bytes;
  // A failure takes nothing back; but after a try, a removal is no longer the last word.
  Promise& promise = promises_.try_emplace(digest, Promise::never).first->second;
  if (acknowledged) promise = Promise::present;
  if (!acknowledged && promise == Promise::removed) promise = Promise::never;
}

void StoreScript::push_single(store::BlobStore& store, const std::string& bytes, HashAlgorithm algorithm) {
  note_commit(bytes, algorithm, succeeded(push(store, UploadKind::single, bytes, digest_of(bytes, algorithm))));
}

void StoreScript::push_session(store::BlobStore& store, const std::string& bytes, HashAlgorithm algorithm,
                               HashAlgorithm closing) {
  note_commit(bytes, closing, false);
  auto upload = store.begin_upload(owner(), algorithm);
  if (!succeeded(upload)) return;
  const auto id = (*upload)->status().id;
  open_sessions_[id.text()] = {bytes, closing};
  constexpr std::size_t kPiece = 900;
  for (std::size_t piece = 0; piece * kPiece < bytes.size(); ++piece) {
    const auto rest = base::as_bytes(bytes).subspan(piece * kPiece);
    if (!succeeded((*upload)->append(rest.first(std::min(rest.size(), kPiece))))) return;
    if (piece % 3 != 2) continue;
    if (!succeeded((*upload)->suspend())) return;
    upload->reset();
    upload = store.resume_upload(id);
    if (!succeeded(upload)) return;
  }
  if (!succeeded((*upload)->commit(digest_of(bytes, closing)))) return;
  note_commit(bytes, closing, true);
  open_sessions_.erase(id.text());
}

void StoreScript::push_wrong(store::BlobStore& store, UploadKind kind) {
  const auto expected = digest_of("never sent");
  note_commit("never sent", HashAlgorithm::sha256, false);
  note_commit("sent", HashAlgorithm::sha256, false);
  const auto info = push(store, kind, "sent", expected);
  EXPECT_FALSE(info.has_value());
  if (!info && info.error().code() != base::ErrorCode::digest_mismatch) errors_.push_back(info.error());
}

void StoreScript::remove(store::BlobStore& store, const std::string& bytes) {
  promises_[digest_of(bytes)] = succeeded(store.remove(digest_of(bytes))) ? Promise::removed : Promise::unknown;
}

void StoreScript::check(const store::BlobStore& store, Strictness strictness) const {
  for (const auto& [digest, promise] : promises_) {
    const auto content = content_of(store, digest);
    if (promise == Promise::present) {
      EXPECT_EQ(content, contents_.at(digest)) << "acknowledged: " << digest.text();
    }
    if (promise == Promise::removed || (promise == Promise::never && strictness == Strictness::strict)) {
      EXPECT_EQ(content, std::nullopt) << "removed, or never acknowledged: " << digest.text();
    }
  }
  const auto visited = store.for_each([&](const store::BlobInfo& blob) {
    const auto content = content_of(store, blob.digest);
    EXPECT_TRUE(content && digest_of(*content, blob.digest.algorithm()) == blob.digest) << "wrong bytes: " << blob.digest.text();
    return true;
  });
  EXPECT_TRUE(visited.has_value());
}

int StoreScript::finish_sessions(store::BlobStore& store) {
  int found = 0;
  for (const auto& [id, session] : open_sessions_) {
    auto upload = store.resume_upload(*store::UploadId::parse(id));
    if (!upload) {
      EXPECT_EQ(upload.error().code(), base::ErrorCode::upload_unknown) << upload.error().context();
      continue;
    }
    ++found;
    EXPECT_EQ((*upload)->status().owner, owner());
    const auto offset = (*upload)->offset();
    EXPECT_LE(offset, session.bytes.size());
    if (offset > session.bytes.size()) continue;
    EXPECT_TRUE((*upload)->append(base::as_bytes(session.bytes).subspan(offset)).has_value());
    const auto info = (*upload)->commit(digest_of(session.bytes, session.algorithm));
    EXPECT_TRUE(info.has_value()) << info.error().message();
    note_commit(session.bytes, session.algorithm, info.has_value());
  }
  open_sessions_.clear();
  return found;
}

}  // namespace berth::test
