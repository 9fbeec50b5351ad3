// What the audit log keeps outside the database: the key of its chain, and where the chain ended.
//
//   DIR/keys/audit.key    base64url of 32 random bytes, one line; made once
//   DIR/keys/audit.head   {"count":<rows ever written>,"hash":"<64 hex>"}      the last row that was known to be durable
//
// Mode 0600, replaced whole. The head is written after the rows are durable, a second late at most: so after a crash the database may be
// ahead of it by what was written in that second, and is never behind it. Rows that are missing below the head were cut off.
// (docs/adr/0016-audit-chain.md)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "berth/base/error.h"
#include "berth/base/fs.h"
#include "berth/catalog/audit.h"

namespace berth::service {

// Makes it when there is neither key nor head. Errors: configuration_invalid (the key is gone, and was there), corrupt (it is none),
// io_error, storage_full.
base::Result<std::string> open_audit_key(base::FileSystem& fs, const std::string& data);
// nullopt when it is missing. Errors: as open_audit_key().
base::Result<std::optional<std::string>> find_audit_key(base::FileSystem& fs, const std::string& data);

inline constexpr std::string_view kAuditHeadFile = "audit.head";
// nullopt when there is none yet. Errors: corrupt, io_error.
base::Result<std::optional<catalog::AuditHead>> read_audit_head(base::FileSystem& fs, const std::string& data);
base::Result<void> write_audit_head(base::FileSystem& fs, const std::string& data, const catalog::AuditHead& head);
// As text, for the file and for a backup's own description.
std::string format_audit_head(const catalog::AuditHead& head);
std::optional<catalog::AuditHead> parse_audit_head(std::string_view text);

// Puts a head that the database does not fit aside, as evidence, under a name of its own (audit.head.lost-<time>); notes there that it was
// gone, if it was.
base::Result<void> keep_lost_head(base::FileSystem& fs, const std::string& data, base::TimePoint now);
// Names of heads that were put aside.
base::Result<std::vector<std::string>> list_lost_heads(base::FileSystem& fs, const std::string& data);

}  // namespace berth::service
