#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "emulator/run/command_result.h"
#include "emulator/run/expectations.h"
#include "emulator/run/fidelity.h"
#include "emulator/run/link_report.h"
#include "emulator/run/training_record.h"

// What a run comes down to: the content of summary.json. Pure.
namespace geomx::run {

enum class Status { ok, failed, interrupted };
const char* to_string(Status status);

struct Summary {
  Status status = Status::ok;
  std::optional<std::string> error;  // one line, where status is not ok
  double wall_seconds = 0;
  struct {
    std::size_t nodes = 0;
    std::size_t links = 0;
    double up_seconds = 0;
    double down_seconds = 0;
  } lab;
  std::optional<TrainingResult> training;              // nullopt where the scenario has none
  std::optional<std::vector<CommandResult>> workload;  // likewise, or where the run never came to it
  std::vector<LinkReport> links;
  Fidelity fidelity;
  std::vector<ExpectationResult> expectations;
};

// The document as design.md's contract has it; keys in its order. What was not measured is null.
nlohmann::ordered_json to_json(const Summary& summary);

// 0: the run is ok and every expectation is met; 1 otherwise.
int exit_code(const Summary& summary);

}  // namespace geomx::run
