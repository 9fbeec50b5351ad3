// Organisations, teams, users and roles as NGC's clients read them (facts/ngc.md 1.4, Shapes): ids are numbers, dates have milliseconds.
// Only what is listed here leaves the daemon; rows are never shown as they are.
#pragma once

#include <span>

#include "berth/base/json.h"
#include "berth/service/members.h"

namespace berth::api::ngc {

base::OrderedJson document_of(const catalog::Org& org);
base::OrderedJson document_of(const catalog::Team& team);
// Roles of one place each: {"org","orgRoles"} or {"org","team","teamRoles"}.
base::OrderedJson document_of(std::span<const catalog::PlacedRole> roles);
base::OrderedJson document_of(const service::Person& person);
// OWNER, ADMIN or MEMBER: the most that these roles make of somebody.
std::string_view nca_role(std::span<const catalog::PlacedRole> roles);
// Every role and what it allows.
base::OrderedJson roles_document();

}  // namespace berth::api::ngc
