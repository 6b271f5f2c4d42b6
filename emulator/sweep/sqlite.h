#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

// SQLite with owners and exceptions: as much of it as sweep.sqlite needs. Not thread-safe. Errors: WorkError naming the
// file and SQLite's own message. Internal to this folder.
namespace geomx::sweep {

class Sqlite {
 public:
  // Opens the file, which is made where `create` says so.
  Sqlite(const std::filesystem::path& path, bool create);

  void execute(const std::string& sql);  // one statement or several, without results

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  std::string file_;
  std::unique_ptr<sqlite3, Close> handle_;
};

// One statement, for any number of executions. Ends before its Sqlite.
class Statement {
 public:
  Statement(const Sqlite& database, const std::string& sql);

  // Binds the values in order and takes the first step: whether there is a row. A statement without results is done.
  template <typename... Values>
  bool run(const Values&... values) {
    reset();
    int index = 0;
    (bind(++index, values), ...);
    return next();
  }
  bool next();  // whether there is another row

  bool is_null(int column) const;
  std::string text(int column) const;
  double real(int column) const;
  std::int64_t integer(int column) const;
  std::optional<double> real_or_none(int column) const;
  std::optional<std::string> text_or_none(int column) const;

 private:
  void reset();
  void bind(int index, const std::string& text);
  void bind(int index, double value);
  void bind(int index, std::int64_t value);
  void bind(int index, int value) { bind(index, std::int64_t{value}); }
  void bind_null(int index);
  template <typename Value>
  void bind(int index, const std::optional<Value>& value) {
    value ? bind(index, *value) : bind_null(index);
  }
  void expect(int result, int wanted, const char* attempt) const;

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::string file_;
  sqlite3* handle_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// Rolls back unless it is committed.
class Transaction {
 public:
  explicit Transaction(Sqlite& database);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void commit();

 private:
  Sqlite* database_;
};

}  // namespace geomx::sweep
