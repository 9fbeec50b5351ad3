// The Policy over accounts: passwords, keys, tokens, and what rows say that their owners may.
//
// Nothing is decided from what a token once said: users, roles, keys and visibility are looked up at each use. What was looked up is kept
// in memory with the number that the catalog raises before it acknowledges a change, so a revocation holds from its answer on and a
// decision costs a few microseconds. Memory: bounded tables, 1.3 kB for each active user with a key and ten roles.
// Secret material: DIR/keys (berth/…/key_ring.h), one random key of this process for its table of passwords that were right a minute ago.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "berth/auth/access.h"
#include "berth/base/clock.h"
#include "berth/base/fs.h"
#include "berth/catalog/catalog.h"

namespace berth::auth {

struct AccountOptions {
  std::string key_directory;  // DIR/keys; made when missing
  std::string default_org;    // whose the repositories with names of one part are
  std::string service;        // what tokens call the registry: issuer and audience; empty: a name of the catalog's own
  std::chrono::seconds token_lifetime{300};
};

class AccountPolicy : public Policy {
 public:
  // Regular work, every minute or so: writes down when keys were used, renews the key that signs. Errors: io_error, storage_full.
  virtual base::Result<void> tick() = 0;
};

// `catalog` and the rest outlive the result. Errors: io_error, storage_full, corrupt (of the key ring).
base::Result<std::unique_ptr<AccountPolicy>> make_account_policy(AccountOptions options, catalog::Catalog& catalog,
                                                                 base::FileSystem& fs, Witness& witness,
                                                                 const base::Clock& clock);

}  // namespace berth::auth
