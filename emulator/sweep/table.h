#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "emulator/sweep/database.h"
#include "emulator/sweep/statistics.h"

// What a sweep comes to: a row for each combination, with means over its repetitions. Pure, but for reading the
// database.
namespace geomx::sweep {

// Beside the paths in summary.json ("training.wan_bytes"): round_s and predicted_round_s of `runs`.
inline constexpr const char* kRound = "round_s";
inline constexpr const char* kPredictedRound = "predicted_round_s";

struct MeansRow {
  std::vector<std::string> values;  // of each varied path
  std::size_t runs = 0;
  std::size_t ok = 0;
  std::size_t failed = 0;
  std::size_t degraded = 0;      // of those that are ok
  std::size_t not_measured = 0;  // likewise
  std::vector<std::optional<Estimate>> metrics{};
};

struct MeansTable {
  std::vector<std::string> parameters;  // headings
  std::vector<std::string> metrics;     // names
  std::vector<MeansRow> rows;           // in the grid's order
};

// `metrics`: names; where empty, those of the usual ones that the runs have.
MeansTable means_table(const Database& database, const std::vector<std::string>& metrics);

// For people: mean ± half of the 95 % confidence interval. Rows with degraded runs are marked.
std::string to_text(const MeansTable& table);
nlohmann::ordered_json to_json(const MeansTable& table);

// RFC 4180. A row for each combination: NAME, NAME_low and NAME_high, the interval's ends, of each metric.
std::string means_csv(const MeansTable& table);
// A row for each run, with all the numbers of its summary that belong to training or the run as a whole.
std::string runs_csv(const Database& database);

}  // namespace geomx::sweep
