// A few connections for reading, lent to one thread at a time. Opened when first needed, at most kMaxReaders; who comes when all are
// out waits for the next that comes back, which takes one short read.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "berth/base/error.h"
#include "berth/base/synced.h"
#include "catalog/sqlite.h"

namespace berth::catalog {

inline constexpr std::size_t kMaxReaders = 8;

class Readers {
 public:
  Readers(std::string path, std::string vfs) : path_(std::move(path)), vfs_(std::move(vfs)) {}

  // Runs f(connection) on a connection of its own. Any thread. Errors: f's, and those of opening.
  template <typename F>
  auto with(F&& f) -> decltype(f(std::declval<Connection&>())) {
    BERTH_TRY(Loan loan, borrow());
    return f(*loan.connection);
  }

 private:
  struct Pool {
    std::vector<std::unique_ptr<Connection>> idle;
    std::size_t open = 0;
  };
  struct Loan {
    Loan(Readers& readers, std::unique_ptr<Connection> lent) : owner(&readers), connection(std::move(lent)) {}
    Loan(Loan&& other) noexcept : owner(other.owner), connection(std::move(other.connection)) {}
    Loan& operator=(Loan&&) = delete;
    ~Loan() {
      if (connection != nullptr) owner->give_back(std::move(connection));
    }
    Readers* owner;
    std::unique_ptr<Connection> connection;
  };

  base::Result<Loan> borrow();
  void give_back(std::unique_ptr<Connection> connection);

  std::string path_;
  std::string vfs_;
  base::Synced<Pool> pool_;
};

}  // namespace berth::catalog
