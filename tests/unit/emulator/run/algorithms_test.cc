// The scenario's algorithms as the parameter server hears of them: each setting has the variable that it means, and
// `check` refuses what the servers would refuse at the start, and nothing else.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "emulator/run/environment.h"
#include "emulator/scenario/parse.h"
#include "ps/config/combinations.h"
#include "ps/config/error.h"
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

// What every role is told of the job; all are told the same.
ps::Settings settings_of(const std::vector<RoleProcess>& all) {
  std::optional<ps::Settings> common;
  for (const RoleProcess& process : all) {
    ps::Settings settings;
    for (const auto& [name, value] : process.environment) {
      const bool of_the_job =
          name.starts_with("GEOMX_") || name.starts_with("MXNET_KVSTORE_") || name.starts_with("ENABLE_");
      if (of_the_job && name != "MXNET_KVSTORE_BIGARRAY_BOUND") settings.set(name, value);  // throws where unknown
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

TEST(Algorithms, SettingsOfFlow) {
  EXPECT_TRUE(job_of(R"("flow": {"p3": true})").flow.p3.enabled);
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
  for (const Place& place : places) {
    for (const char* sync : {"fsa", "mixed", "hfa", "esync", "diloco"}) {
      for (const bool dcasgd : {false, true}) {
        for (const char* codec : {"none", "fp16", "bf16", "bisparse", "mpq", "2bit"}) {
          ps::Settings settings;
          settings.set("GEOMX_SYNC", sync);
          settings.set("GEOMX_CODEC", codec);
          if (dcasgd) settings.set("GEOMX_DCASGD", "1");
          const std::string text =
              scenario_text(place.parties, fmt::format(R"("architecture": "{}", "optimizer": {{"name": "sgd"}},
                                            "sync": {{"name": "{}", "dcasgd": {}}}, "codec": {{"name": "{}"}})",
                                                       place.architecture, sync, dcasgd, codec));
          const bool fine = works(settings, place.shape);
          EXPECT_EQ(accepted(text), fine) << place.name << ": " << text;
          if (!fine) ++refused;
        }
      }
    }
  }
  EXPECT_GT(refused, 20);
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
        R"("codec": {"name": "2bit", "threshold": 1e-9})", R"("codec": {"name": "2bit", "threshold": 1e9})"}) {
    EXPECT_NO_THROW(job_of(sync)) << sync;
  }
}

}  // namespace
}  // namespace geomx::run
