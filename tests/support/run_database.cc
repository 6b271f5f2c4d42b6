#include "tests/support/run_database.h"

#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <stdexcept>

namespace geomx::test {
namespace {

constexpr int kPatience = 5000;  // milliseconds

struct Close {
  void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

}  // namespace

std::vector<double> query(const std::filesystem::path& run_folder, const std::string& sql) {
  const std::filesystem::path file = run_folder / "run.sqlite";
  sqlite3* opened = nullptr;
  const int result = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
  const std::unique_ptr<sqlite3, Close> database(opened);
  sqlite3_busy_timeout(opened, kPatience);  // of a run that goes on
  sqlite3_stmt* prepared = nullptr;
  if (result != SQLITE_OK || sqlite3_prepare_v2(opened, sql.c_str(), -1, &prepared, nullptr) != SQLITE_OK) {
    throw std::runtime_error(file.string() + ": " + sqlite3_errmsg(opened) + ": " + sql);
  }
  const std::unique_ptr<sqlite3_stmt, Finalize> statement(prepared);
  std::vector<double> values;
  while (sqlite3_step(prepared) == SQLITE_ROW) values.push_back(sqlite3_column_double(prepared, 0));
  return values;
}

double single(const std::filesystem::path& run_folder, const std::string& sql) {
  const std::vector<double> values = query(run_folder, sql);
  if (values.size() != 1) {
    throw std::runtime_error(run_folder.string() + ": " + std::to_string(values.size()) + " rows of: " + sql);
  }
  return values.front();
}

std::vector<double> round_seconds(const std::filesystem::path& run_folder) {
  std::vector<double> rounds =
      query(run_folder, "SELECT max(compute_ms + communicate_ms) / 1000 FROM steps WHERE round > 1 GROUP BY round");
  if (rounds.empty()) throw std::runtime_error(run_folder.string() + ": no rounds");
  return rounds;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double mean(const std::vector<double>& values, std::size_t begin, std::size_t end) {
  const auto at = [&](std::size_t index) { return values.begin() + static_cast<std::ptrdiff_t>(index); };
  return std::accumulate(at(begin), at(end), 0.0) / static_cast<double>(end - begin);
}

}  // namespace geomx::test
