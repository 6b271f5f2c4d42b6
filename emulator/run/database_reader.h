#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

// run.sqlite as its readers have it: while it is written, by whoever follows the run, and afterwards. The writer is
// database.h; docs/run-folder.md documents the tables. Times are in seconds since the start of the run. One thread at a
// time. All functions throw WorkError naming the file and SQLite's own message.
namespace geomx::run {

struct StepRow {
  double time = 0;
  std::string node;
  std::int64_t round = 0;
  std::optional<double> loss;  // none: diverged, or the worker computes nothing
  std::int64_t samples = 0;
  double compute_ms = 0;
  double communicate_ms = 0;
};

struct EvaluationRow {
  double time = 0;
  std::string node;
  std::int64_t round = 0;
  double test_accuracy = 0;
  std::optional<double> test_loss;
};

// What a node's round was spent on; it ended at `time`.
struct RoundRow {
  double time = 0;
  std::string node;
  std::int64_t round = 0;
  double gather_ms = 0;
  double compute_ms = 0;
  double push_ms = 0;
  double wait_ms = 0;
  double pull_ms = 0;
};

struct EventRow {
  double time = 0;
  std::string kind;
  std::string object;
  std::string detail;
};

// Bytes that all WAN links together have delivered so far, both ways.
struct WanRow {
  double time = 0;
  double bytes = 0;
};

// One direction of a link; totals since it came up, but for the backlog.
struct LinkSampleRow {
  double time = 0;
  bool forward = true;
  std::uint64_t bytes = 0;
  std::uint64_t dropped_queue = 0;
  std::uint64_t dropped_loss = 0;
  std::uint64_t overruns = 0;
  std::uint64_t backlog_bytes = 0;
  std::optional<double> delay_ms;  // mean since the link came up
};

// What has come since the last time.
struct DatabaseRows {
  std::vector<StepRow> steps;
  std::vector<EvaluationRow> evaluations;
  std::vector<RoundRow> rounds;
  std::vector<EventRow> events;
  std::vector<WanRow> wan;
  bool more = false;  // some tables have more than the limit: ask again at once
};

class DatabaseReader {
 public:
  // Only reads, and from a folder that may not be written to as well.
  explicit DatabaseReader(const std::filesystem::path& path);
  DatabaseReader(DatabaseReader&&) noexcept;
  DatabaseReader& operator=(DatabaseReader&&) noexcept;
  ~DatabaseReader();

  // Rows in the order in which they were written, at most `limit` of each table at once.
  DatabaseRows next(std::int64_t limit = 20'000);
  // The samples of one link after the row `after`, which is moved on; it begins at 0.
  std::vector<LinkSampleRow> link_samples(const std::string& link, std::int64_t& after, std::int64_t limit = 20'000);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace geomx::run
