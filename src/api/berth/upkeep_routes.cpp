// The life of bytes: collection, and the history of a repository with its way back.
#include "api/answers.h"
#include "api/berth/face.h"
#include "api/call.h"
#include "berth/api/application.h"
#include "berth/api/upkeep_documents.h"
#include "berth/base/bytes.h"

namespace berth::api {

namespace {

using base::ErrorCode;
using base::OrderedJson;
using http::Method;

// --- Collection ------------------------------------------------------------------------------------------------------------------

base::Result<Answer> run_collection(const Services& services, Call& call) {
  BERTH_TRY(const auto dry_run, call.query.find_flag("dry_run"));
  if (dry_run.value_or(false)) {
    BERTH_TRY(const auto forecast, services.collector.forecast());
    return json_answer(200, document_of(forecast));
  }
  services.audit.note({.kind = service::AuditKind::gc_run, .by = call.origin(), .org = {}, .subject = "registry", .detail = {}});
  BERTH_TRY(const auto round, services.collector.run_round());
  return json_answer(200, document_of(round));
}

// --- History ---------------------------------------------------------------------------------------------------------------------

std::string history_of(const Services& services, const Call& call) {
  return services.links.prefixed("/api/v1/repositories/") + call.repository().text() + "/-/history";
}

base::Result<Answer> get_history(const Services& services, Call& call) {
  BERTH_TRY(const auto paging, parse_paging(call.query));
  std::int64_t before = 0;
  if (!paging.after.empty()) {
    BERTH_TRY(before, parse_id(paging.after, ErrorCode::parameter_invalid, "an event"));
  }
  if (paging.limit == 0)
    return json_answer(200, OrderedJson{{"name", call.repository().text()}, {"events", OrderedJson::array()}});
  BERTH_TRY(const auto page, services.undo.list(call.repository(), before, paging.limit));
  auto events = OrderedJson::array();
  for (const auto& event : page.events) events.push_back(document_of(event));
  auto response = json_answer(200, OrderedJson{{"name", call.repository().text()}, {"events", std::move(events)}});
  if (page.more) {
    response.fields.add("Link", '<' + history_of(services, call) + "?last=" + std::to_string(page.events.back().id) +
                                    "&n=" + std::to_string(paging.limit) + ">; rel=\"next\"");
  }
  return response;
}

base::Result<Answer> restore_event(const Services& services, Call& call) {
  BERTH_TRY(const auto id, parse_id(call.path_value("id"), ErrorCode::event_unknown, "an event"));
  BERTH_TRY(const auto restored, services.undo.restore(call.repository(), id, call.origin()));
  return json_answer(200, document_of(call.repository(), restored));
}

base::Result<Answer> delete_repository(const Services& services, Call& call) {
  BERTH_TRY(const auto event, services.undo.delete_repository(call.repository(), call.origin()));
  auto response = json_answer(202, OrderedJson{{"name", call.repository().text()}, {"event", event}});
  response.fields.add("Location", history_of(services, call) + '/' + std::to_string(event) + "/restore");
  return response;
}

// "2026-11-24" of days since 1970-01-01.
std::string day_text(std::int64_t day) {
  return base::format_rfc3339(base::from_unix_micros(day * 24 * 3600 * 1'000'000)).substr(0, 10);
}

base::Result<Answer> get_pulls(const Services& services, Call& call) {
  BERTH_TRY(const auto text, call.query.find("reference"));
  if (!text) return base::fail(ErrorCode::parameter_invalid, "reference is missing: a tag or a digest");
  BERTH_TRY(const auto reference, oci::parse_reference(*text));
  BERTH_TRY(const auto pulls, services.undo.find_pulls(call.repository(), reference));
  OrderedJson json = {{"name", call.repository().text()}, {"reference", *text}, {"count", pulls ? pulls->count : 0}};
  auto days = OrderedJson::array();
  if (pulls) {
    json["last"] = base::format_rfc3339(pulls->last);
    for (const auto& day : pulls->days) days.push_back({{"day", day_text(day.day)}, {"count", day.count}});
  }
  json["days"] = std::move(days);
  return json_answer(200, json);
}

}  // namespace

const std::vector<Route>& upkeep_routes() {
  using enum ErrorCode;
  static const std::vector<Route> kRoutes = {
      {
          .name = "system.gc",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::post},
          .path = "/api/v1/system/gc",
          .access = Access::registry(auth::Action::system_gc),
          .body = BodyRule::none(),
          .parameters = {{"dry_run", Parameter::Where::query, "true or false", "Says what would go, and removes nothing."}},
          .replies = {{200, "application/json", "What one round removed, or would remove, and whether there is more.", ""}},
          .errors = {parameter_invalid},
          .summary = "Collect what nothing needs any more",
          .handler = run_collection,
      },
      {
          .name = "repository.delete",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::delete_},
          .path = "/api/v1/repositories/{name}",
          .access = Access::repository(auth::Action::registry_delete),
          .body = BodyRule::none(),
          .replies = {{202, "application/json", "Deleted; Location restores it for as long as undo_window.", "Location"}},
          .errors = {name_invalid, name_reserved, repository_unknown, tag_immutable},
          .summary = "Delete a repository and everything in it",
          .handler = delete_repository,
      },
      {
          .name = "repository.history",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::get},
          .path = "/api/v1/repositories/{name}/-/history",
          .access = Access::repository(auth::Action::registry_push),  // it tells who did what: for those who may take it back
          .body = BodyRule::none(),
          .parameters = {{"n", Parameter::Where::query, "whole number", "Events at most."},
                         {"last", Parameter::Where::query, "event id", "Events before this one."}},
          .replies = {{200, "application/json", "Changes of tags, deletions and restorations, newest first.", "Link"}},
          .errors = {name_invalid, name_reserved, repository_unknown, pagination_invalid, parameter_invalid},
          .summary = "What happened in a repository",
          .handler = get_history,
      },
      {
          .name = "repository.restore",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::post},
          .path = "/api/v1/repositories/{name}/-/history/{id}/restore",
          .access = Access::repository(auth::Action::registry_push),
          .body = BodyRule::none(),
          .replies = {{200, "application/json", "What is there again; tags_left are tags that point elsewhere by now.", ""}},
          .errors = {name_invalid, name_reserved, event_unknown, restore_impossible},
          .summary = "Take a deletion or the move of a tag back",
          .handler = restore_event,
      },
      {
          .name = "repository.pulls",
          .spec = "CONTRACTS.md, Addresses",
          .methods = {Method::get},
          .path = "/api/v1/repositories/{name}/-/pulls",
          .access = Access::repository(auth::Action::registry_pull),
          .body = BodyRule::none(),
          .parameters = {{"reference", Parameter::Where::query, "tag or digest", "What was pulled."}},
          .replies = {{200, "application/json", "How often, when last, and how often on each day (UTC); a second late at most.",
                       ""}},
          .errors = {name_invalid, name_reserved, parameter_invalid, tag_invalid, digest_invalid, digest_unsupported},
          .summary = "How often a tag or manifest was pulled",
          .handler = get_pulls,
      },
  };
  return kRoutes;
}

}  // namespace berth::api
