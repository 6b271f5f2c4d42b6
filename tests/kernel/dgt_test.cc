// Differential gradient transmission on a real road that loses packets: a party server and its global server in network
// namespaces of their own, joined by a shaped link.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iostream>

#include "ps/config/error.h"
#include "tests/support/private_network_environment.h"
#include "tests/support/road_job.h"

namespace geomx::ps::testing {
namespace {

const auto* const environment = ::testing::AddGlobalTestEnvironment(new test::PrivateNetwork);

constexpr std::size_t kLength = 125'000;  // elements: half a megabyte
constexpr int kFirst = 3;                 // rounds in which pacer and TCP find out what the road carries
constexpr int kRounds = 4;

// With so much loss TCP cubic is as fast as Reno, which every kernel lets a namespace choose. (What this machine has
// may be BBR, which takes no notice of single losses.)
void use_reno(int netns) {
  const sandbox::ScopedNetwork inside(netns);
  std::ofstream setting("/proc/sys/net/ipv4/tcp_congestion_control");
  setting << "reno" << std::flush;
  if (!setting) throw Error("cannot choose TCP Reno in a network namespace");
}

// A round's mean time, in seconds, over a link of 100 Mbit/s and 40 ms, that loses one packet in a
// hundred on the way up.
double seconds_for_a_round(const Settings& job) {
  shaper::Direction down;
  down.rate = BitsPerSecond{100'000'000};
  down.delay = milliseconds(40);
  down.queue = shaper::ByteLimit{1 << 20};
  shaper::Direction up = down;
  up.loss = 0.01;
  const test::LinkBed bed(shaper::Kind::wire, up, down);
  use_reno(bed.a());
  use_reno(bed.b());
  double seconds = 0;
  run_on_a_road(bed, job, true, {kLength}, [&](KvWorker& worker, Arrays& weights, Arrays& gradients) {
    const auto round = [&] { worker.wait(worker.push_pull(0, gradients[0], weights[0])); };
    for (int i = 0; i < kFirst; ++i) round();
    const auto start = Clock::now();
    for (int i = 0; i < kRounds; ++i) round();
    seconds = std::chrono::duration<double>(Clock::now() - start).count() / kRounds;
  });
  return seconds;
}

TEST(DgtOnALossyRoad, IsFasterThanReliableTransmissionOfAll) {
  Settings job;
  const double plain = seconds_for_a_round(job);
  job.set("ENABLE_DGT", "1");
  job.set("DMLC_K", "0.2");
  const double dgt = seconds_for_a_round(job);
  std::cout << "100 Mbit/s, 40 ms, 1 % loss, TCP Reno, 0.5 MB a round: " << plain << " s without DGT, " << dgt
            << " s with a fifth of the blocks by TCP and the rest by UDP\n";
  EXPECT_LT(dgt, 0.8 * plain);
}

}  // namespace
}  // namespace geomx::ps::testing
