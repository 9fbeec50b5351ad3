// Operations: /healthz, /readyz, /metrics, /openapi.json.
#include "api/answers.h"
#include "api/berth/face.h"
#include "berth/api/application.h"
#include "berth/api/documents.h"
#include "berth/base/metrics.h"
#include "berth/base/synced.h"
#include "berth/base/text_map.h"

namespace berth::api {

namespace {

using http::Method;

// The state of every check; the daemon's own reasons are for its operator, so this face belongs on a private listener.
base::OrderedJson health_document(const Services& services) {
  auto checks = base::OrderedJson::object();
  for (const auto& state : services.health.states()) {
    auto check = base::OrderedJson{{"good", state.good}};
    if (!state.good) check["reason"] = state.reason;
    checks[std::string(service::health_check_name(state.check))] = std::move(check);
  }
  return checks;
}

base::Result<Answer> get_health(const Services& services, Call&) {
  const auto writable = services.write_gate.check();
  // Read-only by the operator's will is no trouble.
  const bool good = services.health.good() && (writable || services.write_gate.set_by_operator());
  base::OrderedJson document{{"status", good ? "good" : "bad"}, {"mode", writable ? "read-write" : "read-only"}};
  if (!writable) document["mode_reason"] = writable.error().message();
  document["checks"] = health_document(services);
  return json_answer(good ? 200 : 503, document);
}

base::Result<Answer> get_ready(const Services& services, Call&) {
  const bool draining = services.health.draining();
  const bool ready = services.catalog_probe.run().has_value() && !draining;
  return json_answer(ready ? 200 : 503, base::OrderedJson{{"status", ready      ? "ready"
                                                                     : draining ? "draining"
                                                                                : "not ready"},
                                                          {"checks", health_document(services)}});
}

base::Result<Answer> get_metrics(const Services&, Call&) {
  http::Response response;
  response.fields.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.body = base::metrics::expose();
  return response;
}

// Made when it is first asked for; one for each prefix, of which a daemon has one.
std::shared_ptr<const std::string> openapi_behind(const std::string& prefix) {
  static base::Synced<base::TextMap<std::shared_ptr<const std::string>>> documents;
  return documents.with([&](auto& known) {
    auto& document = known[prefix];
    if (!document) document = std::make_shared<const std::string>(openapi_json(prefix));
    return document;
  });
}

base::Result<Answer> get_openapi(const Services& services, Call&) {
  http::Response response;
  response.fields.add("Content-Type", "application/json");
  response.body = openapi_behind(services.links.prefix);
  return response;
}

const std::vector<Route>& berth_routes() {
  static const std::vector<Route> kRoutes = {
      {
          .name = "ops.health",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::get, Method::head},
          .path = "/healthz",
          .access = Access::everyone(),
          .body = BodyRule::none(),
          .replies = {{200, "application/json", "Every check is good.", ""},
                      {503, "application/json", "A check is bad; the body says which and why.", ""}},
          .summary = "Is the daemon well",
          .handler = get_health,
          .place = Place::operations,
      },
      {
          .name = "ops.ready",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::get, Method::head},
          .path = "/readyz",
          .access = Access::everyone(),
          .body = BodyRule::none(),
          .replies = {{200, "application/json", "Send requests here.", ""},
                      {503, "application/json", "Draining, or the catalog does not answer.", ""}},
          .summary = "Should requests be sent here",
          .handler = get_ready,
          .place = Place::operations,
      },
      {
          .name = "ops.metrics",
          .spec = "Prometheus text format 0.0.4",
          .methods = {Method::get, Method::head},
          .path = "/metrics",
          .access = Access::everyone(),
          .body = BodyRule::none(),
          .replies = {{200, "text/plain", "Every metric of docs/metrics.md.", ""}},
          .summary = "Metrics for Prometheus",
          .handler = get_metrics,
          .place = Place::operations,
      },
      {
          .name = "ops.openapi",
          .spec = "OpenAPI 3.1",
          .methods = {Method::get, Method::head},
          .path = "/openapi.json",
          .access = Access::everyone(),
          .body = BodyRule::none(),
          .replies = {{200, "application/json", "This API.", ""}},
          .summary = "The API as an OpenAPI document",
          .handler = get_openapi,
      },
  };
  return kRoutes;
}

}  // namespace

Face berth_face() {
  static const std::vector<Route> kAll = [] {
    std::vector<Route> all = berth_routes();
    for (const auto* rows : {&upkeep_routes(), &retention_routes(), &me_routes(), &session_routes(), &key_routes(),
                             &openness_routes(), &audit_routes(), &invitation_routes()}) {
      all.insert(all.end(), rows->begin(), rows->end());
    }
    return all;
  }();
  return {"berth", kAll, render_problem, Slash::exact, Prefix::applies};
}

}  // namespace berth::api
