#pragma once

#include <string>

#include "emulator/lab/plan.h"
#include "emulator/scenario/scenario.h"

// run.json: under which conditions a run took place. Written at its start with null for "end" and "status", and again
// at its end: a file with the nulls belongs to a run that goes on or was killed.
namespace geomx::run {

class RunRecord {
 public:
  // Notes the time, the kernel, the machine and each link's shaper.
  RunRecord(const scenario::Scenario& scenario, const lab::Plan& plan, const std::string& command_line);
  void end(const std::string& status);
  std::string text() const;  // the file's content

 private:
  std::string json_;  // a JSON object
};

}  // namespace geomx::run
