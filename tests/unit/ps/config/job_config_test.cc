#include "ps/config/job_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Environment = std::map<std::string, std::string>;

Settings read(const Environment& environment) {
  return Settings::read(Variables([environment](const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  }));
}

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string reading(const Environment& environment) {
  return error_of([&] { read(environment); });
}

proto::Greeting greeting(const Settings& settings) {
  proto::Greeting greeting;
  settings.write(greeting);
  return greeting;
}

TEST(JobConfigTest, WithoutSettingsItIsPlainFsa) {
  const JobConfig job = read({}).job();
  EXPECT_EQ(job.sync.name, SyncName::fsa);
  EXPECT_EQ(job.sync.local_steps, 1);
  EXPECT_EQ(job.codec.name, "none");
}

TEST(JobConfigTest, PriorityPropagationIsOffUnlessAskedFor) {
  EXPECT_FALSE(read({}).job().flow.p3.enabled);
  EXPECT_FALSE(read({{"ENABLE_P3", "0"}}).job().flow.p3.enabled);
  const FlowConfig flow = read({{"ENABLE_P3", "1"}, {"GEOMX_P3_SLICE", "512"}}).job().flow;
  EXPECT_TRUE(flow.p3.enabled);
  EXPECT_EQ(flow.p3.slice, 512u);
  EXPECT_THAT(reading({{"ENABLE_P3", "2"}}), HasSubstr("ENABLE_P3=2: "));
  EXPECT_THAT(reading({{"GEOMX_P3_SLICE", "255"}}), HasSubstr("an integer from 256"));
}

TEST(JobConfigTest, DgtAndTsEngine) {
  const FlowConfig nothing = read({}).job().flow;
  EXPECT_EQ(nothing.dgt.mode, FlowConfig::Dgt::Mode::off);
  EXPECT_FALSE(nothing.ts.intra || nothing.ts.inter);
  const FlowConfig flow = read({{"ENABLE_DGT", "3"},
                                {"DMLC_UDP_CHANNEL_NUM", "8"},
                                {"DMLC_K", "0.5"},
                                {"DMLC_K_MIN", "0.1"},
                                {"ADAPTIVE_K_FLAG", "1"},
                                {"DGT_CONTRIBUTION_ALPHA", "0.7"},
                                {"DGT_BLOCK_SIZE", "8192"},
                                {"DGT_INFO", "1"},
                                {"GEOMX_DGT_WAIT", "0.5"},
                                {"ENABLE_INTRA_TS", "1"},
                                {"ENABLE_INTER_TS", "1"},
                                {"MAX_GREED_RATE_TS", "0.6"}})
                              .job()
                              .flow;
  EXPECT_EQ(flow.dgt.mode, FlowConfig::Dgt::Mode::four_bits);
  EXPECT_EQ(flow.dgt.channels, 8);
  EXPECT_EQ(flow.dgt.k, 0.5);
  EXPECT_EQ(flow.dgt.k_min, 0.1);
  EXPECT_TRUE(flow.dgt.adapts);
  EXPECT_EQ(flow.dgt.alpha, 0.7);
  EXPECT_EQ(flow.dgt.block, 2048u);
  EXPECT_TRUE(flow.dgt.info);
  EXPECT_EQ(flow.dgt.wait, 0.5);
  EXPECT_TRUE(flow.ts.intra && flow.ts.inter);
  EXPECT_EQ(flow.ts.greed, 0.6);
  EXPECT_THAT(reading({{"ENABLE_DGT", "4"}}), HasSubstr("ENABLE_DGT=4: "));
  EXPECT_THAT(reading({{"DMLC_UDP_CHANNEL_NUM", "9"}}), HasSubstr("an integer from 1 to 8"));
  EXPECT_THAT(reading({{"MAX_GREED_RATE_TS", "1.5"}}), HasSubstr("MAX_GREED_RATE_TS=1.5: "));
}

TEST(JobConfigTest, EverySettingArrives) {
  const JobConfig mixed = read({{"GEOMX_SYNC", "mixed"}, {"GEOMX_DCASGD", "1"}, {"GEOMX_DCASGD_LAMBDA", "0.5"}}).job();
  EXPECT_EQ(mixed.sync.name, SyncName::mixed);
  EXPECT_TRUE(mixed.sync.dcasgd);
  EXPECT_EQ(mixed.sync.dcasgd_lambda, 0.5);
  const JobConfig hfa =
      read({{"GEOMX_SYNC", "hfa"}, {"MXNET_KVSTORE_HFA_K1", "3"}, {"MXNET_KVSTORE_HFA_K2", "4"}}).job();
  EXPECT_EQ(hfa.sync.local_steps, 3);
  EXPECT_EQ(hfa.sync.party_rounds, 4);
  const JobConfig esync =
      read({{"GEOMX_SYNC", "esync"}, {"GEOMX_OUTER_LEARNING_RATE", "0.5"}, {"GEOMX_ESYNC_MAX_STEPS", "7"}}).job();
  EXPECT_EQ(esync.sync.outer_rate, 0.5);
  EXPECT_EQ(esync.sync.most_steps, 7);
  const JobConfig diloco =
      read({{"GEOMX_SYNC", "diloco"}, {"GEOMX_DILOCO_STEPS", "50"}, {"GEOMX_OUTER_MOMENTUM", "0.8"}}).job();
  EXPECT_EQ(diloco.sync.local_steps, 50);
  EXPECT_EQ(diloco.sync.party_rounds, 1);
  EXPECT_EQ(diloco.sync.outer_rate, 0.7);
  EXPECT_EQ(diloco.sync.outer_momentum, 0.8);
  const JobConfig mpq = read({{"GEOMX_CODEC", "mpq"},
                              {"GEOMX_BISPARSE_RATIO", "0.05"},
                              {"GEOMX_BISPARSE_VALUES", "fp16"},
                              {"MXNET_KVSTORE_SIZE_LOWER_BOUND", "200"}})
                            .job();
  EXPECT_EQ(mpq.codec.name, "mpq");
  EXPECT_EQ(mpq.codec.ratio, 0.05);
  EXPECT_TRUE(mpq.codec.half_values);
  EXPECT_EQ(mpq.codec.size_lower_bound, 200u);
  EXPECT_EQ(read({{"GEOMX_CODEC", "2bit"}, {"GEOMX_2BIT_THRESHOLD", "0.125"}}).job().codec.threshold, 0.125);
}

// GeoMX's demo scripts.
TEST(JobConfigTest, TheOriginalsVariableMeansHfa) {
  const JobConfig job = read({{"MXNET_KVSTORE_USE_HFA", "1"}}).job();
  EXPECT_EQ(job.sync.name, SyncName::hfa);
  EXPECT_EQ(job.sync.local_steps, 20);
  EXPECT_EQ(job.sync.party_rounds, 10);
  EXPECT_EQ(read({{"MXNET_KVSTORE_USE_HFA", "0"}}).job().sync.name, SyncName::fsa);
  EXPECT_THAT(reading({{"MXNET_KVSTORE_USE_HFA", "1"}, {"GEOMX_SYNC", "mixed"}}),
              HasSubstr("MXNET_KVSTORE_USE_HFA=1: 0 beside GEOMX_SYNC=mixed is wanted"));
}

TEST(JobConfigTest, AWrongValueIsNamedWithTheValuesWanted) {
  EXPECT_EQ(reading({{"GEOMX_SYNC", "async"}}), "GEOMX_SYNC=async: fsa, mixed, hfa, esync or diloco is wanted");
  EXPECT_EQ(reading({{"GEOMX_BISPARSE_RATIO", "1.5"}}), "GEOMX_BISPARSE_RATIO=1.5: a number from 1e-06 to 1 is wanted");
  EXPECT_EQ(reading({{"MXNET_KVSTORE_HFA_K1", "0"}}), "MXNET_KVSTORE_HFA_K1=0: an integer from 1 to 1000000 is wanted");
  EXPECT_EQ(error_of([] { Settings().set("GEOMX_COLOUR", "red"); }), "GEOMX_COLOUR is no setting of a job");
}

TEST(JobConfigTest, AnOptionMayNotContradictTheEnvironment) {
  Settings settings = read({{"GEOMX_SYNC", "fsa"}});
  settings.set("GEOMX_SYNC", "fsa");
  EXPECT_EQ(error_of([&] { settings.set("GEOMX_SYNC", "mixed"); }), "GEOMX_SYNC is to be mixed, but it is fsa already");
}

TEST(JobConfigTest, DcasgdIsForMixed) {
  EXPECT_THAT(error_of([] {
                read({{"GEOMX_DCASGD", "1"}}).job();
              }),
              HasSubstr("GEOMX_DCASGD is 1, but GEOMX_SYNC is fsa"));
}

// What one worker was told reaches a server that was told nothing, and from there another worker.
TEST(JobConfigTest, WhatOneNodeWasToldAllKnow) {
  Settings server;
  server.take(greeting(read({{"GEOMX_SYNC", "mixed"}})), "worker 0", "server 0");
  Settings worker = read({{"GEOMX_CODEC", "fp16"}});
  worker.take(greeting(server), "server 0", "worker 1");
  EXPECT_EQ(worker.job().sync.name, SyncName::mixed);
  EXPECT_EQ(worker.job().codec.name, "fp16");
}

TEST(JobConfigTest, TwoNodesThatWereToldDifferentThingsAreBothNamed) {
  Settings party = read({});
  party.take(greeting(read({{"GEOMX_BISPARSE_RATIO", "0.01"}})), "worker 0 (a:1)", "server 0 (a:2)");
  Settings global = read({{"GEOMX_BISPARSE_RATIO", "0.10"}});
  EXPECT_EQ(error_of([&] { global.take(greeting(party), "party server", "server 0 (c:3)"); }),
            "GEOMX_BISPARSE_RATIO is 0.01 at worker 0 (a:1), but 0.1 at server 0 (c:3)");
  Settings same = read({{"GEOMX_BISPARSE_RATIO", "1e-2"}});
  same.take(greeting(party), "party server", "server 0 (c:3)");
  EXPECT_EQ(same.job().codec.ratio, 0.01);
}

TEST(JobConfigTest, WhatComesFromOutsideIsChecked) {
  proto::Greeting stranger;
  stranger.add_settings()->set_name("GEOMX_SYNC");
  stranger.mutable_settings(0)->set_value("whatever");
  EXPECT_THAT(error_of([&] { Settings().take(stranger, "x", "y"); }), AllOf(HasSubstr("GEOMX_SYNC=whatever")));
}

TEST(JobConfigTest, StepsMakeRounds) {
  SyncConfig config;
  EXPECT_EQ(rounds_of(config, 7), 7u);
  config.local_steps = 3;
  EXPECT_EQ(rounds_of(config, 7), 3u);
  EXPECT_EQ(rounds_of(config, 6), 2u);
}

}  // namespace
}  // namespace geomx::ps
