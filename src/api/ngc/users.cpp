#include "api/ngc/users.h"

#include <algorithm>

#include "api/accounts.h"
#include "api/ngc/answers.h"
#include "api/ngc/documents.h"
#include "api/ngc/invitations.h"
#include "api/ngc/roles.h"

namespace berth::api::ngc {

using auth::Action;
using base::ErrorCode;
using base::OrderedJson;
using base::Result;
using catalog::Role;
using service::Members;
using service::Person;
using service::PersonName;
using service::RolePlace;

namespace {

// Where a call changes something, and whom it means.
struct Target {
  RolePlace place;
  PersonName name;
};

Result<Target> target_of(const Call& call) {
  Target target;
  BERTH_TRY(target.place, place_of(call));
  BERTH_TRY(const auto text, call.path_text("user"));
  BERTH_TRY(target.name, parse_person(text));
  return target;
}

// In a team, the roles in that team alone: what somebody may elsewhere is not the team's matter.
Person seen_from(Person person, const RolePlace& place) {
  if (!place.team.empty()) std::erase_if(person.roles, [&](const auto& role) { return role.team.name != place.team; });
  return person;
}

base::Error no_such_user(const Target& target) {
  const auto& [place, name] = target;
  return {ErrorCode::object_unknown,
          "there is no user " + name.text() + " in " + place.org + (place.team.empty() ? "" : '/' + place.team)};
}

// The user as he is now; without roles when the last one was taken.
Result<Answer> user_answer(const Call& call, const Members& members, const RolePlace& place, const catalog::User& user) {
  auto person = members.get_person(place.org, {user.id, {}});
  if (!person && person.error().code() != ErrorCode::object_unknown) return base::fail(std::move(person).error());
  return answer(call, {{"user", document_of(seen_from(person ? std::move(*person) : Person{user, {}}, place))}});
}

// Somebody of the organisation. An account from outside of it is found by a platform administrator alone: for everybody else it is as if it
// were not there.
Result<Person> find_person(const Services& services, const Call& call, const Members& members, const Target& target) {
  auto person = members.get_person(target.place.org, target.name);
  if (person || person.error().code() != ErrorCode::object_unknown || !is_administrator(services, call)) return person;
  BERTH_TRY(auto account, members.find_account(target.name));
  if (!account) return person;
  BERTH_TRY([[maybe_unused]] const auto org, members.get_org(target.place.org));
  return Person{std::move(*account), {}};
}

// The query's `q`, a JSON object; null when there is none.
Result<base::Json> find_q(const Query& query) {
  BERTH_TRY(const auto text, query.find("q"));
  if (!text) return base::Json();
  BERTH_TRY(auto q, base::parse_json(*text));
  if (q.is_object()) return q;
  return base::fail(ErrorCode::parameter_invalid, R"(q must be {"filters":[{"field":"email","value":"…"}]})");
}

// One entry of `filters` or `orderBy`: {"field":"email"|"name","value":"…"}.
struct FieldValue {
  enum class Field : std::uint8_t { name, email } field = Field::name;
  std::string value;
};

Result<std::vector<FieldValue>> fields_of(const base::Json& q, const char* member) {
  std::vector<FieldValue> all;
  const auto list = q.is_object() ? q.find(member) : q.end();
  if (list == q.end()) return all;
  if (!list->is_array()) return base::fail(ErrorCode::parameter_invalid, "q." + std::string(member) + " must be a list");
  for (const auto& one : *list) {
    const bool good = one.is_object() && one.contains("field") && one.contains("value");
    const bool email = good && one["field"] == "email";
    if (!email && !(good && one["field"] == "name")) {
      return base::fail(ErrorCode::parameter_invalid,
                        "an entry of q." + std::string(member) + " has a field, which is email or name, and a value");
    }
    BERTH_TRY(auto value, text_of_member("value", one["value"]));
    all.push_back({email ? FieldValue::Field::email : FieldValue::Field::name, std::move(value)});
  }
  return all;
}

// Equal, not alike.
Result<service::PeopleFilter> filter_of(const Query& query, const base::Json& q) {
  service::PeopleFilter filter;
  BERTH_TRY(const auto team, query.find("exclude-from-team"));
  filter.not_in_team = team.value_or("");
  BERTH_TRY(const auto filters, fields_of(q, "filters"));
  for (const auto& [field, value] : filters) {
    if (field == FieldValue::Field::name) {
      filter.name = value;
      continue;
    }
    BERTH_TRY(filter.email, service::parse_email(value));
  }
  return filter;
}

// The first entry counts: what is alike in it is in the order of ids.
Result<service::PeopleOrder> order_of(const base::Json& q) {
  service::PeopleOrder order;
  BERTH_TRY(const auto entries, fields_of(q, "orderBy"));
  if (entries.empty()) return order;
  const auto& [field, value] = entries.front();
  using By = service::PeopleOrder::By;
  using Direction = service::PeopleOrder::Direction;
  order.by = field == FieldValue::Field::name ? By::name : By::email;
  if (value != "ASC" && value != "DESC") {
    return base::fail(ErrorCode::parameter_invalid, "the value of an entry of q.orderBy is ASC or DESC");
  }
  order.direction = value == "ASC" ? Direction::ascending : Direction::descending;
  return order;
}

// The invitation that stands for whom the call means, when there is one at exactly this place.
Result<std::optional<catalog::Invitation>> find_invitation(const Services& services, const Call& call, const Target& target) {
  if (target.name.email.empty()) return std::nullopt;
  BERTH_TRY(const auto invitations, invitations_of(services, call));
  return invitations.find(target.place, target.name.email);
}

std::vector<Role> joined(std::vector<Role> roles, const std::vector<Role>& more) {
  for (const auto role : more) {
    if (std::find(roles.begin(), roles.end(), role) == roles.end()) roles.push_back(role);
  }
  return roles;
}

bool is_missing(const Result<Person>& person) { return !person && person.error().code() == ErrorCode::object_unknown; }

}  // namespace

Result<Answer> list_users(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto place, place_of(call));
  BERTH_TRY(const auto page, parse_page(call.query));
  BERTH_TRY(const auto query, Query::parse_form(call.request.query()));
  BERTH_TRY(const auto q, find_q(query));
  BERTH_TRY(const auto filter, filter_of(query, q));
  BERTH_TRY(const auto order, order_of(q));
  const auto members = accounts.members();
  BERTH_TRY(const auto ids, members.list_ids(place, filter, order));
  auto users = OrderedJson::array();
  for (const auto id : slice(ids, page)) {
    auto person = members.get_person(place.org, {id, {}});
    if (person) users.push_back(document_of(seen_from(std::move(*person), place)));
    // Who left meanwhile is left out.
    else if (person.error().code() != ErrorCode::object_unknown)
      return base::fail(std::move(person).error());
  }
  return answer(call, {{"users", std::move(users)}, {"paginationInfo", pagination_info(page, ids.size())}});
}

// Who may give roles in a team sees of the organisation's people what that takes; everybody else the team's.
Result<Answer> get_user(const Services& services, Call& call) {
  BERTH_TRY(auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto target, target_of(call));
  const auto& place = target.place;
  BERTH_TRY(auto person, accounts.members().get_person(place.org, target.name));
  const bool may_see =
      is_in(person, place) || services.policy.check(call.principal, Action::users_role, {{}, place.org, place.team});
  if (!may_see) return base::fail(no_such_user(target));
  return answer(call, {{"user", document_of(seen_from(std::move(person), place))}});
}

// Body: email, name, roleTypes. Who is not in the organisation is invited.
Result<Answer> add_user(const Services& services, Call& call) {
  BERTH_TRY(const auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto place, place_of(call));
  BERTH_TRY(auto fields, BodyFields::parse(call));
  BERTH_TRY(const auto text, fields.get_line("email"));
  BERTH_TRY(const auto email, service::parse_email(text));
  BERTH_TRY(const auto name, fields.find_line("name"));
  BERTH_TRY(const auto names, fields.find_texts("roleTypes"));
  BERTH_TRY(const auto roles, parse_roles(names));
  if (roles.empty()) return base::fail(ErrorCode::parameter_invalid, "roleTypes must name at least one role");
  BERTH_CHECK_OK(check_roles(services, call, place, roles));
  const auto members = accounts.members();
  const auto person = find_person(services, call, members, {place, {0, email}});
  if (is_missing(person)) return invite_one(services, call, place, email, name.value_or(""), roles);
  if (!person) return base::fail(person.error());
  if (is_in(*person, place)) {
    return base::fail(ErrorCode::already_exists,
                      "user " + email + " is there already; roles are changed by add-role and update-role");
  }
  BERTH_CHECK_OK(members.change_roles(place, person->user.id, roles, {}));
  return user_answer(call, members, place, person->user);
}

// Who is not in the organisation is invited; whoever is invited already gets the roles with a new link.
Result<Answer> add_roles(const Services& services, Call& call) {
  BERTH_TRY(const auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto target, target_of(call));
  BERTH_TRY(const auto roles, parse_roles(call.query));
  BERTH_CHECK_OK(check_roles(services, call, target.place, roles));
  const auto members = accounts.members();
  const auto person = find_person(services, call, members, target);
  if (is_missing(person) && !target.name.email.empty()) {
    BERTH_TRY(const auto invitation, find_invitation(services, call, target));
    if (invitation) return set_roles_of(services, call, *invitation, joined(invitation->roles, roles));
    return invite_one(services, call, target.place, target.name.email, {}, roles);
  }
  if (!person) return base::fail(person.error());
  BERTH_CHECK_OK(members.change_roles(target.place, person->user.id, roles, {}));
  return user_answer(call, members, target.place, person->user);
}

// The roles at the place are these from now on. What goes is what was seen: a role that is given meanwhile stays.
Result<Answer> set_roles(const Services& services, Call& call) {
  BERTH_TRY(const auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto target, target_of(call));
  BERTH_TRY(const auto roles, parse_roles(call.query));
  const auto members = accounts.members();
  BERTH_TRY(const auto invitation, find_invitation(services, call, target));
  auto found = find_person(services, call, members, target);
  if (is_missing(found) && invitation) return set_roles_of(services, call, *invitation, roles);
  BERTH_TRY(const auto person, std::move(found));
  auto gone = roles_at(person, target.place);
  std::vector<Role> fresh;
  std::copy_if(roles.begin(), roles.end(), std::back_inserter(fresh),
               [&](Role role) { return std::find(gone.begin(), gone.end(), role) == gone.end(); });
  std::erase_if(gone, [&](Role role) { return std::find(roles.begin(), roles.end(), role) != roles.end(); });
  BERTH_CHECK_OK(check_roles(services, call, target.place, fresh));
  BERTH_CHECK_OK(check_roles(services, call, target.place, gone));
  BERTH_CHECK_OK(members.change_roles(target.place, person.user.id, fresh, gone));
  return user_answer(call, members, target.place, person.user);
}

Result<Answer> remove_roles(const Services& services, Call& call) {
  BERTH_TRY(const auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto target, target_of(call));
  BERTH_TRY(const auto roles, parse_roles(call.query));
  BERTH_CHECK_OK(check_roles(services, call, target.place, roles));
  const auto members = accounts.members();
  auto found = members.get_person(target.place.org, target.name);
  BERTH_TRY(const auto invitation, find_invitation(services, call, target));
  if (is_missing(found) && invitation) {
    BERTH_CHECK_OK(check_roles(services, call, target.place, invitation->roles));
    BERTH_TRY(const auto invitations, invitations_of(services, call));
    BERTH_CHECK_OK(invitations.narrow(*invitation, roles));
    return answer(call, {{"user", {{"email", invitation->email}, {"name", invitation->name}, {"isActive", false}}}});
  }
  BERTH_TRY(const auto person, std::move(found));
  BERTH_CHECK_OK(members.change_roles(target.place, person.user.id, {}, roles));
  return user_answer(call, members, target.place, person.user);
}

Result<Answer> remove_user(const Services& services, Call& call) {
  BERTH_TRY(const auto accounts, accounts_of(services, call));
  BERTH_TRY(const auto target, target_of(call));
  const auto members = accounts.members();
  BERTH_TRY(const auto person, members.get_person(target.place.org, target.name));
  if (!is_in(person, target.place)) return base::fail(no_such_user(target));
  BERTH_CHECK_OK(check_roles(services, call, target.place, roles_at(person, target.place)));
  BERTH_CHECK_OK(members.remove(target.place, person));
  return answer(call);
}

}  // namespace berth::api::ngc
