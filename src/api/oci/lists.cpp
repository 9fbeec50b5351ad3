// Listings: tags (end-8a, 8b), repositories (_catalog), referrers (end-12a, 12b).
#include <algorithm>

#include "api/answers.h"
#include "api/oci/handlers.h"
#include "berth/oci/media_type.h"

namespace berth::api::oci_handlers {

namespace {

// Link: </v2/…?last=…&n=…>; rel="next" (RFC 8288), relative so that any proxy in front keeps its own address.
void add_next(http::Response& response, std::string_view path, std::size_t limit, std::string_view last,
              std::string_view more = {}) {
  response.fields.add("Link", '<' + std::string(path) + "?last=" + encode_query_value(last) + "&n=" + std::to_string(limit) +
                                  std::string(more) + ">; rel=\"next\"");
}

// The repositories that the caller may list. What is in sight is nearly that; it is looked at until the page is full, as a page cut short
// would have to name, in its Link, a repository that the caller may not know of.
base::Result<service::NamePage> listed_repositories(const Services& services, const auth::Principal& principal,
                                                    const Paging& paging) {
  constexpr std::size_t kLeastStep = 100;
  const auto sight = services.policy.sight(principal);
  if (principal.kind == auth::Principal::Kind::open || paging.limit == 0) {
    return services.listing.repositories(sight, paging.after, paging.limit);
  }
  service::NamePage listed;
  std::string after = paging.after;
  while (true) {
    // One more than is missing, to know whether there is one.
    const auto step = std::max(kLeastStep, paging.limit - listed.names.size() + 1);
    BERTH_TRY(const auto page, services.listing.repositories(sight, after, step));
    for (const auto& name : page.names) {
      after = name;
      if (!services.policy.check(principal, auth::Action::registry_list, {name})) continue;
      if (listed.names.size() == paging.limit) {
        listed.more = true;
        return listed;
      }
      listed.names.push_back(name);
    }
    if (!page.more) return listed;
  }
}

base::OrderedJson referrer_descriptor(const service::Referrer& referrer) {
  base::OrderedJson json = {{"mediaType", referrer.media_type}, {"digest", referrer.digest.text()}, {"size", referrer.size}};
  if (!referrer.artifact_type.empty()) json["artifactType"] = referrer.artifact_type;
  if (!referrer.annotations.empty()) json["annotations"] = referrer.annotations;
  return json;
}

}  // namespace

base::Result<Answer> list_tags(const Services& services, Call& call) {
  BERTH_TRY(const auto paging, parse_paging(call.query));
  BERTH_TRY(const auto page, services.listing.tags(call.repository(), paging.after, paging.limit));
  auto response = json_answer(200, base::OrderedJson{{"name", call.repository().text()}, {"tags", page.names}});
  if (page.more) add_next(response, "/v2/" + call.repository().text() + "/tags/list", paging.limit, page.names.back());
  return response;
}

base::Result<Answer> list_repositories(const Services& services, Call& call) {
  BERTH_TRY(const auto paging, parse_paging(call.query));
  BERTH_TRY(const auto page, listed_repositories(services, call.principal, paging));
  auto response = json_answer(200, base::OrderedJson{{"repositories", page.names}});
  if (page.more) add_next(response, "/v2/_catalog", paging.limit, page.names.back());
  return response;
}

base::Result<Answer> list_referrers(const Services& services, Call& call) {
  BERTH_TRY(const auto subject, call.digest());
  BERTH_TRY(const auto paging, parse_paging(call.query));
  BERTH_TRY(const auto filter, call.query.find("artifactType"));
  const auto type = filter.value_or("");
  BERTH_TRY(const auto page, services.listing.referrers(call.repository(), subject, type, paging.after, paging.limit));
  auto manifests = base::OrderedJson::array();
  for (const auto& referrer : page.referrers) manifests.push_back(referrer_descriptor(referrer));
  auto response = json_answer(
      200,
      base::OrderedJson{{"schemaVersion", 2}, {"mediaType", oci::media_types::kImageIndex}, {"manifests", std::move(manifests)}},
      oci::media_types::kImageIndex);
  if (!type.empty()) response.fields.add("OCI-Filters-Applied", "artifactType");
  if (page.more) {
    add_next(response, "/v2/" + call.repository().text() + "/referrers/" + subject.text(), paging.limit,
             page.referrers.back().digest.text(), type.empty() ? "" : "&artifactType=" + encode_query_value(type));
  }
  return response;
}

}  // namespace berth::api::oci_handlers
