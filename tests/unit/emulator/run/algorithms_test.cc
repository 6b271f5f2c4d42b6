// The scenario's algorithms as the parameter server hears of them: each setting has the variable that it means, and
// `check` refuses what the servers would refuse at the start, and nothing else.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "emulator/run/environment.h"
#include "emulator/scenario/parse.h"
#include "ps/config/combinations.h"
#include "ps/config/error.h"
#include "ps/config/transport_config.h"
#include "tests/unit/emulator/run/three_dc.h"

namespace geomx::run {
namespace {

using testing::IsSupersetOf;
using testing::Pair;
using Variables = std::map<std::string, std::string>;

const char* const kBoth = R"({"datacenter": "a", "workers": 1}, {"datacenter": "b", "workers": 1})";

// A scenario whose training section ends with `more`.
std::string scenario_text(const std::string& parties, const std::string& more) {
  return fmt::format(R"({{"version": 1, "name": "s",
      "topology": {{"datacenters": [{{"name": "central"}}, {{"name": "a"}}, {{"name": "b"}}],
                    "links": [{{"ends": ["central", "a"]}}, {{"ends": ["central", "b"]}}]}},
      "training": {{"parties": [{}], {}}}}})",
                     parties, more);
}

std::vector<RoleProcess> processes(const std::string& text) {
  const scenario::Scenario scenario = scenario::parse(text, "s.json");
  return role_processes(scenario, test::plan_of(scenario), "geomx-node");
}

std::string two_parties(const std::string& central = R"({"datacenter": "central", "global_servers": 1})") {
  return central + ", " + kBoth;
}

// Addresses, counts, time limits, what is sent again: a node's own, which no other has to share.
bool is_of_the_node(const std::string& name) {
  const bool of_dgt = name == "DMLC_UDP_CHANNEL_NUM" || name == "DMLC_K" || name == "DMLC_K_MIN";
  return (name.starts_with("DMLC_") && !of_dgt) || name.starts_with("PS_") || name.starts_with("GEOMX_CHECKPOINT_") ||
         name == "GEOMX_REJOIN_TIMEOUT" || name == "GEOMX_JOIN_TIMEOUT" || name == "MXNET_KVSTORE_BIGARRAY_BOUND";
}

// What every role is told of the job; all are told the same.
ps::Settings settings_of(const std::vector<RoleProcess>& all) {
  std::optional<ps::Settings> common;
  for (const RoleProcess& process : all) {
    ps::Settings settings;
    for (const auto& [name, value] : process.environment) {
      if (!is_of_the_node(name)) settings.set(name, value);  // throws where unknown
    }
    if (common) {
      EXPECT_EQ(settings, *common) << process.role.name;
    }
    common = settings;
  }
  return common.value();
}

ps::JobConfig job_of(const std::string& more) {
  return settings_of(processes(scenario_text(two_parties(), more))).job();
}

TEST(Algorithms, LeftOutTheyAreTheParameterServersDefaults) {
  const ps::Settings settings = settings_of(processes(scenario_text(two_parties(), R"("rounds": 1)")));
  EXPECT_EQ(settings, ps::Settings());
}

TEST(Algorithms, SettingsOfMixedAndMpq) {
  const std::string more = R"("optimizer": {"name": "sgd"}, "bigarray_bound": 5000,
      "sync": {"name": "mixed", "dcasgd": true, "dcasgd_lambda": 0.25},
      "codec": {"name": "mpq", "ratio": 0.05, "values": "fp16", "lower_bound": 77})";
  const ps::JobConfig job = job_of(more);
  EXPECT_EQ(job.sync.name, ps::SyncName::mixed);
  EXPECT_TRUE(job.sync.dcasgd);
  EXPECT_EQ(job.sync.dcasgd_lambda, 0.25);
  EXPECT_EQ(job.codec.name, "mpq");
  EXPECT_EQ(job.codec.ratio, 0.05);
  EXPECT_TRUE(job.codec.half_values);
  EXPECT_EQ(job.codec.size_lower_bound, 77u);
  for (const RoleProcess& process : processes(scenario_text(two_parties(), more))) {
    EXPECT_EQ(process.environment.at("MXNET_KVSTORE_BIGARRAY_BOUND"), "5000") << process.role.name;
  }
}

TEST(Algorithms, SettingsOfHfaAndTwoBits) {
  const ps::JobConfig job =
      job_of(R"("sync": {"name": "hfa", "k1": 7, "k2": 3}, "codec": {"name": "2bit", "threshold": 0.125})");
  EXPECT_EQ(job.sync.name, ps::SyncName::hfa);
  EXPECT_EQ(job.sync.local_steps, 7);
  EXPECT_EQ(job.sync.party_rounds, 3);
  EXPECT_EQ(job.codec.name, "2bit");
  EXPECT_EQ(job.codec.threshold, 0.125);
}

TEST(Algorithms, SettingsOfDiloco) {
  const ps::JobConfig job = job_of(R"("codec": {"name": "bf16"}, "sync": {"name": "diloco", "local_steps": 50, "k2": 4,
      "outer": {"learning_rate": 0.5, "momentum": 0.75}})");
  EXPECT_EQ(job.sync.name, ps::SyncName::diloco);
  EXPECT_EQ(job.sync.local_steps, 50);
  EXPECT_EQ(job.sync.party_rounds, 4);
  EXPECT_EQ(job.sync.outer_rate, 0.5);
  EXPECT_EQ(job.sync.outer_momentum, 0.75);
  EXPECT_EQ(job.codec.name, "bf16");
  EXPECT_FALSE(job.flow.p3.enabled);
}

TEST(Algorithms, SettingsOfP3AndDgt) {
  const ps::FlowConfig flow = job_of(R"("flow": {"p3": true, "p3_slice": "32KiB",
      "dgt": {"mode": 1, "channels": 3, "k": 0.7, "adaptive_k": true, "k_min": 0.1, "alpha": 0.25, "block_size": "2KiB",
              "wait": "500ms", "drop": "2.5%", "info": true}})")
                                  .flow;
  EXPECT_TRUE(flow.p3.enabled);
  EXPECT_EQ(flow.p3.slice, 8192u);
  EXPECT_EQ(flow.dgt.mode, ps::FlowConfig::Dgt::Mode::datagrams);
  EXPECT_EQ(flow.dgt.channels, 3);
  EXPECT_EQ(flow.dgt.k, 0.7);
  EXPECT_TRUE(flow.dgt.adapts);
  EXPECT_EQ(flow.dgt.k_min, 0.1);
  EXPECT_EQ(flow.dgt.alpha, 0.25);
  EXPECT_EQ(flow.dgt.block, 512u);
  EXPECT_EQ(flow.dgt.wait, 0.5);
  EXPECT_EQ(flow.dgt.drop, 0.025);
  EXPECT_TRUE(flow.dgt.info);
}

TEST(Algorithms, WhatTrueMeansAndWhatFalse) {
  const ps::FlowConfig on = job_of(R"("flow": {"dgt": true})").flow;
  EXPECT_EQ(on.dgt.mode, ps::FlowConfig::Dgt::Mode::datagrams);
  EXPECT_EQ(on.dgt.k, ps::FlowConfig().dgt.k);
  const ps::FlowConfig overlay = job_of(R"("flow": {"tsengine": true, "dgt": false})").flow;
  EXPECT_TRUE(overlay.ts.intra);
  EXPECT_TRUE(overlay.ts.inter);
  EXPECT_EQ(overlay.dgt.mode, ps::FlowConfig::Dgt::Mode::off);
}

TEST(Algorithms, SettingsOfTsEngine) {
  const ps::FlowConfig flow = job_of(R"("flow": {"tsengine": {"within_parties": true, "greed": 0.75}})").flow;
  EXPECT_TRUE(flow.ts.intra);
  EXPECT_FALSE(flow.ts.inter);
  EXPECT_EQ(flow.ts.greed, 0.75);
}

TEST(Algorithms, OnWorkerDeath) {
  EXPECT_TRUE(job_of(R"("faults": {"on_worker_death": "drop"})").faults.drop_workers);
  EXPECT_FALSE(job_of(R"("faults": {"on_worker_death": "wait"})").faults.drop_workers);
}

// What the roles make of it is what was meant: they read it by the same code that the processes do.
TEST(Algorithms, TimeLimitsAndResendingReachEveryRole) {
  const auto all = processes(scenario_text(two_parties(), R"("faults": {
      "rejoin_timeout": "2min", "heartbeat_interval": "500ms", "heartbeat_timeout": "3s", "join_timeout": "20s",
      "round_timeout": "5min", "resend": true, "resend_timeout": "250ms", "drop_messages": "5%"})"));
  for (const RoleProcess& process : all) {
    const ps::Variables variables([&](const std::string& name) {
      const auto found = process.environment.find(name);
      return found == process.environment.end() ? std::nullopt : std::optional(found->second);
    });
    EXPECT_EQ(variables.number("GEOMX_REJOIN_TIMEOUT", 0.1, 86400, 0), 120);
    EXPECT_EQ(variables.number("PS_HEARTBEAT_INTERVAL", 0, 86400, 0), 0.5);
    EXPECT_EQ(variables.number("PS_HEARTBEAT_TIMEOUT", 0, 86400, 0), 3);
    EXPECT_EQ(variables.number("GEOMX_JOIN_TIMEOUT", 0.1, 86400, 0), 20);
    const ps::TransportConfig transport = ps::read_transport(variables, true);
    EXPECT_EQ(transport.resend_timeout, std::chrono::milliseconds(250));
    EXPECT_DOUBLE_EQ(transport.drop, 0.05);
  }
  EXPECT_THAT(all.back().argv, IsSupersetOf({"--round-timeout", "300"}));
}

TEST(Algorithms, CheckpointsAreTheGlobalServers) {
  const auto checkpoints = [](const std::string& more) {
    std::map<std::string, Variables> told;
    for (const RoleProcess& process : processes(scenario_text(two_parties(), more))) {
      for (const auto& [name, value] : process.environment) {
        if (name.starts_with("GEOMX_CHECKPOINT_")) told[process.role.name][name] = value;
      }
    }
    return told;
  };
  EXPECT_TRUE(checkpoints(R"("checkpoint": false)").empty());
  EXPECT_EQ(checkpoints(R"("checkpoint": true)"),
            (std::map<std::string, Variables>{{"central-global-server-0", {{"GEOMX_CHECKPOINT_DIR", "checkpoints"}}}}));
  const auto kept = checkpoints(R"("checkpoint": {"dir": "/kept", "every": 5, "resume": true})");
  EXPECT_EQ(kept.at("central-global-server-0"),
            (Variables{
                {"GEOMX_CHECKPOINT_DIR", "/kept"}, {"GEOMX_CHECKPOINT_EVERY", "5"}, {"GEOMX_CHECKPOINT_RESUME", "1"}}));
}

// Nothing that the document of variables names is out of the scenario's reach, but for what `run` decides by itself.
TEST(Algorithms, EveryVariableCanBeReachedFromAScenario) {
  std::set<std::string> reached{// made for each run where "security" is curve (tasks_test.cc)
                                "GEOMX_SECURITY", "GEOMX_DGT_KEY",
                                // another way to say GEOMX_SYNC=hfa
                                "MXNET_KVSTORE_USE_HFA",
                                // of one node, where it needs them: its "env"
                                "DMLC_NODE_HOST", "PORT"};
  const std::string central = R"({"datacenter": "central", "global_servers": 1, "workers": 1})";
  const std::string dgt = R"({"k": 0.5, "channels": 2, "adaptive_k": true, "k_min": 0.1, "alpha": 0.5,
                              "block_size": "1KiB", "wait": "1s", "drop": "1%", "info": true})";
  for (const std::string& more :
       {R"("optimizer": {"name": "sgd"}, "sync": {"name": "mixed", "dcasgd": true, "dcasgd_lambda": 0.1},
           "flow": {"p3": true, "p3_slice": "4KiB", "dgt": )" +
            dgt + "}, \"bigarray_bound\": 5",
        std::string(R"("sync": {"name": "hfa", "k1": 2, "k2": 2},
           "codec": {"name": "bisparse", "ratio": 0.1, "values": "fp16", "lower_bound": 10})"),
        std::string(R"("sync": {"name": "diloco", "local_steps": 5, "outer": {"learning_rate": 1, "momentum": 0.5}},
           "codec": {"name": "2bit", "threshold": 1})"),
        std::string(R"("sync": {"name": "esync", "local_steps": 5}, "flow": {"tsengine": {"within_parties": true,
           "between_parties": true, "greed": 0.5}}, "faults": {"on_worker_death": "wait", "rejoin_timeout": "1s",
           "heartbeat_interval": "1s", "heartbeat_timeout": "2s", "join_timeout": "1s", "resend": true,
           "resend_timeout": "1s", "drop_messages": "1%"}, "checkpoint": {"dir": "x", "every": 1, "resume": true})")}) {
    for (const RoleProcess& process : processes(scenario_text(two_parties(central), more))) {
      for (const auto& [name, value] : process.environment) reached.insert(name);
    }
  }
  std::ifstream file(std::string(std::getenv("GEOMX_SOURCE")) + "/docs/training.md");
  const std::regex variable("`((?:DMLC|PS|GEOMX|MXNET|ENABLE|DGT|ADAPTIVE|MAX|PORT)[A-Z0-9_]*)`");
  int named = 0;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `")) continue;
    const std::string cell = line.substr(0, line.find(" | "));
    for (std::sregex_iterator found(cell.begin(), cell.end(), variable); found != std::sregex_iterator(); ++found) {
      EXPECT_TRUE(reached.contains((*found)[1])) << (*found)[1];
      ++named;
    }
  }
  EXPECT_GT(named, 50);
}

TEST(Algorithms, SettingsOfEsync) {
  const ps::JobConfig job = job_of(R"("sync": {"name": "esync", "local_steps": 9, "outer": {"learning_rate": 0.5}})");
  EXPECT_EQ(job.sync.name, ps::SyncName::esync);
  EXPECT_EQ(job.sync.most_steps, 9);
  EXPECT_EQ(job.sync.outer_rate, 0.5);
}

// Left out, the optimizer is the algorithm's own, which the worker knows.
TEST(Algorithms, AnOptimizerIsNamedWhereTheScenarioNamesOne) {
  const auto worker = [](const std::string& more) { return processes(scenario_text(two_parties(), more)).back().argv; };
  EXPECT_THAT(worker(R"("sync": {"name": "diloco"})"), testing::Not(testing::Contains("--optimizer")));
  EXPECT_THAT(worker(R"("optimizer": {"name": "adamw"})"), IsSupersetOf({"--optimizer", "adamw"}));
}

bool accepted(const std::string& text) {
  try {
    scenario::parse(text, "s.json");
    return true;
  } catch (const scenario::ScenarioErrors&) {
    return false;
  }
}

// A flow as the file has it, and as the roles are told of it.
struct Road {
  std::string flow;
  std::map<std::string, std::string> variables;
};

const std::vector<Road>& roads() {
  static const std::vector<Road> all{
      {"{}", {}},
      {R"({"p3": true})", {{"ENABLE_P3", "1"}}},
      {R"({"dgt": {"mode": 1}})", {{"ENABLE_DGT", "1"}}},
      {R"({"dgt": {"mode": 3}, "p3": true})", {{"ENABLE_DGT", "3"}, {"ENABLE_P3", "1"}}},
      {R"({"tsengine": {"within_parties": true}})", {{"ENABLE_INTRA_TS", "1"}}},
      {R"({"tsengine": {"between_parties": true}})", {{"ENABLE_INTER_TS", "1"}}},
      {R"({"tsengine": true})", {{"ENABLE_INTRA_TS", "1"}, {"ENABLE_INTER_TS", "1"}}},
      {R"({"tsengine": {"within_parties": true}, "p3": true})", {{"ENABLE_INTRA_TS", "1"}, {"ENABLE_P3", "1"}}},
      {R"({"tsengine": {"within_parties": true}, "dgt": {"mode": 2}})",
       {{"ENABLE_INTRA_TS", "1"}, {"ENABLE_DGT", "2"}}},
      {R"({"tsengine": true, "dgt": true})", {{"ENABLE_INTRA_TS", "1"}, {"ENABLE_INTER_TS", "1"}, {"ENABLE_DGT", "1"}}},
  };
  return all;
}

std::vector<std::pair<std::string, Road>> codecs_on_roads() {
  std::vector<std::pair<std::string, Road>> all;
  for (const char* codec : {"none", "fp16", "bf16", "bisparse", "mpq", "2bit"}) {
    for (const Road& road : roads()) all.emplace_back(codec, road);
  }
  return all;
}

bool works(const ps::Settings& settings, const ps::JobShape& shape) {
  try {
    return ps::why_not(settings.job(), shape).empty();
  } catch (const ps::Error&) {
    return false;  // settings that do not fit together
  }
}

struct Place {
  const char* name;
  std::string parties;
  const char* architecture;
  ps::JobShape shape;
};

// The whole table: the servers' judgement and the file's are the same.
TEST(Algorithms, CheckRefusesWhatTheServersWould) {
  const std::string central = R"({"datacenter": "central", "global_servers": 1, "workers": 1})";
  const std::string idle = R"({"datacenter": "central", "global_servers": 1})";
  const std::string one = R"({"datacenter": "a", "workers": 2})";
  const std::vector<Place> places{
      {"two parties", two_parties(), "hips", {.parties = 2}},
      {"one party", idle + ", " + one, "hips", {.parties = 1}},
      {"one party and the central one", central + ", " + one, "hips", {.parties = 1, .central_trains = true}},
      {"the central party", central, "hips", {.parties = 0, .central_trains = true}},
      {"flat", two_parties(), "flat", {.parties = 0, .central_trains = true}},
  };
  int refused = 0;
  int accepted_ones = 0;
  for (const Place& place : places) {
    for (const char* sync : {"fsa", "mixed", "hfa", "esync", "diloco"}) {
      for (const bool dcasgd : {false, true}) {
        for (const auto& [codec, road] : codecs_on_roads()) {
          ps::Settings settings;
          for (const auto& [name, value] : road.variables) settings.set(name, value);
          settings.set("GEOMX_SYNC", sync);
          settings.set("GEOMX_CODEC", codec);
          if (dcasgd) settings.set("GEOMX_DCASGD", "1");
          const std::string text =
              scenario_text(place.parties, fmt::format(R"("architecture": "{}", "optimizer": {{"name": "sgd"}},
                                            "sync": {{"name": "{}", "dcasgd": {}}}, "codec": {{"name": "{}"}}, "flow": {})",
                                                       place.architecture, sync, dcasgd, codec, road.flow));
          const bool fine = works(settings, place.shape);
          EXPECT_EQ(accepted(text), fine) << place.name << ": " << text;
          ++(fine ? accepted_ones : refused);
        }
      }
    }
  }
  EXPECT_GT(refused, 20);
  EXPECT_GT(accepted_ones, 200);
}

// The ends of the file's ranges are within the parameter server's.
TEST(Algorithms, TheLeastAndTheMostOfEverySetting) {
  for (const char* sync :
       {R"("sync": {"name": "hfa", "k1": 1, "k2": 1})", R"("sync": {"name": "hfa", "k1": 1000000})",
        R"("sync": {"name": "diloco", "local_steps": 1000000, "k2": 1000000})",
        R"("sync": {"name": "diloco", "outer": {"learning_rate": 0.000001, "momentum": 0}})",
        R"("sync": {"name": "diloco", "outer": {"learning_rate": 1000, "momentum": 0.999999}})",
        R"("sync": {"name": "esync", "local_steps": 1000000})",
        R"("codec": {"name": "bisparse", "ratio": 0.000001, "lower_bound": 0})",
        R"("codec": {"name": "bisparse", "ratio": 1, "lower_bound": 1000000000})",
        R"("flow": {"p3": true, "p3_slice": "1KiB"})", R"("flow": {"p3": true, "p3_slice": "64MiB"})",
        R"("flow": {"dgt": {"channels": 1, "k": 0, "alpha": 0, "block_size": "64B", "wait": "0s", "drop": "0%"}})",
        R"("flow": {"dgt": {"channels": 8, "k": 1, "alpha": 1, "block_size": "16MiB", "wait": "60s", "drop": "100%"}})",
        R"("flow": {"tsengine": {"within_parties": true, "greed": 0}})",
        R"("flow": {"tsengine": {"within_parties": true, "greed": 1}})",
        R"("codec": {"name": "2bit", "threshold": 1e-9})", R"("codec": {"name": "2bit", "threshold": 1e9})"}) {
    EXPECT_NO_THROW(job_of(sync)) << sync;
  }
}

}  // namespace
}  // namespace geomx::run
