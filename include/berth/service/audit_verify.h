// The audit log against its own chain and its head: what `berth verify` says of it.
//
// Found: a row that was changed, taken out or put in; rows that were swapped; rows that are missing at the end (cut off); a head that
// belongs to another log; a segment that was pruned by somebody else. Not found: rows that were taken off the end together with the head's
// file being set back to an older state by who may write both; a head that was noted elsewhere finds that (`expected`).
// Beside a running daemon or without one: the head is read before the rows, so the rows know at least as much.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "berth/base/error.h"
#include "berth/base/fs.h"
#include "berth/catalog/inspection.h"

namespace berth::service {

struct AuditProof {
  std::string key;
  std::optional<catalog::AuditHead> head;      // nullopt: nothing was written yet
  std::optional<catalog::AuditHead> expected;  // noted elsewhere
  std::vector<std::string> lost_heads;         // files that a start of the daemon put aside
};
// Of a data directory; nullopt when it has no audit log yet. Errors: corrupt, io_error.
base::Result<std::optional<AuditProof>> read_audit_proof(base::FileSystem& fs, const std::string& data);

struct AuditReport {
  std::uint64_t rows = 0;   // looked at
  std::uint64_t ahead = 0;  // rows behind the head's: written in the second before a crash, or since the head was read
  std::vector<std::string> findings;
};
// Errors: those of Inspection.
base::Result<AuditReport> verify_audit(catalog::Inspection& catalog, const AuditProof& proof);

}  // namespace berth::service
