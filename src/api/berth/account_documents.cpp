#include "api/berth/account_documents.h"

#include "berth/auth/roles.h"

namespace berth::api {

using base::OrderedJson;

namespace {

OrderedJson time_or_null(const std::optional<base::TimePoint>& time) {
  if (!time) return nullptr;
  return base::format_rfc3339(*time);
}

OrderedJson names_of(auth::ActionSet actions) {
  auto names = OrderedJson::array();
  for (std::size_t i = 0; i < auth::kActionCount; ++i) {
    if (const auto action = static_cast<auth::Action>(i); actions.has(action)) names.push_back(auth::action_name(action));
  }
  return names;
}

std::string_view state_of(const service::Key& key, base::TimePoint now) {
  if (key.revoked) return "revoked";
  return key.expires && *key.expires <= now ? "over" : "live";
}

OrderedJson document_of(const service::Self::Part& part) { return {{"roles", part.roles}, {"actions", names_of(part.actions)}}; }

OrderedJson named(OrderedJson name, const OrderedJson& rest) {
  name.update(rest);
  return name;
}

}  // namespace

OrderedJson document_of(const service::Key& key, base::TimePoint now) {
  return {{"id", key.id},
          {"kind", service::key_kind_name(key.kind)},
          {"name", key.name},
          {"org", key.org_name.empty() ? OrderedJson(nullptr) : OrderedJson(key.org_name)},
          {"actions", key.actions},
          {"repositories", key.repositories},
          {"created", base::format_rfc3339(key.created)},
          {"expires", time_or_null(key.expires)},
          {"revoked", time_or_null(key.revoked)},
          {"last_used", time_or_null(key.last_used)},
          {"state", state_of(key, now)}};
}

OrderedJson document_of(const service::MadeKey& made) { return {{"id", made.id}, {"key", made.key}, {"nvapi", made.nvapi}}; }

OrderedJson document_of(const service::Self& self, base::TimePoint now) {
  OrderedJson user;
  if (self.user) {
    user = {{"id", self.user->id},
            {"email", self.user->email},
            {"name", self.user->name},
            {"administrator", self.user->rank == service::Rank::platform_administrator}};
  }
  auto orgs = OrderedJson::array();
  for (const auto& org : self.orgs) {
    auto teams = OrderedJson::array();
    for (const auto& team : org.teams) teams.push_back(named({{"name", team.name}}, document_of(team)));
    auto entry = named({{"name", org.name}, {"display_name", org.display_name}}, document_of(org));
    entry["teams"] = std::move(teams);
    orgs.push_back(std::move(entry));
  }
  return {{"user", std::move(user)},
          {"key", self.key ? document_of(*self.key, now) : OrderedJson(nullptr)},
          {"actions", names_of(self.actions)},
          {"orgs", std::move(orgs)}};
}

}  // namespace berth::api
