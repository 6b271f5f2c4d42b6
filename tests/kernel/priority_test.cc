// Priority propagation on a real road: a worker and its server in network namespaces of their own, joined by a shaped
// link.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <mutex>
#include <vector>

#include "emulator/sandbox/namespace.h"
#include "ps/server/global_backing.h"
#include "ps/server/kv_server.h"
#include "ps/worker/kv_worker.h"
#include "tests/support/link_bed.h"
#include "tests/support/private_network.h"
#include "tests/support/ps_cluster.h"
#include "tests/support/reference.h"

namespace geomx::ps::testing {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;

class PrivateNetwork : public ::testing::Environment {
 public:
  void SetUp() override {
    const std::string obstacle = test::enter_private_network(false);
    if (!obstacle.empty()) GTEST_SKIP() << "SKIPPED: " << obstacle;
  }
};
const auto* const environment = ::testing::AddGlobalTestEnvironment(new PrivateNetwork);

constexpr std::size_t kShallow = 10'000;  // elements
constexpr std::size_t kDeep = 250'000;    // a megabyte
constexpr std::uint32_t kLayers = 3;      // the first is shallow, the others deep
constexpr int kRounds = 6;

std::size_t length_of(std::uint32_t layer) {
  return layer == 0 ? kShallow : kDeep;
}

struct Times {
  double shallow = 0;  // seconds from the first push, at the last layer, until the first layer's answer is there
  double all = 0;      // until all answers are
};

// Pushes the layers as backward does, the deepest first, and waits for the answers as the next forward does.
Times round_trip(KvWorker& worker, std::vector<std::vector<float>>& weights,
                 const std::vector<std::vector<float>>& gradients) {
  const auto start = Clock::now();
  std::vector<KvWorker::Handle> handles(kLayers);
  for (std::uint32_t layer = kLayers; layer-- > 0;) {
    handles[layer] = worker.push_pull(layer, gradients[layer], weights[layer]);
  }
  worker.wait(handles[0]);
  const auto shallow = Clock::now();
  worker.wait_all();
  return {std::chrono::duration<double>(shallow - start).count(),
          std::chrono::duration<double>(Clock::now() - start).count()};
}

// The median round over a link of 20 Mbit/s and 20 ms, of a plane whose nodes are in the two namespaces.
Times measure(const Settings& job) {
  shaper::Direction direction;
  direction.rate = BitsPerSecond{20'000'000};
  direction.delay = milliseconds(20);
  direction.queue = shaper::ByteLimit{1 << 20};
  const test::LinkBed bed(shaper::Kind::wire, direction, direction);
  const auto node_in = [](int netns) {
    return Medium{"zmq", [netns] {
                    const sandbox::ScopedNetwork inside(netns);
                    return make_zmq_transport();
                  }};
  };
  Times median;
  // ZeroMQ's threads are in the namespace of the thread that starts them.
  std::vector<double> shallow, all;
  const auto serve = [&](Plane& plane) {
    const sandbox::ScopedNetwork inside(bed.b());
    auto member = plane.member(PlaneRole::server);
    GlobalBacking backing(1);
    KvServer server({.member = member.get(), .num_workers = 1, .has_master = true}, backing, job);
    member->join(soon());
    server.await_workers(soon());
    server.open(1, server.settings());
    server.wait();
  };
  const auto work = [&](Plane& plane) {
    const sandbox::ScopedNetwork inside(bed.a());
    PlaneConfig config = plane.config(PlaneRole::worker);
    config.master = true;
    config.bind_host = config.advertised = test::LinkBed::kAddressA;
    Member member(config, node_in(bed.a()).node());
    KvWorker worker(member, {});
    member.join(soon());
    proto::Greeting greeting;
    greeting.set_all_workers(1);
    greeting.add_workers();
    worker.greet(greeting, job, soon());
    worker.configure(sgd(0.1));
    std::vector<std::vector<float>> weights, gradients;
    for (std::uint32_t layer = 0; layer < kLayers; ++layer) {
      weights.emplace_back(length_of(layer), 1.0F);
      gradients.emplace_back(length_of(layer), 0.5F);
    }
    for (std::uint32_t layer = 0; layer < kLayers; ++layer) worker.init(layer, weights[layer]);
    worker.wait_all();
    for (int round = 0; round < kRounds; ++round) {
      const Times times = round_trip(worker, weights, gradients);
      if (round == 0) continue;  // TCP and the window are still finding out what the road carries
      shallow.push_back(times.shallow);
      all.push_back(times.all);
    }
    for (const auto& layer : weights) EXPECT_FLOAT_EQ(layer.back(), 1.0F - 0.05F * kRounds);
    member.leave();
  };
  {
    const sandbox::ScopedNetwork inside(bed.b());
    Plane plane(node_in(bed.b()), 1, 1, [](PlaneConfig& config) {
      config.scheduler_host = config.bind_host = config.advertised = test::LinkBed::kAddressB;
    });
    EXPECT_THAT(run_all({[&] { serve(plane); }, [&] { work(plane); }}), Each(IsEmpty()));
  }
  const auto middle = [](std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
  };
  median.shallow = middle(shallow);
  median.all = middle(all);
  return median;
}

TEST(PriorityOnARoad, TheShallowLayersAnswerComesFirst) {
  Settings job;
  const Times plain = measure(job);
  job.set("ENABLE_P3", "1");
  const Times first = measure(job);
  std::cout << "without P3: first layer after " << plain.shallow << " s, all after " << plain.all << " s\n"
            << "with P3:    first layer after " << first.shallow << " s, all after " << first.all << " s\n";
  EXPECT_LT(first.shallow, 0.5 * plain.shallow);
  EXPECT_LT(first.all, 1.1 * plain.all);
}

}  // namespace
}  // namespace geomx::ps::testing
