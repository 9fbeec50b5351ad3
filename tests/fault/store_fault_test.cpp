// Every mutating call of a blob store fails in turn: once, as a disk's hiccup; for good, as a killed process; with the power
// lost.
#include <gtest/gtest.h>

#include <filesystem>

#include "berth/store/local_blob_store.h"
#include "fault/store_script.h"
#include "support/fault_file_system.h"
#include "support/temporary_directory.h"

namespace berth::test {
namespace {

using base::ErrorCode;
using base::HashAlgorithm;
using Strictness = StoreScript::Strictness;
using namespace std::chrono_literals;

const base::SystemClock kClock;

// A store on a fresh tree whose disk the test commands.
struct Machine {
  TemporaryDirectory directory;
  FaultFileSystem fs{directory.path()};
  std::unique_ptr<store::BlobStore> store;

  base::Result<void> boot() {
    store.reset();
    // Small steps: syncs and checkpoints come within a few kilobytes.
    BERTH_TRY(store, store::open_local_blob_store({.directory = directory.path(), .sync_step_bytes = 1000}, fs, kClock));
    return {};
  }
  [[nodiscard]] bool uploads_empty() const { return traces_of_uploads(directory.path()) == 0; }
};

std::uint64_t calls_of_the_script() {
  Machine machine;
  EXPECT_TRUE(machine.boot());
  StoreScript script;
  EXPECT_TRUE(script.run(*machine.store).empty());
  script.check(*machine.store, Strictness::strict);
  EXPECT_TRUE(machine.uploads_empty());
  return machine.fs.calls();
}

// Boots and runs as far as the fault lets it.
std::vector<base::Error> run_with(Machine& machine, StoreScript& script, const Fault& fault) {
  machine.fs.inject(fault);
  if (auto booted = machine.boot(); !booted) return {booted.error()};
  return script.run(*machine.store);
}

// Afterwards all is as if nothing had happened: the same work succeeds, and what was left under uploads/ goes with one sweep.
void expect_recovery(Machine& machine, StoreScript& script) {
  EXPECT_TRUE(script.run(*machine.store).empty());
  script.check(*machine.store, Strictness::acknowledged);
  EXPECT_TRUE(machine.store->expire_uploads(kClock.now() + 1h));
  EXPECT_TRUE(std::filesystem::is_empty(machine.directory.path() + "/uploads"));
}

struct Hiccup {
  const char* name;
  int error_number;
  ErrorCode code;
  Partial partial;
};

class EachCallFailsOnce : public ::testing::TestWithParam<Hiccup> {};

// security.md B3.3 and B3.4.
TEST_P(EachCallFailsOnce, AndOnlyThatIsLostWhichWasNotAcknowledged) {
  const Hiccup& hiccup = GetParam();
  const std::uint64_t calls = calls_of_the_script();
  ASSERT_GT(calls, 90U);
  for (std::uint64_t n = 1; n <= calls; ++n) {
    SCOPED_TRACE("call " + std::to_string(n));
    Machine machine;
    StoreScript script;
    const auto errors = run_with(machine, script, {.at = n, .error_number = hiccup.error_number, .partial = hiccup.partial});
    EXPECT_TRUE(machine.fs.struck());
    // One fault may show twice, as a script that lost its session finds nothing to go on with; but it names the disk first.
    if (!errors.empty()) {
      EXPECT_EQ(errors.front().code(), hiccup.code);
    }
    if (!machine.store) {
      ASSERT_TRUE(machine.boot());
    }
    script.check(*machine.store, Strictness::strict);
    script.finish_sessions(*machine.store);
    expect_recovery(machine, script);
    if (::testing::Test::HasFailure()) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Store, EachCallFailsOnce,
                         ::testing::Values(Hiccup{"EIO", EIO, ErrorCode::io_error, Partial::none},
                                           Hiccup{"ENOSPC", ENOSPC, ErrorCode::storage_full, Partial::none},
                                           Hiccup{"ShortWrite", ENOSPC, ErrorCode::storage_full, Partial::half}),
                         [](const auto& hiccup) { return hiccup.param.name; });

// What a failure leaves behind of calls that matter: a fault in the data's way must end the session, at once.
TEST(StoreFault, AFailedAppendEndsTheSession) {
  for (const auto kind : {Call::create, Call::write, Call::sync_data}) {
    for (const auto partial : {Partial::none, Partial::half}) {
      Machine machine;
      ASSERT_TRUE(machine.boot());
      auto upload = machine.store->begin_upload(owner(), HashAlgorithm::sha256);
      ASSERT_TRUE(upload);
      machine.fs.inject({.at = 1, .error_number = ENOSPC, .only = kind, .partial = partial});
      const std::string bytes = bytes_of(5000, 1);
      const auto appended = (*upload)->append(base::as_bytes(bytes));
      ASSERT_FALSE(appended);
      EXPECT_EQ(appended.error().code(), ErrorCode::storage_full);
      EXPECT_EQ((*upload)->append(base::as_bytes(bytes)).error().code(), ErrorCode::upload_unknown);
      EXPECT_EQ(machine.store->get_upload((*upload)->status().id).error().code(), ErrorCode::upload_unknown);
      EXPECT_TRUE(machine.uploads_empty());
    }
  }
}

TEST(StoreFault, AFailedSyncNeverLeadsToABlob) {
  for (const auto kind : {UploadKind::session, UploadKind::single}) {
    for (const auto call : {Call::sync_data, Call::sync_directory}) {
      Machine machine;
      ASSERT_TRUE(machine.boot());
      machine.fs.inject({.at = 1, .only = call});
      const auto info = push(*machine.store, kind, "content", digest_of("content"));
      ASSERT_FALSE(info);
      EXPECT_EQ(info.error().code(), ErrorCode::io_error);
      EXPECT_EQ(content_of(*machine.store, digest_of("content")), std::nullopt);
      EXPECT_TRUE(machine.uploads_empty());
      ASSERT_TRUE(push(*machine.store, kind, "content", digest_of("content")));
      machine.fs.drop_unsynced();
      ASSERT_TRUE(machine.boot());
      EXPECT_EQ(content_of(*machine.store, digest_of("content")), "content");
    }
  }
}

TEST(StoreFault, AFailedSecondPushLeavesTheFirst) {
  const auto digest = digest_of("content");
  for (const auto kind : {UploadKind::session, UploadKind::single}) {
    for (const auto repeat : {Repeat::once, Repeat::from_then_on}) {
      bool struck = true;
      for (std::uint64_t n = 1; struck; ++n) {
        Machine machine;
        ASSERT_TRUE(machine.boot());
        ASSERT_TRUE(push(*machine.store, kind, "content", digest));
        machine.fs.inject({.at = n, .repeat = repeat});
        (void)push(*machine.store, kind, "content", digest);
        struck = machine.fs.struck();
        EXPECT_EQ(content_of(*machine.store, digest), "content") << n;
        machine.store.reset();
        machine.fs.clear_faults();
        machine.fs.drop_unsynced();
        ASSERT_TRUE(machine.boot());
        EXPECT_EQ(content_of(*machine.store, digest), "content") << n;
      }
    }
  }
}

TEST(StoreFault, ADiskThatCannotBeReadIsSaidSo) {
  Machine machine;
  ASSERT_TRUE(machine.boot());
  auto upload = machine.store->begin_upload(owner(), HashAlgorithm::sha256);
  ASSERT_TRUE(upload);
  const auto id = (*upload)->status().id;
  ASSERT_TRUE((*upload)->append(base::as_bytes("abc")));
  upload->reset();
  for (std::uint64_t n = 1; n <= 2; ++n) {  // the session, the data
    machine.fs.inject({.at = n, .only = Call::read});
    const auto resumed = machine.store->resume_upload(id);
    ASSERT_FALSE(resumed);
    EXPECT_EQ(resumed.error().code(), ErrorCode::io_error);
  }
  machine.fs.inject({.at = 1, .only = Call::read});
  EXPECT_EQ(machine.store->get_upload(id).error().code(), ErrorCode::io_error);
  upload = machine.store->resume_upload(id);  // the session took no harm
  ASSERT_TRUE(upload);
  // A digest of the other algorithm reads the data once more.
  machine.fs.inject({.at = 1, .only = Call::read});
  EXPECT_EQ((*upload)->commit(digest_of("abc", HashAlgorithm::sha512)).error().code(), ErrorCode::io_error);
  EXPECT_EQ(content_of(*machine.store, digest_of("abc", HashAlgorithm::sha512)), std::nullopt);
}

// From the n-th call on the process is dead; the machine lives on.
TEST(StoreFault, AProcessKilledAtAnyCall) {
  const std::uint64_t calls = calls_of_the_script();
  int sessions = 0;
  for (std::uint64_t n = 1; n <= calls; ++n) {
    SCOPED_TRACE("killed before call " + std::to_string(n));
    Machine machine;
    StoreScript script;
    run_with(machine, script, {.at = n, .repeat = Repeat::from_then_on});
    machine.store.reset();
    machine.fs.clear_faults();
    ASSERT_TRUE(machine.boot());
    script.check(*machine.store, Strictness::acknowledged);
    sessions += script.finish_sessions(*machine.store);
    script.check(*machine.store, Strictness::acknowledged);
    expect_recovery(machine, script);
    if (::testing::Test::HasFailure()) break;
  }
  EXPECT_GT(sessions, 20);  // most kills hit an open session, and all that was in it counts
}

class PowerLoss : public ::testing::TestWithParam<Loss> {};

// From the n-th call on nothing reaches the disk, and what was not synced before is gone, in whole or in half.
TEST_P(PowerLoss, AtAnyCall) {
  const std::uint64_t calls = calls_of_the_script();
  for (std::uint64_t n = 1; n <= calls + 1; ++n) {
    SCOPED_TRACE("power lost before call " + std::to_string(n));
    Machine machine;
    StoreScript script;
    run_with(machine, script, {.at = n, .repeat = Repeat::from_then_on});
    machine.store.reset();
    machine.fs.clear_faults();
    machine.fs.drop_unsynced(GetParam());
    ASSERT_TRUE(machine.boot());
    script.check(*machine.store, Strictness::acknowledged);
    script.finish_sessions(*machine.store);
    script.check(*machine.store, Strictness::acknowledged);
    expect_recovery(machine, script);
    if (::testing::Test::HasFailure()) break;
  }
}

std::string loss_name(const ::testing::TestParamInfo<Loss>& info) {
  constexpr const char* kNames[] = {"DataAndNames", "Data", "Names"};
  return kNames[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Store, PowerLoss, ::testing::Values(Loss::data_and_names, Loss::data, Loss::names), loss_name);

}  // namespace
}  // namespace berth::test
