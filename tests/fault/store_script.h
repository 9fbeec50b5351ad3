// A day in the life of a blob store, and the memory of what it promised: the driver of the store's fault tests.
//
// The script goes on after every failure, as clients do. What was acknowledged is remembered outside the store; check() compares.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "berth/store/blob_store.h"
#include "support/store_content.h"

namespace berth::test {

class StoreScript {
 public:
  // Runs everything once: sessions in one and several requests, single uploads, both algorithms, a wrong digest, a blob pushed
  // again, a removal. Returns the errors that came instead of answers.
  std::vector<base::Error> run(store::BlobStore& store);

  // Every acknowledged blob is there with its bytes, every acknowledged removal happened, and nothing has bytes that are not its
  // digest's. `strict`: nothing is visible that was not acknowledged either (no crash came between a name and its
  // acknowledgement).
  enum class Strictness : std::uint8_t { acknowledged, strict };
  void check(const store::BlobStore& store, Strictness strictness) const;

  // Takes up every session that the script has begun and not ended, checks that its bytes are a beginning of what was sent, sends
  // the rest and commits: a session that is there must lead to its blob. Returns how many were there.
  int finish_sessions(store::BlobStore& store);

 private:
  // What the store has told about a digest: it is there, it was removed, it never came; or nothing certain, as a removal failed.
  enum class Promise : std::uint8_t { present, removed, never, unknown };
  struct Session {
    std::string bytes;
    base::HashAlgorithm algorithm;
  };

  void push_single(store::BlobStore& store, const std::string& bytes, base::HashAlgorithm algorithm);
  // Sends `bytes` in pieces, each third piece in a new request, and closes with a digest of `closing`.
  void push_session(store::BlobStore& store, const std::string& bytes, base::HashAlgorithm algorithm,
                    base::HashAlgorithm closing);
  void push_wrong(store::BlobStore& store, UploadKind kind);
  void remove(store::BlobStore& store, const std::string& bytes);

  template <typename T>
  bool succeeded(const base::Result<T>& result) {
    if (!result) errors_.push_back(result.error());
    return result.has_value();
  }
  void note_commit(const std::string& bytes, base::HashAlgorithm algorithm, bool acknowledged);

  std::map<oci::Digest, Promise> promises_;
  std::map<oci::Digest, std::string> contents_;
  std::map<std::string, Session> open_sessions_;
  std::vector<base::Error> errors_;
};

}  // namespace berth::test
