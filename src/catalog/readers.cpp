#include "catalog/readers.h"

#include <utility>

namespace berth::catalog {

using base::Result;

Result<Readers::Loan> Readers::borrow() {
  std::unique_ptr<Connection> lent;
  pool_.wait([](const Pool& pool) { return !pool.idle.empty() || pool.open < kMaxReaders; },
             [&](Pool& pool) {
               if (pool.idle.empty()) {
                 ++pool.open;
               } else {
                 lent = std::move(pool.idle.back());
                 pool.idle.pop_back();
               }
             });
  if (lent == nullptr) {
    auto opened = Connection::open(path_, vfs_, Connection::Access::read);
    if (!opened) {
      pool_.with([](Pool& pool) { --pool.open; });
      pool_.notify_one();
      return base::fail(std::move(opened).error());
    }
    lent = *std::move(opened);
  }
  return Loan(*this, std::move(lent));
}

void Readers::give_back(std::unique_ptr<Connection> connection) {
  pool_.with([&](Pool& pool) { pool.idle.push_back(std::move(connection)); });
  pool_.notify_one();
}

}  // namespace berth::catalog
