// Priority propagation on a real road: a worker and its server in network namespaces of their own, joined by a shaped
// link.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <vector>

#include "tests/support/private_network_environment.h"
#include "tests/support/road_job.h"

namespace geomx::ps::testing {
namespace {

const auto* const environment = ::testing::AddGlobalTestEnvironment(new test::PrivateNetwork);

constexpr std::size_t kShallow = 10'000;  // elements
constexpr std::size_t kDeep = 250'000;    // a megabyte
constexpr std::uint32_t kLayers = 3;      // the first is shallow, the others deep
constexpr int kRounds = 4;

std::size_t length_of(std::uint32_t layer) {
  return layer == 0 ? kShallow : kDeep;
}

struct Times {
  double shallow = 0;  // seconds from the first push, at the last layer, until the first layer's answer is there
  double all = 0;      // until all answers are
};

// Pushes the layers as backward does, the deepest first, and waits for the answers as the next forward does.
Times round_trip(KvWorker& worker, Arrays& weights, const Arrays& gradients) {
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

double middle(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

// The median round over a link of 20 Mbit/s and 20 ms.
Times measure(const Settings& job) {
  shaper::Direction direction;
  direction.rate = BitsPerSecond{20'000'000};
  direction.delay = milliseconds(20);
  direction.queue = shaper::ByteLimit{1 << 20};
  const test::LinkBed bed(shaper::Kind::wire, direction, direction);
  std::vector<std::size_t> lengths;
  for (std::uint32_t layer = 0; layer < kLayers; ++layer) lengths.push_back(length_of(layer));
  std::vector<double> shallow, all;
  run_on_a_road(bed, job, false, lengths, [&](KvWorker& worker, Arrays& weights, Arrays& gradients) {
    for (int round = 0; round < kRounds; ++round) {
      const Times times = round_trip(worker, weights, gradients);
      if (round == 0) continue;  // TCP and the window are still finding out what the road carries
      shallow.push_back(times.shallow);
      all.push_back(times.all);
    }
    for (const auto& layer : weights) EXPECT_FLOAT_EQ(layer.back(), 1.0F - 0.05F * kRounds);
  });
  return {middle(shallow), middle(all)};
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
