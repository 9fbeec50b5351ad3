// The chain of the audit log: every row is authenticated together with the hash of the row before it.
//
// What this is: the one place that adds a row, inside the caller's write transaction, so that a change and its row are there together or
// not at all. Where the chain stands is read from the rows each time: a savepoint that is rolled back takes its rows' places with it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "berth/base/error.h"
#include "berth/catalog/audit.h"
#include "catalog/sqlite.h"

namespace berth::catalog {

// The last row there is or was.
struct ChainEnd {
  std::int64_t seq = 0;
  std::int64_t at = 0;
  std::string hash{kAuditStart};
};
base::Result<ChainEnd> find_chain_end(Connection& connection);

class AuditChain {
 public:
  // `key`: 32 secret bytes. `default_org`: whose the repositories with names of one part are.
  AuditChain(std::string key, std::string default_org) : key_(std::move(key)), default_org_(std::move(default_org)) {}

  base::Result<void> append(Connection& connection, const AuditEvent& event, std::int64_t now) const;
  // An event on a repository, for the caller to say more of.
  [[nodiscard]] AuditEvent of_repository(AuditKind kind, std::string_view repository, const Origin& by) const;
  // The organisation of a repository's name.
  [[nodiscard]] std::string org_of(std::string_view repository) const;
  [[nodiscard]] const std::string& key() const { return key_; }

 private:
  std::string key_;
  std::string default_org_;
};

// Who changes something, the log that is told of it, and when.
struct Act {
  const Origin& by;
  const AuditChain& audit;
  std::int64_t now;
};

}  // namespace berth::catalog
