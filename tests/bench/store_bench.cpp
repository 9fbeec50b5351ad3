// How fast bytes become durable blobs, one thread, on the disk that holds the temporary directory.
//   build/release/store_bench [--benchmark_filter=…]
// The first touch of fresh memory or disk is slower than what follows: the first repetition only warms up.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "berth/base/log.h"
#include "berth/store/local_blob_store.h"
#include "support/temporary_directory.h"

namespace berth::test {
namespace {

template <typename T>
T or_abort(base::Result<T> result) {
  if (!result) std::abort();
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

const store::UploadOwner kOwner{.repository = "bench/blobs", .principal = "user:1"};

struct World {
  TemporaryDirectory directory;
  base::SystemClock clock;
  std::unique_ptr<store::BlobStore> store;
  explicit World(std::uint64_t sync_step_bytes) {
    base::log::configure(base::log::Format::text, base::log::Level::off);
    const store::LocalBlobStoreOptions options{.directory = directory.path(), .sync_step_bytes = sync_step_bytes};
    store = or_abort(store::open_local_blob_store(options, base::real_file_system(), clock));
  }
};

store::BlobStore& the_store() {
  static World world(store::LocalBlobStoreOptions().sync_step_bytes);
  return *world.store;
}

// What a push of one layer costs the store: a session, chunks of 1 MiB, the commit; the argument is the step between syncs in
// MiB. Compare with `hash_alone`, the limit.
void large_upload(benchmark::State& state) {
  constexpr std::size_t kChunk = 1UL << 20;
  constexpr std::size_t kChunks = 1024;
  const World world(static_cast<std::uint64_t>(state.range(0)) << 20);
  const std::string chunk(kChunk, 'b');
  base::Hasher hasher(base::HashAlgorithm::sha256);
  for (std::size_t i = 0; i < kChunks; ++i) hasher.update(base::as_bytes(chunk));
  const auto digest = oci::Digest::of_hex(base::HashAlgorithm::sha256, hasher.hex_digest());
  for (auto _ : state) {
    const auto upload = or_abort(world.store->begin_upload(kOwner, base::HashAlgorithm::sha256));
    for (std::size_t i = 0; i < kChunks; ++i) or_abort(upload->append(base::as_bytes(chunk)));
    or_abort(upload->commit(digest));
    state.PauseTiming();
    or_abort(world.store->remove(digest));
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kChunks * kChunk));
}
BENCHMARK(large_upload)
    ->Arg(64)
    ->Arg(256)
    ->Arg(2048)
    ->Iterations(1)
    ->Repetitions(8)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// The same in requests of 16 MiB: each resumes the session.
void chunked_upload(benchmark::State& state) {
  constexpr std::size_t kChunk = 1UL << 20;
  constexpr std::size_t kRequests = 64;
  const std::string chunk(kChunk, 'c');
  base::Hasher hasher(base::HashAlgorithm::sha256);
  for (std::size_t i = 0; i < kRequests * 16; ++i) hasher.update(base::as_bytes(chunk));
  const auto digest = oci::Digest::of_hex(base::HashAlgorithm::sha256, hasher.hex_digest());
  for (auto _ : state) {
    auto upload = or_abort(the_store().begin_upload(kOwner, base::HashAlgorithm::sha256));
    const auto id = upload->status().id;
    for (std::size_t request = 0; request < kRequests; ++request) {
      for (int i = 0; i < 16; ++i) or_abort(upload->append(base::as_bytes(chunk)));
      or_abort(upload->suspend());
      upload.reset();
      upload = or_abort(the_store().resume_upload(id));
    }
    or_abort(upload->commit(digest));
    state.PauseTiming();
    or_abort(the_store().remove(digest));
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kRequests * 16 * kChunk));
}
BENCHMARK(chunked_upload)->Iterations(1)->Repetitions(5)->UseRealTime()->Unit(benchmark::kMillisecond);

void hash_alone(benchmark::State& state) {
  const std::string chunk(1UL << 20, 'b');
  base::Hasher hasher(base::HashAlgorithm::sha256);
  for (auto _ : state) hasher.update(base::as_bytes(chunk));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(chunk.size()));
}
BENCHMARK(hash_alone);

// Blobs of 4 KiB, each new, each durable: configs and small layers.
template <bool kSingle>
void small_upload(benchmark::State& state) {
  static std::uint64_t number = 0;
  std::string bytes(4096, 's');
  for (auto _ : state) {
    const std::string unique = std::to_string(++number) + (kSingle ? "single" : "session");
    bytes.replace(0, unique.size(), unique);
    const auto digest = oci::Digest::of_bytes(base::HashAlgorithm::sha256, base::as_bytes(bytes));
    const auto upload = or_abort(kSingle ? the_store().begin_single_upload(kOwner, base::HashAlgorithm::sha256)
                                         : the_store().begin_upload(kOwner, base::HashAlgorithm::sha256));
    or_abort(upload->append(base::as_bytes(bytes)));
    or_abort(upload->commit(digest));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(small_upload<false>)->Name("small_upload/session")->MinTime(1)->Repetitions(5)->UseRealTime();
BENCHMARK(small_upload<true>)->Name("small_upload/single")->MinTime(1)->Repetitions(5)->UseRealTime();

// The look that precedes each pull and each push.
void find_and_open(benchmark::State& state) {
  const std::string bytes(4096, 'f');
  const auto digest = oci::Digest::of_bytes(base::HashAlgorithm::sha256, base::as_bytes(bytes));
  const auto upload = or_abort(the_store().begin_single_upload(kOwner, base::HashAlgorithm::sha256));
  or_abort(upload->append(base::as_bytes(bytes)));
  or_abort(upload->commit(digest));
  for (auto _ : state) benchmark::DoNotOptimize(or_abort(the_store().open(digest, bytes.size())));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(find_and_open);

}  // namespace
}  // namespace berth::test

BENCHMARK_MAIN();
