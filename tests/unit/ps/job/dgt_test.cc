// Jobs with differential gradient transmission, in one process, their datagrams on loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/distance.h"
#include "tests/support/ps_job.h"

namespace geomx::ps::testing {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;

constexpr std::size_t kRounds = 40;

Deployment deployment(const std::string& mode) {
  Deployment deployment{.party_servers = 2, .global_servers = 2};
  deployment.settings = {{"ENABLE_DGT", mode},
                         {"DMLC_K", "0.4"},
                         {"DGT_BLOCK_SIZE", "64"},
                         {"GEOMX_DGT_WAIT", "5"},
                         {"DMLC_UDP_CHANNEL_NUM", "2"}};
  return deployment;
}

Trained train_with(const Deployment& deployment, const Medium& medium = inproc_medium()) {
  Trained trained = train(deployment, medium, {}, sgd(0.1), kRounds);
  EXPECT_THAT(trained.ends.all(), Each(IsEmpty()));
  return trained;
}

// How far the weights are from those of a job without DGT, relative to the way that these have come.
double deviation(const Trained& trained, const Trained& plain) {
  double apart = 0, way = 0;
  const std::vector<Tensors>& reference = plain.history[0];
  for (std::size_t tensor = 0; tensor < reference.back().size(); ++tensor) {
    for (std::size_t i = 0; i < reference.back()[tensor].size(); ++i) {
      const double end = static_cast<double>(reference.back()[tensor][i]);
      apart += std::abs(static_cast<double>(trained.history[0].back()[tensor][i]) - end);
      way += std::abs(static_cast<double>(reference.front()[tensor][i]) - end);
    }
  }
  return apart / way;
}

Trained plain() {
  return train_with({.party_servers = 2, .global_servers = 2});
}

TEST(DgtJob, WhereNoDatagramIsLostItIsTheSameToTheBit) {
  const Trained trained = train_with(deployment("1"), zmq_medium());
  expect_identical_throughout(trained.history, kRounds);
  EXPECT_EQ(trained.history[0].back(), plain().history[0].back());
}

TEST(DgtJob, WhereAllDatagramsAreLostItStillConverges) {
  Deployment lossy = deployment("1");
  lossy.settings["GEOMX_DGT_DROP"] = "1";
  lossy.settings["GEOMX_DGT_WAIT"] = "0.005";
  const Trained trained = train_with(lossy);
  expect_identical_throughout(trained.history, kRounds);
  EXPECT_LT(deviation(trained, plain()), 0.6);
}

TEST(DgtJob, AThirdLostIsHardlyNoticed) {
  Deployment lossy = deployment("1");
  lossy.settings["GEOMX_DGT_DROP"] = "0.33";
  lossy.settings["GEOMX_DGT_WAIT"] = "0.02";
  const Trained trained = train_with(lossy);
  expect_identical_throughout(trained.history, kRounds);
  EXPECT_LT(deviation(trained, plain()), 0.2);
}

TEST(DgtJob, DeferredBlocksConverge) {
  const Trained trained = train_with(deployment("2"));
  expect_identical_throughout(trained.history, kRounds);
  EXPECT_LT(deviation(trained, plain()), 0.1);
}

TEST(DgtJob, FourBitsConverge) {
  const Trained trained = train_with(deployment("3"));
  expect_identical_throughout(trained.history, kRounds);
  EXPECT_LT(deviation(trained, plain()), 0.1);
}

TEST(DgtJob, TheShareFollowsTheLoss) {
  Deployment adapting = deployment("1");
  adapting.settings["ADAPTIVE_K_FLAG"] = "1";
  adapting.settings["GEOMX_DGT_DROP"] = "1";
  adapting.settings["GEOMX_DGT_WAIT"] = "0.005";
  adapting.settings["DMLC_K"] = "1";
  adapting.settings["DMLC_K_MIN"] = "0.1";
  // All blocks go reliably as long as the loss is what it was; then hardly any.
  const auto shares = [&](double later_loss) {
    Job job(adapting, inproc_medium());
    double present = 0;
    const Ends ends = job.run([&](Session& session, std::optional<std::size_t> slice) {
      KvWorker& kv = session.kv();
      std::vector<float> weights(640), ones(640, 1);
      if (session.master()) {
        kv.configure(sgd(1));
        kv.wait(kv.init(0, weights));
      }
      kv.wait(kv.pull(0, weights));
      session.barrier("initialised");
      if (!slice) return;
      std::vector<float> before;
      for (int round = 1; round <= 3; ++round) {
        kv.tell_loss(round == 1 ? 2.0 : later_loss);
        before = weights;
        kv.wait(kv.push_pull(0, ones, weights));
      }
      if (*slice != 0) return;
      for (std::size_t i = 0; i < weights.size(); ++i) present += weights[i] != before[i] ? 1.0 / 640 : 0;
    });
    EXPECT_THAT(ends.all(), Each(IsEmpty()));
    return present;
  };
  EXPECT_NEAR(shares(2.0), 1, 1e-9);
  EXPECT_NEAR(shares(0.5), 0.25, 0.1);
}

}  // namespace
}  // namespace geomx::ps::testing
