#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "emulator/control/client.h"
#include "emulator/lab/plan.h"
#include "emulator/run/metrics.h"
#include "emulator/run/monitored.h"

// run.sqlite: everything that was measured during a run, for the report, the GUI and the user's own queries.
// docs/run-folder.md documents the tables. Times are in seconds since the start of the run. Rows are collected in a
// transaction that flush() commits, so a reader sees everything up to the last flush, and so does one who comes after
// a kill. Not thread-safe. Every function throws WorkError naming the file and SQLite's own message.
namespace geomx::run {

class Database {
 public:
  // Makes the file and its tables, and fills nodes and links from the plan. `role` of a node is empty where it has
  // none.
  struct NodeRow {
    std::string name;
    std::string kind;
    std::string datacenter;
    std::string role;
    std::string address;
  };
  Database(const std::filesystem::path& path, const std::vector<NodeRow>& nodes,
           const std::vector<lab::PlannedLink>& links);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();  // commits what it can

  // One row per direction. `link` is the index in the plan's links.
  void add_link_sample(double time, std::size_t link, const control::LinkCounters& counters);
  void add_step(double time, const std::string& node, const Step& step);
  void add_evaluation(double time, const std::string& node, const Evaluation& evaluation);
  void add_round(double time, const std::string& node, const Round& round);
  void add_absence(double time, const std::string& node, const Absence& absence);
  // `kind`: "phase", "exit", "error", "signal", "malformed", ...; `object`: a node or a link, or empty.
  void add_event(double time, const std::string& kind, const std::string& object, const std::string& detail);
  // What the lab's monitor says of the last second: one row for the machine and one per direction that carried
  // anything. `links`: the plan's, by which the windows' links are known.
  void add_fidelity(double time, const Monitored& monitored, const std::vector<lab::PlannedLink>& links);
  void flush();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace geomx::run
