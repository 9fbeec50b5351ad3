#include "auth/token_scopes.h"

#include <algorithm>

#include "berth/oci/names.h"

namespace berth::auth {

namespace {

constexpr std::size_t kMostItems = 32;  // a token of so many of the longest names is still short enough to be sent

ActionSet actions_of(std::string_view list) {
  ActionSet actions;
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto word = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    if (word == "pull" || word == "*") actions.add(Action::registry_pull);
    if (word == "push" || word == "*") actions.add(Action::registry_push);
    if (word == "delete" || word == "*") actions.add(Action::registry_delete);
  }
  return actions;
}

void take_repository(std::string_view rest, WantedScopes& wanted) {
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) return;
  const auto name = rest.substr(0, colon);
  const auto actions = actions_of(rest.substr(colon + 1));
  if (actions.empty() || !oci::RepositoryName::parse(name)) return;
  const auto same =
      std::find_if(wanted.items.begin(), wanted.items.end(), [&](const auto& item) { return item.repository == name; });
  if (same == wanted.items.end()) {
    if (wanted.items.size() < kMostItems) wanted.items.push_back({std::string(name), actions});
    return;
  }
  for (const auto action : {Action::registry_pull, Action::registry_push, Action::registry_delete}) {
    if (actions.has(action)) same->actions.add(action);
  }
}

void take(std::string_view scope, WantedScopes& wanted) {
  if (scope.starts_with("group/ngc")) {
    wanted.groups = true;
  } else if (scope == "registry:catalog:*") {
    wanted.catalog = true;
  } else if (scope.starts_with("repository:")) {
    take_repository(scope.substr(11), wanted);
  } else if (scope.starts_with("repository(")) {
    const auto end = scope.find("):");
    if (end != std::string_view::npos) take_repository(scope.substr(end + 2), wanted);
  }
}

}  // namespace

WantedScopes parse_scopes(const std::vector<std::string>& scopes) {
  WantedScopes wanted;
  for (std::string_view text : scopes) {
    while (!text.empty()) {
      const auto space = text.find(' ');
      take(text.substr(0, space), wanted);
      text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
    }
  }
  return wanted;
}

std::string format_scope(const TokenScope& scope) {
  std::string text;
  for (const auto& item : scope.items) {
    std::string actions;
    const auto add = [&](Action action, std::string_view word) {
      if (item.actions.has(action)) actions += (actions.empty() ? "" : ",") + std::string(word);
    };
    add(Action::registry_pull, "pull");
    add(Action::registry_push, "push");
    add(Action::registry_delete, "delete");
    if (!actions.empty()) text += (text.empty() ? "" : " ") + ("repository:" + item.repository + ':' + actions);
  }
  if (scope.catalog) text += std::string(text.empty() ? "" : " ") + "registry:catalog:*";
  return text;
}

}  // namespace berth::auth
