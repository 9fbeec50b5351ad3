// The words of store and catalog that callers of services use too, so that nobody above looks past the services.
#pragma once

#include "berth/catalog/audit.h"
#include "berth/catalog/catalog.h"
#include "berth/catalog/collection.h"
#include "berth/catalog/history.h"
#include "berth/catalog/subjects.h"
#include "berth/catalog/usage.h"
#include "berth/store/blob_store.h"

namespace berth::service {

using store::BlobReader;
using store::UploadId;
using store::UploadStatus;

using catalog::AuditEvent;
using catalog::AuditField;
using catalog::AuditKind;
using catalog::AuditOutcome;
using catalog::AuditPage;
using catalog::AuditQuery;
using catalog::Candidate;
using catalog::Event;
using catalog::EventKind;
using catalog::EventPage;
using catalog::find_audit_kind;
using catalog::Forecast;
using catalog::ManifestInfo;
using catalog::NamePage;
using catalog::org_subject;
using catalog::Origin;
using catalog::PullStatistics;
using catalog::Referrer;
using catalog::ReferrerPage;
using catalog::repository_subject;
using catalog::Restored;
using catalog::StoredManifest;
using catalog::TagCondition;
using catalog::user_subject;

}  // namespace berth::service
