#include "emulator/sweep/sqlite.h"

#include <sqlite3.h>

#include "emulator/base/error.h"

namespace geomx::sweep {
namespace {

constexpr int kBusyMilliseconds = 5000;  // a reader may hold the file for a moment

}  // namespace

void Sqlite::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}

Sqlite::Sqlite(const std::filesystem::path& path, bool create) : file_(path.string()) {
  sqlite3* opened = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
  const int result = sqlite3_open_v2(file_.c_str(), &opened, flags, nullptr);
  handle_.reset(opened);
  if (result != SQLITE_OK) throw WorkError(file_, std::string("open: ") + sqlite3_errstr(result));
  sqlite3_busy_timeout(opened, kBusyMilliseconds);
}

void Sqlite::execute(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw WorkError(file_, sqlite3_errmsg(handle_.get()));
  }
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement::Statement(const Sqlite& database, const std::string& sql)
    : file_(database.file_), handle_(database.handle_.get()) {
  sqlite3_stmt* statement = nullptr;
  expect(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK, "prepare a statement");
  statement_.reset(statement);
}

void Statement::expect(int result, int wanted, const char* attempt) const {
  if (result != wanted) throw WorkError(file_, std::string(attempt) + ": " + sqlite3_errmsg(handle_));
}

void Statement::reset() {
  sqlite3_reset(statement_.get());  // says again what the last step has said
}

bool Statement::next() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  const std::string error = sqlite3_errmsg(handle_);
  reset();  // ends the read, so that the log can be put away
  if (result != SQLITE_DONE) throw WorkError(file_, "read or write: " + error);
  return false;
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::string Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

double Statement::real(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::optional<double> Statement::real_or_none(int column) const {
  return is_null(column) ? std::nullopt : std::optional(real(column));
}

std::optional<std::string> Statement::text_or_none(int column) const {
  return is_null(column) ? std::nullopt : std::optional(text(column));
}

void Statement::bind(int index, const std::string& text) {
  expect(sqlite3_bind_text(statement_.get(), index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT),
         SQLITE_OK, "bind a text");
}

void Statement::bind(int index, double value) {
  expect(sqlite3_bind_double(statement_.get(), index, value), SQLITE_OK, "bind a number");
}

void Statement::bind(int index, std::int64_t value) {
  expect(sqlite3_bind_int64(statement_.get(), index, value), SQLITE_OK, "bind a number");
}

void Statement::bind_null(int index) {
  expect(sqlite3_bind_null(statement_.get(), index), SQLITE_OK, "bind nothing");
}

Transaction::Transaction(Sqlite& database) : database_(&database) {
  database.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!database_) return;
  try {
    database_->execute("ROLLBACK");
  } catch (const Error&) {
    // The failure that got us here is the one to be heard of.
  }
}

void Transaction::commit() {
  database_->execute("COMMIT");
  database_ = nullptr;
}

}  // namespace geomx::sweep
