// Every row against its bytes: `berth verify`.
//
// What this is: a look that changes nothing, beside a running daemon or without one. What it is not: the scrub, which does a part of
// this all the time and takes what is damaged out of reach (jobs.h). A row that goes while it is looked at is no finding.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "berth/catalog/inspection.h"
#include "berth/service/audit_verify.h"
#include "berth/store/blob_store.h"

namespace berth::service {

struct Finding {
  enum class Kind : std::uint8_t { database, blob, manifest, reference, audit } kind;
  std::string
      subject;  // a digest, with the repository before it where there is one; "catalog.sqlite" for the database, "audit" for its log
  std::string message;  // what is wrong, and what heals it
};
std::string_view finding_kind_name(Finding::Kind kind);

struct VerifyReport {
  std::uint64_t blobs = 0;
  std::uint64_t manifests = 0;
  std::uint64_t references = 0;
  std::uint64_t bytes = 0;  // of blobs, read
  std::uint64_t audit_rows = 0;
  std::uint64_t audit_ahead = 0;  // rows that the head of the audit log does not know yet
  std::vector<Finding> findings;
};

enum class MissingBlobs : std::uint8_t { are_findings, are_allowed };

// `missing`: whether a manifest may name blobs that its repository lacks (setting sparse_indexes). `progress` is called now and then with what was looked at so far; may be empty.
// Errors: io_error, busy: then nobody knows. Damage is a finding, never an error.
base::Result<VerifyReport> verify(catalog::Inspection& catalog, const store::BlobStore& store, MissingBlobs missing,
                                  const std::function<void(const VerifyReport&)>& progress);

// The audit log's part, added to `report`. Without a proof (its key is gone) there must be no rows. Errors: io_error, busy.
base::Result<void> verify_audit_log(catalog::Inspection& catalog, const std::optional<AuditProof>& proof, VerifyReport& report);

}  // namespace berth::service
