#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/sweep/grid.h"
#include "emulator/sweep/order.h"
#include "emulator/sweep/result.h"

// sweep.sqlite: which runs a sweep has, which of them are done, and what came of them. docs/sweeps.md documents the
// tables. It is made whole or not at all, and every change is one transaction that is on the disk when the call
// returns: whatever is killed whenever, what was recorded stays. Not thread-safe. Errors: WorkError naming the file and
// SQLite's own message.
namespace geomx::sweep {

// Under which conditions, kept with the grid.
struct Description {
  std::string name{};       // the scenario's
  std::string scenario{};   // its file
  std::string directory{};  // the working directory: what the scenario names relative to it
  std::string command{};
  std::string shaper = "auto";
  std::uint64_t seed = 1;  // of the order
  int repeat = 1;
  bool shuffled = true;
};

struct RunRow {
  std::int64_t id = 0;  // from 1, in the order in which they are run
  std::int64_t point = 0;
  int repetition = 1;
  std::uint64_t seed = 1;
  std::string status;  // pending, running, ok, failed
  std::optional<std::string> verdict;
  std::optional<std::string> error;
  int failures = 0;      // attempts that failed
  bool starved = false;  // the last attempt was degraded beside others: to be repeated alone
  std::optional<double> wall_seconds;
  std::optional<double> round_s;
  std::optional<double> predicted_round_s;
};

class Database {
 public:
  // Makes the file with all its runs pending. REQUIRES: it is not there.
  static void create(const std::filesystem::path& path, const Description& description, const Grid& grid,
                     const std::vector<Trial>& trials);
  explicit Database(const std::filesystem::path& path);  // an existing one
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  Description description() const;
  // As it was made; the points' scenarios too.
  Grid grid() const;
  std::vector<RunRow> runs() const;  // by id
  // Of the runs that are ok: run -> value of a metric, by its path in summary.json.
  std::vector<std::pair<std::int64_t, double>> metric(const std::string& name) const;
  std::vector<std::string> metric_names() const;
  std::size_t count(const std::string& status) const;  // of runs
  // Whether all runs are ok, with their expectations met.
  bool all_well() const;

  // After a kill: runs that were going on are pending again, and their attempts killed. Returns how many there were.
  int forget_running();
  // The attempt's id. `folder` is relative to the sweep's.
  std::int64_t begin_attempt(std::int64_t run, const std::string& folder, int at_once);
  // What the run is now: ok, failed, or pending (to be repeated). Its numbers are kept where it is ok.
  void end_attempt(std::int64_t attempt, const RunResult& result, const std::string& status);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace geomx::sweep
