// Training through both levels of servers against one process that has all samples (reference.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <utility>

#include "tests/support/distance.h"
#include "tests/support/ps_job.h"

namespace geomx::ps::testing {
namespace {

using ::testing::AnyOf;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kRounds = 20;

void expect_near_reference(const Tensors& weights, const Regression& model, const proto::OptimizerConfig& optimizer,
                           int workers, std::size_t rounds) {
  const auto reference = model.train(optimizer, static_cast<std::size_t>(workers), rounds);
  for (std::size_t tensor = 0; tensor < reference.size(); ++tensor) {
    const std::vector<float> start = model.initial(tensor);
    EXPECT_LT(test::distance(weights[tensor], reference[tensor]), 1e-6) << "tensor " << tensor;
    EXPECT_GT(test::distance(start, reference[tensor]), 1e-3) << "tensor " << tensor << " has not been trained";
  }
}

void expect_correct(const Deployment& deployment, const Medium& medium, const proto::OptimizerConfig& optimizer,
                    const Regression& model = {}, std::size_t rounds = kRounds) {
  const Trained trained = train(deployment, medium, model, optimizer, rounds);
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  expect_identical_throughout(trained.history, rounds);
  expect_near_reference(trained.history[0].back(), model, optimizer, deployment.workers(), rounds);
}

class HipsTest : public ::testing::TestWithParam<std::string> {
 protected:
  Medium network() const { return medium(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Media, HipsTest, ::testing::ValuesIn(all_media()),
                         [](const auto& test) { return test.param; });

TEST_P(HipsTest, TwoPartiesOfTwoWorkersEqualOneProcess) {
  expect_correct({}, network(), sgd(0.3, 0.9));
}

TEST_P(HipsTest, AdamRunsOnTheGlobalServer) {
  expect_correct({}, network(), adam(0.02));
}

TEST_P(HipsTest, CentralWorkersJoinAsOneMoreParty) {
  expect_correct({.central_workers = 2, .central_trains = true}, network(), sgd(0.3));
}

TEST_P(HipsTest, TheCentralMasterTrainsWhereItsPartyDoes) {
  expect_correct({.party_workers = {2}, .central_workers = 1, .central_trains = true}, network(), sgd(0.3));
}

TEST_P(HipsTest, TensorsAreShardedOverSeveralServersOnBothLevels) {
  // A bound of 50 splits the tensors of 64 and 300 elements; the others go to one server each.
  expect_correct({.party_servers = 2, .global_servers = 3, .bigarray_bound = 50}, network(), sgd(0.3, 0.9));
}

// Cuts the tensor of 300 elements in two.
const std::map<std::string, std::string> kPriority{{"ENABLE_P3", "1"}, {"GEOMX_P3_SLICE", "256"}};

TEST_P(HipsTest, PriorityPropagationChangesNoBit) {
  const Regression model;
  const Trained plain = train({.global_servers = 2}, network(), model, sgd(0.3, 0.9), kRounds);
  const Trained sliced = train({.global_servers = 2, .settings = kPriority}, network(), model, sgd(0.3, 0.9), kRounds);
  ASSERT_THAT(sliced.ends.all(), Each(IsEmpty()));
  EXPECT_EQ(plain.history, sliced.history);
}

TEST_P(HipsTest, PriorityPropagationWithSeveralServersOnBothLevels) {
  expect_correct({.party_servers = 3, .global_servers = 2, .bigarray_bound = 50, .settings = kPriority}, network(),
                 sgd(0.3, 0.9));
}

TEST_P(HipsTest, UnequalPartiesWeighByTheirWorkers) {
  expect_correct({.party_workers = {1, 3}}, network(), sgd(0.3));
}

TEST_P(HipsTest, WithoutPartiesTheCentralWorkersTrainAlone) {
  expect_correct({.party_workers = {}, .central_workers = 3, .central_trains = true}, network(), adam(0.02));
}

TEST(HipsDeterminismTest, TheSameBytesWhateverTheTiming) {
  const Deployment deployment{.party_workers = {3, 3, 3}, .global_servers = 2, .bigarray_bound = 50};
  const auto network = [](std::uint64_t seed) {
    return faulty_medium(inproc_medium(), {.seed = seed, .delay = milliseconds(0), .jitter = milliseconds(2)});
  };
  const Trained once = train(deployment, network(1), {}, adam(0.02), kRounds, 1);
  const Trained again = train(deployment, network(2), {}, adam(0.02), kRounds, 2);
  ASSERT_THAT(once.ends.all(), Each(IsEmpty()));
  ASSERT_THAT(again.ends.all(), Each(IsEmpty()));
  expect_identical_throughout(once.history, kRounds);
  EXPECT_EQ(once.history, again.history);
}

// A node that, where it is a worker, does not push the first chunk before all others have been answered.
class HoldsTheFirstChunk : public Transport {
 public:
  HoldsTheFirstChunk(std::unique_ptr<Transport> inner, std::size_t others)
      : inner_(std::move(inner)), others_(others) {}
  Endpoint bind(const Endpoint& wanted) override { return inner_->bind(wanted); }
  void connect(NodeId peer, const Endpoint& endpoint) override { inner_->connect(peer, endpoint); }
  void adopt(NodeId peer, const std::string& route) override { inner_->adopt(peer, route); }
  void disconnect(NodeId peer) override { inner_->disconnect(peer); }
  void send(NodeId peer, Message message) override {
    const proto::Data& data = message.header.data();
    if (data.operation() == proto::PUSH_PULL && data.workers() == 1 && data.slices(0).offset() == 0) {
      const std::lock_guard lock(mutex_);
      answered_ = 0;
      held_.emplace(peer, std::move(message));
      return;
    }
    inner_->send(peer, std::move(message));
  }
  void reply(const std::string& route, Message message) override { inner_->reply(route, std::move(message)); }
  std::optional<Received> receive(Clock::time_point deadline) override {
    auto received = inner_->receive(deadline);
    if (!received || received->message.header.data().operation() != proto::RESPONSE) return received;
    const std::lock_guard lock(mutex_);
    if (held_ && ++answered_ == others_) {
      inner_->send(held_->first, std::move(held_->second));
      held_.reset();
    }
    return received;
  }
  using Transport::stop;
  void stop(std::optional<std::chrono::milliseconds> at_most) override { inner_->stop(at_most); }
  std::unique_ptr<Transport> sibling() const override { return inner_->sibling(); }
  Counters counters() const override { return inner_->counters(); }

 private:
  std::unique_ptr<Transport> inner_;
  const std::size_t others_;
  std::mutex mutex_;
  std::optional<std::pair<NodeId, Message>> held_;
  std::size_t answered_ = 0;
};

// Down and up again, through both levels of servers, while the first chunk has not even been pushed.
TEST(HipsLongTensorTest, ChunksOfALongTensorOverlap) {
  const Regression model{.lengths = {70'000}};
  const std::size_t others = chunks_of(0, 70'000, 10'000).size() - 1;
  ASSERT_GE(others, 31u);
  const Medium plain = inproc_medium();
  const Medium network{"holding", [&] { return std::make_unique<HoldsTheFirstChunk>(plain.node(), others); }};
  expect_correct({.bigarray_bound = 10'000}, network, sgd(0.3, 0.9), model, 3);
}

// Two servers of a party share its keys; a round needs the party and not both of them.
TEST(HipsRoundsTest, AWorkerThatEndsEarlyEndsTheJobAndIsNamed) {
  for (const int party_servers : {1, 2}) {
    Job job({.party_servers = party_servers, .global_servers = 2, .bigarray_bound = 50}, inproc_medium());
    // They outlive the job: it ends in an error, and this medium hands over pointers.
    std::vector<std::vector<float>> all_weights(5, std::vector<float>(300)), gradients = all_weights;
    const Ends ends = job.run([&](Session& session, std::optional<std::size_t> slice) {
      std::vector<float>& weights = all_weights[slice.value_or(4)];
      const std::vector<float>& gradient = gradients[slice.value_or(4)];
      if (session.master()) {
        session.kv().configure(sgd(0.1));
        session.kv().wait(session.kv().init(0, weights));
      }
      session.kv().wait(session.kv().pull(0, weights));
      if (!slice) return;
      const int rounds = *slice == 3 ? 2 : 5;  // all have promised the same
      for (int round = 0; round < rounds; ++round) session.kv().wait(session.kv().push_pull(0, gradient, weights));
    });
    EXPECT_EQ(ends.workers[3], "");
    EXPECT_THAT(std::vector(ends.workers.begin(), ends.workers.begin() + 3),
                Each(ContainsRegex("worker 1 .* has left, but round 3 of tensor 0 .*still needs its gradient")));
  }
}

TEST(HipsFailureTest, DifferentRoundsAreRefusedAtTheStart) {
  Job job({.rounds = {5, 5, 1, 5}, .join_timeout = 3}, inproc_medium());
  const Ends ends = job.run([](Session&, std::optional<std::size_t>) { FAIL() << "nobody should get this far"; });
  EXPECT_THAT(ends.all(),
              Each(ContainsRegex("worker 0 .* would train for 1 rounds, and worker 0 .* for 5 rounds: --epoch")));
}

TEST(HipsFailureTest, ASliceOfTwoWorkersIsRefusedAtTheStart) {
  Job job({.slices = {0, 1, 2, 1}, .join_timeout = 3}, inproc_medium());
  const Ends ends = job.run([](Session&, std::optional<std::size_t>) { FAIL() << "nobody should get this far"; });
  EXPECT_THAT(ends.all(), Each(HasSubstr(" train on data slice 1: each worker needs one of its own")));
}

TEST(HipsFailureTest, AMasterWithoutASliceIsRefusedWhereTheCentralPartyTrains) {
  Job job({.central_trains = true, .master_has_slice = false, .join_timeout = 3}, inproc_medium());
  const Ends ends = job.run([](Session&, std::optional<std::size_t>) { FAIL() << "nobody should get this far"; });
  // The central party is refused by itself. Another, whose server has not been there yet, waits for that in vain.
  EXPECT_THAT(ends.all(),
              Each(AnyOf(ContainsRegex("worker 0 \\(.* has no data slice, but every worker of its party trains"),
                         HasSubstr("0 of 1 server has registered"))));
  EXPECT_THAT(ends.servers.front(), HasSubstr(" has no data slice"));
}

TEST(HipsFailureTest, AWrongNumberOfAllWorkersIsRefusedAtTheStart) {
  Job job({.num_all_workers = 5, .join_timeout = 3}, inproc_medium());
  const Ends ends = job.run([](Session&, std::optional<std::size_t>) { FAIL() << "nobody should get this far"; });
  EXPECT_THAT(ends.servers, Each(HasSubstr("DMLC_NUM_ALL_WORKER is 5 at the global server, but 4 workers train")));
  EXPECT_THAT(ends.workers, Each(HasSubstr("DMLC_NUM_ALL_WORKER is 5 at the global server")));
}

TEST(HipsFailureTest, AFailingWorkerEndsEverybodyWithItsReason) {
  Job job({}, inproc_medium());
  std::vector<std::vector<float>> all_weights(5, std::vector<float>(8)), gradients = all_weights;
  const Ends ends = job.run([&](Session& session, std::optional<std::size_t> slice) {
    std::vector<float>& weights = all_weights[slice.value_or(4)];
    const std::vector<float>& gradient = gradients[slice.value_or(4)];
    if (session.master()) {
      session.kv().configure(sgd(0.1));
      session.kv().wait(session.kv().init(0, weights));
    }
    session.kv().wait(session.kv().pull(0, weights));
    if (!slice) return;
    if (*slice == 3) throw Error("the data set is unreadable");
    session.kv().wait(session.kv().push_pull(0, gradient, weights));
  });
  EXPECT_EQ(ends.workers[3], "the data set is unreadable");
  EXPECT_THAT(std::vector(ends.workers.begin(), ends.workers.begin() + 3), Each(HasSubstr("worker 1 (")));
  EXPECT_THAT(ends.servers, Each(HasSubstr("worker 1 (")));
}

}  // namespace
}  // namespace geomx::ps::testing
