#include "emulator/scenario/validate.h"

#include "emulator/scenario/judge.h"

namespace geomx::scenario {

Problems validate(const Scenario& scenario, const Problems& known) {
  Judge judge(known);
  const Names names(scenario, judge);
  judge_topology(scenario, names, judge);
  judge_events(scenario, judge);
  judge_job(scenario, names, judge);
  return std::move(judge).problems();
}

}  // namespace geomx::scenario
