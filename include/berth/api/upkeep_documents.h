// Collection and history as JSON, the same for a client of the daemon and on the machine's command line. Pure.
#pragma once

#include "berth/base/json.h"
#include "berth/oci/names.h"
#include "berth/service/collector.h"
#include "berth/service/words.h"

namespace berth::api {

base::OrderedJson document_of(const service::Forecast& forecast);
base::OrderedJson document_of(const service::CollectorRound& round);
base::OrderedJson document_of(const service::Event& event);
base::OrderedJson document_of(const oci::RepositoryName& repository, const service::Restored& restored);

}  // namespace berth::api
