// The whole API as an http::Handler: match → limits → authenticate → authorize → decode → handle → encode → account.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "berth/api/links.h"
#include "berth/auth/access.h"
#include "berth/http/handler.h"
#include "berth/service/accounts.h"
#include "berth/service/audit.h"
#include "berth/service/collector.h"
#include "berth/service/health.h"
#include "berth/service/invitations.h"
#include "berth/service/pull.h"
#include "berth/service/push.h"
#include "berth/service/retention.h"
#include "berth/service/sessions.h"
#include "berth/service/undo.h"
#include "berth/service/write_gate.h"

namespace berth::api {

// What handlers may call. References outlive the application.
struct Services {
  service::BlobPush& blob_push;
  service::ManifestPush& manifest_push;
  service::BlobPull& blob_pull;
  service::ManifestPull& manifest_pull;
  service::Listing& listing;
  service::Undo& undo;
  service::RetentionService& retention;
  service::Collector& collector;
  service::Health& health;
  const service::CatalogProbe& catalog_probe;
  const service::WriteGate& write_gate;
  const service::Freshness& freshness;
  const auth::Policy& policy;
  service::Audit& audit;
  service::Accounts* accounts = nullptr;  // with --open there are none
  service::Invitations* invitations = nullptr;
  service::Sessions* sessions = nullptr;  // there when accounts are
  Links links = {};
};

// How answers are given again without asking anybody (src/api/memory.h).
struct RecallOptions {
  std::size_t bytes = 16 * 1024 * 1024;    // kept at most; 0: never
  std::chrono::milliseconds life{60'000};  // of one answer, even when nothing changes
};

// How much one caller may ask for; beyond it the answer is 429 with Retry-After. 0: no limit.
struct CallerLimitOptions {
  std::uint64_t requests_per_address = 0;  // a second
  std::uint64_t requests_per_principal = 0;
  std::uint64_t transfers_per_address = 0;  // at once: pushes, and pulls of blobs that are not answered from memory
  std::uint64_t transfers_per_principal = 0;
};

// Which routes an application answers. With a listener of their own for operators there are two applications.
enum class Surface : std::uint8_t {
  all,
  without_operations,
  operations,
};

// The services and their references outlive the result.
std::unique_ptr<http::Handler> make_application(Services services, RecallOptions recall = {}, CallerLimitOptions limits = {},
                                                Surface surface = Surface::all);

}  // namespace berth::api
