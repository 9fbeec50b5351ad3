// SQLite behind RAII and Results. What this is: a connection, a running query, and what SQLite's codes mean to us. What it is not:
// any statement; those stand in queries.h.
//
// Threads: a connection belongs to one thread at a time (it is opened without SQLite's own mutex). Each named query is prepared once
// per connection and kept.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "berth/base/error.h"
#include "catalog/queries.h"

struct sqlite3;
struct sqlite3_stmt;

namespace berth::catalog {

// A parameter that goes into a BLOB column, as opposed to text.
struct Bytes {
  std::string_view value;
};
// monostate is NULL.
using Value = std::variant<std::monostate, std::int64_t, std::string_view, Bytes>;
using Values = std::initializer_list<Value>;

// A query that gives rows, one at a time; the statement is free again when this goes.
class Rows {
 public:
  Rows(sqlite3* connection, sqlite3_stmt* statement, Query query);
  ~Rows();
  Rows(Rows&& other) noexcept;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  Rows& operator=(Rows&&) = delete;

  // False after the last row. Errors: as Connection.
  base::Result<bool> next();
  // Columns of the present row, from 0. A view is good until next().
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  sqlite3* connection_;
  sqlite3_stmt* statement_;
  Query query_;
};

// Errors of every call: storage_full (SQLITE_FULL, ENOSPC, EDQUOT), corrupt (CORRUPT, NOTADB), busy with retry_after 1 (BUSY, LOCKED),
// io_error (IOERR, CANTOPEN, READONLY, …), internal (a statement that is wrong). SQLite's own text is the context.
class Connection {
 public:
  enum class Access : std::uint8_t { read, write };
  // Opens, and for `write` makes, the file. Sets what holds for every connection (foreign keys, no mmap, small cache, FULL).
  static base::Result<std::unique_ptr<Connection>> open(const std::string& path, const std::string& vfs, Access access);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The text of `values` is copied.
  base::Result<Rows> query(Query query, Values values);
  // Runs to the end; the number of rows that were changed.
  base::Result<std::int64_t> run(Query query, Values values = {});
  // Whether there is a row.
  base::Result<bool> exists(Query query, Values values);
  // The first column of the first row.
  base::Result<std::optional<std::int64_t>> find_integer(Query query, Values values);

  // Text that is not in queries.h: pragmas and migrations, several statements at once.
  base::Result<void> execute(const char* sql, std::string_view what);
  base::Result<std::int64_t> pragma(const char* sql);
  // Every row of a pragma, its columns joined by spaces.
  base::Result<std::vector<std::string>> pragma_lines(const char* sql);

  [[nodiscard]] bool in_transaction() const;
  // Pages that the last commit left in the write-ahead log; 0 after the log was emptied.
  [[nodiscard]] int log_pages() const { return log_pages_; }
  // `passive` moves what no reader stands in the way of; `truncate` moves all, waiting for readers, and empties the log.
  enum class Checkpoint : std::uint8_t { passive, truncate };
  // Errors: also busy, when `truncate` did not get all.
  base::Result<void> checkpoint(Checkpoint kind);
  // How long a lock of another connection is waited for.
  void set_busy_timeout(int milliseconds);
  // Once `stop` is set, what runs ends with busy, at its next instruction. nullptr: no longer.
  void heed(const std::atomic<bool>* stop);
  // What runs at this moment ends with busy, also in the middle of an instruction. Any thread, while the connection is open.
  void interrupt();
  // Copies the whole database, page by page, into a new file. Not yet synced when this returns.
  base::Result<void> copy_to(const std::string& path);

  // Whether every query of queries.h is prepared by this SQLite; for tests, which want to know which is not.
  base::Result<sqlite3_stmt*> prepared(Query query);
  [[nodiscard]] sqlite3* handle() const { return connection_; }

 private:
  explicit Connection(sqlite3* connection) : connection_(connection) {}
  base::Result<void> configure(Access access);
  [[nodiscard]] base::Error error(int code, std::string_view what) const;

  sqlite3* connection_;
  std::array<sqlite3_stmt*, kQueryCount> statements_{};
  int log_pages_ = 0;
};

// What `of` makes of the first row; nullopt when there is none. Errors: as Connection.
template <typename F>
auto first_row(Connection& connection, Query query, Values values, F&& of)
    -> base::Result<std::optional<decltype(of(std::declval<const Rows&>()))>> {
  BERTH_TRY(auto rows, connection.query(query, values));
  BERTH_TRY(const bool found, rows.next());
  if (!found) return std::nullopt;
  return of(std::as_const(rows));
}

// Visits each row, in their order; nothing of them is kept. No query of the same name runs meanwhile.
template <typename F>
base::Result<void> each_row(Connection& connection, Query query, Values values, F&& visit) {
  BERTH_TRY(auto rows, connection.query(query, values));
  while (true) {
    BERTH_TRY(const bool more, rows.next());
    if (!more) return {};
    visit(std::as_const(rows));
  }
}

// What `of` makes of each row, in their order.
template <typename F>
auto all_rows(Connection& connection, Query query, Values values, F&& of)
    -> base::Result<std::vector<decltype(of(std::declval<const Rows&>()))>> {
  std::vector<decltype(of(std::declval<const Rows&>()))> all;
  BERTH_CHECK_OK(each_row(connection, query, values, [&](const Rows& rows) { all.push_back(of(rows)); }));
  return all;
}

// Read or write transaction; rolled back unless committed.
class Transaction {
 public:
  static base::Result<Transaction> begin(Connection& connection, Connection::Access access);
  ~Transaction();
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Transaction& operator=(Transaction&&) = delete;
  base::Result<void> commit();

 private:
  explicit Transaction(Connection* connection) : connection_(connection) {}
  Connection* connection_;
};

}  // namespace berth::catalog
