// How many durable pushes and how many reads a second the catalog does, on the disk that holds the temporary directory.
//   build/release/catalog_bench [--benchmark_filter=…]
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <string>

#include "berth/base/log.h"
#include "berth/catalog/sqlite_catalog.h"
#include "support/catalog_content.h"
#include "support/temporary_directory.h"

namespace berth::test {
namespace {

template <typename T>
T or_abort(base::Result<T> result) {
  if (!result) std::abort();
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// One catalog for all, as a daemon has it.
catalog::Catalog& the_catalog() {
  struct World {
    TemporaryDirectory directory;
    base::SystemClock clock;
    std::unique_ptr<catalog::Catalog> catalog;
    World() {
      base::log::configure(base::log::Format::text, base::log::Level::off);
      catalog = or_abort(catalog::open_sqlite_catalog({.path = directory.path() + "/catalog.sqlite", .vfs = ""}, clock));
    }
  };
  static World world;
  return *world.catalog;
}

constexpr int kTags = 10'000;
const oci::RepositoryName& tagged() {
  static const oci::RepositoryName name = repository("bench/tagged");
  static const bool filled = [] {
    for (int i = 0; i < kTags; i += 100) {
      std::vector<oci::Tag> tags;
      for (int j = i; j < i + 100; ++j) tags.push_back(tag("v" + std::to_string(10'000 + j)));
      const Content content = image("tagged" + std::to_string(i));
      or_abort(the_catalog().put_manifest(put_of(name, content, tags)));
    }
    return true;
  }();
  (void)filled;
  return name;
}

// An image of a config and two layers under a tag that moves: what one push costs the catalog at its end.
void put_manifest(benchmark::State& state) {
  static std::atomic<int> number = 0;
  auto& catalog = the_catalog();
  const auto name = repository("bench/put" + std::to_string(state.thread_index()));
  for (const char* blob : {"c", "l1", "l2"}) or_abort(catalog.link_blob(name, sha256_of(blob), 1, {"tester"}));
  for (auto _ : state) {
    Content content = image("put" + std::to_string(number++), config("c"), {layer("l1"), layer("l2")});
    content.bytes.resize(600, 'x');
    or_abort(catalog.put_manifest(put_of(name, content, {tag("latest")})));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(put_manifest)->UseRealTime();
BENCHMARK(put_manifest)->Threads(16)->UseRealTime();

void link_blob(benchmark::State& state) {
  static std::atomic<int> number = 0;
  for (auto _ : state) {
    or_abort(the_catalog().link_blob(repository("bench/link"), sha256_of("link" + std::to_string(number++)), 1, {"tester"}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(link_blob)->UseRealTime();
BENCHMARK(link_blob)->Threads(16)->UseRealTime();

void find_manifest_by_tag(benchmark::State& state) {
  const auto& name = tagged();
  int i = state.thread_index();
  for (auto _ : state) {
    const auto found = the_catalog().find_manifest(name, tag("v" + std::to_string(10'000 + (i += 7) % kTags)));
    if (!found || !*found) std::abort();
    benchmark::DoNotOptimize(found);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(find_manifest_by_tag)->UseRealTime();
BENCHMARK(find_manifest_by_tag)->Threads(2)->UseRealTime();

void find_blob(benchmark::State& state) {
  const auto name = repository("bench/blobs");
  or_abort(the_catalog().link_blob(name, sha256_of("b"), 1, {"tester"}));
  const oci::Digest digest = sha256_of("b");
  for (auto _ : state) {
    const auto found = the_catalog().find_blob(name, digest);
    if (!found || !*found) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(find_blob)->UseRealTime();

// n=100 of 10,000 tags; the argument is how many come before.
void list_tags(benchmark::State& state) {
  const auto& name = tagged();
  const std::string after = state.range(0) == 0 ? "" : "v" + std::to_string(10'000 + state.range(0) - 1);
  for (auto _ : state) {
    const auto page = or_abort(the_catalog().list_tags(name, after, 100));
    if (page.names.size() != 100) std::abort();
    benchmark::DoNotOptimize(page);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(list_tags)->ArgName("after")->Arg(0)->Arg(kTags / 2)->Arg(kTags - 100);

// Storing a manifest of 20,000 layers occupies the writer; everybody else waits so long.
void put_largest_manifest(benchmark::State& state) {
  auto& catalog = the_catalog();
  const auto name = repository("bench/largest");
  std::vector<oci::Descriptor> layers;
  for (std::size_t i = 0; i < oci::kMaxManifestDescriptors; ++i) layers.push_back(layer("largest" + std::to_string(i)));
  for (const auto& l : layers) or_abort(catalog.link_blob(name, l.digest, l.size, {"tester"}));
  int number = 0;
  for (auto _ : state) {
    const Content content = image("largest" + std::to_string(number++), std::nullopt, layers);
    or_abort(catalog.put_manifest(put_of(name, content)));
  }
}
BENCHMARK(put_largest_manifest)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(5);

}  // namespace
}  // namespace berth::test

BENCHMARK_MAIN();
