// The whole API as an http::Handler: match → limits → authenticate → authorize → decode → handle → encode → account.
#pragma once

#include <memory>
#include <string>

#include "berth/auth/access.h"
#include "berth/http/handler.h"
#include "berth/service/health.h"
#include "berth/service/pull.h"
#include "berth/service/push.h"
#include "berth/service/write_gate.h"

namespace berth::api {

// What handlers may call. References outlive the application.
struct Services {
  service::BlobPush& blob_push;
  service::ManifestPush& manifest_push;
  service::BlobPull& blob_pull;
  service::ManifestPull& manifest_pull;
  service::Listing& listing;
  service::Health& health;
  const service::CatalogProbe& catalog_probe;
  const service::WriteGate& write_gate;
  const auth::Policy& policy;
  std::string public_url = {};  // what clients call us; empty: the address that each of them used
};

// The services and their references outlive the result.
std::unique_ptr<http::Handler> make_application(Services services);

}  // namespace berth::api
