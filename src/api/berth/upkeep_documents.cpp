#include "berth/api/upkeep_documents.h"

namespace berth::api {

using base::OrderedJson;

namespace {

std::string_view kind_name(service::EventKind kind) {
  switch (kind) {
    case service::EventKind::tag_created: return "tag_created";
    case service::EventKind::tag_moved: return "tag_moved";
    case service::EventKind::tag_deleted: return "tag_deleted";
    case service::EventKind::manifest_deleted: return "manifest_deleted";
    case service::EventKind::manifest_restored: return "manifest_restored";
    case service::EventKind::repository_deleted: return "repository_deleted";
    case service::EventKind::repository_restored: return "repository_restored";
  }
  return "unknown";
}

}  // namespace

OrderedJson document_of(const service::Forecast& forecast) {
  auto first = OrderedJson::array();
  for (const auto& candidate : forecast.first) {
    const bool manifest = candidate.kind == service::Candidate::Kind::manifest;
    OrderedJson item = {{"kind", manifest ? "manifest" : "blob"}, {"digest", candidate.digest}, {"size", candidate.size}};
    if (manifest) item["repository"] = candidate.repository;
    first.push_back(std::move(item));
  }
  return {{"dry_run", true},
          {"manifests", forecast.total.manifests},
          {"blobs", forecast.total.blobs},
          {"blob_bytes", forecast.total.blob_bytes},
          {"links", forecast.total.links},
          {"reviewed", forecast.total.reviewed},
          {"waiting", {{"blobs", forecast.waiting.blobs}, {"bytes", forecast.waiting.bytes}}},
          {"first", std::move(first)}};
}

OrderedJson document_of(const service::CollectorRound& round) {
  return {{"dry_run", false},
          {"manifests", round.marked.manifests},
          {"blobs", round.marked.blobs},
          {"blob_bytes", round.marked.blob_bytes},
          {"links", round.marked.links},
          {"reviewed", round.marked.reviewed},
          {"expired", round.marked.expired},
          {"removed", {{"blobs", round.removed_blobs}, {"bytes", round.removed_bytes}}},
          {"quarantine_discarded", round.discarded},
          {"more", round.end != service::CollectorRound::End::done}};
}

OrderedJson document_of(const service::Event& event) {
  OrderedJson json = {{"id", event.id}, {"event", kind_name(event.kind)}};
  if (!event.tag.empty()) json["tag"] = event.tag;
  if (event.before) json["before"] = event.before->text();
  if (event.after) json["after"] = event.after->text();
  json["at"] = base::format_rfc3339(event.at);
  json["principal"] = event.principal;
  json["restorable"] = event.restorable;
  return json;
}

OrderedJson document_of(const oci::RepositoryName& repository, const service::Restored& restored) {
  OrderedJson json = {{"name", repository.text()}, {"restored", kind_name(restored.kind)}};
  if (restored.digest) json["digest"] = restored.digest->text();
  json["tags"] = restored.tags;
  json["tags_left"] = restored.tags_left;
  return json;
}

}  // namespace berth::api
