// Accounts as JSON, field by field: what is not named here is not shown. Pure.
#pragma once

#include "berth/base/clock.h"
#include "berth/base/json.h"
#include "berth/service/accounts.h"

namespace berth::api {

// {"user":{…}|null,"key":{…}|null,"actions":[…],"orgs":[{"name","display_name","roles","actions","teams":[{"name","roles","actions"}]}]}
base::OrderedJson document_of(const service::Self& self, base::TimePoint now);
// {"id","kind","name","org","actions","repositories","created","expires","revoked","last_used","state"}; state: live, over or revoked.
base::OrderedJson document_of(const service::Key& key, base::TimePoint now);
// {"id","key","nvapi"}: shown once.
base::OrderedJson document_of(const service::MadeKey& made);

}  // namespace berth::api
