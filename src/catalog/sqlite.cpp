#include "catalog/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <utility>

namespace berth::catalog {

using base::Error;
using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

// Small caches: readers live on the page cache of the kernel, and SQLite drops its own after every commit of somebody else anyhow.
constexpr int kReaderCacheKiB = 512;
constexpr int kWriterCacheKiB = 4096;
constexpr int kBusyTimeoutMs = 5000;

// text_lifetime: SQLITE_STATIC where the statement ends before the values do.
int bind_all(sqlite3_stmt* statement, Values values, sqlite3_destructor_type text_lifetime) {
  int index = 0;
  for (const Value& value : values) {
    ++index;
    int code = SQLITE_OK;
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      code = sqlite3_bind_int64(statement, index, *number);
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
      // A null pointer would be NULL: an empty view need not point anywhere.
      const char* data = text->data() == nullptr ? "" : text->data();
      code = sqlite3_bind_text64(statement, index, data, text->size(), text_lifetime, SQLITE_UTF8);
    } else if (const auto* bytes = std::get_if<Bytes>(&value)) {
      const char* data = bytes->value.data() == nullptr ? "" : bytes->value.data();
      code = sqlite3_bind_blob64(statement, index, data, bytes->value.size(), text_lifetime);
    } else {
      code = sqlite3_bind_null(statement, index);
    }
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

Error make_error(sqlite3* connection, int code, std::string_view what) {
  const int system_errno = connection == nullptr ? 0 : sqlite3_system_errno(connection);
  std::string context = std::string(what) + ": " + sqlite3_errstr(code);
  if (connection != nullptr && (sqlite3_errcode(connection) & 0xff) == (code & 0xff)) {
    context +=
        std::string(" (") + sqlite3_errmsg(connection) + ", code " + std::to_string(sqlite3_extended_errcode(connection)) + ")";
  }
  const bool no_space = system_errno == ENOSPC || system_errno == EDQUOT;
  switch (code & 0xff) {
    case SQLITE_FULL: return Error(ErrorCode::storage_full, "the catalog's disk is full").in(context);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Error(ErrorCode::corrupt, "the catalog is damaged").in(context);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Error(ErrorCode::busy, "the catalog is busy").in(context).with_retry_after(1);
    case SQLITE_INTERRUPT:
      return Error(ErrorCode::busy, "the question to the catalog was cut off").in(context).with_retry_after(1);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      if (no_space) return Error(ErrorCode::storage_full, "the catalog's disk is full").in(context);
      return Error(ErrorCode::io_error, "the catalog's disk failed").in(context);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_PROTOCOL: return Error(ErrorCode::io_error, "the catalog's disk failed").in(context);
    default: return Error(ErrorCode::internal, "the catalog failed").in(context);
  }
}

}  // namespace

// --- Rows ------------------------------------------------------------------------------------------------------------------

Rows::Rows(sqlite3* connection, sqlite3_stmt* statement, Query query)
    : connection_(connection), statement_(statement), query_(query) {}

Rows::Rows(Rows&& other) noexcept
    : connection_(other.connection_), statement_(std::exchange(other.statement_, nullptr)), query_(other.query_) {}

Rows::~Rows() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Result<bool> Rows::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fail(make_error(connection_, code, query_row(query_).name));
}

std::int64_t Rows::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Rows::text(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Rows::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

// --- Connection ------------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, const std::string& vfs, Access access) {
  sqlite3* raw = nullptr;
  // Readers too are opened for writing: in WAL mode a reader writes to the shared index; query_only forbids them the rest.
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (access == Access::write) flags |= SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, vfs.empty() ? nullptr : vfs.c_str());
  if (raw == nullptr) return fail(make_error(nullptr, code, "open"));
  std::unique_ptr<Connection> connection(new Connection(raw));
  if (code != SQLITE_OK) return fail(connection->error(code, "open"));
  BERTH_CHECK_OK(connection->configure(access));
  return connection;
}

Result<void> Connection::configure(Access access) {
  sqlite3_busy_timeout(connection_, kBusyTimeoutMs);
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  const int cache = access == Access::write ? kWriterCacheKiB : kReaderCacheKiB;
  // synchronous: NORMAL may lose acknowledged commits at a power cut. EXTRA is FULL for the write-ahead log; for the one transaction
  // that happens before there is a log it also syncs the directory after its journal was removed. A journal that came back after a
  // power cut would be played into the database, which would then be empty. secure_delete=OFF: Debian turns it on, which rewrites
  // every freed page for nothing we promise. cell_size_check finds a damaged page when it is read.
  const std::string settings =
      "PRAGMA synchronous = EXTRA; PRAGMA foreign_keys = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;"
      "PRAGMA secure_delete = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -" +
      std::to_string(cache) + ";";
  BERTH_CHECK_OK(execute(settings.c_str(), "settings"));
  if (access == Access::read) return execute("PRAGMA query_only = ON", "query_only");
  // Checkpoints are ours alone (Writer): SQLite would run them inside a commit and swallow their errors.
  sqlite3_wal_hook(
      connection_,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Connection*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  return {};
}

Connection::~Connection() {
  for (sqlite3_stmt* statement : statements_) sqlite3_finalize(statement);
  sqlite3_close(connection_);
}

Error Connection::error(int code, std::string_view what) const { return make_error(connection_, code, what); }

Result<sqlite3_stmt*> Connection::prepared(Query query) {
  sqlite3_stmt*& statement = statements_[static_cast<std::size_t>(query)];
  if (statement == nullptr) {
    const QueryRow& row = query_row(query);
    const int code = sqlite3_prepare_v3(connection_, row.sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return fail(error(code, row.name));
  }
  return statement;
}

Result<Rows> Connection::query(Query query, Values values) {
  BERTH_TRY(sqlite3_stmt * statement, prepared(query));
  Rows rows(connection_, statement, query);
  const int code = bind_all(statement, values, SQLITE_TRANSIENT);
  if (code != SQLITE_OK) return fail(error(code, query_row(query).name));
  return rows;
}

Result<std::int64_t> Connection::run(Query query, Values values) {
  BERTH_TRY(sqlite3_stmt * statement, prepared(query));
  Rows rows(connection_, statement, query);
  const int code = bind_all(statement, values, SQLITE_STATIC);
  if (code != SQLITE_OK) return fail(error(code, query_row(query).name));
  BERTH_TRY([[maybe_unused]] const bool row, rows.next());
  return sqlite3_changes64(connection_);
}

Result<bool> Connection::exists(Query query, Values values) {
  BERTH_TRY(auto found, find_integer(query, values));
  return found.has_value();
}

Result<std::optional<std::int64_t>> Connection::find_integer(Query query, Values values) {
  BERTH_TRY(sqlite3_stmt * statement, prepared(query));
  Rows rows(connection_, statement, query);
  const int code = bind_all(statement, values, SQLITE_STATIC);
  if (code != SQLITE_OK) return fail(error(code, query_row(query).name));
  BERTH_TRY(const bool row, rows.next());
  if (!row) return std::nullopt;
  return rows.integer(0);
}

Result<void> Connection::execute(const char* sql, std::string_view what) {
  const int code = sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(error(code, what));
  return {};
}

Result<std::int64_t> Connection::pragma(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(connection_, sql, -1, &statement, nullptr);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  const std::int64_t value = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
  Result<std::int64_t> result = value;
  if (code != SQLITE_ROW) result = fail(error(code, sql));
  sqlite3_finalize(statement);
  return result;
}

Result<std::vector<std::string>> Connection::pragma_lines(const char* sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v2(connection_, sql, -1, &prepared, nullptr);
  if (code != SQLITE_OK) return fail(error(code, sql));
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(prepared, &sqlite3_finalize);
  std::vector<std::string> lines;
  int step = SQLITE_ROW;
  while ((step = sqlite3_step(prepared)) == SQLITE_ROW) {
    std::string line;
    for (int column = 0; column < sqlite3_column_count(prepared); ++column) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(prepared, column));
      line += (column == 0 ? "" : " ") + std::string(text == nullptr ? "-" : text);
    }
    lines.push_back(std::move(line));
  }
  if (step != SQLITE_DONE) return fail(error(step, sql));
  return lines;
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(connection_) == 0; }

Result<void> Connection::checkpoint(Checkpoint kind) {
  int pages = 0;
  int moved = 0;
  const int mode = kind == Checkpoint::passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE;
  const int code = sqlite3_wal_checkpoint_v2(connection_, "main", mode, &pages, &moved);
  // PASSIVE never waits, so finding a lock taken is its normal day.
  if (code != SQLITE_OK && !(kind == Checkpoint::passive && code == SQLITE_BUSY)) return fail(error(code, "checkpoint"));
  if (kind == Checkpoint::truncate) log_pages_ = 0;
  return {};
}

void Connection::set_busy_timeout(int milliseconds) { sqlite3_busy_timeout(connection_, milliseconds); }

void Connection::heed(const std::atomic<bool>* stop) {
  constexpr int kInstructionsBetweenLooks = 10'000;
  const auto look = [](void* flag) { return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0; };
  sqlite3_progress_handler(connection_, stop == nullptr ? 0 : kInstructionsBetweenLooks, stop == nullptr ? nullptr : +look,
                           const_cast<std::atomic<bool>*>(stop));
}

void Connection::interrupt() { sqlite3_interrupt(connection_); }

Result<void> Connection::copy_to(const std::string& path) {
  BERTH_TRY(auto target, open(path, "", Access::write));
  sqlite3_backup* backup = sqlite3_backup_init(target->connection_, "main", connection_, "main");
  if (backup == nullptr) return fail(target->error(sqlite3_errcode(target->connection_), "copy"));
  const int step = sqlite3_backup_step(backup, -1);
  const int finish = sqlite3_backup_finish(backup);
  if (step != SQLITE_DONE) return fail(target->error(step, "copy"));
  if (finish != SQLITE_OK) return fail(target->error(finish, "copy"));
  return {};
}

// --- Transaction -------------------------------------------------------------------------------------------------------------

Result<Transaction> Transaction::begin(Connection& connection, Connection::Access access) {
  const Query begin = access == Connection::Access::write ? Query::begin_write : Query::begin_read;
  BERTH_TRY([[maybe_unused]] const auto changed, connection.run(begin));
  return Transaction(&connection);
}

// After a grave error SQLite has rolled back by itself, and there is nothing left to do.
Transaction::~Transaction() {
  if (connection_ != nullptr && connection_->in_transaction()) (void)connection_->run(Query::rollback);
}

Result<void> Transaction::commit() {
  BERTH_TRY([[maybe_unused]] const auto changed, connection_->run(Query::commit));
  connection_ = nullptr;
  return {};
}

}  // namespace berth::catalog
