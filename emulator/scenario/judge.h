#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "emulator/scenario/json.h"
#include "emulator/scenario/scenario.h"

// The steps of validate(), one file each: names.h's names, the topology, the job. Internal to this folder.
namespace geomx::scenario {

// Collects problems, and keeps silent about what only follows from `known`, what reading complained about.
class Judge {
 public:
  explicit Judge(const Problems& known) : known_(known) {}

  void add(std::string pointer, std::string what, std::string hint = {});

  // Has reading failed at that pointer or below it? Then what seems to be missing there may be what failed.
  bool unread_within(const std::string& pointer) const;
  // That, or has anything been found wrong there since?
  bool problem_within(const std::string& pointer) const;

  Problems problems() && { return std::move(problems_); }

 private:
  const Problems& known_;
  Problems problems_;
};

// What the scenario's own names are, once it is known that no two things share one.
class Names {
 public:
  // Reports names that are taken, by another declaration or by a node that a data center brings with it.
  Names(const Scenario& scenario, Judge& judge);

  // Reports a reference to what does not exist; silent while some names could not be read.
  void require_datacenter(const std::string& name, const std::string& pointer, Judge& judge) const;
  void require_end(const std::string& name, const std::string& pointer, Judge& judge) const;   // of a link
  void require_host(const std::string& name, const std::string& pointer, Judge& judge) const;  // runs commands

 private:
  void collect(const Scenario& scenario, Judge& judge);
  void take(const std::string& name, const std::string& pointer, const std::string& owner, Judge& judge);
  void take_generated(const Scenario& scenario, std::size_t datacenter, const std::string& name, Judge& judge);
  void require(const std::string& name, const std::vector<std::string>& among, const char* kind,
               const std::string& pointer, Judge& judge) const;

  std::unordered_map<std::string, std::string> owners_;  // every name -> who has it
  std::vector<std::string> datacenters_;
  std::vector<std::string> ends_;
  std::vector<std::string> hosts_;
  bool complete_ = true;
};

void judge_properties(const LinkProperties& properties, const std::string& pointer, Judge& judge);
void judge_topology(const Scenario& scenario, const Names& names, Judge& judge);
void judge_events(const Scenario& scenario, Judge& judge);
void judge_workload(const Scenario& scenario, const Names& names, Judge& judge);
void judge_data(const Training& training, Judge& judge);                     // dataset, split, batch_size
void judge_flow(const Training& training, Judge& judge);                     // flow
void judge_faults(const Training& training, Judge& judge);                   // faults, checkpoint
void judge_cost(const Scenario& scenario, Judge& judge);                     // device model
void judge_job(const Scenario& scenario, const Names& names, Judge& judge);  // training, workload, expect

}  // namespace geomx::scenario
